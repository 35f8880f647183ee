"""What a command put into a folder: no file of anyone else's is replaced, nothing is drawn twice.

A hidden file beside the others has a hash of each, and of what they were made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pezoexplore
from pezoexplore.errors import PezoError
from pezoexplore.files import WriteError, why, write_atomically
from pezoexplore.report.second_process import SecondProcess
from pezoexplore.streams.generators.registry import family

if TYPE_CHECKING:
    from pezoexplore.design.space import DesignSpace

MADE_NAME, DRAWN_NAME = ".made.json", ".drawn.json"
"""The notes of `pareto`, and of the plots of a run."""

DIVIDED_ROWS = 30
"""Rows from which on a second process saves more than it takes to start."""


@dataclass(frozen=True)
class Made:
    """Files made in a folder.

    Attributes:
        files: SHA-256 by name.
        inputs: Hash of what they were made from; empty if unknown.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    inputs: str = ""

    def whole(self, folder: Path, inputs: str) -> bool:
        """Return whether all files are there as they were made, and from these inputs."""
        return self.inputs == inputs != "" and all(
            _hash(folder / name) == digest for name, digest in self.files.items()
        )


def made_in(folder: Path, note: str = MADE_NAME) -> Made:
    """Return what is known to be made in a folder; nothing if that cannot be read."""
    try:
        content = json.loads((folder / note).read_text(encoding="utf-8"))
        return Made(dict(content["files"]), str(content["inputs"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Made()


def note_made(folder: Path, names: Sequence[str], inputs: str = "", note: str = MADE_NAME) -> None:
    """Note which files were made in a folder, and from what.

    Raises:
        WriteError: The note cannot be written.
    """
    files = {name: _hash(folder / name) for name in sorted(names)}
    text = json.dumps({"inputs": inputs, "files": files}, indent=1) + "\n"
    write_atomically(folder / note, text, durable=False)


def draw_sweep(rows: Sequence[Mapping[str, str]], space: DesignSpace, run: Path) -> None:
    """Draw the plots of a sweep, unless they are there, of the same results by the same code.

    Args:
        rows: Rows of results.csv, as written.
        space: The design, for its objectives and constraints.
        run: The run directory, with its results.csv, design.yaml and run.json.

    Raises:
        PezoError: A file cannot be written.
    """
    # A generator of the user's has a name and a colour as well.
    own = not any(family(name).folder for name in {row["rng"] for row in rows})
    inputs = _inputs(run) if own else ""
    if made_in(run, DRAWN_NAME).whole(run, inputs):
        return
    (run / DRAWN_NAME).unlink(missing_ok=True)
    drawn = _drawn(rows, space, run)
    note_made(run, [path.relative_to(run).as_posix() for path in drawn], inputs, DRAWN_NAME)


def _drawn(rows: Sequence[Mapping[str, str]], space: DesignSpace, run: Path) -> list[Path]:
    """Draw the plots of a sweep, and analyse its sensitivity; of many rows in a second process."""
    if len(rows) >= DIVIDED_ROWS and (os.cpu_count() or 1) > 1:
        where = "pezoexplore.report.sensitivity", "write_sensitivities"
        with SecondProcess(*where, [*rows], [*space.tasks], str(run)) as sensitivity:
            from pezoexplore.report.plots.run_plots import draw_run

            return draw_run(rows, space, run) + sensitivity.files()
    # Matplotlib is imported when the runs are done, and only if there is something to draw.
    from pezoexplore.report.plots.run_plots import draw_run
    from pezoexplore.report.sensitivity import write_sensitivities

    return draw_run(rows, space, run) + write_sensitivities(rows, space.tasks, str(run))


def _inputs(run: Path) -> str:
    """Return a hash of all that the plots of a run depend on; empty if that is not all known."""
    found = hashlib.sha256(version("matplotlib").encode())
    try:
        results = (run / "results.csv").read_bytes()
        noted = json.loads((run / "run.json").read_text(encoding="utf-8"))
        chance = sorted((name, value) for name, value in noted.items() if "chance" in name)
        for part in (results, (run / "design.yaml").read_bytes(), json.dumps(chance).encode()):
            found.update(hashlib.sha256(part).digest())
        for path in sorted(Path(pezoexplore.__file__).parent.rglob("*.py")):
            found.update(path.read_bytes())
    except (OSError, ValueError, AttributeError):
        return ""
    return found.hexdigest()


@contextmanager
def drafts_in(folder: Path) -> Iterator[Path]:
    """Provide a hidden folder for files to be put into the folder; it is gone afterwards.

    Raises:
        WriteError: It cannot be made.
    """
    drafts = folder / ".drafts"
    shutil.rmtree(drafts, ignore_errors=True)  # of a run that was killed
    try:
        drafts.mkdir()
    except OSError as error:
        raise WriteError(f"cannot write {drafts}: {why(error)}") from error
    try:
        yield drafts
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def put(drafts: Sequence[Path], folder: Path, overwrite: bool) -> list[Path]:
    """Move files into a folder, over those alone that were put there before and not changed since.

    Args:
        drafts: The files, on the same file system.
        folder: The folder.
        overwrite: Whether to replace others as well.

    Returns:
        The files where they are now.

    Raises:
        PezoError: There are others of these names; none was moved.
    """
    known = made_in(folder).files
    names = [path.name for path in drafts]
    others = [
        name
        for name in names
        if (folder / name).exists() and _hash(folder / name) != known.get(name)
    ]
    if others and not overwrite:
        count = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise PezoError(
            f"{folder / others[0]}{count}: not made by this command, or changed since; name "
            "another folder with --out, or replace them with --overwrite"
        )
    for path in drafts:
        try:
            path.replace(folder / path.name)
        except OSError as error:
            raise WriteError(f"cannot write {folder / path.name}: {why(error)}") from error
    kept = [name for name in known if (folder / name).exists()]
    note_made(folder, sorted({*kept, *names}))
    return [folder / name for name in names]


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
