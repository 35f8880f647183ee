"""The command line: it parses, calls and prints; what the commands do is in ``commands``.

Only Typer and small modules are imported here, the rest when a command is run.
"""

from __future__ import annotations

from pezoexplore.cli import explore, one_design, results, upkeep  # commands, in help's order
from pezoexplore.cli.app import app, main, run

__all__ = ["app", "explore", "main", "one_design", "results", "run", "upkeep"]
