"""Commands that explore a design space."""
