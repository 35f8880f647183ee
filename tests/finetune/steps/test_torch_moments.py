"""What PyTorch's updates take from earlier steps, against the JAX form and sums written out."""

from __future__ import annotations

import numpy as np
import pytest

from pezoexplore.finetune.steps.moments import Memory
from pezoexplore.train.steps.moments import SECOND_BETA, Moments


@pytest.mark.parametrize("scalar", [False, True])
@pytest.mark.parametrize("replay", [0, 1, 3])
def test_multipliers_are_those_of_the_equations(scalar: bool, replay: int) -> None:
    slopes = np.random.default_rng(1).normal(size=(8, 2))
    moments, memory = Moments(scalar, replay, 0.8), Memory()
    for t in range(8):
        memory = Memory.from_json(memory.to_json())
        found, memory = memory.after(moments, slopes[t].tolist())
        ages = range(min(replay, t), -1, -1)
        decays = [0.2 * 0.8**age if replay else 1.0 for age in ages]
        root = 1.0
        if scalar:
            weights = SECOND_BETA ** np.arange(t, -1, -1)
            root = np.sqrt(weights @ slopes[: t + 1].mean(1) ** 2 / weights.sum())
        expected = [
            (slope, decay / root)
            for age, decay in zip(ages, decays, strict=True)
            for slope in slopes[t - age]
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert len(memory.slopes) == min(replay, t + 1)
