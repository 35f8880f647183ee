"""One-bit directions: z = +1 or -1, the top bit of a 32-bit lfsr per lane.

The word is one bit read as two's complement, so w is 0 or -1 and z = 2 w + 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.families import lfsr
from pezoexplore.streams.generators.family import Columns, Family, Point


class Rademacher(Family):
    """The top bit of a 32-bit lfsr."""

    what = "Signs: the top bit of a 32-bit lfsr."
    source = "S. Golomb, Shift Register Sequences, 1967; taps 32, 22, 2, 1 of AMD XAPP052."
    weaknesses = (
        "Linear of degree 32: the product of the signs at the taps' distances is constant, so "
        "correlations of three and more signs exist where those of two vanish."
    )
    numbers = "signs"
    widths = (1, 1)
    scaled = False
    top_bits = True
    rtl = ("uniform_word.v", "rademacher.v")
    colour = "#009E73"
    defect = ("rademacher.v", "32'h80200003", "32'h00200003")
    small = ({},)
    grid = tuple({"reuse": "none", "lanes": lanes} for lanes in (1, 31))

    def columns(self, point: Point) -> Columns:
        """Return the map of one update."""
        return lfsr.step_columns(self.state, 1)

    def fill_rows(
        self,
        states: NDArray[np.uint64],
        point: Point,
        out: NDArray[Any],
        period: int = 0,
        position: int = 0,
    ) -> bool:
        """Write words of successive clocks."""
        lfsr.fill_rows(states, point, 1, out)
        return True

    def unscaled(self, bits: int) -> float:
        """Return the scale that makes z = +-1 of w = 0 or -1."""
        return 2.0

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {"fresh_bits": "1"}
