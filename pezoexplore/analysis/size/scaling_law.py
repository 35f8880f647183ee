"""Scaling law: how many dimensions updates need to reach, by the network, its data and its steps.

The drop in accuracy of a design whose updates reach D dimensions (``effective_span``) of a network
of d weights in T steps is taken to be

    drop = gain / (1 + (D / H)^k),    H = a (d / 10^4)^b (T / 10^4)^c,

gain being the accuracy of the Gaussian reference above chance: all of it is lost with no dimensions
and half of it at D = H; a and k differ from data to data. That D matters, and little how many
weights there are, is what is known of training in random subspaces (Li et al., Measuring the
Intrinsic Dimension of Objective Landscapes, arXiv 1804.08838); form and numbers are fitted here, to
``ladder.csv`` beside this module, which bench/scaling_law.py writes from finished runs.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LADDER = Path(__file__).with_name("ladder.csv")
"""Measured drops, a line for each design, task and number of steps."""

FORM_ERROR, FORM_SHARE = 0.3, 0.1
"""Points, and share of a drop, by which the form may be off where the measurement is not: these
weigh lines in the fit, so that small drops count as well, which decide what is enough."""

UNIT = 1e4
"""Weights of a network, and steps of training, whose H is a."""

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A design trained on a rung of the ladder.

    Attributes:
        task: Task.
        parameters: Weights d.
        steps: Training steps T.
        design: Label of the design.
        span: Dimensions D that its updates reach in T steps.
        gain: Accuracy of the Gaussian reference above chance, points.
        drop: That accuracy minus the design's, points, paired by seed.
        half: Half the width of its 95 % interval, points.
        seeds: Paired seeds.
        fitted: Whether the law is fitted to it; else it is compared with what the law predicts.
    """

    task: str
    parameters: int
    steps: int
    design: str
    span: int
    gain: float
    drop: float
    half: float
    seeds: int
    fitted: bool

    @property
    def data(self) -> str:
        """Data of the task, the first word of its name."""
        return self.task.partition("-")[0]


@dataclass(frozen=True)
class Network:
    """A network in training.

    Attributes:
        parameters: Weights d.
        steps: Training steps T.
        data: Data, as of :attr:`Measured.data`; of others than the law is fitted to, and of None,
            it answers for the most demanding of those.
    """

    parameters: int
    steps: int
    data: str | None = None


@dataclass(frozen=True)
class ScalingLaw:
    """A scaling law with its fitted numbers and their covariance.

    Attributes:
        data: Names of the data.
        numbers: Natural logarithms of a of each data; k of each data, exponent of the dimensions;
            b, that of the weights; c, that of the steps.
        covariance: Of the numbers.
        parameters: Smallest and largest networks of the fit, weights.
        steps: Fewest and most steps of the fit.
    """

    data: tuple[str, ...]
    numbers: F64
    covariance: F64
    parameters: tuple[int, int]
    steps: tuple[int, int]

    def drop(self, span: float, network: Network, gain: float) -> float:
        """Return the drop that the law predicts, points."""
        return max(self._drop(i, span, network, gain) for i in self._asked(network))

    def needed(self, network: Network, drop: float, gain: float) -> float:
        """Return the dimensions D at which the law predicts a drop, in points; infinite at 0."""
        if drop <= 0:
            return math.inf
        return max(math.exp(self._log_needed(i, network, drop, gain)) for i in self._asked(network))

    def needed_upper(self, network: Network, drop: float, gain: float) -> float:
        """Return :meth:`needed` at the upper end of its 95 % interval: if finite, d at most.

        The interval is that of the fitted numbers, by the linearised logarithm (delta method); that
        the form itself holds at another size is taken for granted.
        """
        if drop <= 0:
            return math.inf
        logs = []
        for i in self._asked(network):
            slopes = np.zeros(len(self.numbers))
            slopes[i] = 1.0
            slopes[len(self.data) + i] = -_log_odds(drop, gain) / self._k(i) ** 2
            slopes[-2:] = _sizes(network.parameters, network.steps)
            deviation = math.sqrt(float(slopes @ self.covariance @ slopes))
            logs.append(self._log_needed(i, network, drop, gain) + 1.96 * deviation)
        return min(math.exp(max(logs)), network.parameters)

    def extrapolates(self, parameters: int) -> float:
        """Return how many times larger a network is than the largest of the fit, at least 1."""
        return max(1.0, parameters / self.parameters[1])

    def _asked(self, network: Network) -> Sequence[int]:
        """Return the places of the data that the law is to answer for."""
        known = network.data in self.data
        return [self.data.index(network.data)] if known else range(len(self.data))

    def _k(self, data: int) -> float:
        return float(self.numbers[len(self.data) + data])

    def _log_half(self, data: int, network: Network) -> float:
        """Return ln H."""
        sizes = np.array(_sizes(network.parameters, network.steps))
        return float(self.numbers[data] + sizes @ self.numbers[-2:])

    def _drop(self, data: int, span: float, network: Network, gain: float) -> float:
        odds = self._k(data) * (math.log(span) - self._log_half(data, network))
        return gain / (1 + math.exp(min(odds, 700.0)))

    def _log_needed(self, data: int, network: Network, drop: float, gain: float) -> float:
        return self._log_half(data, network) + _log_odds(drop, gain) / self._k(data)


