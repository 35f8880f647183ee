"""A warning where directions reach far fewer dimensions than independent numbers."""

from __future__ import annotations

from pezoexplore.analysis.standing import cautions

SEEDS = {"accuracy_mean": 90.0, "accuracy_per_seed": "89;90;91"}


def row(share: float | None, status: str = "ok") -> dict[str, object]:
    return {**SEEDS, "status": status, "rng": "lfsr", "span_share": share}


def test_narrow_designs_on_the_front_are_counted():
    rows = [row(0.0568), row(0.4999), row(0.5), row(1.0), row(None), row(0.01)]
    (line,) = cautions(rows, [True, True, True, True, True, False], None)
    assert line.startswith("2 designs on the front reach less than half")
    assert "down to 0.0568" in line


def test_without_a_front_all_designs_that_finished_count():
    rows = [row(0.3), row(1.0), row(0.001, "failed:train")]
    (line,) = cautions(rows, [False] * 3, None)
    assert line.startswith("1 design reaches less than half")
    assert "down to 0.3000" in line


def test_wide_designs_and_old_results_are_not_doubted():
    assert cautions([row(0.5), row(1.0), row(None)], [True] * 3, None) == []
    old = {name: cell for name, cell in row(None).items() if name != "span_share"}
    assert cautions([old], [True], None) == []
