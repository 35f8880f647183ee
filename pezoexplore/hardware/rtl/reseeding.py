"""What the host sends to the hardware: initial states, reseed words, exponent tables.

All of it comes from the software stream's own states, in the order that the RTL loads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams import kernels, scaling
from pezoexplore.streams.families import lut_sr
from pezoexplore.streams.families.lfsr import update_columns
from pezoexplore.streams.generator import generator
from pezoexplore.streams.linear import byte_tables, jump
from pezoexplore.streams.reuse import PerGroup, PerLane, Phased, Pool, strategy
from pezoexplore.streams.seeding import drawn_limbs
from pezoexplore.streams.stepped import whole
from pezoexplore.streams.stream import Stream

MASTER_SEED = 0
"""The RTL runs master seed 0."""


@dataclass(frozen=True)
class ExponentRange:
    """How a point's scale exponents are coded: base + an entry of `bits` bits."""

    base: int
    bits: int

    @classmethod
    def of(cls, low: int, high: int) -> ExponentRange:
        """The narrowest range from `low` to `high`."""
        return cls(low, (high - low).bit_length())


def _epoch(number: int) -> NDArray[np.uint64]:
    return np.array([number], dtype=np.uint64)


def states_at(point: DesignPoint, epoch: int, beat: int) -> list[int]:
    """States of the point's registers at a beat of an epoch, lane 0 first.

    One a lane for `none` and `bank` (one a group of lanes where a generator serves several), one
    for `phased`, and the filler's first for `pool`. A state in shift registers is told by the word
    that it begins an epoch with, whatever the beat.
    """
    made = strategy(point, MASTER_SEED)
    if point.in_shift_registers:
        limbs = drawn_limbs(MASTER_SEED, _epoch(epoch), point.generators, 1)[0]
        return [int(seed) for seed in lut_sr.seeds(limbs)]
    if isinstance(made, PerLane | PerGroup | Phased):
        states = made.states(_epoch(epoch), beat)[0]
    else:
        assert isinstance(made, Pool), "the software Gaussian has no hardware"
        states = made.filler_states(_epoch(epoch))[0]
    return [whole(np.atleast_1d(state)) for state in states]


def load_words(point: DesignPoint, epoch: int) -> list[int]:
    """Words the host loads to begin an epoch (reseed), in order."""
    states = states_at(point, epoch, 0)
    if point.reuse != "bank":
        return states
    # Each load steps every lane once, so lane i is sent as it was lanes - 1 - i clocks before.
    made = generator(point)
    back = [(made.period - (point.lanes - 1 - i)) % made.period for i in range(point.lanes)]
    array = np.array(states, dtype=np.uint64)
    sent = [int(s) for s in jump(made.step, array, np.array(back, dtype=np.uint64))]
    coded = exponent_range(point)
    if coded is not None and coded.bits > 0:
        sent += [e - coded.base for e in _bank_exponents(point, epoch)]
    return sent


def reseed_stall_beats(point: DesignPoint) -> int:
    """Clocks without a beat after a reseed, the pulse's own not counted, host always ready."""
    if not point.reseeds:
        return 0
    loads = len(load_words(point, 1))
    if point.reuse == "pool":  # the fill, a word a clock, and a clock to read the first row
        return loads + point.rows * point.lanes + 1
    return loads + (lut_sr.EXPANSION_CLOCKS if point.in_shift_registers else 0)


def start_stall_beats(point: DesignPoint, age: int) -> int:
    """Clocks without a beat after a `start` that comes `age` beats after a start or replay."""
    return age if point.in_shift_registers and age < lut_sr.DELAY else 0


def loads_after_reset(point: DesignPoint) -> bool:
    """Whether rst, too, waits for the host: a bank whose exponent table is a memory."""
    coded = exponent_range(point)
    return point.reuse == "bank" and point.reseeds and coded is not None and coded.bits > 0


