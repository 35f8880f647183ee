"""Samplers: Optuna's, restricted to legal points not tried yet, and one with a forest as model.

A new sampler is made for each batch from the study's seed and the batch's number; what it knows it
reads from the study. So a search that was stopped resumes exactly as it would have continued.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.trial import TrialState

from pezoexplore.search.goal import VIOLATIONS
from pezoexplore.search.screening import HARDWARE
from pezoexplore.search.surrogate import choose

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from pezoexplore.search.candidates import Candidates

SAMPLERS = ("surrogate", "tpe", "nsga2", "random", "sobol")
"""Names of samplers; the first is the default, the last two are baselines."""

POPULATION = 16
"""Points of an NSGA-II generation."""

WARMUP = 8
"""Evaluations before a model is used; until then points are drawn."""


class LegalSampler(BaseSampler):
    """Gives each trial a legal point that no trial of the study has yet.

    The parameters of a trial are those of the point itself, so the study never holds a point that
    was proposed but not tried.

    Args:
        candidates: The points.
        inner: The sampler that proposes where to look; the nearest free point is taken. None: the
            point is drawn from the free ones, each equally likely.
        seed: Seed of the draws.
    """

    def __init__(self, candidates: Candidates, inner: BaseSampler | None, seed: int) -> None:
        """Create the sampler; see the class."""
        self._candidates = candidates
        self._inner = inner
        self._draw = np.random.default_rng(seed)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return all axes."""
        return dict(self._candidates.distributions)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters of the point that the trial gets."""
        taken = taken_indices(study, self._candidates)
        proposal = self._propose(study, trial, search_space, taken)
        if proposal is None:
            place = int(self._draw.choice(_free(self._candidates, taken)))
        else:
            place = self._candidates.nearest(proposal, taken, self._draw)
        return self._candidates.params(self._candidates.points[place])

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:  # noqa: ANN401 - as in the base class
        """Refuse: every axis is sampled jointly with the others."""
        raise AssertionError(f"{param_name} is no axis of the space")

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Pass the call on to the inner sampler."""
        if self._inner is not None:
            self._inner.before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Pass the call on to the inner sampler."""
        if self._inner is not None:
            self._inner.after_trial(study, trial, state, values)

    def _propose(
        self,
        study: Study,
        trial: FrozenTrial,
        space: Mapping[str, BaseDistribution],
        taken: frozenset[int],
    ) -> dict[str, Any] | None:
        """Propose where to look, a value for every axis; None for anywhere."""
        inner = self._inner
        if inner is None:
            return None
        relative = inner.infer_relative_search_space(study, trial)
        proposal: dict[str, Any] = inner.sample_relative(study, trial, relative)
        for axis, distribution in space.items():
            if axis not in proposal:
                proposal[axis] = inner.sample_independent(study, trial, axis, distribution)
        return proposal


class SobolSampler(LegalSampler):
    """The points nearest to a scrambled Sobol sequence over the axes.

    Args:
        candidates: The points.
        seed: Seed of the scrambling, the same for all batches.
        start: How many members of the sequence went before.
    """

    def __init__(self, candidates: Candidates, seed: int, start: int) -> None:
        """Create the sampler; see the class."""
        from scipy.stats.qmc import Sobol

        super().__init__(candidates, None, seed)
        self._sequence = Sobol(len(candidates.choices), scramble=True, rng=seed)
        if start:
            self._sequence.fast_forward(start)

    def _propose(
        self,
        study: Study,
        trial: FrozenTrial,
        space: Mapping[str, BaseDistribution],
        taken: frozenset[int],
    ) -> dict[str, Any] | None:
        return self._candidates.decode(self._sequence.random(1)[0])


class SurrogateSampler(LegalSampler):
    """The points that promise the most hypervolume, by forests fitted to what is known.

    The first are drawn; see :mod:`pezoexplore.search.surrogate` for the
    rest. The whole batch is chosen at the first call.

    Args:
        candidates: The points.
        seed: Seed of the draws and of the forests.
        batch: Number of trials to come.
        objectives: Columns of the objectives in the order of the study's values.
        bounds: Constraints as (column, check of a number array).
    """

    def __init__(
        self,
        candidates: Candidates,
        seed: int,
        batch: int,
        objectives: Sequence[str],
        bounds: Sequence[tuple[str, Callable[[Any], Any]]],
    ) -> None:
        """Create the sampler; see the class."""
        super().__init__(candidates, None, seed)
        self._batch, self._objectives, self._bounds = batch, objectives, bounds
        self._chosen: list[int] | None = None

    def _propose(
        self,
        study: Study,
        trial: FrozenTrial,
        space: Mapping[str, BaseDistribution],
        taken: frozenset[int],
    ) -> dict[str, Any] | None:
        if self._chosen is None:
            self._chosen = self._choose(study, taken)
        place = self._chosen.pop(0)
        return self._candidates.params(self._candidates.points[place])

    def _choose(self, study: Study, taken: frozenset[int]) -> list[int]:
        tried: dict[int, Mapping[str, float]] = {}
        for trial in study.get_trials(deepcopy=False):
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                place = self._candidates.place(trial.params)
                if place is not None:
                    tried[place] = trial.user_attrs["cells"]
        # What the hardware of a point costs, those with the same circuit cost as well.
        known = dict(tried)
        for place, cells in tried.items():
            shared = {name: value for name, value in cells.items() if name in HARDWARE}
            for other in self._candidates.same_circuit[place]:
                known.setdefault(other, shared)
        minimized = [direction.name == "MINIMIZE" for direction in study.directions]
        return choose(
            self._candidates.features,
            [*known.items()],
            _free(self._candidates, taken),
            objectives=self._objectives,
            minimized=minimized,
            bounds=self._bounds,
            count=self._batch,
            warmup=WARMUP,
            draw=self._draw,
        )


def make_sampler(
    name: str,
    candidates: Candidates,
    *,
    seed: int,
    batch: int,
    size: int,
    proposed: int,
    objectives: Sequence[str],
    bounds: Sequence[tuple[str, Callable[[Any], Any]]],
) -> LegalSampler:
    """Return the sampler for one batch of a study.

    Args:
        name: One of ``SAMPLERS``.
        candidates: The points.
        seed: The study's seed.
        batch: Number of the batch.
        size: Trials of the batch.
        proposed: Trials that were proposed before.
        objectives: Columns of the objectives.
        bounds: Constraints as (column, check of a number array).

    Raises:
        ValueError: There is no such sampler.
    """
    own = int(np.random.SeedSequence([seed, batch]).generate_state(1)[0])
    if name == "random":
        return LegalSampler(candidates, None, own)
    if name == "sobol":
        return SobolSampler(candidates, seed, proposed)
    if name == "surrogate":
        return SurrogateSampler(candidates, own, size, objectives, bounds)
    if name not in SAMPLERS:
        raise ValueError(f"no sampler {name!r}")
    with warnings.catch_warnings():
        from optuna.exceptions import ExperimentalWarning

        warnings.simplefilter("ignore", ExperimentalWarning)
        inner = _of_optuna(name, own, bool(bounds))
    return LegalSampler(candidates, inner, own)


def _of_optuna(name: str, seed: int, constrained: bool) -> BaseSampler:
    check = violations_of if constrained else None
    if name == "nsga2":
        return NSGAIISampler(population_size=POPULATION, seed=seed, constraints_func=check)
    return TPESampler(n_startup_trials=WARMUP, multivariate=True, seed=seed, constraints_func=check)


def violations_of(trial: FrozenTrial) -> Sequence[float]:
    """Return how far a trial misses each constraint, for Optuna."""
    violations: Sequence[float] = trial.user_attrs[VIOLATIONS]
    return violations


def taken_indices(study: Study, candidates: Candidates) -> frozenset[int]:
    """Return the indices of the points that trials of a study have, running ones included."""
    places = (
        candidates.place(trial.params)
        for trial in study.get_trials(deepcopy=False)
        if trial.params.keys() == candidates.choices.keys()
    )
    return frozenset(place for place in places if place is not None)


def _free(candidates: Candidates, taken: frozenset[int]) -> list[int]:
    return [place for place in range(len(candidates.points)) if place not in taken]
