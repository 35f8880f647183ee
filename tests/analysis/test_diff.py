"""What moved between two runs, and whether it is more than noise."""

from __future__ import annotations

import numpy as np
import pytest

from pezoexplore.analysis.diff import COSTS, EVENTS, compare_runs
from pezoexplore.analysis.frames import frame_of_rows
from pezoexplore.design.conditions import parse_condition
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.rows import result_row, skipped_row


def row(bits=8, status="ok", seeds=(90, 91, 90.5, 92, 91), name="", **cells):
    point = resolve(state_bits=16, bit_width=bits)
    known = {"accuracy_mean": sum(seeds) / len(seeds), "accuracy_per_seed": list(seeds)}
    known |= {"lut": 100, "ff": 20, "bram": 0, "dsp": 0, "muxf": 0, "carry": 0} | cells
    written = result_row(name or f"id{bits}", "xcup", status, point, known)
    return frame_of_rows([written], list(written)).iloc[0].to_dict()


def kinds(before, after, **options):
    return {
        (change.column, change.kind) for change in compare_runs(before, after, **options).changes
    }


def test_a_run_does_not_differ_from_itself():
    rows = [row(bits) for bits in (4, 8)]
    found = compare_runs(rows, rows)
    assert (found.matched, found.added, found.removed, found.changes) == (2, (), (), ())
    assert not found.regressed


@pytest.mark.parametrize("column", COSTS)
def test_any_rise_of_a_resource_is_a_regression(column):
    less, more = row(**{column: 200}), row(**{column: 201})
    assert kinds([less], [more]) == {(column, "regression")}
    assert kinds([more], [less]) == {(column, "improvement")}
    assert compare_runs([less], [more]).regressed
    assert not compare_runs([more], [less]).regressed


def test_a_constraint_that_is_no_longer_met_is_a_regression_within_noise_too():
    before, after = row(), row(seeds=(92, 88, 91.5, 90, 90.5), lut=101)
    limits = [parse_condition(text) for text in ("accuracy_mean >= 90.5", "lut <= 200")]
    assert ("constraint accuracy_mean >= 90.5", "regression") in kinds(
        [before], [after], constraints=limits
    )
    found = compare_runs([before], [after], {"lut": 0.1}, constraints=limits)
    assert found.regressed and not compare_runs([before], [after], {"lut": 0.1}).regressed
    again = compare_runs([after], [after], constraints=limits)
    assert not again.regressed  # it was broken before


@pytest.mark.parametrize("column", EVENTS)
def test_a_cell_that_was_empty_has_not_moved_and_one_that_is_has(column):
    empty, full = row(**{column: None}), row(**{column: 3.5})
    assert kinds([empty], [full]) == set()
    assert kinds([full], [empty]) == {(column, "moved")}


def test_a_tolerated_rise_has_moved():
    before, after = [row(lut=200)], [row(lut=202)]
    assert kinds(before, after, tolerances={"lut": 0.01}) == {("lut", "moved")}
    assert kinds(before, after, tolerances={"lut": 0.009}) == {("lut", "regression")}
    with pytest.raises(DesignError, match="--tolerance accuracy_mean"):
        compare_runs(before, after, {"accuracy_mean": 0.1})


def test_a_drop_that_all_seeds_show_is_a_regression_and_scatter_is_noise():
    base = (90, 91, 90.5, 92, 91)
    lower = [value - drop for value, drop in zip(base, (2, 2.1, 1.9, 2, 2.05), strict=True)]
    scattered = [value + move for value, move in zip(base, (3, -4, 2, -3, 1), strict=True)]
    (change,) = compare_runs([row()], [row(seeds=lower)]).changes
    assert (change.kind, change.difference.seeds) == ("regression", 5)
    assert compare_runs([row()], [row(seeds=lower)]).overall_kind == "regression"
    assert change.difference.mean == pytest.approx(-2.01)
    (change,) = compare_runs([row(seeds=lower)], [row()]).changes
    assert change.kind == "improvement"
    found = compare_runs([row()], [row(seeds=scattered)])
    assert [change.kind for change in found.changes] == ["within noise"]
    assert not found.regressed


def test_what_no_design_shows_all_may_show_together():
    rng = np.random.default_rng(1)
    before = [row(bits, seeds=tuple(rng.normal(90, 1, 5))) for bits in range(2, 12)]
    after = [
        row(bits, seeds=[value - 0.8 + rng.normal(0, 0.7) for value in seeds])
        for bits, seeds in (
            (bits, [float(text) for text in item["accuracy_per_seed"].split(";")])
            for bits, item in zip(range(2, 12), before, strict=True)
        )
    ]
    found = compare_runs(before, after)
    assert {change.kind for change in found.changes} == {"within noise"}
    assert found.overall_kind == "regression"
    assert found.regressed


