"""Errors that reach the user as one line."""

from __future__ import annotations


class PezoError(Exception):
    """An error that the user can correct: the message names file, key or tool, and what to do."""


class DesignError(PezoError):
    """An invalid design file, option or point."""


class ToolError(PezoError):
    """An external tool that is missing, failed or timed out."""


class ToolTimeoutError(ToolError):
    """An external tool that timed out."""


class IllegalPointError(ValueError):
    """Axis values that are valid one by one but not together; the message is the reason."""
