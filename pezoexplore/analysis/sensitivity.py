"""Sensitivity: which axis moves a result, and how much; main effects and pairwise interactions.

A grid with holes is no balanced experiment, so sums of squares are of type II: what an axis adds to
the main effects of all others, and what a pair adds to all main effects (Yates, JASA 29, 1934;
Langsrud, Statistics and Computing 13, 2003). Every value of an axis is a separate level. Rows in
which an axis means nothing do not count for it: its contrasts are among its values only, so that
`pool_size` explains what differs between pools and `reuse` what differs between pools and the rest.
Shares are corrected for the degrees of freedom (epsilon squared: Kelley, PNAS 21, 1935), and their
intervals come from random weights of the rows (the Bayesian bootstrap). An effect whose interval
reaches zero is within the noise. So are all effects on an accuracy where the designs do not differ
beyond what their seeds do (F test of designs by seeds, seeds being the same for all designs).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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

ALPHA = 0.05
"""Probability of calling designs different that differ by their seeds alone."""

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
        within_noise: Whether it is not shown to be there at all; False without an interval.
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
    within_noise: bool = False
    importance: float | None = None


@dataclass(frozen=True)
class Sensitivity:
    """Effects of all axes on one result.

    Attributes:
        response: The result's column.
        logarithmic: Whether its logarithm was analysed.
        rows: Rows looked at.
        explained: Share of the variance that all main effects explain together; with `noise` at
            most 1.
        noise: Share of the variance between designs that their seeds alone make; None for what has
            none.
        p_value: Probability of designs differing as much by their seeds alone; None as `noise`.
        main: Main effects, the largest share first, those within the noise last.
        interactions: Pairs, in that order.
    """

    response: str
    logarithmic: bool
    rows: int
    explained: float
    noise: float | None
    p_value: float | None
    main: tuple[Effect, ...]
    interactions: tuple[Effect, ...]

    @property
    def told(self) -> bool:
        """Whether the designs differ beyond what their seeds do, as far as that is known."""
        return self.p_value is None or self.p_value <= ALPHA


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
    shares = model.shares(np.vstack([np.ones(len(used)), weights]))
    low, high = _interval(shares.values[0], shares.values[1:])
    coefficients = model.coefficients()
    by_seeds = response == ACCURACY and not logarithmic
    noise, p_value = _noise(used) if by_seeds else (None, None)
    lost = p_value is not None and p_value > ALPHA
    fanova = optuna_importances(used, axes, scaled) if importances and not lost else {}
    effects = []
    for index in range(len(model.terms)):
        interval = float(low[index]), float(high[index])
        found = _effect(model, index, shares, coefficients, interval, logarithmic, fanova)
        reaches_zero = found.low is not None and found.low <= 0
        effects.append(replace(found, within_noise=lost or reaches_zero))
    effects.sort(key=lambda item: (item.within_noise, -(item.share or 0), item.share is None))
    return Sensitivity(
        response=response,
        logarithmic=logarithmic,
        rows=len(used),
        explained=min(float(shares.explained[0]), 1.0 - (noise or 0.0)),
        noise=noise,
        p_value=p_value,
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


def _interval(plain: Floats, redrawn: Floats) -> tuple[Floats, Floats]:
    """Return 95 % intervals: the spread of the redrawn shares about the plain ones."""
    if not len(redrawn):
        return np.full(len(plain), math.nan), np.full(len(plain), math.nan)
    offset = plain - np.median(redrawn, axis=0)
    low, high = np.quantile(redrawn, [0.025, 0.975], axis=0) + offset
    return np.clip(low, 0, plain), np.clip(high, plain, 1)


def _effect(
    model: Model,
    index: int,
    shares: Shares,
    coefficients: Floats,
    interval: tuple[float, float],
    logarithmic: bool,
    fanova: Mapping[str, float],
) -> Effect:
    """Describe one term."""
    term = model.terms[index]
    axes = tuple(model.factors[place].axis for place in term)
    degrees, plain = int(shares.degrees[index]), float(shares.values[0, index])
    estimable = degrees > 0 and not math.isnan(plain)
    low, high = (None, None) if not estimable or math.isnan(interval[0]) else interval
    if len(term) == 2:
        return Effect(axes, plain if estimable else None, low, high, degrees)
    factor = model.factors[term[0]]
    span = model.spans[index]
    # The coefficients are of the main effects, whose columns come first.
    found = coefficients[span.start : span.stop]
    levels = np.append(found, -found.sum())
    least, most = int(levels.argmin()), int(levels.argmax())
    size = float(levels[most] - levels[least])
    return Effect(
        axes=axes,
        share=plain if estimable else None,
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
    if len({cell_text(row.get("target")) for row in rows}) < 2:
        return rows, values
    designs = [tuple(cell_text(row.get(axis)) for axis in AXES) for row in rows]
    found: dict[tuple[str, ...], set[float]] = {}
    first: dict[tuple[str, ...], object] = {}
    for design, row, value in zip(designs, rows, values, strict=True):
        found.setdefault(design, set()).add(value)
        first.setdefault(design, row.get("target"))
    if max(map(len, found.values())) > 1:
        return rows, values
    kept = [i for i, design in enumerate(designs) if rows[i].get("target") == first[design]]
    return [rows[index] for index in kept], [values[index] for index in kept]


def _noise(rows: Rows) -> tuple[float | None, float | None]:
    """Return the share of the variance of means that is due to the seeds, and the F test's p-value.

    Seed s is the same for all designs, so what it does to all of them alike makes no difference
    between them: the noise is what is left of designs by seeds without the means of either.
    """
    listed = [seeds_of(row) for row in rows]
    seeds = min(map(len, listed))
    if seeds < 2:
        return None, None
    from scipy.special import fdtrc

    table = np.array([values[:seeds] for values in listed])
    means = table.mean(axis=1)
    left = table - means[:, None] - table.mean(axis=0) + table.mean()
    freedom = len(rows) - 1, (len(rows) - 1) * (seeds - 1)
    error, between = float((left**2).sum()) / freedom[1], seeds * float(means.var(ddof=1))
    if between == 0:
        return 1.0, 1.0
    return min(1.0, error / between), float(fdtrc(*freedom, between / max(error, 1e-300)))
