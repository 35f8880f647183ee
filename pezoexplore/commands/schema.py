"""`pezoexplore schema`: the JSON Schema of a design file."""

from __future__ import annotations

from pezoexplore.commands.terminal import print_json
from pezoexplore.design.loading import design_schema


def show_schema() -> int:
    """Print the JSON Schema; the exit status."""
    print_json(design_schema())
    return 0
