"""The reuse strategies, one module each."""
