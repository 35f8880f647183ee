"""Formal proofs and mutation tests of the RTL."""
