"""Results as Parquet: the cells of results.csv with their types."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pezoexplore.design.columns import TEXT_COLUMNS
from pezoexplore.errors import ToolError
from pezoexplore.files import replacing
from pezoexplore.sweeps.rows import typed_row

FILE = "results.parquet"

CHUNK = 50_000
"""Rows per write, one row group of the file."""


def check_parquet() -> None:
    """Check that Parquet can be written, before a long run rather than after it.

    Raises:
        ToolError: pyarrow is missing; the message names the command that installs it.
    """
    if find_spec("pyarrow") is None:
        raise ToolError("--parquet needs pyarrow, not found: type `pip install pyarrow`")


def write_parquet(rows: Iterable[Mapping[str, str]], path: Path, columns: Sequence[str]) -> None:
    """Write rows of results.csv as Parquet, atomically.

    Numbers are float64 (empty cells null, ``inf`` infinite), ``accuracy_per_seed`` a list of
    float64, ``pareto`` a Boolean, all else text. Equal rows give equal bytes.

    Args:
        rows: Rows as in results.csv, consumed once.
        path: The file, replaced if it exists.
        columns: Those of results.csv, in its order.

    Raises:
        PezoError: pyarrow is missing, or the file cannot be written.
    """
    check_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"pareto": pa.bool_(), "accuracy_per_seed": pa.list_(pa.float64())}
    schema = pa.schema(
        (name, kinds.get(name, pa.string() if name in TEXT_COLUMNS else pa.float64()))
        for name in columns
    )
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        rest = iter(rows)
        while chunk := [_cells(row, columns) for row in itertools.islice(rest, CHUNK)]:
            writer.write_table(pa.Table.from_pylist(chunk, schema))


def _cells(row: Mapping[str, str], columns: Sequence[str]) -> dict[str, Any]:
    typed = typed_row(row)
    return {name: _cell(name, typed.get(name)) for name in columns}


def _cell(name: str, value: object) -> object:
    if name in TEXT_COLUMNS or value is None:
        return value
    return float(str(value))
