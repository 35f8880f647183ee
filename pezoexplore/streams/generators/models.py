"""What a generator family adds to the exported models: tables, and source text in C and Python."""

from __future__ import annotations

from dataclasses import dataclass

Numbers = int | tuple["Numbers", ...]
"""A number, or a table of any depth."""


@dataclass(frozen=True)
class Constant:
    """A constant of the exported models.

    Attributes:
        value: A whole number, or a table of such.
        kind: C type of a table's entries, or of a number that is no plain int.
    """

    value: Numbers
    kind: str = "int"


@dataclass(frozen=True)
class Model:
    """Source text that a family adds to one of the exported models; docs/howto shows how.

    Attributes:
        clock: Body of the function of one clock: words of a state and, for a generator that
            steps, the next state.
        functions: Functions that it calls.
        state: C: type of the state of a generator that steps.
        first: Body of the function that makes a state of random limbs, of a generator that steps.
        load: C: puts the state of such a generator into words of 32 bits.
    """

    clock: str = ""
    functions: str = ""
    state: str = ""
    first: str = ""
    load: str = ""


C_TOP_BITS = """\
    for (int lane = 0; lane < PEZO_GROUP; lane++)
        word[lane] = (int32_t)(*state >> (PEZO_STATE_BITS - PEZO_BIT_WIDTH * (lane + 1))
                               & ((1u << PEZO_BIT_WIDTH) - 1)) - (1 << (PEZO_BIT_WIDTH - 1));
"""
PYTHON_CUT = """\


def _cut(bits: int, width: int) -> list[int]:
    \"\"\"Words of bits made in a clock, the first lane's on top.\"\"\"
    shifts = [width - BIT_WIDTH * (lane + 1) for lane in range(GROUP)]
    return [(bits >> shift & 2 * _HALF_RANGE - 1) - _HALF_RANGE for shift in shifts]
"""
"""Words that are the top bits of the state or of an output."""
