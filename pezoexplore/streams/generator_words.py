"""Words of generators, clock after clock, from the states that they start in."""

from __future__ import annotations

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams import kernels
from pezoexplore.streams.generator import generator
from pezoexplore.streams.linear import wide_tables
from pezoexplore.streams.packing import U64, Words, word_dtype

_BLOCK = 2**15  # states whose words are found at a time


def generator_words(
    point: DesignPoint, states: U64, count: int, period: int = 0, position: int = 0
) -> Words:
    """Return the words of `count` clocks of the generators whose states are given.

    Args:
        point: Names the generator.
        states: uint64 [epochs, generators]; [epochs, generators, limbs] of one that steps. Stepped
            in place, except for the latter.
        count: Clocks.
        period: Clocks between rotations (lfsr only); 0 for none.
        position: Clock within the rotation period.

    Returns:
        Words [epochs, count, lanes], int16, or int32 for wide ones; one per generator, or as many
        as it serves.
    """
    made = generator(point)
    shape = (states.shape[0], count, states.shape[1])
    if made.stepped is not None:
        flat = np.empty((shape[0] * shape[2], count, 1), dtype=word_dtype(made.bit_width))
        made.stepped.fill(states.reshape(-1, states.shape[2]).copy(), made.bit_width, flat)
        return flat.reshape(shape[0], shape[2], count).transpose(0, 2, 1)
    if made.family.top_bits:
        out = np.empty(shape, dtype=word_dtype(made.bit_width))
        if made.family.fill_rows(states, point, out, period, position):
            return out
    return _shaped_words(point, states, count)


def _shaped_words(point: DesignPoint, states: U64, count: int) -> Words:
    """Return words that are functions of whole states; as :func:`generator_words`.

    In blocks of beats, so that the states of one stay in a core's cache; `states` are stepped.
    """
    made, tables = generator(point), wide_tables(generator(point).step)
    epochs, generators = states.shape
    out = np.empty((epochs, count, generators * point.group), dtype=word_dtype(made.bit_width))
    block = min(count, max(1, _BLOCK // states.size))
    scratch = np.empty(block * states.size, dtype=np.uint64)
    for low in range(0, count, max(1, block)):
        beats = min(block, count - low)
        every = scratch[: beats * states.size].reshape(epochs, beats, generators)
        kernels.linear_rows(states, tables, every)
        shown = made.words_of_lanes(every)[..., : point.group]
        out[:, low : low + beats] = shown.reshape(epochs, beats, -1)
    return out
