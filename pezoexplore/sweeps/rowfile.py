"""Rows of a results file, held in memory when they are few and read on demand otherwise."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from pathlib import Path

    from pezoexplore.sweeps.rows import Row

LISTED_ROWS = 2000
"""Up to this number rows are held in memory."""


class RowFile(Sequence["Row"]):
    """Rows of a CSV file with a header, read again on each access.

    Walking through them is quick; picking one reads the file up to it.

    Args:
        path: The file.
        count: How many rows it has.
    """

    def __init__(self, path: Path, count: int) -> None:
        """Open the rows of a file; see the class."""
        self._path, self._count = path, count

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._count

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, from the first."""
        with self._path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        """Return one row, or a list of several.

        Raises:
            IndexError: There is no such row.
        """
        places = range(self._count)[index]
        if isinstance(places, int):
            return next(itertools.islice(self, places, None))
        wanted = set(places)
        found = {place: row for place, row in enumerate(self) if place in wanted}
        return [found[place] for place in places]


def rows_of_file(path: Path, count: int) -> Sequence[Row]:
    """Return rows of a CSV file with a header: a list if they are few, else a :class:`RowFile`.

    Args:
        path: The file.
        count: How many rows it has.
    """
    rows = RowFile(path, count)
    return rows if count > LISTED_ROWS else list(rows)
