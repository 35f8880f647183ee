"""`pezoexplore init`: a commented design file to start from."""

from __future__ import annotations

import re
from pathlib import Path

from pezoexplore.commands.terminal import say
from pezoexplore.design.loading import read_design
from pezoexplore.design.template import design_template
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.rundir import write_atomically


def write_template(path: Path, task: str, force: bool) -> int:
    """Write a design file in which every key is explained.

    Args:
        path: The file.
        task: Training task.
        force: Whether to replace a file that is there.

    Returns:
        The exit status, 0.

    Raises:
        DesignError: There is a file already, it cannot be written, or there is no such task.
    """
    if path.exists() and not force:
        raise DesignError(f"{path} is there already: name another file, or replace it with --force")
    if path.is_dir() or not path.parent.is_dir():
        raise DesignError(f"{path}: cannot be written; name a file in a folder that is there")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("._-")[:64] or "design"
    draft = path.with_name(f".{path.name}.draft")
    try:
        write_atomically(draft, design_template(name, str(path), task))
        try:
            read_design(draft)
        except DesignError as error:
            raise DesignError(f"--task {task}: {str(error).partition(': task: ')[2]}") from None
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    say(f"{path}: written; look at its points with `pezoexplore sweep {path} --dry-run`")
    return 0
