"""Test what the surrogate is fitted to, and its forests against scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import DesignSpace
from pezoexplore.search import samplers, surrogate
from pezoexplore.search.candidates import candidates_of
from pezoexplore.search.goal import COMPLETE, Finding, Goal, Known
from pezoexplore.search.search import SearchSettings, search


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_trees_are_those_of_scikit_learns_forest(seed: int) -> None:
    draw = np.random.default_rng(seed)
    inputs, values = draw.integers(0, 4, (40, 6)).astype(float), draw.random(40)
    asked = draw.integers(0, 4, (30, 6)).astype(float)
    forest = ExtraTreesRegressor(surrogate.TREES, bootstrap=True, random_state=seed)
    forest.fit(inputs, values)
    expected = np.stack([tree.predict(asked.astype(np.float32)) for tree in forest.estimators_])
    assert np.array_equal(surrogate.predictions(inputs, values, asked, seed), expected)


def test_hardware_costs_are_known_of_every_point_with_the_circuit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    axes = {"lanes": [2, 4, 8, 16], "reuse_period": [1, 4, "inf"], "reuse": ["none", "phased"]}
    space = DesignSpace.model_validate({"name": "few", "space": axes, "train": {"steps": 2}})
    listed, goal = candidates_of(space), Goal(("accuracy_mean",), ("lut",), ())

    def evaluate(points: Sequence[DesignPoint], history: Sequence[Known]) -> list[Finding]:
        cells = [{"accuracy_mean": 50.0 + p.lanes, "lut": 3.0 * p.lanes} for p in points]
        return [Finding(COMPLETE, one, full=True) for one in cells]

    seen: list[dict[int, Mapping[str, float]]] = []

    def choose(features: object, known: surrogate.Known, *rest: Any, **named: Any) -> list[int]:
        seen.append(dict(known))
        return surrogate.choose(features, known, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(samplers, "choose", choose)
    history = search(goal, listed, evaluate, SearchSettings(budget=12, seed=3))
    tried = [listed.index[item.point] for item in history[:8]]
    known = seen[2]
    assert set(known) == {other for place in tried for other in listed.same_circuit[place]}
    for place, cells in known.items():
        trained = {"accuracy_mean"} if place in tried else set()
        assert set(cells) == {"lut"} | trained
        assert cells["lut"] == 3.0 * listed.points[place].lanes
