"""Structured directions, and updates with momentum or a second moment."""
