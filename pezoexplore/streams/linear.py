"""Linear maps over GF(2) on states of up to 64 bits: powers, jumps and fast application.

A map is held as its columns: ``columns[i]`` is the image of the state that has bit i alone. Every
generator of the project steps by such a map, so jumping n steps ahead is a matrix power.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Columns

U64 = NDArray[np.uint64]


def apply(columns: Columns, state: int) -> int:
    """Return the image of one state."""
    image = 0
    while state:
        low = state & -state
        image ^= columns[low.bit_length() - 1]
        state ^= low
    return image


def compose(outer: Columns, inner: Columns) -> Columns:
    """Return the map that applies `inner` first, then `outer`."""
    return tuple(apply(outer, column) for column in inner)


def identity(bits: int) -> Columns:
    """Return the map that changes nothing."""
    return tuple(1 << i for i in range(bits))


def power(columns: Columns, exponent: int) -> Columns:
    """Return the map applied `exponent` times (0 or more)."""
    result = identity(len(columns))
    while exponent:
        if exponent & 1:
            result = compose(columns, result)
        columns = compose(columns, columns)
        exponent >>= 1
    return result


def transpose(rows: Sequence[int]) -> Columns:
    """Return columns from rows (row i masks the input bits whose XOR is output bit i), and back.

    The map must be square.
    """
    return tuple(sum(((rows[i] >> j) & 1) << i for i in range(len(rows))) for j in range(len(rows)))


def rows_of(columns: Columns) -> Columns:
    """Return rows from columns: row i masks the input bits whose XOR is output bit i."""
    return transpose(columns)


def byte_tables(columns: Sequence[int]) -> U64:
    """Return lookup tables that apply a map eight input bits at a time.

    Returns:
        uint64 array [bytes, 256], not to be written to: the image is the XOR of one entry a byte of
        the state.
    """
    return _tables(tuple(columns), 8)


def wide_tables(columns: Sequence[int]) -> U64:
    """Return tables as :func:`byte_tables`, but fewer and wider: for many states.

    Returns:
        uint64 array [groups, 2**width], not to be written to: three groups for maps of up to 33
        bits, five for up to 50, bytes beyond.
    """
    bits = len(columns)
    width = -(-bits // 3) if bits <= 33 else -(-bits // 5) if bits <= 50 else 8
    return _tables(tuple(columns), width)


@lru_cache(maxsize=256)
def _tables(columns: Columns, width: int) -> U64:
    tables = np.zeros((-(-len(columns) // width), 2**width), dtype=np.uint64)
    value = np.arange(2**width)
    for i, column in enumerate(columns):
        group, bit = divmod(i, width)
        tables[group, (value >> bit) & 1 == 1] ^= np.uint64(column)
    return tables


@lru_cache(maxsize=64)
def _jump_tables(columns: Columns) -> U64:
    """Return tables of the map applied 1, 2, ... 2**(bits-1) times: uint64 [bits, bytes, 256]."""
    tables = []
    for _ in columns:
        tables.append(byte_tables(columns))
        columns = compose(columns, columns)
    return np.stack(tables)


def jump(columns: Columns, states: U64, distance: U64) -> U64:
    """Return states after stepping each by a distance.

    Args:
        columns: The step map, on s bits.
        states: uint64 array of any shape.
        distance: uint64 array of the same shape, below 2**s.

    Returns:
        uint64 array of the same shape.
    """
    states = np.ascontiguousarray(states, dtype=np.uint64)
    flat = states.reshape(-1).copy()
    steps = np.broadcast_to(np.asarray(distance, dtype=np.uint64), states.shape)
    _jump(_jump_tables(columns), flat, np.ascontiguousarray(steps).reshape(-1))
    return flat.reshape(states.shape)


@compiled
def _jump(tables: U64, states: U64, distance: U64) -> None:
    for n in range(states.size):
        x, d, k = states[n], distance[n], 0
        while d:
            if d & np.uint64(1):
                y = np.uint64(0)
                for byte in range(tables.shape[1]):
                    y ^= tables[k, byte, (x >> np.uint64(8 * byte)) & np.uint64(255)]
                x = y
            d >>= np.uint64(1)
            k += 1
        states[n] = x
