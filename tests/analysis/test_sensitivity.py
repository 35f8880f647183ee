"""Effects that are known by construction, and sums of squares computed the long way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pezoexplore.analysis.factors import varying_axes
from pezoexplore.analysis.sensitivity import optuna_importances, sensitivity
from pezoexplore.errors import DesignError

LANES, BITS, LEAPS = (4, 8, 16), (4, 8), (1, 11)


def rows_of(response, times: int = 1, **fixed) -> list[dict[str, object]]:
    """Return a balanced grid of lanes, bits and leaps; the response of each from its axes."""
    rows = []
    for copy, lanes, bits, leap in itertools.product(range(times), LANES, BITS, LEAPS):
        axes = {"lanes": lanes, "bit_width": bits, "leap": leap, "rng": "lfsr", **fixed}
        value = response(lanes, bits, leap, copy)
        rows.append({"status": "ok", "lut": value, **axes})
    return rows


def by_axes(found) -> dict[tuple[str, ...], object]:
    return {effect.axes: effect for effect in (*found.main, *found.interactions)}


def look(rows, **more):
    return sensitivity(rows, "lut", **{"importances": False, "resamples": 0} | more)


def test_an_additive_response_has_main_effects_only():
    found = look(rows_of(lambda lanes, bits, leap, _: 100 + 3 * lanes + 5 * bits, times=2))
    effects = by_axes(found)
    # Balanced: the shares are those of the variances of 3 * lanes and 5 * bits.
    lanes, bits = np.var([12, 24, 48]), np.var([20, 40])
    assert effects[("lanes",)].share == pytest.approx(lanes / (lanes + bits))
    assert effects[("bit_width",)].share == pytest.approx(bits / (lanes + bits))
    assert effects[("leap",)].share == pytest.approx(0, abs=1e-9)
    assert all(effect.share == pytest.approx(0, abs=1e-9) for effect in found.interactions)
    assert found.explained == pytest.approx(1)
    assert effects[("lanes",)].effect == pytest.approx(36)
    assert (effects[("lanes",)].lowest, effects[("lanes",)].highest) == ("4", "16")
    assert found.main[0].axes == ("lanes",)


def test_an_interaction_is_told_from_main_effects():
    # +1 where bits and leap are both high or both low: no main effect at all.
    found = look(rows_of(lambda lanes, bits, leap, _: 50 + ((bits == 8) == (leap == 11)), times=2))
    effects = by_axes(found)
    assert effects[("bit_width", "leap")].share == pytest.approx(1)
    assert effects[("bit_width",)].share == pytest.approx(0, abs=1e-9)
    assert found.interactions[0].axes == ("bit_width", "leap")


def test_ratios_are_taken_where_results_span_a_power_of_ten():
    found = look(rows_of(lambda lanes, bits, leap, _: 3.0 * lanes * bits**2))
    assert found.logarithmic
    effects = by_axes(found)
    assert effects[("lanes",)].effect == pytest.approx(4)
    assert effects[("bit_width",)].effect == pytest.approx(4)
    assert found.explained == pytest.approx(1)


def test_unbalanced_shares_are_type_two_sums_of_squares():
    rng = np.random.default_rng(5)
    rows = rows_of(
        lambda lanes, bits, leap, _: lanes + bits * leap + rng.normal(0, 3) + 60, times=3
    )
    rows = [row for index, row in enumerate(rows) if index % 7 and index % 11 != 3]
    effects = by_axes(look(rows))
    values = np.array([row["lut"] for row in rows])
    total = ((values - values.mean()) ** 2).sum()

    def columns(*axes: str) -> np.ndarray:
        made = [np.ones(len(rows))]
        for axis in axes:
            levels = sorted({row[axis] for row in rows})
            made += [np.array([row[axis] == level for row in rows], float) for level in levels[1:]]
        return np.column_stack(made)

    def rest(matrix: np.ndarray) -> float:
        fit = matrix @ np.linalg.lstsq(matrix, values, rcond=None)[0]
        return float(((values - fit) ** 2).sum())

    axes = ("lanes", "bit_width", "leap")
    full = columns(*axes)
    noise = rest(full) / (len(rows) - full.shape[1])
    for axis in axes:
        others = columns(*(name for name in axes if name != axis))
        degrees = full.shape[1] - others.shape[1]
        share = max(0.0, rest(others) - rest(full) - degrees * noise) / total
        assert effects[(axis,)].share == pytest.approx(share)
        assert effects[(axis,)].degrees == degrees
    bits, leap = columns("bit_width")[:, 1], columns("leap")[:, 1]
    more = np.column_stack([full, bits * leap])
    noise = rest(more) / (len(rows) - more.shape[1])
    share = max(0.0, rest(full) - rest(more) - noise) / total
    assert effects[("bit_width", "leap")].share == pytest.approx(share)


def test_axes_that_go_together_are_said_to():
    rows = rows_of(lambda lanes, bits, leap, _: 10 * lanes + bits)
    for row in rows:
        row["state_bits"] = 2 * row["bit_width"]
    effects = by_axes(look(rows))
    for axis, other in (("bit_width", "state_bits"), ("state_bits", "bit_width")):
        assert effects[(axis,)].share is None
        assert effects[(axis,)].confounded == (other,)
    assert effects[("lanes",)].confounded == ()


def test_an_axis_counts_only_where_it_means_something():
    rows = rows_of(lambda lanes, bits, leap, _: 100 + lanes, reuse="phased", pool_size="")
    for size, cost in ((255, 0), (4095, 50)):
        rows += rows_of(lambda lanes, *_, c=cost: 300 + lanes + c, reuse="pool", pool_size=size)
    effects = by_axes(look(rows))
    assert effects[("pool_size",)].effect == pytest.approx(50)
    assert effects[("reuse",)].effect == pytest.approx(225)
    assert effects[("pool_size",)].confounded == ()


def test_what_a_generator_fixes_is_no_choice():
    rows = rows_of(lambda lanes, bits, leap, _: lanes, rng="clt", state_bits=33)
    rows += rows_of(lambda lanes, bits, leap, _: lanes + 9, rng="lfsr", state_bits=16)
    assert "state_bits" not in varying_axes(rows)
    assert by_axes(look(rows))[("rng",)].effect == pytest.approx(9)


def test_axes_of_many_values_are_grouped():
    rows = [
        {"status": "ok", "pool_size": n, "lanes": n % 3, "lut": 100 + n // 10} for n in range(80)
    ]
    (effect, *_) = look(rows).main
    assert (effect.axes, effect.degrees) == (("pool_size",), 7)
    assert (effect.lowest, effect.highest) == ("0 to 9", "70 to 79")


def test_a_target_is_an_axis_where_the_result_depends_on_it():
    rows = rows_of(lambda lanes, bits, leap, _: 100 + 3 * lanes)
    same = [row | {"target": name} for name in ("xcup", "ice40") for row in rows]
    assert look(same) == look(rows)
    slower = [row | {"target": "ice40", "lut": row["lut"] + 10} for row in rows]
    found = look([*same[: len(rows)], *slower])
    target = by_axes(found)[("target",)]
    assert target.effect == pytest.approx(10)
    assert (target.lowest, target.highest) == ("xcup", "ice40")


def test_intervals_hold_the_share_and_shrink_with_rows():
    def noisy(lanes, bits, leap, copy):
        return 60 + lanes + np.random.default_rng([lanes, bits, leap, copy]).normal(0, 4)

    widths = []
    for times in (2, 20):
        effect = by_axes(look(rows_of(noisy, times=times), resamples=60))[("lanes",)]
        assert 0 <= effect.low <= effect.share <= effect.high <= 1
        widths.append(effect.high - effect.low)
    assert widths[1] < widths[0]


def test_the_noise_of_the_seeds_is_told():
    rows = [
        {"status": "ok", "lanes": lanes, "accuracy_mean": 80.0 + lanes,
         "accuracy_per_seed": f"{79 + lanes};{81 + lanes}"}
        for lanes in (1, 2, 3, 4) for _ in range(3)
    ]  # fmt: skip
    found = sensitivity(rows, "accuracy_mean", importances=False, resamples=0)
    assert found.noise == pytest.approx(1.0 / np.var([1, 2, 3, 4]))  # each mean: 2 / 2 seeds


def test_optuna_agrees_on_what_matters_most():
    rows = rows_of(lambda lanes, bits, leap, _: 50 + 3 * lanes + bits, times=3)
    found = sensitivity(rows, "lut", resamples=0)
    importances = {effect.axes[0]: effect.importance for effect in found.main}
    assert sum(importances.values()) == pytest.approx(1)
    assert max(importances, key=importances.get) == "lanes" == found.main[0].axes[0]
    values = np.array([row["lut"] for row in rows])
    assert optuna_importances(rows, ["lanes", "bit_width", "leap"], values) == importances


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "0 finished rows have it; at least 8 are needed"),
        (rows_of(lambda *_: 7.0), "it is 7 in all rows"),
        ([{"status": "failed:synth", "lut": 5}] * 20, "0 finished rows have it"),
        ([{"lanes": 8, "lut": n} for n in range(9)], "no axis varies in 9 rows"),
    ],
)
def test_too_little_is_an_error(rows, message):
    with pytest.raises(DesignError, match=message):
        look(rows)
