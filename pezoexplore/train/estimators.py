"""Gradient estimates of one replica from its loss on one batch.

Each takes the losses of a batch as a function of the flat weights and returns an estimate of the
gradient of their mean L. Directions z come from the stream of the design point, ``z = values *
scale``; q of them are processed one after the other, so that memory does not grow with q.
Differences of losses are formed example by example before they are averaged: means would cancel
and lose digits.

Sources: SPSA, Spall, IEEE TAC 37(3), 1992; MeZO, arXiv 2305.17333; FZOO, arXiv 2506.09034;
QZO-FF, arXiv 2411.04036; DeepZero, arXiv 2310.02025; forward gradients,
Baydin et al., arXiv 2202.08587; CoCD, arXiv 2605.14373.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array

Losses: TypeAlias = Callable[[Array], Array]
"""Flat weights [d] to the losses [n] of the examples of one batch."""

Estimate: TypeAlias = tuple[Array, Array, Array]
"""Estimated gradient [d], whether all losses behind it are finite (a boolean scalar), and the
slopes [q] of which it is made, g = 1/q sum_i slope_i z_i (none for ``backprop``)."""


class Estimator(Protocol):
    """One of the estimates below; z = directions * scale, directions [q, d] of any type."""

    def __call__(
        self, losses: Losses, weights: Array, directions: Array, scale: Array, epsilon: Array
    ) -> Estimate:
        """Estimate the gradient of the mean loss at these weights."""


@dataclass(frozen=True)
class Cost:
    """Cost of one step of an estimator.

    Attributes:
        losses: Loss evaluations over one batch.
        passes: The same in forward passes' worth of multiply-accumulates: a tangent counts as one
            more pass, a backward sweep as two.
        directions: Directions drawn from the generator.
        deliveries: Times that a direction is delivered: for each pass along it, and for the update.
    """

    losses: int
    passes: int
    directions: int
    deliveries: int


def rge(
    losses: Losses, weights: Array, directions: Array, scale: Array, epsilon: Array
) -> Estimate:
    """Estimate from two-point differences (SPSA, as in MeZO), averaged over q directions.

    g = 1/q sum_i (L(w + eps z_i) - L(w - eps z_i)) / (2 eps) z_i
    """

    def slope(z: Array) -> Array:
        return _two_point(losses, weights, z, epsilon) / (2 * epsilon)

    return _averaged(slope, weights, directions, scale)


def rge_onesided(
    losses: Losses,
    weights: Array,
    directions: Array,
    scale: Array,
    epsilon: Array,
    *,
    normalise: bool = False,
) -> Estimate:
    """Estimate from one-sided differences: q directions against one loss at the weights.

    g = 1/q sum_i (L(w + eps z_i) - L(w)) / eps z_i, or with ``normalise`` FZOO's step,
    g = 1/q sum_i (L(w + eps z_i) - L(w)) / s z_i, s the sample deviation of the q losses: shorter
    where the losses vary. It needs q >= 2, and the learning rate is then in other units. Losses
    that do not vary at all give a step of zero.
    """
    jnp = load_jax().numpy
    base = losses(weights)
    total, sound, changes = _summed(
        lambda z: (losses(weights + epsilon * z) - base).mean(), weights, directions, scale
    )
    unit: Array = epsilon
    if normalise:
        spread = changes.std(ddof=1)
        unit = jnp.where(spread == 0, jnp.inf, spread)
    return total / (len(changes) * unit), sound, changes / unit


def sign_spsa(
    losses: Losses, weights: Array, directions: Array, scale: Array, epsilon: Array
) -> Estimate:
    """Estimate from the signs of loss differences: QZO-FF's sign-m-SPSA, its m named q here.

    g = 1/q sum_i sign(L(w + eps z_i) - L(w - eps z_i)) z_i

    Only the sign reaches the update: a comparator replaces a multiplier. That QZO-FF takes the
    mean of the signed directions is an inference; its text was not available.
    """
    jnp = load_jax().numpy
    total, sound, changes = _summed(
        lambda z: _two_point(losses, weights, z, epsilon), weights, directions, scale, jnp.sign
    )
    return total / len(changes), sound, jnp.sign(changes)


def forward_gradient(
    losses: Losses, weights: Array, directions: Array, scale: Array, epsilon: Array
) -> Estimate:
    """Compute the forward gradient: exact directional derivatives by forward-mode differentiation.

    g = 1/q sum_i (grad L(w) . z_i) z_i

    The limit of ``rge`` as epsilon goes to 0; epsilon is not used.
    """
    jax = load_jax()
    del epsilon

    def slope(z: Array) -> Array:
        return jax.jvp(lambda flat: losses(flat).mean(), (weights,), (z,))[1]

    return _averaged(slope, weights, directions, scale)


def cocd(
    losses: Losses, weights: Array, directions: Array, scale: Array, epsilon: Array
) -> Estimate:
    """Estimate the partial derivatives at q coordinates by two-point differences (CoCD).

    g_i = (L(w + eps e_i) - L(w - eps e_i)) / (2 eps) at the coordinates i, zero elsewhere.
    ``directions`` are the coordinates, [q, 1]; the others' earlier estimates are added by
    :class:`pezoexplore.train.steps.stale.Stale`.
    """
    jax = load_jax()
    jnp = jax.numpy
    del scale
    coordinates = directions[:, 0]

    def slope(coordinate: Array) -> Array:
        plus, minus = (weights.at[coordinate].add(step) for step in (epsilon, -epsilon))
        return (losses(plus) - losses(minus)).mean() / (2 * epsilon)

    slopes = jax.lax.map(slope, coordinates)
    return jnp.zeros_like(weights).at[coordinates].set(slopes), jnp.isfinite(slopes).all(), slopes


def backprop(
    losses: Losses, weights: Array, directions: Array, scale: Array, epsilon: Array
) -> Estimate:
    """Compute the gradient itself by reverse-mode differentiation, the reference of all tables.

    g = grad L(w); directions, scale and epsilon are not used.
    """
    jax = load_jax()
    del directions, scale, epsilon
    gradient = jax.grad(lambda flat: losses(flat).mean())(weights)
    return gradient, jax.numpy.isfinite(gradient).all(), jax.numpy.zeros(0)


RANDOM: dict[str, Estimator] = {
    "rge": rge,
    "rge_onesided": rge_onesided,
    "sign_spsa": sign_spsa,
    "forward_gradient": forward_gradient,
}
"""Estimators that take directions."""


def estimator_of(name: str, *, normalise: bool = False) -> Estimator:
    """Return the estimator of that name, one of ``RANDOM``, ``cocd`` or ``backprop``."""
    if name in ("cocd", "backprop"):
        return cocd if name == "cocd" else backprop
    return partial(rge_onesided, normalise=True) if normalise else RANDOM[name]


def cost(name: str, queries: int) -> Cost:
    """Count what a step of an estimator costs.

    Args:
        name: Name of the estimator.
        queries: Directions per step; of coordinate-wise estimates the coordinates probed.
    """
    return {
        "rge": Cost(2 * queries, 2 * queries, queries, 3 * queries),
        "rge_onesided": Cost(queries + 1, queries + 1, queries, 2 * queries),
        "sign_spsa": Cost(2 * queries, 2 * queries, queries, 3 * queries),
        "forward_gradient": Cost(queries, 2 * queries, queries, 2 * queries),
        "backprop": Cost(1, 3, 0, 0),
        "cocd": Cost(2 * queries, 2 * queries, 0, 0),
        "cge": Cost(queries + 1, queries + 1, 0, 0),
        "cge_sparse": Cost(queries + 1, queries + 1, 0, 0),
    }[name]


def _two_point(losses: Losses, weights: Array, z: Array, epsilon: Array) -> Array:
    """Compute L(w + eps z) - L(w - eps z)."""
    return (losses(weights + epsilon * z) - losses(weights - epsilon * z)).mean()


def _averaged(
    slope: Callable[[Array], Array], weights: Array, directions: Array, scale: Array
) -> Estimate:
    total, sound, slopes = _summed(slope, weights, directions, scale)
    return total / len(slopes), sound, slopes


def _summed(
    change: Callable[[Array], Array],
    weights: Array,
    directions: Array,
    scale: Array,
    weigh: Callable[[Array], Array] = lambda change: change,
) -> tuple[Array, Array, Array]:
    """Sum the directions, each weighted by its change.

    One direction at a time: q networks side by side would need q times the memory.

    Returns:
        The sum [d], whether all changes are finite, and the changes [q].
    """
    jax = load_jax()
    jnp = jax.numpy

    def query(total: Array, values: Array) -> tuple[Array, Array]:
        z = values.astype(weights.dtype) * scale
        measured: Any = change(z)
        return total + weigh(measured) * z, measured

    total, changes = jax.lax.scan(query, jnp.zeros_like(weights), directions)
    return total, jnp.isfinite(changes).all(), changes
