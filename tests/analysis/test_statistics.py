"""Differences and confidences against textbook tests and plain brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pezoexplore.analysis.differences import paired_difference
from pezoexplore.analysis.pareto import front_of_rows, pareto_mask
from pezoexplore.analysis.statistics import front_confidence, seed_means, seeds_of, unsure

COLUMNS = ("status", "accuracy_mean", "accuracy_per_seed", "lut", "ff")


def row(per_seed: list[float], lut: float, ff: float = 0, status: str = "ok") -> dict[str, str]:
    return {
        "status": status,
        "accuracy_mean": f"{np.mean(per_seed):.2f}",
        "accuracy_per_seed": ";".join(f"{value:.2f}" for value in per_seed),
        "lut": f"{lut:g}",
        "ff": f"{ff:g}",
    }


def confidence(rows, constraints=(), **more):
    return front_confidence(rows, ["accuracy_mean"], ["lut", "ff"], constraints, **more)


PERCENT = st.integers(8000, 9500).map(lambda value: value / 100)
ROWS = st.lists(
    st.builds(
        row,
        st.lists(PERCENT, min_size=2, max_size=6),
        st.integers(1, 4),
        st.integers(1, 3),
        st.sampled_from(["ok", "ok", "ok", "failed:synth"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(PERCENT, PERCENT), min_size=2, max_size=12))
def test_a_difference_is_that_of_the_paired_t_test(pairs):
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    found = paired_difference(first, second)
    gaps = np.array(first) - np.array(second)
    assert found.mean == pytest.approx(gaps.mean())
    if gaps.std() > 1e-9:
        known = stats.ttest_1samp(gaps, 0)
        low, high = known.confidence_interval(0.95)
        assert found.p_value == pytest.approx(known.pvalue)
        assert found.half == pytest.approx((high - low) / 2)
        assert found.distinguishable == (known.pvalue < 0.05)


def test_pairing_tells_apart_what_means_do_not():
    seeds = [80.0, 84.0, 88.0, 92.0]
    better = [value + 0.5 + 0.01 * index for index, value in enumerate(seeds)]
    assert paired_difference(better, seeds).distinguishable
    assert not paired_difference(better, seeds[::-1]).distinguishable


def test_only_common_seeds_count():
    assert paired_difference([90, 91, 99, 99], [90, 90]) == paired_difference([90, 91], [90, 90])


def test_one_seed_gives_no_interval():
    found = paired_difference([90.0], [80.0])
    assert (found.mean, found.half, found.distinguishable) == (10.0, None, False)
    with pytest.raises(ValueError, match="no common seed"):
        paired_difference([], [80.0])


def test_equal_differences_have_an_interval_of_no_width():
    assert paired_difference([90.0, 91.0], [89.0, 90.0]).distinguishable
    assert paired_difference([90.0, 91.0], [90.0, 91.0]).p_value == 1.0


@pytest.mark.parametrize("seeds", [5, 20])
def test_redrawn_means_spread_as_students_t_says(seeds):
    values = np.random.default_rng(seeds).normal(90, 2, seeds)
    draws = seed_means([values.tolist()], 40_000)[:, 0]
    error = values.std(ddof=1) / np.sqrt(seeds)
    for level in (0.05, 0.5, 0.95):
        known = values.mean() + stats.t.ppf(level, seeds - 1) * error
        assert np.mean(draws < known) == pytest.approx(level, abs=0.02)


def test_two_seeds_that_agree_are_no_certainty():
    first, second = confidence([row([92.0, 83.0], 10), row([90.0, 82.0], 10)])
    assert unsure(first)
    assert unsure(second)


def test_redrawn_means_are_paired_also_over_unequal_numbers_of_seeds():
    values = [80.0, 84.0, 88.0, 92.0]
    draws = seed_means([values, [value + 1 for value in values], [*values, 86.0]], 500)
    np.testing.assert_allclose(draws[:, 1] - draws[:, 0], 1.0)
    assert np.corrcoef(draws[:, 0], draws[:, 2])[0, 1] > 0.9


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_confidence_is_the_share_of_fronts_by_brute_force(rows):
    finished = [item for item in rows if item["status"] == "ok"]
    known = iter(())
    if finished:
        means = seed_means([seeds_of(item) for item in finished], 40)
        costs = np.array([[float(item["lut"]), float(item["ff"])] for item in finished])
        fronts = [
            pareto_mask(np.column_stack([draw, costs]), [True, False, False]) for draw in means
        ]
        known = iter(np.mean(fronts, axis=0))
    expected = [next(known) if item["status"] == "ok" else None for item in rows]
    assert confidence(rows, resamples=40) == expected


@settings(deadline=None, max_examples=30)
@given(ROWS, st.randoms())
def test_the_order_of_the_rows_does_not_matter(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    plain = confidence(rows, resamples=50)
    shuffled = confidence([rows[index] for index in order], resamples=50)
    assert shuffled == [plain[index] for index in order]


def test_one_seed_each_gives_the_plain_front():
    rows = [row([90.0], 10), row([91.0], 10), row([85.0], 5), row([84.0], 6)]
    mask = front_of_rows(rows, COLUMNS, ["accuracy_mean"], ["lut", "ff"])
    assert confidence(rows) == mask.astype(float).tolist() == [0.0, 1.0, 1.0, 0.0]


def test_two_points_that_cannot_be_told_apart_share_the_front():
    noisy = [88.0, 92.0, 89.0, 91.0, 90.0]
    other = [91.5, 88.5, 90.5, 90.0, 89.6]
    first, second = confidence([row(noisy, 10), row(other, 10)])
    assert first + second == pytest.approx(1)
    assert unsure(first)
    assert unsure(second)


def test_equal_points_are_both_on_the_front():
    rows = [row([90.0, 91.0], 10), row([90.0, 91.0], 10)]
    assert confidence(rows) == [1.0, 1.0]


def test_a_constraint_on_accuracy_holds_by_draw_and_others_for_all():
    rows = [row([79.0, 81.2, 80.0, 80.2], 10), row([95.0, 96.0], 50)]
    sure, _ = confidence(rows)
    doubtful, none = confidence(rows, ["accuracy_mean >= 80", "lut <= 20"])
    assert sure == 1.0
    assert unsure(doubtful)
    assert none is None


def test_without_accuracy_among_the_objectives_rows_are_sure():
    rows = [row([90.0, 80.0], 10), row([90.0, 99.0], 12), {"status": "ok", "lut": ""}]
    assert front_confidence(rows, [], ["lut"]) == [1.0, 0.0, None]


def test_more_seeds_make_a_front_surer():
    rng = np.random.default_rng(1)
    shared = rng.normal(0, 2, 40)
    better, worse = 90.5 + shared + rng.normal(0, 1, 40), 90 + shared + rng.normal(0, 1, 40)
    found = [
        confidence([row(better[:seeds].tolist(), 10), row(worse[:seeds].tolist(), 10)])[0]
        for seeds in (2, 40)
    ]
    assert found[1] > 0.95
    assert unsure(found[0]) or found[0] < found[1]


def test_no_rows_have_no_confidence():
    assert confidence([]) == []


def test_equal_points_are_called_sure_as_often_as_five_percent_a_side_says():
    rng = np.random.default_rng(3)
    called = 0
    for _ in range(300):
        first, second = rng.normal(90, 1, (2, 5)).tolist()
        share = confidence([row(first, 10), row(second, 10)], resamples=400)[0]
        called += not unsure(share)
    assert 0.04 < called / 300 < 0.17  # 10 % but for chance: four standard errors


def test_each_target_has_a_front_of_its_own() -> None:
    cells = {"accuracy_mean": 90.0, "accuracy_per_seed": [90.0, 90.0]}
    rows = [cells | {"target": name, "lut": lut} for name, lut in (("a", 1), ("b", 2), ("b", 3))]
    assert front_confidence(rows, ["accuracy_mean"], ["lut"]) == [1.0, 1.0, 0.0]


def test_rows_that_are_forgotten_on_the_way_change_no_confidence(monkeypatch):
    """Thousands of rows are pruned in batches; each confidence is still that of brute force."""
    random = np.random.default_rng(4)
    rows = [
        row(random.normal(80 + cost / 3, 2, 4).round(2).tolist(), cost, random.integers(1, 9))
        for cost in random.integers(1, 40, 400)
    ]
    monkeypatch.setattr("pezoexplore.analysis.statistics.MAX_ENTRIES", 16)
    found = confidence(rows, resamples=30)
    costs = np.array([[float(item["lut"]), float(item["ff"])] for item in rows])
    draws = seed_means([seeds_of(item) for item in rows], 30)
    fronts = [pareto_mask(np.column_stack([draw, costs]), [True, False, False]) for draw in draws]
    expected = np.mean(fronts, axis=0)
    assert np.count_nonzero((expected > 0) & (expected < 1)) > 5 and (expected == 0).sum() > 200
    assert found == pytest.approx(expected.tolist(), abs=1e-9)
