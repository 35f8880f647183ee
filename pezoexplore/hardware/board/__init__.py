"""Boards that train a perceptron on the FPGA: sources, bitstreams, simulation, host."""
