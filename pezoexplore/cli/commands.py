"""The commands: a table that the help is made of, and their modules, imported when chosen."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

import typer
import typer.core
import typer.main

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Explore a design space": {
        "sweep": (
            "explore.sweep",
            "Run every stage of every point of a design: training, RTL check, resources, plots.",
        ),
        "search": ("explore.search", "Find the front of a design from a part of its points."),
        "evaluate": (
            "explore.evaluate",
            "Run all stages of one design, and print every column of its results.",
        ),
        "init": (
            "explore.init",
            "Write a design file in which every key is explained, ready to run and to change.",
        ),
        "watch": (
            "explore.watch",
            "Show how far a running sweep is, until it ends; its directory is only read.",
        ),
        "compare": (
            "explore.compare",
            "Measure PeZO's claim: a Gaussian generator per lane against reused uniform numbers.",
        ),
    },
    "One design or RTL module": {
        "stream": (
            "design.stream",
            "Write the words of a design, bit for bit as its hardware delivers them.",
        ),
        "quality": (
            "design.quality",
            "Test the numbers of a design as random numbers, and name what fails by design.",
        ),
        "train": (
            "design.train",
            "Train one design, and show its learning curve and its test accuracy.",
        ),
        "verify": (
            "design.verify",
            "Simulate the RTL, module by module, and compare it bit for bit with the software "
            "stream.",
        ),
        "cosim": (
            "design.cosim",
            "Train one design with its simulated RTL in the loop, and compare it with software.",
        ),
        "export": (
            "design.export",
            "Write one design as a bundle that needs nothing of pezoexplore.",
        ),
        "board": (
            "design.board",
            "Build the bitstream of a board that trains on its FPGA, or train on a connected one.",
        ),
        "project": (
            "design.project",
            "Write one design as a project of a vendor's tool, to run where the tool is.",
        ),
    },
    "Results of a run": {
        "pareto": (
            "results.pareto",
            "Print the Pareto front of a run or a results.csv and draw its plots into a folder.",
        ),
        "report": (
            "results.report",
            "Write a run as an HTML page, Markdown and figures; several side by side as one page.",
        ),
        "recommend": (
            "results.recommend",
            "Name the cheapest design for a model, the runner-up, and why.",
        ),
        "sensitivity": (
            "results.sensitivity",
            "Show which axis moves accuracy, LUTs or energy, and how much.",
        ),
        "show": (
            "results.show",
            "Show one design of a run: its results, its logs, and commands that make more of it.",
        ),
        "log": (
            "results.log",
            "Log a run to MLflow: a run for each row, with axes, results and learning curve.",
        ),
        "diff": (
            "results.diff",
            "Show what moved between two runs; the exit status is 1 when anything got worse.",
        ),
        "calibrate": (
            "results.calibrate",
            "Show what a vendor's tool counts beside what Yosys counts, and the factor between "
            "them.",
        ),
    },
    "This installation": {
        "doctor": (
            "upkeep.doctor",
            "Show which tools are installed, and what each missing one costs.",
        ),
        "schema": ("upkeep.schema", "Print the JSON Schema of a design file."),
        "list": ("upkeep.list", "Show the choices for an axis, or the runs of a folder."),
        "cache": ("upkeep.cache", "Manage the finished runs that sweeps share."),
    },
}
"""By panel and name, in the order of the help: module, and the first sentence of its docstring."""


class Listed(typer.core.TyperCommand):
    """A command as the help lists it."""

    def __init__(self, name: str, panel: str, module: str, help_: str) -> None:
        """Keep what the help shows, and where the command is."""
        super().__init__(name, help=help_, rich_help_panel=panel)
        self._module = module

    def loaded(self) -> Any:  # noqa: ANN401 - the parser's type is private to Typer
        """Import the command and return it as the parser takes it."""
        assert self.name is not None, "a listed command has a name"
        return _loaded(self._module, self.name)


@cache
def _loaded(module: str, name: str) -> Any:  # noqa: ANN401
    found = importlib.import_module(f"pezoexplore.cli.{module}")
    if (several := getattr(found, f"{name}_app", None)) is not None:
        command: Any = typer.main.get_group(several)
    else:
        single = typer.Typer(add_completion=False)
        single.command(name)(getattr(found, name))
        command = typer.main.get_command(single)
    command.name = name
    return command


class Commands(typer.core.TyperGroup):
    """A group that lists all commands and imports the one that is chosen."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - the parser's
        """List the commands of the table."""
        super().__init__(**settings)
        for panel, commands in COMMANDS.items():
            for name, (module, help_) in commands.items():
                self.add_command(Listed(name, panel, module, help_))

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Return name, command and what is left of the arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.loaded() if isinstance(command, Listed) else command, rest
