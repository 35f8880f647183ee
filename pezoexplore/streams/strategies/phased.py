"""`phased`: all lanes are XOR functions of one state, which hops after every full period.

A hop lands `hop` clocks on from where the next period would have begun: floor(P / L) for
``shifted`` taps, so that lane j continues as lane j + 1 (a rotation, when L divides P), and P - 1
for the others, which in hardware is the state held for one beat.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from pezoexplore.streams import kernels
from pezoexplore.streams.generators.family import Columns
from pezoexplore.streams.generators.models import Numbers
from pezoexplore.streams.linear import byte_tables, jump, power, rows_of
from pezoexplore.streams.masks import Masks, phased_masks
from pezoexplore.streams.packing import U64, Words, pack, word_dtype
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.strategies.bank import PERIOD_RTL, kept_count
from pezoexplore.streams.strategy import EXPONENT_FILE, Strategy, StreamRtl, epoch_array
from pezoexplore.streams.walk import Repetition, Walk


class Phased(Strategy):
    """Lanes that are fixed functions of one lfsr's state."""

    module = "stream_phased"
    wrap = "hop"
    taps_one_state = True

    @property
    def units(self) -> int:
        """One state."""
        return 1

    @property
    def served(self) -> int:
        """All lanes."""
        return self.point.lanes

    @property
    def hop_holds(self) -> bool:
        """Whether a hop holds the state for one beat."""
        return self.point.taps != "shifted"

    @property
    def hop(self) -> int:
        """States that a hop skips."""
        period = self.generator.period
        return period - 1 if self.hop_holds else period // self.point.lanes

    @cached_property
    def _hop_step(self) -> Columns:
        return power(self.generator.step, (self.hop + 1) % self.generator.period)

    @property
    def hop_rows(self) -> Columns:
        """Masks of the map from the last state of a period to the first of the next."""
        return rows_of(self._hop_step)

    @cached_property
    def masks(self) -> Masks:
        """Masks of the output bits, [lane][bit]."""
        point = self.point
        return phased_masks(self.generator.step, str(point.taps), point.lanes, point.bits)

    @cached_property
    def _word_tables(self) -> Words:
        """Words of each byte of the state, to be XORed: [bytes, 256, lanes], bytes even.

        Sign extension is linear over XOR, so the tables hold words, not raw bits; the inverted top
        bit is in the entries of the first byte.
        """
        bits, half = self.generator.state_bits, 2 ** (self.point.bits - 1)
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
        words: Words = ((raw ^ half) - half).astype(word_dtype(self.point.bits))
        return words

    def states(self, epochs: U64, start: int) -> U64:
        """Implement :meth:`Strategy.states`; [epochs, 1]."""
        period = self.generator.period
        turns, position = divmod(start, period)
        moved = np.uint64((turns * self.hop + position) % period)
        distance = (phases(self.seed, epochs, 1, period) + moved) % np.uint64(period)
        return jump(self.generator.step, np.ones_like(distance), distance)

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Implement :meth:`Strategy.words`."""
        tables, period = self._word_tables, self.generator.period
        out = np.empty((len(epochs), count, self.point.lanes), dtype=tables.dtype)
        step, hop = byte_tables(self.generator.step), byte_tables(self._hop_step)
        states = self.states(epochs, start)
        kernels.phased_rows(states, step, hop, tables, period, start % period, out)
        return out

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`; the one state is a walk."""
        period = self.generator.period
        walk = Walk(period, 1, period, self.hop % period)
        return Repetition(turn=period, cycle=walk.cycle, walk=walk)

    def fresh_bits(self, parameters: int) -> float:
        """Implement :meth:`Strategy.fresh_bits`; one state serves all lanes."""
        return float(min(self._moved, self.point.lanes * self.point.bits))

    def _every_exponent(self) -> list[int]:
        return self.turn_exponents(0)  # every state, whatever the epoch

    def exponents_by_state(self) -> list[int]:
        """Return the exponent of each state; entry 0 (never reached) repeats entry 1."""
        period = self.generator.period
        states = np.empty((1, period, 1), dtype=np.uint64)
        first = self.states(epoch_array(0), 0)
        kernels.linear_rows(first, byte_tables(self.generator.step), states)
        by_state = np.zeros(period + 1, dtype=np.int64)
        by_state[states.reshape(-1)] = self.turn_exponents(0)
        by_state[0] = by_state[1]
        return [int(e) for e in by_state]

    def kept_registers(self, beat: int) -> dict[str, int]:
        """Implement :meth:`Strategy.kept_registers`."""
        return super().kept_registers(beat) | kept_count(self.generator.state_bits, beat)

    @property
    def files(self) -> tuple[str, ...]:
        """See :attr:`Strategy.files`."""
        return ("stream_phased.v", *PERIOD_RTL, "xor_luts.v")

    def rtl(self) -> StreamRtl:
        """Implement :meth:`Strategy.rtl`."""
        rtl, point, state = super().rtl(), self.point, self.generator.state_bits
        rtl.set_vector("SEED", pack(self.registers(0, 0), state), state)
        if self.exponent_range is not None and self.coded_exponents:
            entries = [e - self.exponent_range.base for e in self.exponents_by_state()]
            rtl.add_file("EXPONENT_FILE", EXPONENT_FILE, entries)
        shared = point.bits // 2 if point.taps == "shared" else 0
        masks = [0 if i < shared else mask for lane in self.masks for i, mask in enumerate(lane)]
        terms = 6 if self.hop_holds else 1
        rtl.parameters["SHARED_BITS"] = shared
        rtl.parameters["TERMS"] = terms
        if terms > 1:
            wired = sum((mask.bit_count() < 2) << i for i, mask in enumerate(masks))
            rtl.set_vector("WIRED", wired, len(masks))
        columns = _columns(masks, state, terms)
        rtl.set_vector("COLUMNS", pack(columns, len(masks)), len(columns) * len(masks))
        rtl.parameters["HOP_HOLDS"] = int(self.hop_holds)
        if not self.hop_holds:
            rtl.set_vector("HOP", pack(self.hop_rows, state), state * state)
        return rtl

    @property
    def model_tags(self) -> frozenset[str]:
        """See :attr:`Strategy.model_tags`."""
        return frozenset({"holds" if self.hop_holds else "hops"})

    def model_tables(self) -> Mapping[str, tuple[Numbers, str]]:
        """Implement :meth:`Strategy.model_tables`."""
        tables: dict[str, tuple[Numbers, str]] = {"MASKS": (self.masks, "uint32_t")}
        if not self.hop_holds:
            tables["HOP"] = (self._hop_step, "uint64_t")
        return tables


def _columns(masks: list[int], state_bits: int, terms: int) -> list[int]:
    """Return masks by term and state bit, as rtl/stream_phased.v takes them.

    With one term a XOR may have any bits; else bit number t of its mask is its term t.
    """
    columns = [0] * (terms * state_bits)
    for i, mask in enumerate(masks):
        for t, bit in enumerate(p for p in range(state_bits) if (mask >> p) & 1):
            columns[(t if terms > 1 else 0) * state_bits + bit] |= 1 << i
    return columns
