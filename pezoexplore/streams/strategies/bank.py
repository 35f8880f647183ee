"""`bank`: lfsrs of one polynomial, whose states move one lane down after every full period."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pezoexplore.streams import kernels
from pezoexplore.streams.families.lfsr import update_columns
from pezoexplore.streams.linear import apply, byte_tables, jump, power
from pezoexplore.streams.packing import U64, Words
from pezoexplore.streams.strategies.none import PerLane
from pezoexplore.streams.strategy import EXPONENT_FILE, Strategy, StreamRtl
from pezoexplore.streams.walk import Repetition

TABLE_RTL = ("exponent_table.v", "row_memory.v", "lfsr.v", "lfsr_taps.vh")
"""Files of an lfsr, and of a table of scale exponents."""


class Bank(PerLane):
    """A generator per lane; lane j continues generator j + 1 after every period."""

    module = "stream_bank"
    wrap = "rotation"
    has_exponent_port = True
    rotates = True
    lockup_shown = "at most two beats"

    def _phases(self, epochs: U64, turns: int) -> U64:
        return np.roll(super()._phases(epochs, turns), -turns, axis=1)

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Implement :meth:`Strategy.words`."""
        period = self.generator.period
        return self.generator.rows(self.states(epochs, start), count, period, start % period)

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`; a turn for each lane."""
        return replace(super().repetition, cycle=self.generator.period * self.point.lanes)

    def distinct_weights(self, parameters: int, limit: int, every: int = 1) -> int:
        """Implement :meth:`Strategy.distinct_weights`; rotating, no two lanes stay together."""
        return Strategy.distinct_weights(self, parameters, limit, every)

    def load_words(self, epoch: int) -> list[int]:
        """Implement :meth:`Strategy.load_words`; then the exponents of the epoch, if they differ.

        Each load steps every lane once, so lane i is sent as it was lanes - 1 - i clocks before.
        """
        period, lanes = self.generator.period, self.point.lanes
        back = np.array([(period - (lanes - 1 - i)) % period for i in range(lanes)], np.uint64)
        states = np.array(self.registers(epoch, 0), dtype=np.uint64)
        sent = [int(state) for state in jump(self.generator.step, states, back)]
        if self.coded_exponents:
            sent += self._entries(epoch)
        return sent

    @property
    def loads_after_reset(self) -> bool:
        """Whether the exponent table is a memory, which rst does not restore."""
        return self.point.reseeds and self.coded_exponents

    def _entries(self, epoch: int) -> list[int]:
        """Return the coded exponents by beat of the period."""
        assert self.exponent_range is not None
        return [e - self.exponent_range.base for e in self.turn_exponents(epoch)]

    def exponent_table(self) -> list[int]:
        """Return the coded exponents by state of rtl/period_counter.v (entry 0 unused)."""
        period = self.generator.period
        counts = np.empty((1, period, 1), dtype=np.uint64)
        one = np.ones((1, 1), dtype=np.uint64)
        kernels.linear_rows(one, byte_tables(update_columns(self.generator.state_bits)), counts)
        table = np.zeros(period + 1, dtype=np.int64)
        table[counts.reshape(-1)] = self._entries(0)
        return [int(e) for e in table]

    def kept_registers(self, beat: int) -> dict[str, int]:
        """Implement :meth:`Strategy.kept_registers`."""
        bits = self.generator.state_bits
        count = apply(power(update_columns(bits), beat % (2**bits - 1)), 1)
        return super().kept_registers(beat) | {"u_count.kept_q": count}

    @property
    def inverted(self) -> int:
        """See :attr:`Strategy.inverted`."""
        return self.point.family.inverted(self.point)

    @property
    def files(self) -> tuple[str, ...]:
        """See :attr:`Strategy.files`."""
        return ("stream_bank.v", "period_counter.v", *TABLE_RTL, "bank_lane.v", "uniform_word.v")

    @property
    def generator_parameters(self) -> dict[str, int | str]:
        """None: the module holds lfsrs."""
        return {}

    def rtl(self) -> StreamRtl:
        """Implement :meth:`Strategy.rtl`."""
        rtl = super().rtl()
        if self.coded_exponents:
            rtl.add_file("EXPONENT_FILE", EXPONENT_FILE, self.exponent_table())
        return rtl
