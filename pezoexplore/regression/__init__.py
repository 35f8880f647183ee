"""Regression of the RTL library: testbenches and mutants of whole modules, in parallel."""
