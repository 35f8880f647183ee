"""Errors that reach the user as one line."""

from __future__ import annotations


class PezoError(Exception):
    """Something the user can put right: the message names the file, key or tool and what to do."""


class DesignError(PezoError):
    """A design file, option or point that cannot be used."""


class ToolError(PezoError):
    """An external tool that is missing, failed or ran out of time."""


class ToolTimeoutError(ToolError):
    """An external tool that ran out of time."""


class IllegalPointError(ValueError):
    """Axis values that are each fine but not legal together; the message is the reason."""
