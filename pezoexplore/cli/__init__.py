"""The command line: one module per command, whose signature is the request.

No command is imported before it is chosen: the table below is all that ``--help`` needs.
"""

from __future__ import annotations

from pezoexplore.cli.app import app, main, run

__all__ = ["app", "main", "run"]
