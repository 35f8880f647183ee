"""Student's t interval of a mean: the one that every result, comparison and search uses.

Accuracies are percentages, so an interval is cut at 0 and 100 where it is shown. The true mean lies
between the bounds, so the cut interval contains it exactly as often as the whole one (Mandelkern,
Statistical Science 17(2), 2002); columns of results keep the half width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

PERCENT = (0.0, 100.0)
POINTS = (-100.0, 100.0)
"""Bounds of a percentage, and of the difference of two."""


def half_width(
    values: Sequence[float] | npt.NDArray[np.float64], level: float = 0.95
) -> float | None:
    """Return the half width of the interval of a mean, in the unit of the values.

    Args:
        values: n values, taken as independent and normally distributed.
        level: Probability of the interval.

    Returns:
        None below two values.
    """
    from scipy.special import stdtrit  # what scipy.stats calls, which takes a second to import

    if len(values) < 2:
        return None
    spread = float(np.std(values, ddof=1))
    return float(stdtrit(len(values) - 1, (1 + level) / 2)) * spread / math.sqrt(len(values))


def ends(mean: float, half: float, bounds: tuple[float, float] = PERCENT) -> tuple[float, float]:
    """Return lower and upper end of an interval, cut at the bounds of its quantity.

    Args:
        mean: The mean; between the bounds.
        half: Half width of the interval.
        bounds: Least and greatest value that the quantity can have.
    """
    return max(mean - half, min(mean, bounds[0])), min(mean + half, max(mean, bounds[1]))


def in_words(
    mean: float,
    half: float | None,
    bounds: tuple[float, float] = PERCENT,
    *,
    digits: int = 2,
    sign: str = "",
) -> str:
    """Return a mean with its interval: ``89.50 ± 0.70``, or ``13.75 (0.00 to 64.75)`` if cut.

    Args:
        mean: The mean.
        half: Half width of the interval; None without one.
        bounds: Bounds of the quantity; see :func:`ends`.
        digits: Digits after the point.
        sign: ``+`` to write the sign of positive numbers too.
    """
    text = f"{mean:{sign}.{digits}f}"
    if half is None or math.isnan(half):
        return text
    low, high = ends(mean, half, bounds)
    if (low, high) == (mean - half, mean + half):
        return f"{text} ± {half:.{digits}f}"
    return f"{text} ({low:{sign}.{digits}f} to {high:{sign}.{digits}f})"
