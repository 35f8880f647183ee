"""Compiled inner loops: rows of words from generator states.

Each kernel fills `out` [epochs, beats, lanes] from `states` [epochs, lanes], which it steps along;
lanes run innermost so that the compiler vectorises over them. `position` is the beat within the
generator's period at which the rows start; where a period ends, `bank` rotates and `phased` starts
over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled, inlined

U64 = NDArray[np.uint64]
Words = NDArray[Any]

_BYTE = np.uint64(8)


@compiled
def linear_rows(states: U64, tables: U64, out: U64) -> None:
    """Make the states of any linear generator, beat after beat.

    `tables` as linear.byte_tables or linear.wide_tables makes them.
    """
    groups, width = tables.shape[0], np.uint64(0)
    while np.uint64(1) << width < np.uint64(tables.shape[1]):
        width += np.uint64(1)
    for epoch in range(states.shape[0]):
        x = states[epoch]
        for beat in range(out.shape[1]):
            row = out[epoch, beat]
            if groups == 3:  # a loop over the groups would take half as long again
                for lane in range(states.shape[1]):
                    row[lane] = x[lane]
                    x[lane] = _image_of_three(tables, width, x[lane])
            elif groups == 5:
                for lane in range(states.shape[1]):
                    row[lane] = x[lane]
                    x[lane] = _image_of_five(tables, width, x[lane])
            else:
                for lane in range(states.shape[1]):
                    row[lane] = x[lane]
                    x[lane] = _image(tables, x[lane], width)


@inlined
def _image_of_three(tables: U64, width: np.uint64, state: np.uint64) -> np.uint64:
    mask = (np.uint64(1) << width) - np.uint64(1)
    return np.uint64(
        tables[0, state & mask]
        ^ tables[1, (state >> width) & mask]
        ^ tables[2, (state >> (width + width)) & mask]
    )


@inlined
def _image_of_five(tables: U64, width: np.uint64, state: np.uint64) -> np.uint64:
    mask, twice = (np.uint64(1) << width) - np.uint64(1), width + width
    return np.uint64(
        tables[0, state & mask]
        ^ tables[1, (state >> width) & mask]
        ^ tables[2, (state >> twice) & mask]
        ^ tables[3, (state >> (twice + width)) & mask]
        ^ tables[4, (state >> (twice + twice)) & mask]
    )


@inlined
def _image(tables: U64, state: np.uint64, width: np.uint64 = _BYTE) -> np.uint64:
    mask, rest, image = (np.uint64(1) << width) - np.uint64(1), state, np.uint64(0)
    for group in range(tables.shape[0]):
        image ^= tables[group, rest & mask]
        rest >>= width
    return image


@compiled
def phased_rows(
    states: U64,
    step: U64,
    word_tables: Words,
    period: int,
    positions: U64,
    again: int,
    out: Words,
) -> None:
    """Make the words of a phased stream from `word_tables` [bytes, 256, lanes], bytes even.

    `positions` [epochs] are those of the first beats in the period, `again` is its first state.
    """
    lanes = out.shape[2]
    byte = np.uint64(255)
    for epoch in range(states.shape[0]):
        x = states[epoch, 0]
        at = np.int64(positions[epoch])
        for beat in range(out.shape[1]):
            row = out[epoch, beat]
            even = word_tables[0, x & byte]
            odd = word_tables[1, (x >> np.uint64(8)) & byte]
            for lane in range(lanes):
                row[lane] = even[lane] ^ odd[lane]
            for pair in range(2, word_tables.shape[0], 2):
                even = word_tables[pair, (x >> np.uint64(8 * pair)) & byte]
                odd = word_tables[pair + 1, (x >> np.uint64(8 * pair + 8)) & byte]
                for lane in range(lanes):
                    row[lane] ^= even[lane] ^ odd[lane]
            at += 1
            if at == period:
                x = np.uint64(again)
                at = np.int64(0)
            else:
                x = _image(step, x)
