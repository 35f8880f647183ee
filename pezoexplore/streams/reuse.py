"""Reuse strategies: which words a beat shows, by epoch and beat.

Every strategy answers ``words(epochs, start, count)``: the words of `count` beats from beat `start`
of each epoch, beats counted since reset or reseed. States are found by jumping ahead, so any beat
is as near as the first.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams import kernels
from pezoexplore.streams.families import lfsr
from pezoexplore.streams.generator import generator
from pezoexplore.streams.linear import Columns, byte_tables, jump, power, rows_of, wide_tables
from pezoexplore.streams.masks import Masks, phased_masks
from pezoexplore.streams.seeding import drawn_limbs, phases, seed_words
from pezoexplore.streams.stepped import STEPPED, skip

U64 = NDArray[np.uint64]
Words = NDArray[Any]

_CHUNK = 2**16  # software Gaussian numbers a key
_BLOCK = 2**15  # states whose words are found at a time


class Reuse(Protocol):
    """What a strategy can do."""

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Words [epochs, count, lanes] of `count` beats from beat `start` of each epoch."""


def word_dtype(bits: int) -> type[np.signedinteger[Any]]:
    """Narrowest type that holds 2 w + 1 for words of `bits` bits."""
    return np.int16 if bits <= 15 else np.int32


class PerLane:
    """`none`: one generator a lane. `bank`: the same, and lanes move down after every period."""

    def __init__(self, point: DesignPoint, seed: int) -> None:
        self._point, self._seed = point, seed
        self._generator = generator(point)
        self._rotates = point.reuse == "bank"
        self._begun: tuple[bytes, U64] | None = None  # of the epochs asked for last
        self._kept: tuple[bytes, int, U64] | None = None  # states behind the last words

    @property
    def rotation_period(self) -> int:
        """Beats between rotations; 0 when there are none."""
        return self._generator.period if self._rotates else 0

    def states(self, epochs: U64, start: int) -> U64:
        """Generator states [epochs, generators] at beat `start` of each epoch."""
        period = self._generator.period
        begin = self._begin(epochs)
        turns, position = divmod(start, period)
        if self._rotates:
            begin = np.roll(begin, -turns, axis=1)
        distance = (begin + np.uint64(position)) % np.uint64(period)
        return jump(self._generator.step, np.ones_like(distance), distance)

    def _begin(self, epochs: U64) -> U64:
        """Phases at which epochs begin; a step asks for those of one epoch many times."""
        key = epochs.tobytes()
        if self._begun is None or self._begun[0] != key:
            found = phases(self._seed, epochs, self._point.generators, self._generator.period)
            self._begun = (key, found)
        return self._begun[1]

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """See :class:`Reuse`.

        Without rotation, words that follow those asked for last go on from the states then reached:
        tables for jumping would push others out of the caches.
        """
        key = epochs.tobytes()
        kept, self._kept = self._kept, None
        if kept is not None and kept[:2] == (key, start):
            states = kept[2]
        else:
            states = self.states(epochs, start)
        position = start % self._generator.period
        shown = generator_words(self._point, states, count, self.rotation_period, position)
        if not self._rotates:
            self._kept = (key, start + count, states)
        return shown[:, :, : self._point.lanes]


def generator_words(
    point: DesignPoint, states: U64, count: int, period: int = 0, position: int = 0
) -> Words:
    """Words of `count` clocks of the generators whose states are given.

    Args:
        point: Names the generator.
        states: uint64 [epochs, generators]; [epochs, generators, limbs] of one that steps. Stepped
            in place, but for the latter.
        count: Clocks.
        period: Clocks between rotations (lfsr only); 0 for none.
        position: Clock within the rotation period.

    Returns:
        Words [epochs, count, lanes], int16, or int32 for wide ones; one a generator, or as many
        as it serves.
    """
    made = generator(point)
    shape = (states.shape[0], count, states.shape[1])
    if made.stepped is not None:
        flat = np.empty((shape[0] * shape[2], count, 1), dtype=word_dtype(made.bit_width))
        made.stepped.fill(states.reshape(-1, states.shape[2]).copy(), made.bit_width, flat)
        return flat.reshape(shape[0], shape[2], count).transpose(0, 2, 1)
    if made.shape is not None:
        return _shaped_words(point, states, count)
    out = np.empty(shape, dtype=word_dtype(made.bit_width))
    narrow, shift = states.astype(np.uint32), made.state_bits - made.bit_width
    half = 2 ** (made.bit_width - 1)
    if point.rng == "xorshift32":
        kernels.xorshift32_rows(narrow, shift, half, out)
    else:
        taps = lfsr.taps(made.state_bits)
        kernels.lfsr_rows(narrow, taps, point.leap or 1, shift, half, period, position, out)
    states[...] = narrow
    return out


