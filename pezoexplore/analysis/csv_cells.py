"""A results.csv as people save it: the cells as the program wrote them, or the reason why not.

Spreadsheets add a byte order mark, a line ``sep=;`` and empty columns, write semicolons, tabs or
UTF-16, pad cells and change the case of words; people paste rows twice. What can be read is read as
it was meant; what cannot be is named by file, row and column.
"""

from __future__ import annotations

import csv
import logging
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pezoexplore.analysis.run_files import open_text
from pezoexplore.design.columns import CERTIFIED_HELP, COLUMN_HELP, NUMERIC_COLUMNS
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.own_targets import TARGETS
from pezoexplore.design.point import AXES
from pezoexplore.design.training_axes import TRAINING_AXES
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.registry import names
from pezoexplore.streams.reuse import RULES

SIGNED = frozenset({"stream_mean", "stream_lag1", "test_loss_mean"})
"""Columns whose numbers may be negative: a loss of the user's own may. No other column's may."""

SHARES = ("accuracy_mean", "accuracy_before", "generator_share_pct", *CERTIFIED_HELP)
MOST: Mapping[str, float] = dict.fromkeys(SHARES, 100.0) | {"front_confidence": 1.0}
"""Largest numbers of columns that have one."""

WORDS: Mapping[str, Sequence[str]] = {
    "target": TARGETS,
    "status": ("ok", "failed", "timeout", "diverged", "skipped"),
    "rng": names(),
    "reuse": tuple(RULES),
    "taps": ("shifted", "xor", "shared", "sparse"),
    "scaling": ("none", "constant", "pow2"),
    "rtl_status": ("pass", "fail"),
}
"""Words by column that are the same whatever their case; others are the user's own names."""

REQUIRED = ("point_id", "status", *(axis for axis in AXES if axis not in TRAINING_AXES))
"""Columns that identify a row; training axes have defaults."""

DELIMITERS = ",;\t"

log = logging.getLogger(__name__)


def read_cells(path: Path, required: Sequence[str] = REQUIRED) -> tuple[list[str], list[list[str]]]:
    """Read header and rows of a results.csv as the program writes them; each row once.

    Args:
        path: The file; packed by gzip if its name ends in ``.gz``.
        required: Columns that must be there.

    Raises:
        DesignError: The file is missing, is no CSV, lacks columns, or holds what cannot be: a
            negative count, or two rows of one design and target with different results.
    """
    table, first = _table(path)
    known = {name.lower(): name for name in COLUMN_HELP}
    header = [known.get(name.strip().lower(), name.strip()) for name in table[0]]
    _drop_empty(header, 0)  # columns that a spreadsheet leaves at the right
    missing = [name for name in required if name not in header]
    if missing:
        raise DesignError(
            f"{path}: not a results.csv: column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)} missing"
        )
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    if twice:
        raise DesignError(f"{path}: two columns of one name in the header: {twice[0]!r}")
    lines: list[list[str]] = []
    numbers: list[int] = []
    for number, cells in enumerate(table[1:], start=first + 1):
        if not any(map(str.strip, cells)):  # spreadsheets leave empty lines at the end
            continue
        if any("\0" in cell for cell in cells):
            raise DesignError(f"{path}: row {number} holds a NUL character, which no cell can")
        cells = list(map(str.strip, cells))
        _drop_empty(cells, len(header))
        if len(cells) != len(header):
            raise DesignError(
                f"{path}: row {number} has {len(cells)} cells, the header {len(header)}"
            )
        lines.append(cells)
        numbers.append(number)
    for name, known_words in WORDS.items():
        if name in header:
            _same_case(lines, header.index(name), known_words)
    lines, numbers = _once(path, header, lines, numbers)
    _check_status(path, header, lines, numbers)
    _check_numbers(path, header, lines, numbers)
    return header, lines


