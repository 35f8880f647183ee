"""A design as a bundle of its own: RTL, models of its stream, vectors, benches, a datasheet."""
