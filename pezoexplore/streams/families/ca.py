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

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Columns, Family, Point
from pezoexplore.streams.generators.models import Model

CELLS = 32
RULE_150 = (8, 18)
"""Cells that also take themselves."""

SPACING = 4


@lru_cache(maxsize=64)
def step_columns(cells: int = CELLS, rule_150: tuple[int, ...] = RULE_150) -> Columns:
    """Return the map of one clock as columns: the successor of each single cell."""
    columns = []
    for cell in range(cells):
        image = (1 << cell if cell in rule_150 else 0) | (1 << (cell + 1))
        columns.append((image | 1 << cell >> 1) & ((1 << cells) - 1))
    return tuple(columns)


def cell_of(bit: int) -> int:
    """Return the cell that is bit number `bit` of a word, counted from the top."""
    row, place = divmod(bit, CELLS // SPACING)
    return CELLS - 1 - SPACING * place - row


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states.

    Args:
        states: uint64 array of any shape; the low 32 bits are the cells.
        bit_width: Bits of a word, 1 to 24.

    Returns:
        int32 array of the same shape, words in [-2**(bit_width-1), 2**(bit_width-1)).
    """
    flat = np.ascontiguousarray(states, dtype=np.uint64).reshape(-1)
    out = np.empty(flat.size, dtype=np.int32)
    _words(flat, _word_tables(bit_width), out)
    return out.reshape(states.shape)


@lru_cache(maxsize=32)
def _word_tables(bit_width: int) -> NDArray[np.int32]:
    """Return the contribution of each byte of the cells to a word: int32 [4, 256]."""
    tables = np.zeros((CELLS // 8, 256), dtype=np.int32)
    tables[0] = -(2 ** (bit_width - 1))
    value = np.arange(256)
    for bit in range(bit_width):
        byte, place = divmod(cell_of(bit), 8)
        tables[byte] += (value >> place & 1) << (bit_width - 1 - bit)
    return tables


@compiled
def _words(states: NDArray[np.uint64], tables: NDArray[np.int32], out: NDArray[np.int32]) -> None:
    byte = np.uint64(255)
    for i in range(states.size):
        s = states[i]
        low = tables[0, s & byte] + tables[1, (s >> np.uint64(8)) & byte]
        high = tables[2, (s >> np.uint64(16)) & byte] + tables[3, (s >> np.uint64(24)) & byte]
        out[i] = low + high


class Ca(Family):
    """A cellular automaton, every fourth cell of which makes a word."""

    what = "Cellular automaton of rules 90 and 150 on 32 cells, a word of every fourth cell."
    source = (
        "P. Hortensius et al., IEEE Trans. CAD 8(8), 1989; K. Cattell and J. Muzio, JETTA 6, "
        "1995; rules: our own search."
    )
    weaknesses = (
        "Linear: a cell is the XOR of its neighbours a clock before, so words of more than 16 "
        "bits, which hold both, have a fixed XOR with the next word; the end cell repeats its "
        "only neighbour, which words of more than 8 bits hold. Sparse states stay sparse for "
        "some clocks."
    )
    ports = ("BIT_WIDTH",)
    rtl = ("ca.v",)
    colour = "#8C6D31"
    defect = ("ca.v", "32'h00040100", "32'h00040300")
    small = ({},)
    c = Model(
        clock="""\
    word[0] = -(1 << (PEZO_BIT_WIDTH - 1));
    for (int i = 0; i < PEZO_BIT_WIDTH; i++) /* every fourth cell, from the top */
        word[0] += (int32_t)(*state >> (31 - 4 * (i % 8) - i / 8) & 1) * (1 << (PEZO_BIT_WIDTH - 1 - i));
""",  # noqa: E501
    )
    python = Model(
        clock="""\
    cells = [31 - 4 * (i % 8) - i // 8 for i in range(BIT_WIDTH)]  # every fourth, from the top
    shown = sum((s >> cell & 1) << BIT_WIDTH - 1 - i for i, cell in enumerate(cells))
    words = [shown - _HALF_RANGE]
""",
    )

    def columns(self, point: Point) -> Columns:
        """Return the map of one clock."""
        return step_columns()

    def inverted(self, point: Point) -> int:
        """Return the cell that is the top bit of a word."""
        return 1 << cell_of(0)

    def words(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states."""
        return words(states, point.bits)
