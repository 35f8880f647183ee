"""`phased`: all lanes are XOR functions of one state, whose period is a prime number of beats.

P is the largest prime that the 2**s - 1 states of the generator allow (65,521 for 16 bits). The
state of beat P - 1 is followed by that of beat 0, the state after rst, so the hardware compares the
state and needs no counter. With P prime, steps of B beats start at all P places of the period
unless P divides B; 2**s - 1 has factors in common with many B, and directions then come back early.
Reseeds and other master seeds begin at other places of this one period, of master seed 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache

import numpy as np

from pezoexplore.splitmix import GOLDEN
from pezoexplore.streams import kernels, scaling
from pezoexplore.streams.generators.models import Numbers
from pezoexplore.streams.linear import apply, byte_tables, jump, power
from pezoexplore.streams.masks import Masks, Sources, phased_masks, sources
from pezoexplore.streams.packing import U64, Words, pack, word_dtype
from pezoexplore.streams.reuse import prime_up_to
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.strategies.bank import TABLE_RTL
from pezoexplore.streams.strategy import (
    EXPONENT_FILE,
    MASTER_SEED,
    Strategy,
    StreamRtl,
    epoch_array,
)
from pezoexplore.streams.walk import Repetition, Walk

_MOST_WEIGHTS = 2**21  # whose functions of the state are counted


@lru_cache(maxsize=16)
def _drawn(seed: int, epochs: bytes, turn: int) -> U64:
    """Return the phases that seed and epochs draw, [epochs]; every block of words asks for them."""
    return phases(seed, np.frombuffer(epochs, dtype=np.uint64), 1, turn)[:, 0]


class Phased(Strategy):
    """Lanes that are fixed functions of the state of one linear generator."""

    module = "stream_phased"
    wrap = "wrap"
    taps_one_state = True

    @property
    def locks_up(self) -> bool:
        """See :attr:`Strategy.locks_up`; every linear map leaves the state of zeros as it is."""
        return True

    @property
    def units(self) -> int:
        """One state."""
        return 1

    @property
    def served(self) -> int:
        """All lanes."""
        return self.point.lanes

    @cached_property
    def turn(self) -> int:
        """See :attr:`Strategy.turn`; a prime number of beats."""
        return prime_up_to(self.generator.period)

    @cached_property
    def _begin(self) -> int:
        """Clocks from state 1 to the first state of the period: seed 0 has it after rst."""
        return int(phases(MASTER_SEED, epoch_array(0), 1, self.turn)[0, 0])

    def _places(self, epochs: U64, start: int) -> U64:
        """Return the places in the period [epochs] at a beat of each epoch."""
        turn = self.turn
        drawn = _drawn(self.seed, epochs.tobytes(), turn)
        return (drawn + np.uint64(turn - self._begin + start % turn)) % np.uint64(turn)

    def until_wrap(self, epoch: int, start: int) -> int:
        """Implement :meth:`Strategy.until_wrap`."""
        return self.turn - int(self._places(epoch_array(epoch), start)[0])

    def _state(self, place: int) -> int:
        """Return the state at a place of the period."""
        return apply(power(self.generator.step, self._begin + place), 1)

    @cached_property
    def _first(self) -> int:
        """The state at the start of the period: asked for with every block of words."""
        return self._state(0)

    @cached_property
    def masks(self) -> Masks:
        """Masks of the output bits, [lane][bit]."""
        point = self.point
        return phased_masks(self.generator.step, str(point.taps), point.lanes, point.bits)

    @cached_property
    def _sources(self) -> Sources:
        point = self.point
        return sources(str(point.taps), point.lanes, point.bits)

    @cached_property
    def low_inverted(self) -> int:
        """Low bits of a word that are shown inverted: those that are other words' signs."""
        sign = self.point.bits - 1
        return sum(1 << bit for bit in range(sign) if self._sources[0][bit][1] == sign)

    @cached_property
    def inverted(self) -> int:
        """See :attr:`Strategy.inverted`: state bits that are the sign of a word."""
        signs = {lane[-1] for lane in self.masks}
        return sum(mask for mask in signs if mask.bit_count() == 1)

    @cached_property
    def _word_tables(self) -> Words:
        """Words of each byte of the state, to be XORed: [bytes, 256, lanes], bytes even.

        Sign extension is linear over XOR, so the tables hold words, not raw bits; what is inverted
        is so in the entries of the first byte.
        """
        bits, half = self.generator.state_bits, 2 ** (self.point.bits - 1)
        masks = np.array(self.masks, dtype=np.uint64)
        raw = np.zeros((-(-bits // 8), 256, self.point.lanes), dtype=np.int64)
        for bit in range(bits):
            shown = (masks >> np.uint64(bit) & np.uint64(1)).astype(np.int64)
            column = (shown << np.arange(self.point.bits)).sum(axis=1)
            raw[bit // 8, np.arange(256) >> bit % 8 & 1 == 1] ^= column
        raw = np.concatenate([raw, np.zeros_like(raw[: len(raw) % 2])])
        raw[0] ^= half | self.low_inverted
        words: Words = ((raw ^ half) - half).astype(word_dtype(self.point.bits))
        return words

    def states(self, epochs: U64, start: int) -> U64:
        """Implement :meth:`Strategy.states`; [epochs, 1]."""
        clocks = self._places(epochs, start)[:, None] + np.uint64(self._begin)
        distance = clocks % np.uint64(self.generator.period)
        return jump(self.generator.step, np.ones_like(distance), distance)

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Implement :meth:`Strategy.words`."""
        return self._rows(self.states(epochs, start), self._places(epochs, start), count)

    def _rows(self, states: U64, places: U64, count: int) -> Words:
        """Return the words of `count` beats from states [epochs, 1], which it moves."""
        tables, step = self._word_tables, byte_tables(self.generator.step)
        out = np.empty((len(states), count, self.point.lanes), dtype=tables.dtype)
        kernels.phased_rows(states, step, tables, self.turn, places, self._first, out)
        return out

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`; the one state is a walk."""
        turn = self.turn
        walk = Walk(turn, 1, turn, 0)
        return Repetition(turn=turn, cycle=turn, numbers=turn * self.point.lanes, walk=walk)

    def distinct_weights(self, parameters: int, limit: int, every: int = 1) -> int:
        """Implement :meth:`Strategy.distinct_weights`.

        A weight is a function of the state at the start of a step, and some are the same function
        of different beats. They differ in no steps but the B - 1 that start over within, which add
        a dimension each; none does where the period is that of the generator. With pow2, words of
        different beats have other exponents. Not counted for more than 2**21 weights.
        """
        beats, most = -(-parameters // self.point.lanes), min(limit, self.turn)
        found = super().distinct_weights(parameters, limit, every)
        added = 0 if self.turn == self.generator.period else beats - 1
        if self.point.scaling == "pow2" or added >= most or parameters > _MOST_WEIGHTS:
            return found
        first = min(beats, -(-most // self.point.lanes))  # which for most designs are enough
        functions = added + self._functions(first, parameters)
        if first < beats and functions < most:
            functions = added + self._functions(beats, parameters)
        return min(found, functions)

    def _functions(self, beats: int, parameters: int) -> int:
        """Count the different functions of a state that the words of a step's first beats are.

        Linear functions of a state are the same if they agree on it and the next s - 1 states.
        """
        state_bits = self.generator.state_bits
        states, places = self.states(epoch_array(0), 0), np.zeros(1, dtype=np.uint64)
        words = self._rows(states, places, beats + state_bits - 1)[0]
        hashes = np.zeros((beats, self.point.lanes), dtype=np.uint64)
        for beat in range(state_bits):
            hashes = hashes * np.uint64(GOLDEN) + words[beat : beat + beats].astype(np.uint64)
        return np.unique(hashes.reshape(-1)[:parameters]).size

    def fresh_bits(self, parameters: int) -> float:
        """Implement :meth:`Strategy.fresh_bits`; one state serves all lanes."""
        return float(min(self._moved, self.point.lanes * self.point.bits))

    def _every_exponent(self) -> list[int]:
        return self.exponents_by_state()

    def exponents_by_state(self) -> list[int]:
        """Return the exponent of each state; entry 0 (never reached) repeats entry 1."""
        every = np.arange(2**self.generator.state_bits, dtype=np.uint64)
        every[0] = 1
        words = self._rows(every[:, None], np.zeros_like(every), 1)[:, 0]
        return [int(e) for e in scaling.exponents(words, self.generator.half)]

    @property
    def files(self) -> tuple[str, ...]:
        """See :attr:`Strategy.files`."""
        return ("stream_phased.v", *self.point.family.sources, *TABLE_RTL[:2], "xor_luts.v")

    @property
    def generator_parameters(self) -> dict[str, int | str]:
        """See :attr:`Strategy.generator_parameters`."""
        return {"KIND": self.point.family.kind}

    def rtl(self) -> StreamRtl:
        """Implement :meth:`Strategy.rtl`."""
        rtl, point, state = super().rtl(), self.point, self.generator.state_bits
        rtl.set_vector("SEED", pack(self.registers(0, 0), state), state)
        if self.exponent_range is not None and self.coded_exponents:
            entries = [e - self.exponent_range.base for e in self.exponents_by_state()]
            rtl.add_file("EXPONENT_FILE", EXPONENT_FILE, entries)
        shares, own = self._shares(), {place for lane in self._sources for place in lane}
        masks = [
            mask if (lane, bit) in own else 0
            for lane, shown in enumerate(self.masks)
            for bit, mask in enumerate(shown)
        ]
        terms = 1 if point.taps == "shifted" else 6
        rtl.parameters["SHARES"] = len(shares)
        if shares:
            rtl.set_vector("DISTANCES", pack([*shares], 16), 16 * len(shares))
            places = pack([*shares.values()], len(masks))
            rtl.set_vector("PLACES", places, len(shares) * len(masks))
        rtl.parameters["TERMS"] = terms
        if terms > 1:
            wired = sum((mask.bit_count() < 2) << i for i, mask in enumerate(masks))
            rtl.set_vector("WIRED", wired, len(masks))
        columns = _columns(masks, state, terms)
        rtl.set_vector("COLUMNS", pack(columns, len(masks)), len(columns) * len(masks))
        rtl.set_vector("INVERTED", self.inverted, state)
        odd = sum(((mask & self.inverted).bit_count() & 1) << i for i, mask in enumerate(masks))
        rtl.set_vector("ODD", odd, len(masks))
        natural = self.turn == self.generator.period
        rtl.set_vector("LAST", 0 if natural else self._state(self.turn - 1), state)
        if self.seed != MASTER_SEED and not natural:
            rtl.set_vector("AGAIN", self._state(0), state)
        return rtl

    def _shares(self) -> dict[int, int]:
        """Return which output bits are wired from those a distance further, by distance."""
        bits = self.point.bits
        found: dict[int, int] = {}
        for lane, every in enumerate(self._sources):
            for bit, (of, shown) in enumerate(every):
                distance = (of - lane) * bits + shown - bit
                if distance:
                    distance %= self.point.lanes * bits
                    found[distance] = found.get(distance, 0) | 1 << (lane * bits + bit)
        return dict(sorted(found.items()))

    def model_tables(self) -> Mapping[str, tuple[Numbers, str]]:
        """Implement :meth:`Strategy.model_tables`."""
        return {"MASKS": (self.masks, "uint32_t"), "LOW_INVERTED": (self.low_inverted, "int")}


def _columns(masks: list[int], state_bits: int, terms: int) -> list[int]:
    """Return masks by term and state bit, as rtl/stream_phased.v takes them.

    With one term a XOR may have any bits; else bit number t of its mask is its term t.
    """
    columns = [0] * (terms * state_bits)
    for i, mask in enumerate(masks):
        for t, bit in enumerate(p for p in range(state_bits) if (mask >> p) & 1):
            columns[(t if terms > 1 else 0) * state_bits + bit] |= 1 << i
    return columns
