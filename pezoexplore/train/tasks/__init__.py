"""Training tasks by name: network and data."""
