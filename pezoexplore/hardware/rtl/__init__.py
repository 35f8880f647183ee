"""The Verilog of a point: parameters, sources, generated tops."""
