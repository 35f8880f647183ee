"""A results.csv as spreadsheets and people leave it: read as it was meant, or named."""

from __future__ import annotations

import csv
import gzip
import io
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from report_rows import quickstart, write_csv

from pezoexplore.analysis.frames import read_results
from pezoexplore.analysis.runs import read_rows
from pezoexplore.design.columns import CERTIFIED_HELP, ENGINE_HELP, RESULT_COLUMNS
from pezoexplore.errors import DesignError

Cells = list[list[str]]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "results.csv"
    write_csv(path, [row | {"target": "xcup"} for row in quickstart()])
    cells = table(path)
    cells[0].append("accuracy_per_seed")
    path.write_text(text([cells[0], *([*row, "88.1;89.2"] for row in cells[1:])]))
    return path


def table(path: Path) -> Cells:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def text(cells: Cells, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(cells)
    return out.getvalue()


def changed(cells: Cells, change: Callable[[str, str], str]) -> Cells:
    return [cells[0], *([change(*pair) for pair in zip(cells[0], row, strict=True)]
                        for row in cells[1:])]  # fmt: skip


def shouted(name: str, cell: str) -> str:
    words = ("status", "target", "rng", "reuse", "taps", "scaling")
    return f" {cell.upper()}  " if name in words and ":" not in cell else cell


SAVED: dict[str, Callable[[Cells], bytes]] = {
    "byte order mark": lambda cells: text(cells).encode("utf-8-sig"),
    "semicolons": lambda cells: text(cells, ";").encode(),
    "tabs": lambda cells: text(cells, "\t").encode(),
    "a sep line": lambda cells: ("sep=;\r\n" + text(cells, ";")).encode("utf-8-sig"),
    "UTF-16": lambda cells: text(cells, "\t").encode("utf-16"),
    "empty columns": lambda cells: text([[*row, "", ""] for row in cells]).encode(),
    "padded": lambda cells: text([[f" {cell} " for cell in row] for row in cells]).encode(),
    "other case": lambda cells: text(changed(cells, shouted)).encode(),
    "header in capitals": lambda cells: text([[*map(str.upper, cells[0])], *cells[1:]]).encode(),
    "rows pasted twice": lambda cells: text([*cells, *cells[3:5]]).encode(),
    "empty lines at the end": lambda cells: (
        text(cells) + "," * (len(cells[0]) - 1) + "\n\n"
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("how", SAVED)
def test_what_a_spreadsheet_saves_is_read_as_it_was(plain: Path, tmp_path: Path, how: str) -> None:
    wanted, content = read_results(plain), SAVED[how](table(plain))
    saved = tmp_path / "saved.csv"
    saved.write_bytes(content)
    assert read_results(saved).equals(wanted)
    assert read_rows(saved) == read_rows(plain)
    with gzip.open(tmp_path / "saved.csv.gz", "wb") as file:
        file.write(content)
    assert read_results(tmp_path / "saved.csv.gz").equals(wanted)


def test_rows_that_count_once_are_said(plain: Path, caplog: pytest.LogCaptureFixture) -> None:
    plain.write_text(text([*table(plain), *table(plain)[1:]]))
    with caplog.at_level(logging.WARNING):
        assert len(read_results(plain)) == 13
    assert "13 rows that are there twice count once" in caplog.text


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("lut", "-5", "row 5, column lut: '-5' cannot be: allowed: 0 to inf"),
        ("ff", "-inf", "row 5, column ff: '-inf' cannot be"),
        ("accuracy_mean", "891", "row 5, column accuracy_mean: '891' cannot be: allowed: 0 to 100"),
        ("accuracy_mean", "89,1", "'89,1' is no number; write a point, not a comma"),
        ("lut", "n/a", "row 5, column lut: 'n/a' is no number"),
        ("status", "okay", "row 5, column status: 'okay' is none of ok, failed, timeout"),
        ("status", "o\0k", "row 5 holds a NUL character"),
        ("rng", "lf\0sr", "row 5 holds a NUL character"),
    ],
)
def test_what_cannot_be_is_named(plain: Path, column: str, cell: str, said: str) -> None:
    cells = table(plain)
    cells[4][cells[0].index(column)] = cell
    plain.write_text(text(cells, ";"))
    with pytest.raises(DesignError) as caught:
        read_results(plain)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("column", [*CERTIFIED_HELP, *ENGINE_HELP, *RESULT_COLUMNS])
def test_no_column_but_signed_statistics_goes_below_zero(plain: Path, column: str) -> None:
    cells = table(plain)
    if column not in cells[0]:
        cells = [[*row, column if at == 0 else ""] for at, row in enumerate(cells)]
    cells[4][cells[0].index(column)] = "-1"
    plain.write_text(text(cells))
    if column in ("stream_mean", "stream_lag1", "test_loss_mean"):
        assert list(read_results(plain)[column]).count(-1) == 1
    else:
        with pytest.raises(DesignError, match=f"row 5, column {column}: '-1' cannot be"):
            read_results(plain)


def test_two_results_of_one_design_are_refused(plain: Path) -> None:
    cells = table(plain)
    again = list(cells[3])
    again[cells[0].index("accuracy_mean")] = "50"
    plain.write_text(text([*cells, again]))
    with pytest.raises(DesignError, match="rows 4 and 15 are of one design and target"):
        read_results(plain)


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (b"My run,,,\r\n", "not a results.csv: columns point_id, status"),
        (b"# a note\r\n", "not a results.csv: columns point_id, status"),
        (b"lut,", "two columns of one name in the header: 'lut'"),
        (b"\xdf,", "is not a CSV file in UTF-8"),
    ],
)
def test_what_is_no_header_is_named(plain: Path, added: bytes, said: str) -> None:
    plain.write_bytes(added + plain.read_bytes())
    with pytest.raises(DesignError) as caught:
        read_results(plain)
    assert said in str(caught.value) and "\n" not in str(caught.value)
