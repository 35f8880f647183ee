"""`pezoexplore list`: what a design can choose from, and what has been run."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pezoexplore.cli.completion import axis_values
from pezoexplore.cli.options import Format, TableOrJson, TagsWanted
from pezoexplore.cli.terminal import counted, echo, print_json, print_table

_INDENT = 24
_WRAP = textwrap.TextWrapper(98, subsequent_indent=" " * _INDENT, break_on_hyphens=False)

list_app = typer.Typer(help="Show the choices for an axis, or the runs of a folder.")


@list_app.command("rng")
def list_rng(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Generators to show: lfsr, or module:Class for your own, in a module of the "
            "working folder; default: all of the package's.",
            autocompletion=axis_values("rng"),
        ),
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Show generators: source, period, state bits, fresh bits per clock, weaknesses."""
    from pezoexplore.streams.generators.catalogue import FACTS
    from pezoexplore.streams.generators.registry import families, known_family

    chosen = [known_family(name) for name in names or ()] or families()
    if format_ is TableOrJson.json:
        listed = [{"name": item.name, **item.facts(), "rtl": item.rtl} for item in chosen]
        print_json({"rng": listed})
        return 0
    for item in chosen:
        echo(item.name)
        for key, value in item.facts().items():
            head = f"  {FACTS[key]}".ljust(_INDENT)
            echo(_WRAP.fill(f"{head}{value}"))
        echo("")
    return 0


@list_app.command("runs")
def list_runs(
    folder: Annotated[
        Path, typer.Argument(help="Folder that holds run directories, or folders of them.")
    ] = Path("reports"),
    tag: TagsWanted = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Show the runs in a folder that came to their end: design, tags, date, designs, failures."""
    from pezoexplore.analysis.several.run_list import find_runs

    found = find_runs(folder, tag or ())
    if format_ is TableOrJson.json:
        print_json({"runs": [asdict(facts) | {"path": str(facts.path)} for facts in found]})
        return 0

    header = ["run", "design", "tags", "date (UTC)", "designs", "failures"]
    rows = [
        [
            str(facts.path),
            facts.design,
            " ".join(facts.tags),
            facts.date,
            *("" if count is None else str(count) for count in (facts.designs, facts.failures)),
        ]
        for facts in found
    ]
    print_table(f"{counted(len(found), 'run')} in {folder}", header, rows)
    return 0
