"""EDA tools: finding them, running them, reading what they report."""
