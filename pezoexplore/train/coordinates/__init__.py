"""Gradients coordinate by coordinate, of all weights or of a drawn part."""
