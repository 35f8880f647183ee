"""The training tasks: network and data by name."""
