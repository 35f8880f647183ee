"""Certificates of randomised smoothing against scipy.stats and a classifier that is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

from pezoexplore.train.networks.denoised import Denoised
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.task import Split
from pezoexplore.train.tasks import smoothing
from pezoexplore.train.tasks.smoothing import (
    ABSTAINED,
    Certificates,
    certified_radius,
    certify,
    lower_bound,
    noisy,
    noisy_copies,
)

SIGMA = 0.5


@pytest.mark.parametrize("alpha", [0.001, 0.05])
def test_bounds_are_those_of_the_exact_binomial_test(alpha: float) -> None:
    counts = np.array([0, 1, 499, 500, 552, 900, 999, 1000])
    found = lower_bound(counts, 1000, alpha)
    for count, bound in zip(counts, found, strict=True):
        # The lower end of a two-sided interval leaves half its error below.
        both = binomtest(int(count), 1000).proportion_ci(1 - 2 * alpha, "exact")
        assert bound == pytest.approx(both.low, abs=1e-12)
        if count:
            assert binom.sf(count - 1, 1000, bound) == pytest.approx(alpha)
    assert found[-1] == pytest.approx(alpha ** (1 / 1000))


def test_radii_are_normal_quantiles_and_half_the_votes_abstain() -> None:
    radii = certified_radius(np.arange(1001), 1000, SIGMA)
    counts = [*range(0, 540, 60), *range(540, 560), *range(560, 1001, 40)]
    lows = [binomtest(k, 1000).proportion_ci(0.998, "exact").low for k in counts]
    expected = np.where(np.array(lows) > 0.5, SIGMA * norm.ppf(lows), ABSTAINED)
    np.testing.assert_allclose(radii[counts], expected, atol=1e-9)
    assert (radii[:549] == ABSTAINED).all() and (radii[550:] > 0).all()
    assert radii[-1] == pytest.approx(1.23, abs=0.01)


def test_bounds_hold_as_often_as_they_say() -> None:
    """Of many samples the bound is above the true share in a hundredth at most."""
    truth = 0.8
    counts = np.random.default_rng(0).binomial(200, truth, 20_000)
    above = (lower_bound(counts, 200, 0.01) > truth).mean()
    assert 0.003 < above <= 0.0115


def test_an_abstention_is_wrong_at_every_radius() -> None:
    found = Certificates(np.array([[1, 1, 2, 3]]), np.array([[0.3, ABSTAINED, 0.9, 0.6]]))
    labels = np.array([1, 1, 2, 4])
    assert found.accuracy(labels, 0.0).tolist() == [50]
    assert found.accuracy(labels, 0.5).tolist() == [25]
    assert found.abstained().tolist() == [25]


def halves() -> Denoised:
    """Return the classifier whose class is the sign of the first of three features.

    A perceptron without hidden layers, behind a denoiser of zero.
    """
    weights = np.array([[-1, 0, 0], [1, 0, 0]], np.float32)
    return Denoised(Mlp((3, 2)), np.append(weights, np.zeros(2, np.float32)).tobytes(), ())


def test_a_linear_classifier_is_certified_to_its_distance_and_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smoothing, "ESTIMATION", 20_000)
    smoothing._compiled_votes.cache_clear()
    model = halves()
    images = np.array([[0.7, 5, 1], [-0.4, 0, 2], [0.0, 1, 1], [9, 0, 0]], np.float32)
    weights = np.zeros((1, model.parameters), np.float32)
    found = certify(model, weights, images, SIGMA)
    smoothing._compiled_votes.cache_clear()
    assert found.classes[0, [0, 1, 3]].tolist() == [1, 0, 1]
    # The true radius of the smoothed classifier is the distance to the boundary.
    distance = np.abs(images[:2, 0])
    assert (found.radii[0, :2] < distance).all()
    np.testing.assert_allclose(found.radii[0, :2], distance, atol=0.05)
    assert found.radii[0, 2] == ABSTAINED
    assert found.radii[0, 3] == pytest.approx(SIGMA * norm.ppf(0.001 ** (1 / 20_000)), abs=1e-6)


def by_the_book(
    model: Denoised, flat: np.ndarray, copies: np.ndarray, draws: int
) -> tuple[int, float]:
    """Certify from noisy copies as arXiv 1902.02918 writes it, the networks in float64."""

    def layers(mlp: Mlp, weights: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        weights = weights.astype(np.float64)
        for depth, (inputs, out) in enumerate(itertools.pairwise(mlp.sizes)):
            matrix, bias, weights = np.split(weights, [inputs * out, inputs * out + out])
            hidden = hidden @ matrix.reshape(out, inputs).T + bias
            hidden = hidden if depth + 2 == len(mlp.sizes) else np.maximum(hidden, 0)
        return hidden

    cleaned = copies + layers(model.denoiser, flat, copies.astype(np.float64))
    votes = layers(model.classifier, np.frombuffer(model.frozen, np.float32), cleaned).argmax(1)
    top = int(np.bincount(votes[:draws]).argmax())
    won = int((votes[draws:] == top).sum())
    test = binomtest(won, len(votes) - draws, alternative="greater")
    low = test.proportion_ci(0.999, "exact").low
    return top, SIGMA * norm.ppf(low) if low > 0.5 else ABSTAINED


def test_certificates_are_those_of_the_algorithm_in_plain_numpy() -> None:
    rng = np.random.default_rng(5)
    classifier = Mlp((4, 8, 3))
    frozen = rng.normal(0, 1, classifier.parameters).astype(np.float32)
    model = Denoised(classifier, frozen.tobytes(), (5,))
    weights = rng.normal(0, 0.5, (2, model.parameters)).astype(np.float32)
    images = rng.normal(0, 1, (12, 4)).astype(np.float32)
    found = certify(model, weights, images, SIGMA)
    for seed, index in np.ndindex(2, 12):
        copies = noisy(images[index], index, SIGMA)
        top, radius = by_the_book(model, weights[seed], copies, smoothing.SELECTION)
        assert found.classes[seed, index] == top
        assert found.radii[seed, index] == pytest.approx(radius, abs=1e-9)
    assert (found.radii == ABSTAINED).any() and np.unique(found.radii).size > 12


def test_an_output_that_is_not_finite_votes_for_nothing() -> None:
    model = halves()
    weights = np.zeros((2, model.parameters), np.float32)
    weights[1] = np.nan
    found = certify(model, weights, np.array([[3, 0, 0]], np.float32), SIGMA)
    assert found.radii[0, 0] > 1 and found.radii[1, 0] == ABSTAINED


def test_noise_has_its_deviation_and_is_the_same_each_time() -> None:
    image = np.array([0.25, 1.0], np.float32)
    copies = noisy(image, 3, SIGMA)
    assert copies.shape == (1100, 2)
    np.testing.assert_allclose(copies.mean(0), image, atol=4 * SIGMA / np.sqrt(1100))
    np.testing.assert_allclose(copies.std(0), SIGMA, rtol=0.08)
    assert np.array_equal(copies, noisy(image, 3, SIGMA))
    assert not np.array_equal(copies, noisy(image, 4, SIGMA))
    split = Split(np.tile(image, (50, 1)), np.arange(50))
    many = noisy_copies(split, 16, SIGMA, 0)
    assert many.inputs.shape == (800, 2)
    np.testing.assert_array_equal(many.labels, np.tile(np.arange(50), 16))
    assert many.inputs.std() == pytest.approx(np.hypot(SIGMA, 0.375), rel=0.05)
    assert not np.array_equal(many.inputs, noisy_copies(split, 16, SIGMA, 1).inputs)
