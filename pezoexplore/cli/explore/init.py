"""`pezoexplore init`: a commented design file to start from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from pezoexplore.cli.terminal import echo
from pezoexplore.errors import DesignError


def init(
    design: Annotated[Path, typer.Argument(metavar="[DESIGN.yaml]", help="File to write.")] = Path(
        "design.yaml"
    ),
    task: Annotated[str, typer.Option(help="Training task.")] = "digits-mlp",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> int:
    """Write a design file in which every key is explained, ready to run and to change."""
    from pezoexplore.design.loading import read_design
    from pezoexplore.design.template import design_template
    from pezoexplore.files import write_atomically

    if design.exists() and not force:
        raise DesignError(
            f"{design} is there already: name another file, or replace it with --force"
        )
    if design.is_dir() or not design.parent.is_dir():
        raise DesignError(f"{design}: cannot be written; name a file in a folder that is there")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", design.stem).strip("._-")[:64] or "design"
    draft = design.with_name(f".{design.name}.draft")
    try:
        write_atomically(draft, design_template(name, str(design), task))
        try:
            read_design(draft)
        except DesignError as error:
            raise DesignError(f"--task {task}: {str(error).partition(': task: ')[2]}") from None
        draft.replace(design)
    finally:
        draft.unlink(missing_ok=True)
    echo(f"{design}: written; look at its points with `pezoexplore sweep {design} --dry-run`")
    return 0
