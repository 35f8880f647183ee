from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.design.point import resolve
from pezoexplore.streams import stream
from pezoexplore.train.coordinates.sparsity import (
    MASK_PASSES,
    DrawnMasks,
    Scored,
    Sparsity,
    draw_mask,
    grasp_scores,
    kept_counts,
    weight_tensors,
)
from pezoexplore.train.networks.mlp import Mlp

NETWORK = Mlp((4, 3, 2))
"""Weights 0-11 and 15-20, biases 12-14 and 21-22."""


class Words:
    """A stream with the words of a table, by step."""

    scale = 0.5

    def __init__(self, table: np.ndarray) -> None:
        self.table, self.asked = table, list[tuple[int, int]]()

    def block(self, first_step: int, steps: int) -> np.ndarray:
        self.asked.append((first_step, steps))
        return self.table[first_step : first_step + steps]


def test_tensors_and_counts() -> None:
    assert [block.name for block in weight_tensors(NETWORK)] == ["dense1.weight", "dense2.weight"]
    sparsity = Sparsity(share=0.75)
    assert sparsity.kept_weights(NETWORK) == 18 - round(0.75 * 18)
    assert sparsity.kept(NETWORK) == 5 + 18 - round(0.75 * 18)
    assert sparsity.mask_steps(100, 30) == 5 * 4


def test_largest_scores_of_either_sign_decide_how_many_each_tensor_keeps() -> None:
    scores = np.zeros(NETWORK.parameters, np.float32)
    scores[[3, 7, 16, 18, 20]] = [-5, 1, 4, -3, 2]
    scores[[12, 22]] = 9  # of biases, which do not take part
    assert kept_counts(NETWORK, scores, 4) == (1, 3)
    assert kept_counts(NETWORK, scores, 5) == (2, 3)
    assert kept_counts(NETWORK, np.zeros_like(scores), 13) == (12, 1)


@given(st.integers(0, 12), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_masks_hold_all_biases_and_the_counts(first: int, second: int, seed: int) -> None:
    words = np.random.default_rng(seed).integers(0, 2, size=(MASK_PASSES, NETWORK.parameters))
    mask = draw_mask(NETWORK, (first, second), words)
    assert (np.diff(mask) > 0).all()
    assert {12, 13, 14, 21, 22} <= set(mask)
    assert ((mask < 12).sum(), ((mask > 14) & (mask < 21)).sum()) == (first, second)


def test_masks_take_the_largest_words_and_later_passes_break_ties() -> None:
    words = np.zeros((MASK_PASSES, NETWORK.parameters), np.int16)
    words[0, [2, 5, 9]] = [4, 7, 4]
    words[1, [2, 9]] = [-1, 3]
    words[0, 15:21] = -8
    words[7, 19] = 1
    kept = [set(draw_mask(NETWORK, (count, 1), words)) - {12, 13, 14, 21, 22} for count in range(4)]
    assert kept == [{19}, {5, 19}, {5, 9, 19}, {2, 5, 9, 19}]
    words[7, 19] = 0
    assert 15 in draw_mask(NETWORK, (0, 1), words)  # of equals the lowest index


def test_masks_are_redrawn_on_time_from_the_passes_that_follow() -> None:
    rng = np.random.default_rng(1)
    table = rng.integers(-9, 10, size=(10 + 3 * MASK_PASSES, 2, NETWORK.parameters))
    words = Words(table)
    masks = DrawnMasks(NETWORK, [(6, 3), (9, 0)], words, queries=10, mask_steps=4)
    chosen = [masks.at(step) for step in range(12)]
    assert words.asked == [(10 + MASK_PASSES * mask, MASK_PASSES) for mask in range(3)]
    for step, (layer0, layer1) in enumerate(chosen):
        first = 10 + MASK_PASSES * (step // 4)
        for seed, counts in enumerate([(6, 3), (9, 0)]):
            mask = draw_mask(NETWORK, counts, table[first : first + MASK_PASSES, seed])
            padded = np.concatenate([layer0[seed], layer1[seed]])
            np.testing.assert_array_equal(padded[padded < NETWORK.parameters], mask)


def test_one_bit_words_of_the_hardware_draw_every_weight_alike() -> None:
    point = resolve(rng="rademacher", reuse="none").perturbation()
    model = Mlp((16, 8, 2))
    directions = stream.Directions.of(point, model.parameters, [0])
    held = np.zeros(model.parameters)
    for redraw in range(200):
        words = directions.block(redraw * MASK_PASSES, MASK_PASSES)[:, 0]
        held[draw_mask(model, (64, 4), words)] += 1
    weights = held[:128]
    assert abs(weights.mean() - 100) < 1e-9
    # Deviation of a count of 200 fair draws is 7; a lean to low indices would show.
    assert abs(weights[:64].mean() - weights[64:].mean()) < 5
    assert weights.std() < 12


class Bowl:
    """A network whose only output is its weights, so that losses can be any function of them."""

    def __init__(self, parameters: int) -> None:
        self.parameters, self.macs = parameters, 1

    def outputs(self, flat: Any, inputs: Any) -> Any:
        return flat[None] + 0 * inputs


CURVATURES = np.array([1.0, 4.0, 0.5, 2.0], np.float32)


def bowl(outputs: Any, targets: Any) -> Any:
    """1/2 sum c w^2."""
    return 0.5 * (CURVATURES * outputs**2).sum(-1)


@pytest.mark.parametrize("queries", [16, 48])
def test_scores_of_a_quadratic_over_all_signs(queries: int) -> None:
    signs = np.array([[i >> k & 1 for k in range(4)] for i in range(16)], np.int16) * 2 - 1
    table = np.tile(signs, (queries // 16, 1))[:, None] * 2  # z = words / 2
    weights = np.array([[1.0, -2.0, 3.0, 0.5]], np.float32)
    scored = Scored(weights, np.zeros((1, 3, 4), np.float32), np.zeros((1, 3), np.uint8))
    sparsity = Sparsity(queries=queries, mu=0.1)
    network: Any = Bowl(4)
    scores = grasp_scores(network, bowl, scored, Words(table), sparsity)
    # ghat is the gradient c w here, and -w H g = -w c (c w).
    np.testing.assert_allclose(scores[0], -(CURVATURES**2) * weights[0] ** 2, rtol=1e-2)
