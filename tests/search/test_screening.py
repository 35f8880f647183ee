from __future__ import annotations

from pezoexplore.design.conditions import parse_condition
from pezoexplore.design.point import resolve
from pezoexplore.search.goal import COMPLETE, Finding, Goal, Known
from pezoexplore.search.screening import can_stop_early, cannot_reach, ruled_out

GOAL = Goal(("accuracy_mean",), ("lut",), (parse_condition("lut <= 100"),))
RIVAL = Known(resolve(lanes=8), Finding(COMPLETE, {"accuracy_mean": 90.0, "lut": 50.0}, full=True))


def test_what_cheap_stages_rule_out() -> None:
    assert ruled_out(GOAL, {"lut": 101.0}, ()) == "breaks the constraint lut <= 100"
    assert ruled_out(GOAL, {}, ()) == "breaks the constraint lut <= 100"
    assert ruled_out(Goal((), ("lut",)), {}, ()) == "has no lut: it cannot be on the front"
    assert not ruled_out(GOAL, {"lut": 60.0}, [RIVAL]), "it may train better"
    perfect = Known(RIVAL.point, Finding(COMPLETE, {"accuracy_mean": 100.0, "lut": 50.0}))
    assert "however well it trains" in ruled_out(GOAL, {"lut": 60.0}, [perfect])


def test_a_small_budget_stops_what_is_worse_beyond_noise() -> None:
    assert can_stop_early(GOAL)
    cells = {"lut": 60.0}
    # Differences without spread: the interval is a point.
    assert cannot_reach(GOAL, cells, [70.0, 71.0], [(RIVAL, [75.0, 76.0])])
    assert cannot_reach(GOAL, cells, [70.0, 71.0, 72.0], [(RIVAL, [75.0, 76.1, 77.0])])
    assert not cannot_reach(GOAL, cells, [70.0, 79.0], [(RIVAL, [75.0, 76.0])])
    assert not cannot_reach(GOAL, cells, [70.0], [(RIVAL, [75.0])]), "one seed tells nothing"
    assert not cannot_reach(GOAL, {"lut": 40.0}, [1.0, 1.0], [(RIVAL, [75.0, 76.0])]), "cheaper"
