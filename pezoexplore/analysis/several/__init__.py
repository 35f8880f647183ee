"""Several runs: found and listed by their tags, and set side by side."""
