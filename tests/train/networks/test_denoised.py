"""A denoiser and its classifier against plain NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pezoexplore.train.estimators import estimator_of
from pezoexplore.train.networks.denoised import LAST_SCALE, Denoised
from pezoexplore.train.networks.mlp import Mlp

RNG = np.random.default_rng(0)
CLASSIFIER = Mlp((5, 4, 3))
FROZEN = RNG.normal(0, 1, CLASSIFIER.parameters).astype(np.float32)
MODEL = Denoised(CLASSIFIER, FROZEN.tobytes(), (6,))


def perceptron(flat: np.ndarray, sizes: tuple[int, ...], values: np.ndarray) -> np.ndarray:
    at = 0
    for depth, (inputs, out) in enumerate(pairwise(sizes)):
        weight = flat[at : at + inputs * out].reshape(out, inputs)
        at += (inputs + 1) * out
        values = np.maximum(values, 0) if depth else values
        values = values @ weight.T + flat[at - out : at]
    return values


def test_it_classifies_the_image_plus_what_the_denoiser_adds():
    flat = RNG.normal(0, 1, MODEL.parameters).astype(np.float32)
    images = RNG.normal(0, 1, (7, 5)).astype(np.float16)
    wide = images.astype(np.float64)
    cleaned = wide + perceptron(flat, (5, 6, 5), wide)
    expected = perceptron(FROZEN, (5, 4, 3), cleaned)
    np.testing.assert_allclose(MODEL.outputs(flat, images), expected, rtol=1e-4, atol=1e-4)
    assert MODEL.parameters == 6 * 6 + 7 * 5
    assert MODEL.macs == 2 * 30 + 20 + 12


def test_it_starts_near_the_bare_classifier_in_every_seed():
    images = RNG.normal(0, 1, (50, 5)).astype(np.float32)
    bare = np.asarray(CLASSIFIER.outputs(FROZEN, images))
    at_zero = MODEL.outputs(np.zeros(MODEL.parameters, np.float32), images)
    np.testing.assert_allclose(at_zero, bare, atol=1e-6)
    for seed in range(3):
        flat, whole = MODEL.init(seed), MODEL.denoiser.init(seed)
        np.testing.assert_allclose(flat[36:], whole[36:] * LAST_SCALE)
        np.testing.assert_array_equal(flat[:36], whole[:36])
        assert np.abs(np.asarray(MODEL.outputs(flat, images)) - bare).mean() < 0.5 * bare.std()
    assert not np.array_equal(MODEL.init(0), MODEL.init(1))


def test_gradients_reach_the_denoiser_through_the_classifier():
    images, flat = RNG.normal(0, 1, (9, 5)).astype(np.float32), MODEL.init(0)

    def losses(weights):
        return (MODEL.outputs(weights, images) ** 2).sum(-1)

    found = np.asarray(estimator_of("backprop")(losses, flat, None, None, None)[0])
    assert found.shape == (MODEL.parameters,)
    for index in (0, 33, 40, 70):
        step = np.zeros(MODEL.parameters, np.float32)
        step[index] = 1e-2
        slope = float((losses(flat + step) - losses(flat - step)).mean()) / 2e-2
        assert abs(slope - found[index]) < 0.02 * np.abs(found).max()


def test_equal_models_are_one_key_and_tensors_are_in_the_one_layer():
    again = Denoised(CLASSIFIER, FROZEN.tobytes(), (6,))
    assert hash(again) == hash(MODEL) and again == MODEL
    assert again != Denoised(CLASSIFIER, (FROZEN + 1).tobytes(), (6,))
    assert [(block.start, block.layer) for block in MODEL.blocks] == [
        (0, 0),
        (30, 0),
        (36, 0),
        (66, 0),
    ]
