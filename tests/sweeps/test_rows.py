from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.design.columns import COLUMNS, OPTIONAL_HELP, TEXT_COLUMNS
from pezoexplore.design.point import AXES, resolve
from pezoexplore.sweeps.rows import (
    FORMATS,
    cell_text,
    csv_text,
    point_id,
    result_row,
    skipped_row,
    typed_row,
    with_generator,
)

TRAIN = {"steps": 4000, "seeds": 5}
HARDWARE = {"targets": ["xcup"], "clock_mhz": 200.0}


def test_the_generator_s_energy_stands_apart_where_it_is_known() -> None:
    """Training's energy is of 45 nm, the generator's of the target: they are never one number."""
    cells = {"energy_to_target_uj_est": 5.0, "numbers_to_target": 2e6, "lut": 3}
    assert with_generator(cells) == cells
    known = {**cells, "energy_per_number_pj_est": 1.5}
    assert with_generator(known) == {**known, "generator_energy_to_target_uj_est": 3.0}
    for name in ("numbers_to_target", "energy_per_number_pj_est"):
        unknown = {**known, name: None}
        assert with_generator(unknown) == unknown


def test_every_numeric_result_has_a_format() -> None:
    assert set(FORMATS) - {"accuracy_per_seed"} == {*COLUMNS, *OPTIONAL_HELP} - TEXT_COLUMNS - set(
        AXES
    )


def test_the_share_of_the_engine_is_that_of_all_its_streams() -> None:
    """Rounding at random takes further streams; standard cells have an area and no LUTs."""
    cells: dict[str, object] = {"lut": 40, "engine_lut": 800, "engine_streams": 1}
    assert with_generator(cells)["generator_share_pct"] == 5.0
    assert with_generator(cells | {"engine_streams": 3})["generator_share_pct"] == 15.0
    area = {"area_um2": 30.0, "engine_area_um2": 120.0, "engine_streams": 1}
    assert with_generator(area)["generator_share_pct"] == 25.0
    assert "generator_share_pct" not in with_generator(cells | {"engine_lut": None})
    power = {"power_mw_est": 2.0, "engine_power_mw_est": 40.0, "engine_streams": 3}
    assert with_generator(power)["generator_power_share_pct"] == 15.0


def test_only_a_row_with_an_engine_has_its_columns() -> None:
    row = result_row("0" * 12, "xcup", "ok", resolve(lanes=4), {"engine_lut": 7, "other": 1})
    assert set(row) - set(COLUMNS) == {"engine_lut"}
    assert row["engine_lut"] == "7"


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("accuracy_mean", 94.166666, "94.17"),
        ("accuracy_mean", 100, "100.00"),
        ("accuracy_ci95", -0.001, "0.00"),
        ("accuracy_per_seed", [94.166666, 95.0], "94.17;95.00"),
        ("learning_rate", 0.003, "0.003"),
        ("forward_passes", 600_000_000, "600000000"),
        ("effective_dim", 1067.1234567, "1067.12"),
        ("stream_mean", -1.2345678e-5, "-1.23457e-05"),
        ("stream_mean", -0.0, "0"),
        ("bram", 3.5, "3.5"),
        ("lut", 231, "231"),
        ("lut", 0, "0"),
        ("lut", None, ""),
        ("rtl_status", "pass", "pass"),
        ("reuse_period", "inf", "inf"),
        ("pool_size", None, ""),
        ("lanes", 31, "31"),
    ],
)
def test_cells(column: str, value: object, text: str) -> None:
    assert cell_text(column, value) == text


@given(st.sampled_from(sorted(FORMATS)), st.floats(-1e9, 1e9))
def test_a_cell_reads_back_near_its_value_and_has_no_negative_zero(
    column: str, value: float
) -> None:
    text = cell_text(column, value)
    assert float(text) == pytest.approx(value, rel=1e-5, abs=0.5)
    assert text.startswith("-") == (float(text) < 0)


