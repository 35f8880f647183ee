"""Sensitivity: which axis moves a result, and how much; main effects and pairwise interactions.

A grid with holes is no balanced experiment, so sums of squares are of type II: what an axis adds to
the main effects of all others, and what a pair adds to all main effects (Yates, JASA 29, 1934;
Langsrud, Statistics and Computing 13, 2003). Every value of an axis is a separate level. Rows in
which an axis means nothing do not count for it: its contrasts are among its values only, so that
`pool_size` explains what differs between pools and `reuse` what differs between pools and the rest.
Shares are corrected for the degrees of freedom (epsilon squared: Kelley, PNAS 21, 1935), and their
intervals come from random weights of the rows (the Bayesian bootstrap).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pezoexplore.analysis.anova import Model, Shares, model_of
from pezoexplore.analysis.factors import (
    Floats,
    determined_by,
    factor_of,
    varying_axes,
)
from pezoexplore.analysis.pareto import Rows
from pezoexplore.analysis.statistics import ACCURACY, seeds_of
from pezoexplore.design.conditions import cell_text, is_missing, parse_number
from pezoexplore.design.point import AXES
from pezoexplore.errors import DesignError

RESPONSES = ("accuracy_mean", "lut", "energy_to_target_uj_est")
"""Results looked at when none are named, those that vary."""

MIN_ROWS = 8
"""Fewest rows worth an analysis."""

MAX_ROWS = 5_000
"""Most rows analysed; of more, these many are drawn."""

RESAMPLES = 100
LOG_RATIO = 10.0
"""Positive results that span at least this ratio are taken in logarithms: costs multiply."""


@dataclass(frozen=True)
class Effect:
    """Effect of an axis, or a pair of axes, on a result.

    Attributes:
        axes: One axis for a main effect, two for an interaction.
        share: Share of the variance it explains beyond the others, 0 to 1; None where the others
            determine it.
        low: Lower end of the share's 95 % interval.
        high: Upper end.
        degrees: Degrees of freedom it adds.
        effect: Difference between the levels of the highest and the lowest result, the other axes
            equal, in the result's unit; with logarithms their ratio. None for an interaction.
        lowest: Level of the lowest result; empty for an interaction.
        highest: Level of the highest.
        confounded: Axes whose value determines this one's.
        importance: Optuna's importance (functional ANOVA on a random forest), 0 to 1; None where
            it was not computed.
    """

    axes: tuple[str, ...]
    share: float | None
    low: float | None = None
    high: float | None = None
    degrees: int = 0
    effect: float | None = None
    lowest: str = ""
    highest: str = ""
    confounded: tuple[str, ...] = ()
    importance: float | None = None


@dataclass(frozen=True)
class Sensitivity:
    """Effects of all axes on one result.

    Attributes:
        response: The result's column.
        logarithmic: Whether its logarithm was analysed.
        rows: Rows looked at.
        explained: Share of the variance that all main effects explain together.
        noise: Share of the variance that the seeds alone make; None for what has none.
        main: Main effects, the largest share first.
        interactions: Pairs, the largest share first.
    """

    response: str
    logarithmic: bool
    rows: int
    explained: float
    noise: float | None
    main: tuple[Effect, ...]
    interactions: tuple[Effect, ...]


def sensitivity(
    rows: Rows, response: str, *, resamples: int = RESAMPLES, importances: bool = True
) -> Sensitivity:
    """Analyse which axes move a result, and by how much.

    Args:
        rows: Rows of results; those not finished or without the result are left out.
        response: Column of the result.
        resamples: Draws behind the intervals; 0 for none.
        importances: Whether to ask Optuna as well.

    Raises:
        DesignError: Too few rows, no axis varies, or the result does not.
    """
    used, values = _usable(rows, response)
    logarithmic = bool(values.min() > 0 and values.max() >= LOG_RATIO * values.min())
    scaled = np.log(values) if logarithmic else values
    axes = varying_axes(used)
    if not axes:
        raise DesignError(f"sensitivity of {response}: no axis varies in {len(used)} rows")
    model = model_of([factor_of(axis, used) for axis in axes], scaled)
    weights = np.random.default_rng(0).standard_exponential((resamples, len(used)))
    plain = model.shares(np.ones(len(used)))
    redrawn = [model.shares(draw).values for draw in weights]
    low, high = _interval(plain.values, redrawn)
    fanova = optuna_importances(used, axes, scaled) if importances else {}
    effects = [
        _effect(
            model, index, plain, (float(low[index]), float(high[index])), used, logarithmic, fanova
        )
        for index in range(len(model.terms))
    ]
    effects.sort(key=lambda effect: -1.0 if effect.share is None else effect.share, reverse=True)
    return Sensitivity(
        response=response,
        logarithmic=logarithmic,
        rows=len(used),
        explained=plain.explained,
        noise=_noise(used, values) if response == ACCURACY and not logarithmic else None,
        main=tuple(effect for effect in effects if len(effect.axes) == 1),
        interactions=tuple(effect for effect in effects if len(effect.axes) == 2),
    )


def optuna_importances(rows: Rows, axes: Sequence[str], values: Floats) -> dict[str, float]:
    """Return importances of axes by Optuna's functional ANOVA on a random forest, the seed fixed.

    An axis that means nothing to a row has a separate value there. Axes that others determine
    share an importance in whatever way the trees happen to choose.

    Args:
        rows: n rows.
        axes: Axes that vary.
        values: float64 [n], the result.

    Returns:
        Importance by axis; they add up to 1.
    """
    import optuna

    factors = [factor_of(axis, rows) for axis in axes]
    space: dict[str, optuna.distributions.BaseDistribution] = {}
    for factor in factors:
        last = len(factor.levels) - 1
        space[factor.axis] = (
            optuna.distributions.IntDistribution(-1, last)
            if factor.numeric
            else optuna.distributions.CategoricalDistribution(range(-1, last + 1))
        )
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study()
        study.add_trials(
            optuna.trial.create_trial(
                params={factor.axis: int(factor.codes[index]) for factor in factors},
                distributions=space,
                value=float(value),
            )
            for index, value in enumerate(values)
        )
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=32, max_depth=16, seed=0)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    finally:
        optuna.logging.set_verbosity(verbosity)
    return {axis: float(found[axis]) for axis in axes}


def _interval(plain: Floats, redrawn: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return 95 % intervals: the spread of the redrawn shares about the plain ones."""
    if not len(redrawn):
        return np.full(len(plain), math.nan), np.full(len(plain), math.nan)
    offset = plain - np.median(redrawn, axis=0)
    low, high = np.quantile(redrawn, [0.025, 0.975], axis=0) + offset
    return np.clip(low, 0, plain), np.clip(high, plain, 1)


