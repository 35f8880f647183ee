"""Effects that are known by construction, and sums of squares computed the long way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pezoexplore.analysis.anova import model_of
from pezoexplore.analysis.factors import factor_of, varying_axes
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


def trained(table: np.ndarray) -> list[dict[str, object]]:
    """Return a row a line of accuracies by seed, lanes and bits running through a grid."""
    axes = itertools.cycle(itertools.product((1, 2, 3, 4), (4, 8, 12)))
    return [
        {"status": "ok", "lanes": lanes, "bit_width": bits, "accuracy_mean": float(line.mean()),
         "accuracy_per_seed": ";".join(map(repr, line.tolist()))}
        for line, (lanes, bits) in zip(table, axes, strict=False)
    ]  # fmt: skip


def test_the_noise_of_the_seeds_is_told():
    """What a seed does to all designs alike is none; the rest is that of a two-way analysis."""
    rng = np.random.default_rng(4)
    table = 80 + rng.normal(0, 1, (24, 5)) + np.repeat([0, 1, 2, 3], 6)[:, None]
    found = sensitivity(trained(table), "accuracy_mean", importances=False, resamples=0)
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    error = (left**2).sum() / (23 * 4)
    assert found.noise == pytest.approx(error / 5 / table.mean(axis=1).var(ddof=1))
    shifted = table + np.array([0, 30, -20, 10, -5])
    again = sensitivity(trained(shifted), "accuracy_mean", importances=False, resamples=0)
    assert (again.noise, again.p_value) == pytest.approx((found.noise, found.p_value))
    assert found.told and found.p_value < 1e-6


def test_no_effect_is_shown_where_designs_differ_by_their_seeds_alone():
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(60):
        table = 13 + rng.normal(0, 2, (12, 3)) + rng.normal(0, 9, 3)
        found = sensitivity(trained(table), "accuracy_mean", importances=False, resamples=20)
        assert found.explained + found.noise <= 1
        assert found.told or all(e.within_noise for e in (*found.main, *found.interactions))
        false += found.told
    assert false <= 8  # one in twenty is expected: 3 of 60


def test_effects_within_the_noise_come_last():
    rows = rows_of(lambda lanes, bits, leap, copy: 100 + 3 * lanes + (copy * 7 + leap) % 5, times=4)
    found = look(rows, resamples=100)
    marks = [effect.within_noise for effect in found.main]
    assert marks == sorted(marks) and marks[-1] and not marks[0]
    assert all(effect.within_noise == (effect.low <= 0) for effect in found.main)


def test_weighted_shares_are_those_of_weighted_least_squares():
    rng = np.random.default_rng(6)
    rows = rows_of(lambda lanes, bits, *_: lanes * bits + rng.normal(0, 5), times=2)[:-3]
    axes = ("lanes", "bit_width", "leap")
    model = model_of([factor_of(axis, rows) for axis in axes], np.array([r["lut"] for r in rows]))
    weights = rng.standard_exponential((4, len(rows)))
    found = model.shares(weights)

    def rest(columns: np.ndarray, weight: np.ndarray) -> float:
        root = np.sqrt(weight)
        fit = np.linalg.lstsq(columns * root[:, None], model.values * root, rcond=None)[0]
        return float((weight * (model.values - columns @ fit) ** 2).sum())

    for draw, weight in enumerate(weights):
        mean = np.average(model.values, weights=weight)
        total = (weight * (model.values - mean) ** 2).sum()
        full = rest(model.main, weight)
        spare = len(rows) - np.linalg.matrix_rank(model.main)
        for term, span in enumerate(model.spans):
            gain = rest(np.delete(model.main, list(span), axis=1), weight) - full
            share = max(0, gain - len(span) * full / spare) / total
            assert found.values[draw, term] == pytest.approx(share, abs=1e-12)
        for term, block in enumerate(model.pairs, start=3):
            less = rest(np.column_stack([model.main, block]), weight)
            share = max(0, full - less - block.shape[1] * less / (spare - block.shape[1])) / total
            assert found.values[draw, term] == pytest.approx(share, abs=1e-12)


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
