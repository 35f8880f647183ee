"""The live page of a run: what its database holds, served to this machine alone."""
