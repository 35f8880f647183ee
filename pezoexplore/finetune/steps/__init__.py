"""How steps of PyTorch models use their numbers: outer products, scopes, earlier steps."""