def _effect(
    model: Model,
    index: int,
    plain: Shares,
    interval: tuple[float, float],
    rows: Rows,
    logarithmic: bool,
    fanova: Mapping[str, float],
) -> Effect:
    """Describe one term."""
    term = model.terms[index]
    axes = tuple(model.factors[place].axis for place in term)
    degrees = int(plain.degrees[index])
    estimable = degrees > 0 and not math.isnan(plain.values[index])
    low, high = (None, None) if not estimable or math.isnan(interval[0]) else interval
    if len(term) == 2:
        share = float(plain.values[index]) if estimable else None
        return Effect(axes, share, low, high, degrees)
    factor = model.factors[term[0]]
    span = model.spans[index]
    # The coefficients are of the main effects, whose columns come first.
    found = plain.coefficients[span.start : span.stop]
    levels = np.append(found, -found.sum())
    least, most = int(levels.argmin()), int(levels.argmax())
    size = float(levels[most] - levels[least])
    return Effect(
        axes=axes,
        share=float(plain.values[index]) if estimable else None,
        low=low,
        high=high,
        degrees=degrees,
        effect=None if not estimable else math.exp(size) if logarithmic else size,
        lowest=factor.levels[least] if estimable else "",
        highest=factor.levels[most] if estimable else "",
        confounded=determined_by(factor, model.factors),
        importance=fanova.get(factor.axis),
    )


def _usable(rows: Rows, response: str) -> tuple[list[Mapping[str, object]], Floats]:
    used, values = [], []
    for row in rows:
        cell = row.get(response)
        number = None if is_missing(cell) else parse_number(cell)
        if row.get("status", "ok") == "ok" and number is not None and math.isfinite(number):
            used.append(row)
            values.append(number)
    used, values = _one_a_design(used, values)
    if len(used) < MIN_ROWS:
        raise DesignError(
            f"sensitivity of {response}: {len(used)} finished rows have it; at least {MIN_ROWS} "
            "are needed"
        )
    if len(used) > MAX_ROWS:
        chosen = np.sort(np.random.default_rng(0).permutation(len(used))[:MAX_ROWS]).tolist()
        used, values = [used[index] for index in chosen], [values[index] for index in chosen]
    if max(values) == min(values):
        raise DesignError(f"sensitivity of {response}: it is {values[0]:g} in all rows")
    return used, np.array(values, dtype=np.float64)


def _one_a_design(
    rows: list[Mapping[str, object]], values: list[float]
) -> tuple[list[Mapping[str, object]], list[float]]:
    """Keep one row per design where the result is the same on all targets, such as an accuracy."""
    designs = [tuple(cell_text(row.get(axis)) for axis in AXES) for row in rows]
    found: dict[tuple[str, ...], set[float]] = {}
    first: dict[tuple[str, ...], object] = {}
    for design, row, value in zip(designs, rows, values, strict=True):
        found.setdefault(design, set()).add(value)
        first.setdefault(design, row.get("target"))
    if len({cell_text(row.get("target")) for row in rows}) < 2 or max(map(len, found.values())) > 1:
        return rows, values
    kept = [i for i, design in enumerate(designs) if rows[i].get("target") == first[design]]
    return [rows[index] for index in kept], [values[index] for index in kept]


def _noise(rows: Rows, values: Floats) -> float | None:
    """Return the share of the variance of means that is due to the seeds."""
    seeds = [seeds_of(row) for row in rows]
    if min(len(listed) for listed in seeds) < 2:
        return None
    errors = [float(np.var(listed, ddof=1)) / len(listed) for listed in seeds]
    return min(1.0, float(np.mean(errors)) / float(values.var()))