def test_point_id_is_the_hash_of_what_determines_the_row() -> None:
    axes = resolve(lanes=31).to_json()
    identity = point_id(axes, "digits-mlp", TRAIN, HARDWARE)
    assert len(identity) == 12
    assert set(identity) <= set("0123456789abcdef")
    others = [
        point_id(resolve(lanes=32).to_json(), "digits-mlp", TRAIN, HARDWARE),
        point_id(axes, "another", TRAIN, HARDWARE),
        point_id(axes, "digits-mlp", TRAIN | {"seeds": 6}, HARDWARE),
        point_id(axes, "digits-mlp", TRAIN, HARDWARE | {"clock_mhz": 100.0}),
    ]
    assert len({identity, *others}) == 5


def test_point_id_does_not_depend_on_order_or_on_other_targets() -> None:
    axes = resolve(lanes=31).to_json()
    backwards = dict(reversed(axes.items()))
    assert point_id(axes, "t", TRAIN, HARDWARE) == point_id(
        backwards, "t", json.loads(json.dumps(TRAIN)), HARDWARE | {"targets": ["xcup", "xc7"]}
    )


def test_a_row_has_every_column_in_order_and_nothing_else() -> None:
    cells = {"lut": 12, "rtl_status": "pass", "scratch": 1, "accuracy_mean": None}
    row = result_row("0" * 12, "xcup", "ok", resolve(lanes=31), cells)
    assert tuple(row) == COLUMNS
    filled = {name: text for name, text in row.items() if text}
    assert filled == {
        "point_id": "0" * 12,
        "target": "xcup",
        "status": "ok",
        "rng": "lfsr",
        "reuse": "phased",
        "reuse_period": "inf",
        "bit_width": "8",
        "state_bits": "8",
        "lanes": "31",
        "leap": "1",
        "taps": "xor",
        "scaling": "constant",
        "estimator": "rge",
        "queries": "1",
        "weight_bits": "float",
        "activation_bits": "float",
        "lut": "12",
        "rtl_status": "pass",
    }


def test_a_skipped_row_names_its_reason() -> None:
    row = skipped_row("0" * 12, {"rng": "clt", "reuse": "bank"}, "reuse bank needs rng lfsr")
    assert tuple(row) == COLUMNS
    assert row["status"] == "skipped:reuse bank needs rng lfsr"
    assert (row["rng"], row["reuse"], row["lanes"], row["pareto"]) == ("clt", "bank", "", "0")


@pytest.mark.parametrize(
    ("rng", "reuse", "meant"),
    [
        ("clt", "bank", {}),
        ("lfsr", "none", {"leap": "3"}),
        ("lfsr", "phased", {"taps": "xor", "leap": "3"}),
        ("lfsr", "pool", {"pool_size": "7", "leap": "3"}),
    ],
)
def test_a_skipped_row_leaves_axes_without_meaning_empty(rng, reuse, meant) -> None:
    axes = {"rng": rng, "reuse": reuse, "pool_size": 7, "taps": "xor", "leap": 3}
    row = skipped_row("0" * 12, axes, "too odd")
    cells = {axis: row[axis] for axis in ("pool_size", "taps", "leap") if row[axis]}
    assert cells == meant


def test_csv_has_lf_line_ends_and_reads_back() -> None:
    rows = [{"a": 'x,"y"\nz', "b": ""}, {"a": "1", "b": "2"}]
    text = csv_text(["b", "a"], rows)
    assert text.startswith("b,a\n")
    assert "\r" not in text
    assert list(csv.DictReader(io.StringIO(text, newline=""))) == rows


def test_a_row_as_typed_values() -> None:
    cells = {"accuracy_mean": 90, "accuracy_per_seed": [89.5, 90.5], "lut": 7, "pareto": "1"}
    row = typed_row(result_row("a", "xcup", "ok", resolve(lanes=8), cells))
    assert (row["accuracy_mean"], row["accuracy_per_seed"]) == (90.0, [89.5, 90.5])
    assert (row["lut"], row["lanes"], row["reuse_period"]) == (7, 8, "inf")
    assert (row["pareto"], row["ff"], row["point_id"]) == (True, None, "a")
    assert [type(row[name]) for name in ("lut", "accuracy_mean")] == [int, float]
