"""What a run shows: result frames, tables on the terminal, plots."""