def reset_stall_beats(point: DesignPoint) -> int:
    """Clocks without a beat after rst, host always ready: loads, or a first fill."""
    if point.reuse == "pool" and point.reseeds:
        return point.rows * point.lanes + 1
    if point.in_shift_registers:
        return lut_sr.EXPANSION_CLOCKS
    return len(load_words(point, 0)) if loads_after_reset(point) else 0


def exponent_range(point: DesignPoint) -> ExponentRange | None:
    """Range of the scale exponents that the hardware of a point must hold; None without pow2."""
    if point.scaling != "pow2":
        return None
    if point.reuse == "phased":
        every = phased_exponents(point)[1:]
    elif not point.reseeds:
        every = _pool_exponents(point) if point.reuse == "pool" else _bank_exponents(point, 0)
    else:
        half = generator(point).half
        largest = point.lanes * 4**point.bits
        least = point.lanes if half else 0
        every = [
            scaling.MIN_EXPONENT + sum(s <= t for t in scaling.thresholds(point.lanes))
            for s in (largest, least)
        ]
    return ExponentRange.of(min(every), max(every))


def _bank_exponents(point: DesignPoint, epoch: int) -> list[int]:
    """Exponents by beat of the period; rotation leaves the norm of a beat as it is."""
    found = Stream(point, MASTER_SEED).exponents(epoch, 0, generator(point).period)
    assert found is not None
    return [int(e) for e in found]


def _pool_exponents(point: DesignPoint) -> list[int]:
    found = Stream(point, MASTER_SEED).exponents(0, 0, point.rows)
    assert found is not None
    return [int(e) for e in found]


def phased_exponents(point: DesignPoint) -> list[int]:
    """Exponents by state of a phased point; entry 0 (never reached) repeats entry 1."""
    made = generator(point)
    states = np.empty((1, made.period, 1), dtype=np.uint64)
    first = np.array([states_at(point, 0, 0)], dtype=np.uint64)
    kernels.linear_rows(first, byte_tables(made.step), states)
    found = Stream(point, MASTER_SEED).exponents(0, 0, made.period)
    assert found is not None
    by_state = np.zeros(made.period + 1, dtype=np.int64)
    by_state[states.reshape(-1)] = found
    by_state[0] = by_state[1]
    return [int(e) for e in by_state]


def bank_table(point: DesignPoint) -> list[int]:
    """Entries of a bank's exponent table by state of rtl/period_counter.v (entry 0 unused)."""
    coded = exponent_range(point)
    assert coded is not None
    made = generator(point)
    counts = np.empty((1, made.period, 1), dtype=np.uint64)
    one = np.ones((1, 1), dtype=np.uint64)
    kernels.linear_rows(one, byte_tables(update_columns(made.state_bits)), counts)
    table = np.zeros(made.period + 1, dtype=np.int64)
    table[counts.reshape(-1)] = np.array(_bank_exponents(point, 0)) - coded.base
    return [int(e) for e in table]


def pool_rows(point: DesignPoint) -> list[int]:
    """Initial rows of a pool that is never refilled: exponent entry above the words."""
    stream = Stream(point, MASTER_SEED)
    rows = pack_rows(stream.beats(0, 0, point.rows), point.bits)
    coded = exponent_range(point)
    if coded is None or coded.bits == 0:
        return rows
    top = point.lanes * point.bits
    entries = [e - coded.base for e in _pool_exponents(point)]
    return [row | (entry << top) for row, entry in zip(rows, entries, strict=True)]


def pack_rows(words: NDArray[Any], bits: int) -> list[int]:
    """Beats as whole numbers: lane 0 in the least significant bits.

    Args:
        words: [beats, lanes].
        bits: Bits a word.
    """
    beats, lanes = words.shape
    fields = (words.astype(np.int64) & (2**bits - 1))[:, :, None] >> np.arange(bits) & 1
    flat = fields.reshape(beats, lanes * bits).astype(np.uint8)
    packed = np.packbits(flat, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]
