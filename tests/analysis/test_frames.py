from __future__ import annotations

import math

import pytest
from report_rows import COLUMNS, frame_of, numbered, quickstart, row, write_csv

from pezoexplore.analysis.frames import frame_of_rows, read_results, row_labels
from pezoexplore.analysis.pareto import frame_rows
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError

POINTS = (
    {"rng": "gaussian", "reuse": "none"},
    {"rng": "gaussian", "reuse": "pool", "pool_size": 255, "reuse_period": 3},
    {"reuse": "bank", "scaling": "pow2", "reuse_period": 64},
    {"taps": "shared", "state_bits": 16, "leap": 4},
    {"rng": "rademacher", "reuse": "none"},
    {"rng": "clt", "reuse": "pool", "bit_width": 12},
)


def test_types_of_columns(tmp_path):
    frame = frame_of(tmp_path, quickstart())
    assert frame["lut"].dtype == "float64"
    assert math.isnan(frame["lut"][0])
    assert frame["lut"][2] == 350.0
    assert frame["reuse_period"].tolist()[2:5] == [math.inf, 64.0, 1.0]
    assert frame["taps"][0] == ""
    assert frame["point_id"][10] == "000000000000000a"
    assert list(frame.columns) == list(COLUMNS)


def test_rows_in_memory_and_in_the_file_are_the_same_frame(tmp_path):
    rows = [{name: str(cell) for name, cell in cells.items()} for cells in quickstart()]
    assert frame_of_rows(rows, COLUMNS).equals(frame_of(tmp_path, rows))
    assert frame_of_rows([], COLUMNS).shape == (0, len(COLUMNS))


@pytest.mark.parametrize("axes", POINTS)
def test_points_and_labels_come_back(tmp_path, axes):
    point = resolve(**axes)
    (cells,) = frame_rows(frame_of(tmp_path, numbered([row(90.0, **axes)])))
    assert DesignPoint.from_json(cells) == point
    assert DesignPoint.from_json(row(90.0, **axes)) == point
    assert row_labels([cells]) == [point.label()]


def test_labels_name_the_target_where_there_are_several():
    rows = [row(90.0, (1, 2, 0)), row(90.0, (1, 2, 0)) | {"target": "ice40"}]
    first, second = row_labels(rows)
    assert first.endswith("@xcup")
    assert second.endswith("@ice40")
    assert "@" not in row_labels(rows[:1])[0]


def test_unknown_columns_are_numbers_where_they_can_be(tmp_path):
    path = tmp_path / "more.csv"
    path.write_text("point_id,size,name\na,3,x\nb,,7\n")
    frame = read_results(path, required=("point_id",))
    assert frame["size"].tolist()[0] == 3.0
    assert math.isnan(frame["size"].tolist()[1])
    assert frame["name"].tolist() == ["x", "7"]


def refusal(path, **options):
    with pytest.raises(DesignError) as caught:
        read_results(path, **options)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def test_unusable_files_are_one_line(tmp_path):
    path = tmp_path / "x.csv"
    assert "No such file" in refusal(path)
    assert "cannot be read" in refusal(tmp_path)
    path.write_bytes(b"")
    assert "is empty" in refusal(path)
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    assert "not a CSV" in refusal(path)
    path.write_text("a,b\n1,2\n")
    assert "point_id" in refusal(path)
    write_csv(path, [quickstart()[2]])
    path.write_text(path.read_text() + "1\n")
    assert "row 3 has 1 cells" in refusal(path)
    write_csv(path, [quickstart()[2] | {"lut": "many"}])
    assert "row 2, column lut: 'many'" in refusal(path)
