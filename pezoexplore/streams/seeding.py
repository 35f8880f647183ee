"""From (master seed, epoch, lane) to the phase at which a lane's generator starts.

An *epoch* counts the reseeds: 0 after reset. Every generator here has one cycle of P states (all
but zero), so a seed is a phase on that cycle. For L lanes of one cycle the phases are stratified:

    phase(j) = (H(seed, epoch, 2**32 - 1) + floor(k(j) P / L) + H(seed, epoch, j) mod m) mod P
    m        = floor(P / L) - floor(P / (2 L))

so any two lanes start at least floor(P / (2 L)) + 1 states apart. k(j) is the rank of lane j when
the lanes are sorted by H(seed, epoch, 2**32 + j): taken in lane order, the phases of a small state
would be so evenly spaced that the rotation of a bank is nearly a phase shift, which halves its
effective dimension (457 against 1,080 at 31 lanes of 8 bits). H chains SplitMix64 (Steele, Lea
and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) over the three numbers:
H(s, e, l) = mix(mix(mix(s) + e) + l), all modulo 2**64. Phases count clocks (leaped state updates).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pezoexplore.splitmix import GOLDEN, mix64

U64 = NDArray[np.uint64]

_COMMON = 2**32 - 1


def splitmix64(states: U64) -> U64:
    """Return the output of SplitMix64 for each state: one increment, then the mixing function.

    Args:
        states: uint64 array of any shape.

    Returns:
        uint64 array of the same shape.
    """
    with np.errstate(over="ignore"):
        return mix64(states + np.uint64(GOLDEN))


def seed_words(seed: int, epochs: U64, lane: U64) -> U64:
    """Return H(seed, epoch, lane) of the module docstring; the arrays broadcast.

    Args:
        seed: Master seed, 0 to 2**64 - 1.
        epochs: Reseeds so far, uint64.
        lane: Lane numbers, uint64.

    Returns:
        uint64 array of the broadcast shape.
    """
    with np.errstate(over="ignore"):
        by_epoch = splitmix64(splitmix64(np.asarray(seed, dtype=np.uint64)) + epochs)
        return splitmix64(by_epoch + lane)


def drawn_limbs(seed: int, epochs: U64, generators: int, limbs: int) -> U64:
    """Draw the random words that states too wide for a phase are made of.

    Limb k of generator j is H(seed, epoch, 2**33 + 64 j + k): states drawn at random from so many
    that no two generators meet.

    Args:
        seed: Master seed, 0 to 2**64 - 1.
        epochs: Reseeds so far, uint64 [E].
        generators: Number of generators G.
        limbs: Words of 64 bits per generator K, at most 64 if there is more than one generator.

    Returns:
        uint64 array [E, G, K].
    """
    index = np.arange(generators, dtype=np.uint64)[:, None] * np.uint64(64)
    lane = np.arange(2**33, 2**33 + limbs, dtype=np.uint64) + index
    return seed_words(seed, np.asarray(epochs, dtype=np.uint64)[:, None, None], lane)


def phases(seed: int, epochs: U64, lanes: int, period: int) -> U64:
    """Draw stratified starting phases on a cycle of `period` states.

    Args:
        seed: Master seed.
        epochs: uint64 array [E] of epochs.
        lanes: Number of lanes L, at most `period`.
        period: Length P of the cycle, below 2**48.

    Returns:
        uint64 array [E, L], each below `period`.
    """
    epochs = np.asarray(epochs, dtype=np.uint64)[:, None]
    lane = np.arange(lanes, dtype=np.uint64)[None, :]
    spacing = period // lanes
    jitter = np.uint64(spacing - period // (2 * lanes))
    p = np.uint64(period)
    drawn = seed_words(seed, epochs, lane + np.uint64(_COMMON + 1))
    rank = np.argsort(np.argsort(drawn, axis=1, kind="stable"), axis=1)
    base = rank.astype(np.uint64) * p // np.uint64(lanes)
    common = seed_words(seed, epochs, np.full((1, 1), _COMMON, dtype=np.uint64)) % p
    found: U64 = (common + base + seed_words(seed, epochs, lane) % jitter) % p
    return found
