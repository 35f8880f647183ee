from __future__ import annotations

import numpy as np
import pytest
from gaussian_rtl import largest_autocorrelation
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import ca
from pezoexplore.streams.linear import apply, identity, jump, power
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.stream import Stream

PUBLISHED = {4: "0101", 5: "11001", 6: "010101", 7: "1101010", 8: "11010101"}
"""Maximal automata of Hortensius et al. 1989, a 1 for each cell of rule 150."""

FACTORS = {4: (3, 5), 5: (31,), 6: (3, 7), 7: (127,), 8: (3, 5, 17), 32: (3, 5, 17, 257, 65537)}


def rule(number: int, left: int, middle: int, right: int) -> int:
    """Return a rule of Wolfram's numbering."""
    return number >> (4 * left + 2 * middle + right) & 1


def slow_next(state: int, cells: int, rule_150: tuple[int, ...]) -> int:
    bits = [0, *(state >> i & 1 for i in range(cells)), 0]
    return sum(
        rule(150 if i in rule_150 else 90, bits[i], bits[i + 1], bits[i + 2]) << i
        for i in range(cells)
    )


def is_maximal(cells: int, rule_150: tuple[int, ...]) -> bool:
    """Whether the order of the map is the number of its non-zero states."""
    step, period = ca.step_columns(cells, rule_150), 2**cells - 1
    return power(step, period) == identity(cells) and all(
        power(step, period // factor) != identity(cells) for factor in FACTORS[cells]
    )


@pytest.mark.parametrize("cells", PUBLISHED)
def test_published_automata_visit_every_state(cells):
    rule_150 = tuple(i for i, letter in enumerate(PUBLISHED[cells]) if letter == "1")
    assert is_maximal(cells, rule_150)
    state, seen = 1, set()
    while state not in seen:
        seen.add(state)
        state = slow_next(state, cells, rule_150)
    assert len(seen) == 2**cells - 1


def test_the_period_is_maximal_and_one_cell_would_not_do():
    assert is_maximal(ca.CELLS, ca.RULE_150)
    assert not any(is_maximal(ca.CELLS, (cell,)) for cell in range(ca.CELLS))


@given(st.integers(0, 2**32 - 1))
def test_a_clock_is_rules_90_and_150(state):
    assert apply(ca.step_columns(), state) == slow_next(state, 32, ca.RULE_150)


@pytest.mark.parametrize("bits", [1, 8, 15, 24])
def test_words_take_every_fourth_cell(bits):
    cells = [31 - 4 * (i % 8) - i // 8 for i in range(bits)]
    assert len(set(cells)) == bits
    point = resolve(rng="ca", reuse="none", bit_width=bits, lanes=3)
    words = Stream(point, 4).beats(1, 1000, 20)
    begin = phases(4, np.uint64([1]), 3, 2**32 - 1)[0]
    first = jump(ca.step_columns(), np.ones_like(begin), begin + np.uint64(1000))
    for lane, state in enumerate(first.tolist()):
        for beat in range(20):
            text = "".join(str(state >> cell & 1) for cell in cells)
            assert words[beat, lane] == int(text, 2) - 2 ** (bits - 1)
            state = slow_next(state, 32, ca.RULE_150)


def test_words_and_their_squares_are_uncorrelated():
    """Lags 1 to 64 over 2**17 beats: noise has a deviation of 0.0028."""
    point = resolve(rng="ca", reuse="none", bit_width=8, lanes=1)
    z = Stream(point).beats(0, 0, 2**17)[:, 0] + 0.5
    assert largest_autocorrelation(z) < 0.015
    assert largest_autocorrelation(z**2) < 0.015
