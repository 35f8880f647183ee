"""How verdicts change with the number of weights: the ladder of sizes and the law fitted to it."""
