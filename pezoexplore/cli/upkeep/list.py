"""`pezoexplore list`: what a design can choose from."""

from __future__ import annotations

import textwrap

import typer

from pezoexplore.cli.options import Format, TableOrJson
from pezoexplore.cli.terminal import echo, print_json

_INDENT = 24
_WRAP = textwrap.TextWrapper(98, subsequent_indent=" " * _INDENT, break_on_hyphens=False)

list_app = typer.Typer(help="Show the choices for an axis.")


@list_app.command("rng")
def list_rng(format_: Format = TableOrJson.table) -> int:
    """Show every generator: source, period, state bits, fresh bits per clock, weaknesses."""
    from pezoexplore.streams.catalogue import CATALOGUE, FACTS, facts

    if format_ is TableOrJson.json:
        listed = [{"name": item.name, **facts(item), "rtl": item.rtl} for item in CATALOGUE]
        print_json({"rng": listed})
        return 0
    for item in CATALOGUE:
        echo(item.name)
        for key, value in facts(item).items():
            head = f"  {FACTS[key]}".ljust(_INDENT)
            echo(_WRAP.fill(f"{head}{value}"))
        echo("")
    return 0
