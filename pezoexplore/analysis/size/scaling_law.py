"""Scaling law: how many dimensions updates need to reach, by the size of the network.

The drop in accuracy of a design whose updates reach D dimensions (``effective_span``) of a network
of d weights in T steps is taken to be

    drop = gain / (1 + (D / H)^k),    H = a (d / 10^4)^b,

gain being the accuracy of the Gaussian reference above chance: all of it is lost with no dimensions
and half of it at D = H. That D matters, and little how many weights there are, is what is known of
training in random subspaces (Li et al., Measuring the Intrinsic Dimension of Objective Landscapes,
arXiv 1804.08838); form and numbers are fitted here, to ``ladder.csv`` beside this module, which
bench/scaling_law.py writes from finished runs.
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

FORM_ERROR = 0.5
"""Points by which the form may be off where the measurement is not: weighs lines in the fit."""

UNIT = 1e4
"""Weights of a network whose H is a."""


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


@dataclass(frozen=True)
class ScalingLaw:
    """A scaling law with its fitted parameters and their covariance.

    Attributes:
        log_a: Natural logarithm of a.
        b: Exponent of the weights.
        k: Exponent of the dimensions.
        covariance: Of these three, [3, 3].
        parameters: Smallest and largest networks of the fit, weights.
        steps: Fewest and most steps of the fit.
    """

    log_a: float
    b: float
    k: float
    covariance: NDArray[np.float64]
    parameters: tuple[int, int]
    steps: tuple[int, int]

    def drop(self, span: float, parameters: int, gain: float) -> float:
        """Return the drop that the law predicts, points."""
        numbers = np.array([self.log_a, self.b, self.k])
        return float(_drops(numbers, *map(np.atleast_1d, (span, parameters, gain)))[0])

    def needed(self, parameters: int, drop: float, gain: float) -> float:
        """Return the dimensions D at which the law predicts a drop, in points; infinite at 0."""
        return math.exp(self._log_needed(parameters, drop, gain)) if drop > 0 else math.inf

    def needed_upper(self, parameters: int, drop: float, gain: float) -> float:
        """Return :meth:`needed` at the upper end of its 95 % interval.

        The interval is that of the fitted numbers, by the linearised logarithm (delta method); that
        the form itself holds at another size is taken for granted.
        """
        if drop <= 0:
            return math.inf
        slope = np.array([1.0, math.log(parameters / UNIT), -_log_odds(drop, gain) / self.k**2])
        deviation = math.sqrt(float(slope @ self.covariance @ slope))
        return math.exp(self._log_needed(parameters, drop, gain) + 1.96 * deviation)

    def extrapolates(self, parameters: int) -> float:
        """Return how many times larger a network is than the largest of the fit, at least 1."""
        return max(1.0, parameters / self.parameters[1])

    def _log_needed(self, parameters: int, drop: float, gain: float) -> float:
        half = self.log_a + self.b * math.log(parameters / UNIT)
        return half + _log_odds(drop, gain) / self.k


def _log_odds(drop: float, gain: float) -> float:
    return math.log(max(gain / drop - 1, 1e-9))


def _drops(
    numbers: NDArray[np.float64],
    spans: NDArray[np.float64],
    parameters: NDArray[np.float64],
    gains: NDArray[np.float64],
) -> NDArray[np.float64]:
    log_a, b, k = numbers
    odds = k * (np.log(spans) - log_a - b * np.log(parameters / UNIT))
    return np.asarray(gains / (1 + np.exp(np.clip(odds, -700, 700))))


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
        ValueError: There are fewer than four.
    """
    from scipy.optimize import curve_fit

    used = [item for item in measured if item.fitted]
    if len(used) < 4:
        raise ValueError(f"the law has three numbers, and there are {len(used)} drops to fit it to")
    spans, parameters, gains, drops, halves = (
        np.array([float(getattr(item, name)) for item in used])
        for name in ("span", "parameters", "gain", "drop", "half")
    )

    def predicted(_: object, *numbers: float) -> NDArray[np.float64]:
        return _drops(np.array(numbers), spans, parameters, gains)

    found, covariance = curve_fit(
        predicted,
        np.arange(len(used)),
        drops,
        p0=(math.log(50), 0.0, 1.5),
        sigma=np.hypot(halves / 1.96, FORM_ERROR),
    )
    steps = [item.steps for item in used]
    sizes = [item.parameters for item in used]
    return ScalingLaw(
        log_a=float(found[0]),
        b=float(found[1]),
        k=float(found[2]),
        covariance=covariance,
        parameters=(min(sizes), max(sizes)),
        steps=(min(steps), max(steps)),
    )


@cache
def scaling_law() -> ScalingLaw:
    """Return the law fitted to the ladder that the package has."""
    return fit(read_ladder())
