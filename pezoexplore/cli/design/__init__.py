"""Commands on one design or RTL module."""
