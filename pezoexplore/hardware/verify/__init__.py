"""Simulation of the RTL against the software stream."""
