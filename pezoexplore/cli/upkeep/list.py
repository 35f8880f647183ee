"""`pezoexplore list`: what a design can choose from."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from pezoexplore.cli.completion import axis_values
from pezoexplore.cli.options import Format, TableOrJson
from pezoexplore.cli.terminal import echo, print_json

_INDENT = 24
_WRAP = textwrap.TextWrapper(98, subsequent_indent=" " * _INDENT, break_on_hyphens=False)

list_app = typer.Typer(help="Show the choices for an axis.")


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