def _table(path: Path) -> tuple[list[list[str]], int]:
    """Return header and rows as they are in the file, and the number of the header's line."""
    try:
        with open_text(path) as file:
            first = file.readline()
            start = 2 if first.strip().strip('"').lower().startswith("sep=") else 1
            if start == 2:
                delimiter = first.strip().strip('"')[4:] or "\t"
                first = file.readline()
            else:
                delimiter = max(DELIMITERS, key=first.count)
            if len(delimiter) != 1:
                raise csv.Error(f"separator {delimiter!r} is not one character")
            table = list(csv.reader([first], delimiter=delimiter, strict=True)) if first else []
            table += csv.reader(file, delimiter=delimiter, strict=True)
    except OSError as error:
        raise DesignError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeError as error:
        raise DesignError(
            f"{path}: is not a CSV file in UTF-8 ({error}); save it as that"
        ) from None
    except (EOFError, zlib.error, csv.Error) as error:
        raise DesignError(f"{path}: is not a CSV file ({error})") from None
    if not table:
        raise DesignError(f"{path}: is empty; expected the header of a results.csv")
    return table, start


def _same_case(lines: list[list[str]], place: int, known: Sequence[str]) -> None:
    """Write the known words of a column in small letters, what follows a colon as it is."""
    plain = {}
    for word in {cells[place] for cells in lines}:
        kind, colon, rest = word.partition(":")
        if kind.strip().lower() in known:
            plain[word] = kind.strip().lower() + colon + rest.strip()
    for cells in lines:
        cells[place] = plain.get(cells[place], cells[place])


def _once(
    path: Path, header: Sequence[str], lines: list[list[str]], numbers: list[int]
) -> tuple[list[list[str]], list[int]]:
    """Drop rows that are there twice, and refuse two results of one design and target."""
    key = [header.index(name) for name in ("point_id", "target") if name in header]
    seen: dict[tuple[str, ...], int] = {}
    kept = []
    for index, cells in enumerate(lines):
        identity = tuple(cells[place] for place in key)
        before = seen.setdefault(identity, index) if key and identity[0] else index
        if before == index:
            kept.append(index)
        elif lines[before] != cells:
            raise DesignError(
                f"{path}: rows {numbers[before]} and {numbers[index]} are of one design and "
                f"target ({' '.join(filter(None, identity))}) and differ: delete one"
            )
    if len(kept) < len(lines):
        log.warning(f"{path}: {len(lines) - len(kept)} rows that are there twice count once")
    return [lines[index] for index in kept], [numbers[index] for index in kept]


def _drop_empty(cells: list[str], width: int) -> None:
    """Drop empty cells at the end beyond a width."""
    while len(cells) > width and not cells[-1]:
        cells.pop()


def _check_status(
    path: Path, header: Sequence[str], lines: Sequence[Sequence[str]], numbers: Sequence[int]
) -> None:
    """Refuse a status that is none: its row would be left out of every front without a word."""
    if "status" not in header:
        return
    place = header.index("status")
    for number, cells in zip(numbers, lines, strict=True):
        if cells[place].partition(":")[0] not in WORDS["status"]:
            allowed = ", ".join(WORDS["status"])
            raise DesignError(
                f"{path}: row {number}, column status: {cells[place]!r} is none of {allowed}"
            )


def _check_numbers(
    path: Path, header: Sequence[str], lines: Sequence[Sequence[str]], numbers: Sequence[int]
) -> None:
    """Refuse text where a number belongs, and numbers that cannot be."""
    for place, name in enumerate(header):
        if name not in NUMERIC_COLUMNS:
            continue
        low = float("-inf") if name in SIGNED else 0.0
        high = MOST.get(name, float("inf"))
        faults = {}
        for cell in {cells[place] for cells in lines}:
            number = parse_number(cell)
            if number is None and cell:
                comma = parse_number(cell.replace(",", ".", 1)) is not None
                faults[cell] = "is no number" + "; write a point, not a comma" * comma
            elif number is not None and not low <= number <= high:
                faults[cell] = f"cannot be: allowed: {low:g} to {high:g}"
        for number_of_row, cells in zip(numbers, lines, strict=True) if faults else ():
            if cells[place] in faults:
                where = f"{path}: row {number_of_row}, column {name}"
                raise DesignError(f"{where}: {cells[place]!r} {faults[cells[place]]}")
