"""The integer arithmetic of fixed-point training, bit-exact with a hardware engine.

Everything between the pixels and the new weights is integer, so two runs anywhere give the same
integers. This is the contract of a hardware engine:

- **Weights** are integers of ``weight_bits``; those of layer l are worth ``w * 2**-f``, f its
  fraction bits. Biases have the width and scale of their layer's weights.
- **Perturbation.** A stream value v (the words of the design point, or twice the word plus one
  where z has the half) becomes the probe ``p = round(v * 2**s)``, s = E + f, with one exponent E
  for all layers: ``epsilon`` is taken as the nearest ``2**E / scale``, or the smallest at which the
  largest value moves a weight by one. The forward pass reads ``saturate(w + p)`` and
  ``saturate(w - p)``; the stored weight is not written, so restoring it is exact.
- **Forward pass.** Activations are signed integers of ``activation_bits``. A layer, dense or a
  convolution, accumulates without loss, and outputs ``saturate(max(round(acc * 2**-n), 0))``,
  rounded to nearest. Pooling takes the largest of these; an average over positions is rounded to
  nearest, halves up. Images are padded with zeros.
- **Loss** in nats with ``LOSS_BITS`` fraction bits, by :func:`cross_entropy`; D is the sum of its
  differences, L(w + p) - L(w - p), over the batch.
- **Update.** ``w <- saturate(w - round(M * u * 2**-S))``, u the probe p, or an independent rounding
  of v as in QuZO. The step M = round(D * C * 2**-15), saturated to 16 bits, is one number for all
  weights; C, at most 15 bits, is the learning rate of the step on its cosine schedule.

``round`` is to nearest, halves away from zero, or stochastic: a random number below one is added
before the fraction is dropped. The random numbers come from the same generator
(:mod:`pezoexplore.train.fixed_loop`); activations and M are always rounded to nearest.

The functions take NumPy arrays or, with ``xp`` the module ``jax.numpy``, JAX ones; all int32.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from pezoexplore.train.networks.network import Array

LOSS_BITS = 12
"""Fraction bits of logits and losses, in nats."""

STEP_BITS = 16
"""Bits of the step M."""

RATE_BITS = 15
"""Bits of the learning rate C, and of the shift behind its product."""

FARTHEST = 16 << LOSS_BITS
"""Logits this far below the largest add e**-16 to the sum, as do those beyond."""

EXP_BITS = 15
"""Fraction bits of the exponentials that are summed."""

_LOG2_E = 23637
"""log2(e) with 14 fraction bits."""

_LN_2 = 11357
"""ln(2) with 14 fraction bits."""

_EXP2 = (32768, -22710, 7846, -1744, 224)
"""2**-f on [0, 1] as a polynomial in f, by Chebyshev interpolation, 15 fraction bits."""

_LOG2 = (0, 47266, -23505, 14893, -8936, 3854, -805)
"""log2(1 + f) on [0, 1] as a polynomial in f, by Chebyshev interpolation, 15 fraction bits."""


def rails(bits: int) -> tuple[int, int]:
    """Return the smallest and largest signed integer of so many bits."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def saturate(values: Array, bits: int, xp: ModuleType = np) -> Array:
    """Clip values to the rails."""
    return xp.clip(values, *rails(bits))


def shift_round(
    values: Array, shift: int, noise: Array | None = None, noise_bits: int = 0
) -> Array:
    """Compute ``round(values * 2**-shift)``; a shift of 0 or less is to the left, and exact.

    Args:
        values: int32; with what is added they must stay below 2**31.
        shift: Bits.
        noise: For stochastic rounding, uniform integers of ``noise_bits``; None: to nearest,
            halves away from zero (a drift of half a bit every few steps would add up).
        noise_bits: Width of the noise; its top ``shift`` bits are used, or zeros are put behind.
    """
    if shift <= 0:
        return values << -shift
    if noise is None:
        return (values + (1 << (shift - 1)) + (values >> 31)) >> shift
    added = noise >> (noise_bits - shift) if noise_bits >= shift else noise << (shift - noise_bits)
    return (values + added) >> shift


def shift_round_by(
    values: Array, shift: Array, noise: Array | None, noise_bits: int, xp: ModuleType = np
) -> Array:
    """Compute :func:`shift_round` by a shift that is known only when it runs: the same integers.

    One compiled loop then serves every epsilon and learning rate.
    """
    down, up = xp.maximum(shift, 0), xp.maximum(-shift, 0)
    if noise is None:
        added = ((1 << down) >> 1) + (values >> 31)
    else:
        added = (noise >> xp.maximum(noise_bits - down, 0)) << xp.maximum(down - noise_bits, 0)
    return ((values + xp.where(down > 0, added, 0)) >> down) << up


def step_size(difference: Array, rate: Array, xp: ModuleType = np) -> Array:
    """Compute the step M = round(D * C * 2**-15), saturated to ``STEP_BITS``.

    The product has up to 46 bits; it is formed from an upper and a lower part of D, exactly.

    Args:
        difference: D, int32 below 2**23 in size (more is saturated).
        rate: C, int32 of at most ``RATE_BITS`` bits.
        xp: NumPy or ``jax.numpy``.
    """
    held = saturate(difference, 24, xp)
    upper, lower = held >> 8, held & 255
    rest = (lower * rate + (1 << (RATE_BITS - 1))) >> 8
    return saturate((upper * rate + rest) >> (RATE_BITS - 8), STEP_BITS, xp)


def exp_negative(distance: Array, xp: ModuleType = np) -> Array:
    """Compute ``exp(-x)`` with ``EXP_BITS`` fraction bits, of x >= 0 with ``LOSS_BITS``."""
    halvings = (xp.minimum(distance, FARTHEST - 1) * _LOG2_E) >> 14
    whole, rest = halvings >> LOSS_BITS, halvings & ((1 << LOSS_BITS) - 1)
    return _polynomial(_EXP2, rest << (EXP_BITS - LOSS_BITS)) >> whole


def logarithm(sums: Array, leading: Array) -> Array:
    """Compute logarithms with ``LOSS_BITS`` fraction bits of sums with ``EXP_BITS``, at least 1.

    Args:
        sums: int32, 2**15 or more.
        leading: Index of the highest set bit of each.
    """
    above = leading - EXP_BITS
    fraction = (sums >> above) - (1 << EXP_BITS)
    log2 = (above << EXP_BITS) + _polynomial(_LOG2, fraction)
    return ((log2 >> 2) * _LN_2 + (1 << 14)) >> 15


def cross_entropy(logits: Array, wanted: Array, leading_bit: Array, xp: ModuleType = np) -> Array:
    """Compute the loss of each example: log-sum-exp of the logits minus the logit of its class.

    Args:
        logits: int32 [..., classes, examples] with ``LOSS_BITS`` fraction bits.
        wanted: Whether a class is the example's, same shape.
        leading_bit: Function of positive int32 that returns the index of the highest set bit.
        xp: NumPy or ``jax.numpy``.

    Returns:
        int32 [..., examples] with ``LOSS_BITS`` fraction bits.
    """
    top = logits.max(-2)
    sums = exp_negative(top[..., None, :] - logits, xp).sum(-2, dtype=xp.int32)
    own = xp.where(wanted, logits, 0).sum(-2, dtype=xp.int32)
    return top - own + logarithm(sums, leading_bit(sums))


def _polynomial(coefficients: tuple[int, ...], argument: Array) -> Array:
    """Evaluate by Horner's rule, products cut to 15 fraction bits; the argument is in [0, 1)."""
    value = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = coefficient + ((value * argument) >> EXP_BITS)
    return value
