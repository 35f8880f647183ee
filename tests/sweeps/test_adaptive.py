"""More seeds where the front is open: which points, and under which keys."""

from __future__ import annotations

import pickle
from pathlib import Path

from pezoexplore.design.point import resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.sweeps.adaptive import seeds_wanted, with_more_seeds
from pezoexplore.sweeps.rows import point_id
from pezoexplore.sweeps.stage import determinants
from pezoexplore.sweeps.stages import build_stages

SPACE = DesignSpace.model_validate(
    {"name": "t", "space": {"lanes": [4, 8, 16]}, "train": {"seeds": 3, "steps": 10}}
)
POINTS = [resolve(lanes=lanes) for lanes in (4, 8, 16)]


def stages(space: DesignSpace = SPACE):
    return build_stages(space, ["train"], rtl_dir=Path("rtl"), work_dir=Path("work"), tools={})


def row(point, confidence: str, seeds: int) -> dict[str, str]:
    train = SPACE.train.determining()
    hardware = SPACE.hardware.model_dump(mode="json")
    return {
        "point_id": point_id(point.to_json(), SPACE.task, train, hardware),
        "front_confidence": confidence,
        "accuracy_per_seed": ";".join(["90"] * seeds),
    }


def test_points_that_are_neither_on_nor_off_get_twice_the_seeds_up_to_the_most():
    rows = [row(POINTS[0], "0.5", 3), row(POINTS[1], "0.97", 3), row(POINTS[2], "0.06", 6)]
    assert seeds_wanted(rows, POINTS, SPACE, 10) == {POINTS[0]: 6, POINTS[2]: 10}
    assert seeds_wanted(rows, POINTS, SPACE, 6) == {POINTS[0]: 6}
    assert seeds_wanted(rows, POINTS, SPACE, 3) == {}


def test_rows_that_can_be_on_no_front_get_no_more():
    assert seeds_wanted([row(POINTS[0], "", 0)], POINTS, SPACE, 10) == {}


def test_more_seeds_are_the_runs_of_a_design_that_asks_for_them():
    health, train = stages()
    same, more = with_more_seeds([health, train], {POINTS[0]: 6})
    assert same is health
    six = SPACE.model_copy(update={"train": SPACE.train.model_copy(update={"seeds": 6})})
    assert determinants(more, POINTS[0]) == determinants(stages(six)[1], POINTS[0])
    assert determinants(more, POINTS[1]) == determinants(train, POINTS[1])
    assert more.cost(POINTS[0]) > more.cost(POINTS[1])
    assert more.timeout_s > train.timeout_s
    assert pickle.loads(pickle.dumps(more)) == more


def test_without_points_the_stages_stay_as_they_are():
    assert with_more_seeds(stages(), {}) == stages()
