"""Results by the number of weights: the ladder of sizes, and the scaling law fitted to it."""
