"""Power of a synthesised netlist from its simulation."""
