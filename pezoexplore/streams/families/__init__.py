"""Generator families, one module each."""
