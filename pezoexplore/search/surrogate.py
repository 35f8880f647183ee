"""Which points promise the most hypervolume, by forests of randomised trees.

Each objective and each constrained column gets a forest fitted to the points it is known for; a
tree's prediction is one sample of what the column may be. The gain of a point is its expected
hypervolume improvement over those samples, counted on random points of the box that the front does
not dominate yet (Monte Carlo; Emmerich, Giannakoglou and Naujoks, IEEE TEVC 10(4), 2006, for the
criterion; Hutter, Hoos and Leyton-Brown, LION 2011, for forests as the model). A batch is chosen
greedily, sample by sample: what a chosen point dominates in a sample no longer counts there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pezoexplore.search.goal import CEILINGS

Floats = npt.NDArray[np.float64]
Known = Sequence[tuple[int, Mapping[str, float]]]
Bounds = Sequence[tuple[str, Callable[[Any], Any]]]

TREES = 32
"""Trees of a forest: samples of each prediction."""

PLACES = 384
"""Points of the box at which improvements are counted."""

DRAWN = 16_384
"""Points drawn to find those."""

MAX_PREDICTED = 2_000
"""Most points predicted at a time; of more, these many are drawn."""

LARGE_SPREAD = 8.0
"""Ratio of largest to smallest from which a column of positive numbers is learnt as logarithm."""


def choose(
    features: Floats,
    known: Known,
    free: Sequence[int],
    *,
    objectives: Sequence[str],
    minimized: Sequence[bool],
    bounds: Bounds,
    count: int,
    warmup: int,
    draw: np.random.Generator,
) -> list[int]:
    """Choose the next points to try.

    Args:
        features: float64 [n, f] of all points.
        known: Places of points and what is known of them, by column.
        free: Places to choose from.
        objectives: Columns of the objectives.
        minimized: For each objective whether less is better.
        bounds: Constraints as (column, check of a number array).
        count: How many to choose; no more than there are.
        warmup: Points known by all objectives before the model is used.
        draw: Randomness.

    Returns:
        Places, the most promising first.
    """
    complete = [(place, cells) for place, cells in known if all(o in cells for o in objectives)]
    if len(free) > MAX_PREDICTED:
        free = sorted(draw.choice(free, MAX_PREDICTED, replace=False).tolist())
    if len(complete) < warmup:
        return [int(place) for place in draw.choice(free, count, replace=False)]
    predicted = np.asarray(free)
    signs = np.where(np.asarray(minimized), 1.0, -1.0)
    samples = np.stack(
        [_samples(features, known, column, predicted, draw) for column in objectives], axis=2
    )
    allowed = np.ones(samples.shape[:2], dtype=bool)
    for column, check in bounds:
        if column in objectives:
            values = samples[:, :, objectives.index(column)]
        else:
            values = _samples(features, known, column, predicted, draw)
        allowed &= check(values)
    costs = np.array([[cells[o] for o in objectives] for _, cells in complete]) * signs
    feasible = [_holds(cells, bounds) for _, cells in complete]
    reach = _reach(costs[feasible], samples * signs, allowed, draw)
    return [free[at] for at in _greedy(reach, count, draw)]


def _holds(cells: Mapping[str, float], bounds: Bounds) -> bool:
    return all(column in cells and bool(check(cells[column])) for column, check in bounds)


def _samples(
    features: Floats, known: Known, column: str, predicted: npt.NDArray[np.int64],
    draw: np.random.Generator,
) -> Floats:  # fmt: skip
    """Return samples of a column at points, float64 [TREES, points]; known values are exact."""
    rows = [(place, cells[column]) for place, cells in known if column in cells]
    seed = int(draw.integers(2**31))
    if not rows:
        return np.zeros((TREES, len(predicted)))
    inputs = features[[place for place, _ in rows]]
    there, back = _learnt_as(column, np.array([value for _, value in rows], dtype=np.float64))
    sampled = back(predictions(inputs, there, features[predicted], seed))
    exact = dict(rows)
    for at, place in enumerate(predicted.tolist()):
        if place in exact:
            sampled[:, at] = exact[place]
    return sampled


def predictions(inputs: Floats, values: Floats, predicted: Floats, seed: int) -> Floats:
    """Return what each of ``TREES`` randomised trees, fitted to a bootstrap, predicts.

    These are the trees of scikit-learn's ExtraTreesRegressor(TREES, bootstrap=True,
    random_state=seed), without its checks and copies of each tree, which took most of the time.

    Args:
        inputs: float64 [n, f].
        values: float64 [n].
        predicted: float64 [points, f].
        seed: Random seed.

    Returns:
        float64 [TREES, points].
    """
    from sklearn import config_context
    from sklearn.tree import ExtraTreeRegressor

    known, asked = inputs.astype(np.float32), predicted.astype(np.float32)
    draw, found = np.random.RandomState(seed), []
    with config_context(skip_parameter_validation=True, assume_finite=True):
        for own in [draw.randint(np.iinfo(np.int32).max) for _ in range(TREES)]:
            chosen = np.random.RandomState(own).randint(0, len(known), len(known))
            weights = np.bincount(chosen, minlength=len(known)).astype(np.float64)
            tree = ExtraTreeRegressor(max_features=1.0, random_state=own)
            tree.fit(known, values[:, None], weights, check_input=False)
            found.append(tree.predict(asked, check_input=False))
    return np.stack(found)


def _learnt_as(column: str, values: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """Return values on the scale on which a column is learnt, and the way back."""
    if column in CEILINGS:
        top = CEILINGS[column] + 1.0
        return np.log(top - values), lambda learnt: top - np.exp(learnt)
    if values.min() > 0 and values.max() > LARGE_SPREAD * values.min():
        return np.log(values), lambda learnt: np.exp(learnt)
    return values, lambda learnt: learnt


def _reach(
    costs: Floats, samples: Floats, allowed: npt.NDArray[np.bool_], draw: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Return which open places of the box each point dominates; bool [points, samples, places].

    Args:
        costs: float64 [n, k], what is known and feasible.
        samples: float64 [samples, points, k], costs of what is predicted.
        allowed: bool [samples, points], whether the constraints are met.
        draw: Randomness.
    """
    every = np.concatenate([costs, samples.mean(axis=0)])
    low = every.min(axis=0)
    high = (costs if len(costs) else every).max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    places = _open_places((costs - low) / width, draw)
    scaled = ((samples - low) / width).astype(np.float32).transpose(1, 0, 2)
    reach = np.repeat(allowed.T[:, :, None], len(places), axis=2)
    for objective in range(places.shape[1]):
        reach &= scaled[:, :, objective, None] <= places[None, None, :, objective]
    return reach


def _open_places(front: Floats, draw: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return random places of the unit cube that no row dominates; float32 [<= PLACES, k]."""
    places = draw.random((DRAWN, front.shape[1]))
    covered = np.zeros(DRAWN, dtype=bool)
    behind = (front[:, None] <= front).all(axis=2) & (front[:, None] < front).any(axis=2)
    for row in front[~behind.any(axis=0)]:  # the others cover nothing that these do not
        covered |= (row <= places).all(axis=1)
    return places[~covered][:PLACES].astype(np.float32)


def _greedy(reach: npt.NDArray[np.bool_], count: int, draw: np.random.Generator) -> list[int]:
    """Choose points that together reach the most, sample by sample.

    Points that are good in the same samples gain little from each other. Ties are drawn.
    """
    open_ = np.ones(reach.shape[1:], dtype=bool)
    tie = draw.random(len(reach)) * 0.5
    chosen: list[int] = []
    for _ in range(min(count, len(reach))):
        gain = np.array([np.count_nonzero(row & open_) for row in reach]) + tie
        gain[chosen] = -1.0
        at = int(gain.argmax())
        chosen.append(at)
        open_ &= ~reach[at]
    return chosen