def _shaped_words(point: DesignPoint, states: U64, count: int) -> Words:
    """As :func:`generator_words`, of generators whose words are functions of their states.

    In blocks of beats, so that the states of one stay in a core's cache; `states` are stepped.
    """
    made, tables = generator(point), wide_tables(generator(point).step)
    epochs, generators = states.shape
    out = np.empty((epochs, count, generators * point.group), dtype=word_dtype(made.bit_width))
    block = min(count, max(1, _BLOCK // states.size))
    scratch = np.empty(block * states.size, dtype=np.uint64)
    for low in range(0, count, max(1, block)):
        beats = min(block, count - low)
        every = scratch[: beats * states.size].reshape(epochs, beats, generators)
        kernels.linear_rows(states, tables, every)
        shown = made.words_of_lanes(every)[..., : point.group]
        out[:, low : low + beats] = shown.reshape(epochs, beats, -1)
    return out


class PerGroup:
    """`none` with generators that step: each serves as many lanes as its bits are words.

    The states last reached are kept, so that a stream read on from where it stopped steps once.
    """

    def __init__(self, point: DesignPoint, seed: int) -> None:
        self._point, self._seed = point, seed
        self._generator = generator(point)
        self._kept: tuple[list[int], int, U64] | None = None

    def states(self, epochs: U64, start: int) -> U64:
        """Generator states [epochs, generators, limbs] at beat `start` of each epoch."""
        point, made = self._point, self._generator.stepped
        assert made is not None
        beat = 0
        if self._kept is not None and self._kept[0] == epochs.tolist() and self._kept[1] <= start:
            _, beat, states = self._kept
            states = states.copy()
        else:
            limbs = drawn_limbs(self._seed, epochs, point.generators, made.drawn)
            states = made.begin(limbs.reshape(-1, made.drawn))
        skip(made, states, point.bits, point.group, start - beat)
        return states.reshape(len(epochs), point.generators, -1)

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """See :class:`Reuse`."""
        point, made = self._point, self._generator.stepped
        assert made is not None
        states = self.states(epochs, start)
        states = states.reshape(-1, states.shape[2])
        out = np.empty((len(states), count, point.group), dtype=word_dtype(point.bits))
        made.fill(states, point.bits, out)
        self._kept = (epochs.tolist(), start + count, states)
        by_beat = out.reshape(len(epochs), point.generators, count, point.group).swapaxes(1, 2)
        served = point.generators * point.group
        return by_beat.reshape(len(epochs), count, served)[:, :, : point.lanes]


class Phased:
    """`phased`: all lanes are XOR functions of one state, which hops after every full period.

    A hop lands `hop` clocks on from where the next period would have begun: floor(P / L) for
    ``shifted`` taps, so that lane j goes on as lane j + 1 (a rotation, when L divides P), and P - 1
    for the others, which in hardware is the state held for one beat.
    """

    def __init__(self, point: DesignPoint, seed: int) -> None:
        self._point, self._seed = point, seed
        self._generator = made = generator(point)
        self.hop_holds = point.taps != "shifted"
        self.hop = made.period - 1 if self.hop_holds else made.period // point.lanes
        self._hop_step = power(made.step, (self.hop + 1) % made.period)
        self._step_tables = byte_tables(made.step)
        self._hop_tables = byte_tables(self._hop_step)

    @property
    def hop_rows(self) -> Columns:
        """Masks of the map from the last state of a period to the first of the next."""
        return rows_of(self._hop_step)

    @cached_property
    def masks(self) -> Masks:
        """Masks of the output bits, [lane][bit]."""
        point = self._point
        return phased_masks(self._generator.step, str(point.taps), point.lanes, point.bits)

    @cached_property
    def _word_tables(self) -> Words:
        """Words of each byte of the state, to be XORed: [bytes, 256, lanes], bytes even.

        Sign extension is linear over XOR, so the tables hold words, not raw bits; the inverted top
        bit is in the entries of the first byte.
        """
        bits, half = self._generator.state_bits, 2 ** (self._point.bits - 1)
        tables = [
            byte_tables(
                [
                    sum(((mask >> i) & 1) << bit for bit, mask in enumerate(lane))
                    for i in range(bits)
                ]
            )
            for lane in self.masks
        ]
        raw = np.stack(tables, axis=2).astype(np.int64)
        raw = np.concatenate([raw, np.zeros_like(raw[: len(raw) % 2])])
        raw[0] ^= half
        words: Words = ((raw ^ half) - half).astype(word_dtype(self._point.bits))
        return words

    def states(self, epochs: U64, start: int) -> U64:
        """The one state [epochs, 1] at beat `start` of each epoch."""
        period = self._generator.period
        turns, position = divmod(start, period)
        moved = np.uint64((turns * self.hop + position) % period)
        distance = (phases(self._seed, epochs, 1, period) + moved) % np.uint64(period)
        return jump(self._generator.step, np.ones_like(distance), distance)

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """See :class:`Reuse`."""
        tables = self._word_tables
        out = np.empty((len(epochs), count, self._point.lanes), dtype=tables.dtype)
        kernels.phased_rows(
            self.states(epochs, start),
            self._step_tables,
            self._hop_tables,
            tables,
            self._generator.period,
            start % self._generator.period,
            out,
        )
        return out


class Pool:
    """`pool`: rows of words made once an epoch by one generator, read cyclically."""

    def __init__(self, point: DesignPoint, seed: int) -> None:
        self._point, self._seed = point, seed
        self._kept: tuple[int, Words] | None = None

    def filler_states(self, epochs: U64) -> U64:
        """States [epochs, 1] from which the filler starts; [epochs, 1, limbs] of one that steps."""
        made = generator(self._point)
        if made.stepped is not None:
            limbs = drawn_limbs(self._seed, epochs, 1, made.stepped.drawn)
            return made.stepped.begin(limbs[:, 0])[:, None]
        return jump(
            made.step,
            np.ones((len(epochs), 1), dtype=np.uint64),
            phases(self._seed, epochs, 1, made.period),
        )

    def rows(self, epochs: U64) -> Words:
        """Contents of the pool: [epochs, R, lanes]; word i is lane i mod L of row i div L."""
        point = self._point
        words = point.rows * point.lanes
        if point.in_hardware:
            flat = generator_words(point, self.filler_states(epochs), words)
        else:
            flat = np.stack([_normal(self._seed, int(e), 0, words) for e in epochs])
        rows: Words = flat.reshape(len(epochs), point.rows, point.lanes)
        return rows

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """See :class:`Reuse`."""
        index = (start + np.arange(count)) % self._point.rows
        if len(epochs) > 1:
            return self.rows(epochs)[:, index]
        epoch = int(epochs[0])
        if self._kept is None or self._kept[0] != epoch:
            self._kept = (epoch, self.rows(epochs))
        read: Words = self._kept[1][0].take(index, axis=0)[None]
        return read


class Normal:
    """MeZO's reference: fresh float32 Gaussian numbers for ever, one lane, one epoch."""

    def __init__(self, point: DesignPoint, seed: int) -> None:
        self._seed = seed

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """See :class:`Reuse`; float32."""
        numbers: Words = np.stack([_normal(self._seed, int(e), start, count) for e in epochs])
        return numbers[:, :, None]


def _normal(seed: int, epoch: int, start: int, count: int) -> NDArray[np.float32]:
    """`count` normal numbers from number `start`: chunks of NumPy's Philox, keyed by position."""
    first, last = start // _CHUNK, (start + count - 1) // _CHUNK
    numbers = np.arange(first, last + 1, dtype=np.uint64)
    keys = seed_words(seed, np.array([epoch], dtype=np.uint64), numbers)
    chunks = [
        np.random.Generator(np.random.Philox(key=int(key))).standard_normal(
            _CHUNK, dtype=np.float32
        )
        for key in keys
    ]
    begin = start - first * _CHUNK
    drawn: NDArray[np.float32] = np.concatenate(chunks)[begin : begin + count]
    return drawn


def strategy(point: DesignPoint, seed: int) -> PerLane | PerGroup | Phased | Pool | Normal:
    """The reuse strategy of a point, seeded."""
    if point.reuse == "pool":
        return Pool(point, seed)
    if not point.in_hardware:
        return Normal(point, seed)
    if point.rng in STEPPED:
        return PerGroup(point, seed)
    return Phased(point, seed) if point.reuse == "phased" else PerLane(point, seed)
