"""One generator of a point: how its state steps and what word a state shows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import GAUSSIAN_HARDWARE, DesignPoint
from pezoexplore.streams import gaussian_source
from pezoexplore.streams.families import (
    box_muller,
    ca,
    clt,
    icdf,
    lfsr,
    lut_opt,
    table_hadamard,
    ternary,
    treegrng,
    xorshift32,
)
from pezoexplore.streams.linear import Columns, transpose
from pezoexplore.streams.stepped import STEPPED, Stepped, stepped

U64 = NDArray[np.uint64]
I32 = NDArray[np.int32]

_SHAPES: dict[str, Callable[[U64, int], I32]] = {
    "clt": clt.words,
    "treegrng": treegrng.words,
    "box_muller": box_muller.words,
    "ca": ca.words,
    "ternary": ternary.words,
    "icdf": icdf.words,
    "table_hadamard": table_hadamard.words,
}


_LANE_WORDS: dict[str, Callable[[U64, int], I32]] = {
    "table_hadamard": table_hadamard.words_of_lanes,
    "lut_opt": lut_opt.words_of_lanes,
}


@dataclass(frozen=True)
class Generator:
    """A generator family at one width.

    Attributes:
        step: The map of one clock of its state, over GF(2); full period. Empty for a generator
            that steps otherwise.
        bit_width: Output bits.
        shape: Family name when the word is a function of the state of its own, else None: the
            word is then the top bits of the state.
        half: Whether z = (w + 1/2) * scale, because w alone has a mean of -1/2.
        sigma: Deviation of w (+ 1/2): exact for uniform words, nominal for Gaussians.
        stepped: How it steps, for a generator that cannot jump; else None.
    """

    step: Columns
    bit_width: int
    shape: str | None
    half: bool
    sigma: float
    stepped: Stepped | None = None

    @property
    def state_bits(self) -> int:
        """Bits of the state."""
        return len(self.step) if self.stepped is None else self.stepped.state_bits

    @property
    def period(self) -> int:
        """Clocks until the state returns: 2**state_bits - 1, but for some that step."""
        return int(2**self.state_bits - 1) if self.stepped is None else self.stepped.period

    def words(self, states: U64) -> I32:
        """Words that states show: int32, same shape, two's complement of `bit_width` bits."""
        if self.shape in _SHAPES:
            return _SHAPES[self.shape](states, self.bit_width)
        top = (states >> np.uint64(self.state_bits - self.bit_width)).astype(np.int32)
        return top - np.int32(2 ** (self.bit_width - 1))

    def words_of_lanes(self, states: U64) -> I32:
        """Words that states show to all the lanes that they serve: int32 [*shape, lanes]."""
        if self.shape in _LANE_WORDS:
            return _LANE_WORDS[self.shape](states, self.bit_width)
        return self.words(states)[..., None]


@lru_cache(maxsize=256)
def generator(point: DesignPoint) -> Generator:
    """The generator of a hardware point (a pool's filler, a phased stream's one state).

    Uniform words of b bits with the half have the variance (4**b - 1) / 12; a symmetric lfsr
    (state_bits = bit_width, zero never seen) has (n**2 - 1) / 12 with n = 2**b - 1 values.
    """
    bits = point.bits
    if point.rng in GAUSSIAN_HARDWARE:
        step = transpose(gaussian_source.next_rows(point.state_bits or 0))
        return Generator(step, bits, point.rng, True, 2.0 ** (bits - 3))
    if point.rng in STEPPED:
        sigma = math.sqrt((4**bits - 1) / 12)
        return Generator((), bits, None, True, sigma, stepped(point))
    if point.rng == "ternary":
        step = lfsr.step_columns(ternary.STATE_BITS, ternary.LEAP)
        return Generator(step, bits, "ternary", False, ternary.SIGMA)
    if point.rng == "lut_opt":
        sigma = math.sqrt((4**bits - 1) / 12)
        return Generator(lut_opt.step_columns(), bits, "lut_opt", True, sigma)
    if point.rng == "ca":
        return Generator(ca.step_columns(), bits, "ca", True, math.sqrt((4**bits - 1) / 12))
    if point.rng == "xorshift32":
        step = xorshift32.step_columns()
    else:
        step = lfsr.step_columns(point.state_bits or 0, point.leap or 1)
    half = point.rng != "lfsr" or point.state_bits != bits
    values = 2**bits if half else 2**bits - 1
    return Generator(step, bits, None, half, math.sqrt((values**2 - 1) / 12))


def scale(point: DesignPoint) -> float:
    """Factor from word to direction: z = (w, with its half) * scale * 2**exponent.

    ``none`` gives 2**(1 - bit_width); ``constant`` 1 / sigma; with ``pow2`` all of the scale is in
    the exponent of each beat. Rademacher words give +-1 whatever the scaling, ternary ones -1, 0
    and 1 with ``none``.
    """
    if not point.in_hardware or point.scaling == "pow2":
        return 1.0
    if point.rng == "rademacher":
        return 2.0
    if point.scaling == "constant":
        return 1.0 / generator(point).sigma
    return 1.0 if point.rng == "ternary" else float(2.0 ** (1 - point.bits))
