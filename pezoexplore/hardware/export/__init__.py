"""Export of a design as a self-contained bundle: RTL, models, vectors, testbenches, datasheet."""
