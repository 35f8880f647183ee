"""Student's t interval of a mean: the one that every result, comparison and search uses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


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
    from scipy.stats import t

    if len(values) < 2:
        return None
    spread = float(np.std(values, ddof=1))
    return float(t.ppf((1 + level) / 2, len(values) - 1)) * spread / math.sqrt(len(values))
