"""Simulation of the perturbation engine against its software model."""
