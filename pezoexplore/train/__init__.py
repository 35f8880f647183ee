"""Training by zeroth-order steps: the tasks, the compiled loop, the score of a point."""
