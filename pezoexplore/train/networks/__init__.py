"""Networks over flat weights."""
