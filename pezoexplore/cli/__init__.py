"""The command line: one module per command, whose signature is the request.

Only Typer and small modules are imported here, the rest when a command runs.
"""

from __future__ import annotations

from collections.abc import Callable

from pezoexplore.cli.app import app, main, run
from pezoexplore.cli.design.cosim import cosim
from pezoexplore.cli.design.export import export
from pezoexplore.cli.design.quality import quality
from pezoexplore.cli.design.stream import stream
from pezoexplore.cli.design.train import train
from pezoexplore.cli.design.verify import verify
from pezoexplore.cli.explore.compare import compare
from pezoexplore.cli.explore.evaluate import evaluate
from pezoexplore.cli.explore.init import init
from pezoexplore.cli.explore.search import search
from pezoexplore.cli.explore.sweep import sweep
from pezoexplore.cli.explore.watch import watch
from pezoexplore.cli.results.diff import diff
from pezoexplore.cli.results.pareto import pareto
from pezoexplore.cli.results.recommend import recommend
from pezoexplore.cli.results.report import report
from pezoexplore.cli.results.sensitivity import sensitivity
from pezoexplore.cli.upkeep.cache import cache_app
from pezoexplore.cli.upkeep.doctor import doctor
from pezoexplore.cli.upkeep.list import list_app
from pezoexplore.cli.upkeep.schema import schema

__all__ = ["app", "main", "run"]

_PANELS: dict[str, tuple[Callable[..., int], ...]] = {
    "Explore a design space": (sweep, search, evaluate, init, watch, compare),
    "One design or RTL module": (stream, quality, train, verify, cosim, export),
    "Results of a run": (pareto, report, recommend, sensitivity, diff),
    "This installation": (doctor, schema),
}
"""Commands in the order of the help."""

for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
app.add_typer(list_app, name="list", rich_help_panel=_panel)
app.add_typer(cache_app, name="cache", rich_help_panel=_panel)
