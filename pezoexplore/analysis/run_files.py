"""The files of a run as they lie on the disk; found without reading, or importing, anything."""

from __future__ import annotations

import gzip
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import TextIO

from pezoexplore.errors import DesignError

RESULTS_NAME, FRONT_NAME = "results.csv", "pareto.csv"
DESIGN_NAME, RUN_NAME = "design.yaml", "run.json"


def results_file(source: Path) -> Path:
    """Return the results of a run directory, or the file itself.

    Raises:
        DesignError: There is none.
    """
    path = source / RESULTS_NAME if source.is_dir() else source
    if source.is_dir() and not path.exists():
        raise DesignError(f"{source}: no {RESULTS_NAME} in it; let its sweep run to the end")
    if not source.exists():
        raise DesignError(f"{source}: no such run; name a run directory or a {RESULTS_NAME}")
    return path


def open_text(path: Path) -> TextIO:
    """Return a text file to read, packed by gzip if its name ends in ``.gz``.

    A byte order mark, as spreadsheets write it, is not part of the text; that of UTF-16 is heeded.
    """
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        utf16 = file.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE)
    encoding = "utf-16" if utf16 else "utf-8-sig"
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def may_have(source: Path, column: str) -> bool:
    """Return whether the header of a run's results may hold a column: its text does."""
    results = results_file(source)
    try:
        with open_text(results) as file:
            header = file.readline() + file.readline()  # a line ``sep=;`` may come first
            return column.lower() in header.lower()
    except (OSError, EOFError, UnicodeError):
        return True  # said by whoever reads the whole
