"""Directed tests of modules at their own ports, with parameters that no design uses."""