def _sizes(parameters: float, steps: float) -> tuple[float, float]:
    """Return what b and c are multiplied by."""
    return math.log(parameters / UNIT), math.log(steps / UNIT)


def _log_odds(drop: float, gain: float) -> float:
    return math.log(max(gain / drop - 1, 1e-9))


def read_ladder(path: Path = LADDER) -> list[Measured]:
    """Read measured drops."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Measured(
                task=row["task"],
                parameters=int(row["parameters"]),
                steps=int(row["steps"]),
                design=row["design"],
                span=int(row["span"]),
                gain=float(row["gain"]),
                drop=float(row["drop"]),
                half=float(row["half"]),
                seeds=int(row["seeds"]),
                fitted=row["fitted"] == "yes",
            )
            for row in csv.DictReader(file)
        ]


def fit(measured: Sequence[Measured]) -> ScalingLaw:
    """Fit the law to those measured drops that are meant for it, by weighted least squares.

    Raises:
        ValueError: There are no more than the law has numbers.
    """
    from scipy.optimize import curve_fit

    used = [item for item in measured if item.fitted]
    data = tuple(sorted({item.data for item in used}))
    start = np.array([math.log(50)] * len(data) + [1.5] * len(data) + [0.0, 0.0])
    if len(used) <= len(start):
        raise ValueError(
            f"the law has {len(start)} numbers, and there are {len(used)} drops to fit it to"
        )
    spans, gains, drops, halves = (
        np.array([float(getattr(item, name)) for item in used])
        for name in ("span", "gain", "drop", "half")
    )
    of = np.array([data.index(item.data) for item in used])
    sizes = np.array([_sizes(item.parameters, item.steps) for item in used])

    def predicted(_: object, *given: float) -> F64:
        numbers = np.array(given)
        half = numbers[of] + sizes @ numbers[-2:]
        odds = numbers[len(data) + of] * (np.log(spans) - half)
        return np.asarray(gains / (1 + np.exp(np.clip(odds, -700, 700))))

    sigma = np.sqrt((halves / 1.96) ** 2 + FORM_ERROR**2 + (FORM_SHARE * drops) ** 2)
    found, covariance = curve_fit(predicted, np.arange(len(used)), drops, p0=start, sigma=sigma)
    steps, weights = ([getattr(m, name) for m in used] for name in ("steps", "parameters"))
    return ScalingLaw(
        data=data,
        numbers=np.asarray(found),
        covariance=np.asarray(covariance),
        parameters=(min(weights), max(weights)),
        steps=(min(steps), max(steps)),
    )


@cache
def scaling_law() -> ScalingLaw:
    """Return the law fitted to the ladder that the package has."""
    return fit(read_ladder())
