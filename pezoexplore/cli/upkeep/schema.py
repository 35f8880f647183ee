"""`pezoexplore schema`: the JSON Schema of a design file."""

from __future__ import annotations

from typing import Annotated

import typer

from pezoexplore.cli.options import TableOrJson
from pezoexplore.cli.terminal import print_json


def schema(
    format_: Annotated[
        TableOrJson, typer.Option("--format", hidden=True, help="Always json.")
    ] = TableOrJson.json,
) -> int:
    """Print the JSON Schema of a design file."""
    from pezoexplore.design.loading import design_schema

    print_json(design_schema())
    return 0
