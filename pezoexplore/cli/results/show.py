"""`pezoexplore show`: all that a run holds of one design, and how to make the rest."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.options import Format, TableOrJson
from pezoexplore.cli.terminal import counted, echo, print_json, print_table
from pezoexplore.design.columns import AXIS_HELP, COLUMN_HELP
from pezoexplore.design.point import STREAM_AXES
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint

SHORTEST_ID = 4
"""Fewest characters that name a design."""


@dataclass(frozen=True)
class Page:
    """One design of a run.

    Attributes:
        run: The run directory.
        point_id: Its id.
        rows: Its rows of results.csv, one per target.
        point: The design; None for a combination that is not legal.
    """

    run: Path
    point_id: str
    rows: Sequence[Mapping[str, str]]
    point: DesignPoint | None

    @property
    def logs(self) -> list[Path]:
        """The logs of its stages that are there."""
        from pezoexplore.sweeps.rundir import LOGS_NAME

        return sorted((self.run / LOGS_NAME / self.point_id).glob("*.log"))

    def commands(self) -> dict[str, str]:
        """Return commands that make more of it, by what they make."""
        if self.point is None:
            return {}
        cells, here = self.rows[0], str(self.run)
        axes = [
            word
            for axis in STREAM_AXES
            if cells.get(axis)
            for word in (f"--{axis.replace('_', '-')}", cells[axis])
        ]
        design, again = str(self.run / "design.yaml"), f"{here}-{self.point_id}"
        words = {"run again": ["sweep", design, "--only", self.point_id, "--out", again]}
        if self.point.draws:
            words["numbers"] = ["stream", *axes, "--count", "1000"]
        if self.point.in_hardware and not self.point.outer_products:  # these need --layers
            bundle = ["export", self.point_id, "--results", here, "--out", f"{again}-rtl"]
            waves = ["verify", f"stream_{self.point.reuse}", "--waves"]
            words |= {"RTL, testbench, datasheet": bundle, "waves of its module": waves}
        return {what: shlex.join(["pezoexplore", *line]) for what, line in words.items()}


def show(
    point_id: Annotated[
        str,
        typer.Argument(
            metavar="POINT_ID",
            help="The design: its id in results.csv, or the beginning of it.",
            autocompletion=completion.points,
        ),
    ],
    source: Annotated[
        Path,
        typer.Argument(
            metavar="[RUN]",
            help="Run directory, results.csv, or a folder of run directories.",
        ),
    ] = Path("reports"),
    format_: Format = TableOrJson.table,
) -> int:
    """Show one design of a run: its results, its logs, and commands that make more of it."""
    page = find(point_id, source)
    if format_ is TableOrJson.json:
        from pezoexplore.sweeps.rows import typed_row

        print_json(
            {
                "point_id": page.point_id,
                "run": str(page.run),
                "design": None if page.point is None else page.point.label(),
                "rows": [typed_row(row) for row in page.rows],
                "logs": list(map(str, page.logs)),
                "commands": page.commands(),
            }
        )
    else:
        _print(page)
    return 0


def find(point_id: str, source: Path) -> Page:
    """Return the design of this id in a run, or in the newest of several runs.

    Raises:
        DesignError: There is no run, no such design, or the beginning of an id fits several.
    """
    from pezoexplore.analysis.run_files import RESULTS_NAME

    given = Path(point_id)
    if given.is_file() or (given / RESULTS_NAME).exists():
        raise DesignError(f"{given} is a run; name a design first: `show POINT_ID {given}`")
    if len(point_id) < SHORTEST_ID:
        raise DesignError(f"{point_id!r}: give at least {SHORTEST_ID} characters of the id")
    if not source.exists():
        raise DesignError(f"{source}: no such run; name a run directory")
    alone = source.is_file() or (source / RESULTS_NAME).exists()
    files = [source] if alone else sorted(source.glob(f"*/{RESULTS_NAME}"), key=_age)
    if not files:
        raise DesignError(f"{source}: no {RESULTS_NAME} in it; name a run directory")
    from pezoexplore.analysis.runs import is_design, read_rows
    from pezoexplore.design.point import DesignPoint

    for file in files:
        rows = [row for row in read_rows(file) if row["point_id"].startswith(point_id)]
        ids = sorted({row["point_id"] for row in rows})
        if len(ids) > 1:
            raise DesignError(f"{point_id} is {counted(len(ids), 'design')} of {file}: {ids[0]}...")
        if ids:
            run = file if file.is_dir() else file.parent
            point = DesignPoint.from_json(rows[0]) if is_design(rows[0]) else None
            return Page(run, ids[0], rows, point)
    raise DesignError(f"{point_id}: no such design in {source}; see the column point_id")


def _age(file: Path) -> float:
    return -file.stat().st_mtime


def _print(page: Page) -> None:

    name = "not legal" if page.point is None else page.point.label()
    echo(f"{page.point_id}: {name}\nin {page.run}\n")
    first = page.rows[0]
    axes = [[axis, first[axis], text] for axis, text in AXIS_HELP.items() if first.get(axis)]
    print_table("Axes", ["axis", "value", "meaning"], axes)
    for row in page.rows:
        echo("")
        known = [name for name in row if name not in AXIS_HELP and name != "point_id" and row[name]]
        results = [[name, row[name], COLUMN_HELP.get(name, "")] for name in known]
        print_table(f"Results on {row['target'] or 'no target'}", ["column", "value", ""], results)
    echo("")
    for log in page.logs:
        echo(f"log: {log}")
    for what, command in page.commands().items():
        echo(f"{what}: {command}")
