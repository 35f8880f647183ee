"""Analysis of results: fronts, intervals, sensitivity, comparison, recommendation."""