@pytest.mark.regression
def test_drawing_the_same_accuracies_again_seldom_alarms():
    """Two sides of 5 %, of which one is a regression, for the designs and again for their mean."""
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(30):
        runs = [
            [row(bits, seeds=tuple(rng.normal(90, 1, 5))) for bits in range(2, 8)] for _ in range(2)
        ]
        before, after = runs
        alarms += compare_runs(before, after).regressed
    assert alarms <= 5


def test_a_design_that_no_longer_finishes_is_a_regression():
    failed = row(status="failed:rtl", rtl_status="fail")
    assert ("status", "regression") in kinds([row(rtl_status="pass")], [failed])
    assert ("rtl_status", "regression") in kinds([row(rtl_status="pass")], [failed])
    assert ("status", "improvement") in kinds([failed], [row(rtl_status="pass")])
    assert kinds([row(status="failed:rtl")], [row(status="timeout:rtl")]) == {("status", "moved")}


def test_what_one_run_has_alone_is_named():
    found = compare_runs([row(4), row(8)], [row(8), row(12)])
    assert found.removed == ("phased/xor lfsr16 4b x31 @xcup",)
    assert found.added == ("phased/xor lfsr16 12b x31 @xcup",)


def test_a_design_that_is_gone_is_a_regression_unless_allowed():
    both, one = [row(4), row(8)], [row(8)]
    assert compare_runs(both, one).regressed
    assert not compare_runs(both, one, allow_missing=True).regressed
    assert not compare_runs(one, both).regressed


@pytest.mark.parametrize(
    "cells",
    [
        dict.fromkeys(COSTS),
        {"lut": None},
        {"rtl_status": None},
        {"rtl_sha256": None},
        {"fmax_mhz": None},
        {"stream_kurtosis": None},
        {"accuracy_mean": None, "accuracy_per_seed": None},
        {"accuracy_per_seed": None},
    ],
    ids=lambda cells: "+".join(cells),
)
@pytest.mark.parametrize("cut", [False, True], ids=["emptied", "cut"])
def test_a_measurement_that_is_gone_is_a_regression_unless_allowed(cells, cut):
    full = row(rtl_status="pass", rtl_sha256="ab", fmax_mhz=90.5, stream_kurtosis=1.8,
               reseed_stall_beats=0)  # fmt: skip
    lacking = {name: cell for name, cell in full.items() if not (cut and name in cells)}
    if not cut:
        lacking |= {name: "" if isinstance(full[name], str) else float("nan") for name in cells}
    found = compare_runs([full], [lacking])
    assert set(found.vanished) == set(cells)
    assert {change.kind for change in found.changes} - {"within noise"} == {"vanished"}
    assert found.regressed
    assert not compare_runs([full], [lacking], allow_missing=True).regressed
    assert not compare_runs([lacking], [full]).regressed


def test_missing_measurements_allowed_hide_no_regression():
    worse = row(lut=101, rtl_status="")
    assert compare_runs([row(rtl_status="pass")], [worse], allow_missing=True).regressed


def test_a_target_that_is_no_longer_reached_has_moved_and_its_column_cut_has_vanished():
    full, empty = row(steps_to_target=900), row(steps_to_target=None)
    assert not compare_runs([full], [empty]).vanished
    del empty["steps_to_target"]
    assert list(compare_runs([full], [empty]).vanished) == ["steps_to_target"]


def test_skipped_combinations_are_no_designs():
    skip = skipped_row("none", {"rng": "lfsr", "lanes": 31}, "few states")
    written = frame_of_rows([skip], list(skip)).iloc[0].to_dict()
    assert compare_runs([written, row()], [row(), written]).matched == 1


def test_designs_match_by_axes_whatever_the_settings_made_of_their_id():
    found = compare_runs([row(name="one")], [row(name="two", lut=101)])
    (change,) = found.changes
    assert (found.matched, change.point_id) == (1, "two")


def test_rows_from_before_the_training_axes_match():
    old = {
        name: cell
        for name, cell in row().items()
        if name not in ("estimator", "queries", "weight_bits", "activation_bits", "rounding")
    }
    assert DesignPoint.from_json(old) == DesignPoint.from_json(row())
    assert compare_runs([old], [row()]).matched == 1


def test_a_design_named_twice_is_refused():
    with pytest.raises(DesignError, match="second run has phased"):
        compare_runs([row()], [row(), row(name="again")])
