"""Gaussian words by inversion of the normal distribution, bit-true with rtl/icdf.v.

The magnitude is z(u) with P(|Z| > z) = u for a uniform u, made piecewise linear with sections that
halve towards the tail (D. Lee, R. Cheung, J. Villasenor and W. Luk, "Inversion-based hardware
Gaussian random number generator", FPT 2006). The octave of u is the number of its leading zeros, 15
random bits; octaves 0 to 3 have eight sections each, 4 to 7 four, 8 to 15 two: 64 in all, so that a
table of them is one six-input LUT per bit. In section i, with t of seven random bits,

    magnitude = floor((START[i] + floor(WIDTH[i] * t / 128)) / 8)    in steps of sigma/32

and the sign folds by XOR: ``z = (word + 1/2) / 2**(bit_width - 3)``, |z| < 4. Wider words have more
uniform low bits, narrower ones fewer. Starts and widths are the exact ones rounded, then moved
where the KL divergence gains (:func:`refine`): 3.54e-4 bits at 8 bits, kurtosis 2.995.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.gaussian_source import (
    C_FOLD,
    GAUSSIAN_RTL,
    PYTHON_FOLD,
    STATE_SOURCE,
    GaussianFamily,
    words_of,
)
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Point
from pezoexplore.streams.generators.models import Constant, Model

Table = NDArray[np.int64]
Shares = NDArray[np.float64]

# fmt: off
START: tuple[int, ...] = (
    0, 20, 40, 61, 82, 103, 125, 148, 173, 185, 199, 213, 227, 242, 259, 276,
    294, 306, 314, 326, 338, 350, 363, 377, 394, 401, 410, 419, 429, 440, 451, 463,
    477, 492, 509, 528, 551, 565, 580, 598, 619, 631, 645, 662, 681, 692, 704, 719,
    738, 761, 792, 814, 843, 864, 892, 912, 939, 958, 984, 1002, 1016, 1016, 1016, 1016,
)
"""Magnitude at which a section starts, in steps of sigma/256."""

WIDTH: tuple[int, ...] = (
    20, 20, 21, 21, 21, 22, 23, 25, 13, 15, 14, 14, 15, 17, 17, 18,
    10, 8, 13, 11, 11, 13, 14, 16, 7, 9, 9, 10, 11, 11, 12, 14,
    15, 17, 19, 23, 14, 15, 18, 21, 12, 14, 17, 19, 11, 13, 17, 20,
    24, 30, 22, 29, 22, 28, 21, 27, 19, 25, 18, 22, 0, 0, 0, 0,
)
# fmt: on
"""How far a section reaches, in the same steps."""

SECTIONS = 64
_STEPS = 8
"""Steps of a section in one of the magnitude."""

_T = np.arange(128)


def section_of(u: int, inside: int) -> int:
    """Return the section of 15 bits, the lowest being the first digit of u, and three more bits."""
    octave = (u & -u).bit_length() - 1 if u else 15
    if octave < 4:
        return octave << 3 | inside
    if octave < 8:
        return 32 | (octave - 4) << 2 | inside & 3
    return 48 | (octave - 8) << 1 | inside & 1


def ends() -> tuple[Shares, Shares]:
    """Return u at start and end of each section: float64 [64] each, the largest first."""
    octave = np.repeat([*range(4), *range(4, 8), *range(8, 16)], [8] * 4 + [4] * 4 + [2] * 8)
    parts = np.repeat([8, 4, 2], [32, 16, 16])
    inside = np.concatenate([np.tile(np.arange(n), k) for n, k in ((8, 4), (4, 4), (2, 8))])
    top = 2.0**-octave
    bottom = np.where(octave < 15, top / 2, 0.0)
    part = (top - bottom) / parts
    return top - inside * part, top - (inside + 1) * part


def shares(start: Table, width: Table) -> Shares:
    """Return the distribution of the magnitude for given tables: float64 [128]."""
    first, last = ends()
    found = np.zeros(128)
    for chance, s, w in zip(first - last, start, width, strict=True):
        found += chance * _section_shares(int(s), int(w))
    return found


def _section_shares(start: int, width: int) -> Shares:
    cells = (start + (width * _T >> 7)) // _STEPS
    return np.bincount(cells, minlength=128) / _T.size


def refine() -> tuple[Table, Table]:
    """Derive the tables: exact starts and widths rounded, then moved to reduce KL divergence.

    A descent over single sections, deterministic; sections may overlap or leave gaps.

    Returns:
        Starts and widths, int64 [64].
    """
    from scipy.special import ndtri

    first, last = ends()
    begin, end = (-32 * _STEPS * ndtri(np.maximum(u, 1e-9) / 2) for u in (first, last))
    start = np.clip(np.round(begin), 0, 1015).astype(np.int64)
    width = np.clip(np.round(np.minimum(end, 1020) - begin), 0, 31).astype(np.int64)
    while (over := start + (width * 127 >> 7) > 1023).any():
        width -= over
    p, chance = shares(start, width), first - last
    best, improved = _kl(p), True
    while improved:
        improved = False
        for i in range(SECTIONS):
            for s, w in _near(int(start[i]), int(width[i])):
                change = _section_shares(s, w) - _section_shares(int(start[i]), int(width[i]))
                moved = np.maximum(p + chance[i] * change, 0)
                if (kl := _kl(moved)) < best - 1e-9:
                    start[i], width[i], p, best, improved = s, w, moved, kl, True
    return start, width


def _near(start: int, width: int) -> list[tuple[int, int]]:
    """Yield neighbouring table entries that the hardware can hold."""
    near = [(start + i, width + j) for i in range(-6, 7) for j in range(-2, 3) if i or j]
    return [(s, w) for s, w in near if s >= 0 and 0 <= w < 32 and s + (w * 127 >> 7) < 1024]


def _kl(p: Shares) -> float:
    """Return the KL divergence in bits from the normal magnitude, its tail in the last cell."""
    from scipy.special import ndtr

    edges = np.append(2 * ndtr(np.arange(128) / 32) - 1, 1.0)
    seen = p > 0
    return float(p[seen] @ np.log2(p[seen] / np.diff(edges)[seen]))


def verilog_table() -> str:
    """Return the RTL tables, `rtl/icdf_table.vh`: a truth table per bit, lowest bit first."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// Start and width of the sections, bit by bit; entry i of a bit in its bit i.",
        "// Made by: python -m pezoexplore.streams.rtl_tables",
    ]
    for name, values, bits in (("START", START, 10), ("WIDTH", WIDTH, 5)):
        truth = [sum((v >> k & 1) << i for i, v in enumerate(values)) for k in range(bits)]
        entries = ",\n".join(f"  64'h{table:016x}" for table in reversed(truth))
        lines += [f"localparam [{64 * bits - 1}:0] {name} = {{", entries, "};"]
    return "\n".join(lines) + "\n"


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states; see :func:`gaussian_source.words_of`."""
    return words_of(_words, states, bit_width, _NEAR, _FAR, _MAGNITUDES)


def _near_sections() -> NDArray[np.uint16]:
    """Return 128 * section by {inside, u bits 7:0}; ``_BEYOND`` if these bits are zero."""
    by_bits = [[section_of(low, inside) << 7 for low in range(256)] for inside in range(8)]
    found = np.array(by_bits, dtype=np.uint16)
    found[:, 0] = _BEYOND
    return found.reshape(-1)


def _far_sections() -> NDArray[np.uint16]:
    """Return 128 * section by {inside, u bits 14:8}, with the bits below zero."""
    by_bits = [[section_of(high << 8, inside) << 7 for high in range(128)] for inside in range(8)]
    return np.array(by_bits, dtype=np.uint16).reshape(-1)


def _magnitude_table() -> NDArray[np.uint8]:
    """Return the magnitude by {section, t}."""
    start, width = np.array(START)[:, None], np.array(WIDTH)[:, None]
    found: NDArray[np.uint8] = ((start + (width * _T >> 7)) // _STEPS).astype(np.uint8)
    return found.reshape(-1)


@compiled
def _words(
    states: NDArray[np.uint64],
    shift: np.uint64,
    near: NDArray[np.uint16],
    far: NDArray[np.uint16],
    magnitudes: NDArray[np.uint8],
    out: NDArray[np.int32],
) -> None:
    for i in range(states.size):
        s = states[i]
        inside = (s >> np.uint64(7)) & np.uint64(0x700)
        section = np.uint64(near[s & np.uint64(255) | inside])
        if section == _BEYOND:  # one in 256, so that the tables stay small
            section = np.uint64(far[(s >> np.uint64(8)) & np.uint64(127) | inside >> np.uint64(1)])
        magnitude = np.int32(magnitudes[section | (s >> np.uint64(18)) & np.uint64(127)])
        sign = np.int32(np.int64(s << np.uint64(38)) >> 63)  # 0 or -1
        rest = np.int32((s >> np.uint64(26)) & np.uint64(15))
        out[i] = ((magnitude ^ sign) << np.int32(4) | rest) >> np.int32(shift)


_BEYOND = np.uint64(SECTIONS << 7)
_NEAR, _FAR, _MAGNITUDES = _near_sections(), _far_sections(), _magnitude_table()


class Icdf(GaussianFamily):
    """Inversion of the distribution in sections."""

    what = "Gaussian: inversion of the normal distribution, linear in 64 sections."
    source = f"D. Lee, R. Cheung, J. Villasenor and W. Luk, FPT 2006. {STATE_SOURCE}"
    weaknesses = (
        "The density has 64 steps; no word beyond 4 sigma. KL divergence 3.5e-4 bits at 8 "
        "bits. The state is linear."
    )
    rtl = ("icdf.v", "icdf_table.vh", *GAUSSIAN_RTL)
    colour = "#A50F15"
    c = Model(
        functions=C_FOLD,
        clock="""\
    const uint64_t s = *state;
    const int inside = (int)(s >> 15 & 7), t = (int)(s >> 18 & 127);
    int octave = 0;
    while (octave < 15 && !(s >> octave & 1))
        octave++;
    const int section = octave < 4   ? octave << 3 | inside
                        : octave < 8 ? 32 | (octave - 4) << 2 | (inside & 3)
                                     : 48 | (octave - 8) << 1 | (inside & 1);
    word[0] = pezo_fold((PEZO_START[section] + (PEZO_WIDTH[section] * t >> 7)) >> 3, s >> 25, s >> 26);
""",  # noqa: E501
    )
    python = Model(
        functions=PYTHON_FOLD,
        clock="""\
    u, inside, t = s & 0x7FFF, s >> 15 & 7, s >> 18 & 127
    octave = (u & -u).bit_length() - 1 if u else 15
    if octave < 4:
        section = octave << 3 | inside
    elif octave < 8:
        section = 32 | octave - 4 << 2 | inside & 3
    else:
        section = 48 | octave - 8 << 1 | inside & 1
    words = [_fold(START[section] + (WIDTH[section] * t >> 7) >> 3, s >> 25, s >> 26)]
""",
    )

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return where sections start and how far they reach."""
        return {"START": Constant(START, "uint16_t"), "WIDTH": Constant(WIDTH, "uint8_t")}

    def words(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states."""
        return words(states, point.bits)
