"""A hybrid cellular automaton of rules 90 and 150 on 32 cells, bit-true with rtl/ca.v.

The next value of a cell is the XOR of its two neighbours (rule 90) and, at ``RULE_150``, of itself
(rule 150); beyond the ends are zeros (P. Hortensius et al., "Cellular automata-based pseudorandom
number generators for built-in self-test", IEEE Trans. CAD 8(8), 1989). The rules are chosen so that
all states but zero lie on one cycle; no automaton of 32 cells does with a single cell of rule 150
(K. Cattell and J. Muzio, "Minimal cost one-dimensional linear hybrid cellular automata of degree
through 500", JETTA 6, 1995, have such tables), and of the pairs this one has clean words.

Neighbouring cells are related from one clock to the next, so a word takes every fourth cell:
cells 31, 27, ... 3 from the top, then 30, 26, ... and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pezoexplore.streams.linear import Columns

CELLS = 32
RULE_150 = (8, 18)
"""Cells that also take themselves."""

SPACING = 4


@lru_cache(maxsize=64)
def step_columns(cells: int = CELLS, rule_150: tuple[int, ...] = RULE_150) -> Columns:
    """The map of one clock: what each cell alone leads to."""
    columns = []
    for cell in range(cells):
        image = (1 << cell if cell in rule_150 else 0) | (1 << (cell + 1))
        columns.append((image | 1 << cell >> 1) & ((1 << cells) - 1))
    return tuple(columns)


def cell_of(bit: int) -> int:
    """The cell that a word shows as its bit number `bit` from the top."""
    row, place = divmod(bit, CELLS // SPACING)
    return CELLS - 1 - SPACING * place - row


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Words shown by states.

    Args:
        states: uint64 array of any shape; the low 32 bits are the cells.
        bit_width: Bits of a word, 1 to 24.

    Returns:
        int32 array of the same shape, words in [-2**(bit_width-1), 2**(bit_width-1)).
    """
    flat = np.ascontiguousarray(states, dtype=np.uint64).reshape(-1)
    out = np.empty(flat.size, dtype=np.int32)
    _compiled(flat, _word_tables(bit_width), out)
    return out.reshape(states.shape)


@lru_cache(maxsize=32)
def _word_tables(bit_width: int) -> NDArray[np.int32]:
    """What each byte of the cells adds to a word: int32 [4, 256]."""
    tables = np.zeros((CELLS // 8, 256), dtype=np.int32)
    tables[0] = -(2 ** (bit_width - 1))
    value = np.arange(256)
    for bit in range(bit_width):
        byte, place = divmod(cell_of(bit), 8)
        tables[byte] += (value >> place & 1) << (bit_width - 1 - bit)
    return tables


def _words(states: NDArray[np.uint64], tables: NDArray[np.int32], out: NDArray[np.int32]) -> None:
    byte = np.uint64(255)
    for i in range(states.size):
        s = states[i]
        low = tables[0, s & byte] + tables[1, (s >> np.uint64(8)) & byte]
        high = tables[2, (s >> np.uint64(16)) & byte] + tables[3, (s >> np.uint64(24)) & byte]
        out[i] = low + high


_compiled: Callable[..., None] = njit(cache=True)(_words)
