"""Commands on the tool itself: what is there, and the shared cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pezoexplore.cli.app import app
from pezoexplore.cli.options import CacheOption, Format, TableOrJson


@app.command()
def doctor(format_: Format = TableOrJson.table) -> int:
    """Say which tools are there, and what each missing one costs."""
    from pezoexplore.commands.doctor import check_up

    return check_up(format_ is TableOrJson.json)


@app.command()
def schema(
    format_: Annotated[
        TableOrJson, typer.Option("--format", hidden=True, help="Always json.")
    ] = TableOrJson.json,
) -> int:
    """Print the JSON Schema of a design file."""
    from pezoexplore.commands.schema import show_schema

    return show_schema()


list_app = typer.Typer(help="Show what there is to choose from.")
app.add_typer(list_app, name="list")


@list_app.command("rng")
def list_rng(format_: Format = TableOrJson.table) -> int:
    """Show every generator: source, period, state bits, fresh bits a clock, weaknesses."""
    from pezoexplore.commands.list import list_generators

    return list_generators(format_ is TableOrJson.json)


cache_app = typer.Typer(help="Look after the finished runs that sweeps share.")
app.add_typer(cache_app, name="cache")


@cache_app.command("stats")
def cache_stats(cache: CacheOption = None, format_: Format = TableOrJson.table) -> int:
    """Say what the cache holds, by stage, and what it took to make."""
    from pezoexplore.commands.cache import stats

    return stats(cache, format_ is TableOrJson.json)


@cache_app.command("prune")
def cache_prune(
    cache: CacheOption = None,
    max_size: Annotated[
        str | None, typer.Option("--max-size", help="Leave the newest of this size, such as 2GB.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option("--stage", help="Remove the results of this stage.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Remove damaged entries, those of a stage, and the oldest beyond a size."""
    from pezoexplore.commands.cache import prune

    return prune(cache, max_size, stage, format_ is TableOrJson.json)


@cache_app.command("verify")
def cache_verify(cache: CacheOption = None, format_: Format = TableOrJson.table) -> int:
    """Compare every entry with its digest; remove what is damaged."""
    from pezoexplore.commands.cache import verify

    return verify(cache, format_ is TableOrJson.json)


@cache_app.command("export")
def cache_export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write (JSON lines, gzip).")],
    cache: CacheOption = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Write all entries into one file."""
    from pezoexplore.commands.cache import export

    return export(cache, file, format_ is TableOrJson.json)


@cache_app.command("import")
def cache_import(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="An exported file, or a run directory.")
    ],
    cache: CacheOption = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Take in an exported file, or the results of a run directory; what is not sound is refused."""
    from pezoexplore.commands.cache import take_in

    return take_in(cache, source, format_ is TableOrJson.json)
