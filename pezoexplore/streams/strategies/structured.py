"""Outer products of the words of another strategy: rtl/outer_product.v behind its module."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import IllegalPointError
from pezoexplore.streams.generators.models import Numbers
from pezoexplore.streams.packing import U64, Words, pack
from pezoexplore.streams.strategies.outer_product import Layout, without_stream
from pezoexplore.streams.strategy import Strategy, StreamRtl
from pezoexplore.streams.walk import Repetition


class Structured(Strategy):
    """Rank 1 of one-bit words; see :mod:`pezoexplore.streams.strategies.outer_product`.

    Attributes:
        words_of: Strategy of the words.
        layout: Where they go.
    """

    module = "outer_product"
    wrap = "end of a step"

    def __init__(self, point: DesignPoint, words_of: Strategy) -> None:
        """Raise IllegalPointError unless the products are words."""
        if reason := without_stream(point):
            raise IllegalPointError(reason)
        super().__init__(point, words_of.seed)
        self.words_of, self.layout = words_of, Layout.of(point)
        self.rotates, self.taps_one_state = words_of.rotates, words_of.taps_one_state
        self.lockup_shown = words_of.lockup_shown
        self.has_exponent_port = words_of.has_exponent_port  # of the module of the words

    @property
    def step_beats(self) -> int:
        """See :attr:`Strategy.step_beats`."""
        return self.layout.beats

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Implement :meth:`Strategy.words`: those of whole steps, of which some are returned."""
        beats, lanes = self.layout.beats, self.point.lanes
        before = start % beats
        steps = -(-(before + count) // beats)
        dense = self.words_of.words(epochs, start - before, steps * beats)
        made = self.layout.combined(dense.reshape(len(epochs), steps, -1), np.bitwise_xor)
        whole: Words = made.reshape(len(epochs), steps * beats, lanes)
        return whole[:, before : before + count]

    # what is that of the words

    @property
    def units(self) -> int:
        """See :attr:`Strategy.units`."""
        return self.words_of.units

    @property
    def state_bits(self) -> int:
        """See :attr:`Strategy.state_bits`; the last weights, too, are not counted."""
        return self.words_of.state_bits

    @property
    def turn(self) -> int:
        """See :attr:`Strategy.turn`."""
        return self.words_of.turn

    @property
    def served(self) -> int:
        """See :attr:`Strategy.served`."""
        return self.words_of.served

    def states(self, epochs: U64, start: int) -> U64:
        """Implement :meth:`Strategy.states`."""
        return self.words_of.states(epochs, start)

    def load_words(self, epoch: int) -> list[int]:
        """Implement :meth:`Strategy.load_words`."""
        return self.words_of.load_words(epoch)

    @property
    def locks_up(self) -> bool:
        """See :attr:`Strategy.locks_up`."""
        return self.words_of.locks_up

    @property
    def loads_after_reset(self) -> bool:
        """See :attr:`Strategy.loads_after_reset`."""
        return self.words_of.loads_after_reset

    @property
    def reseed_stall(self) -> int:
        """See :attr:`Strategy.reseed_stall`."""
        return self.words_of.reseed_stall

    @property
    def reset_stall(self) -> int:
        """See :attr:`Strategy.reset_stall`."""
        return self.words_of.reset_stall

    @property
    def fill_clocks_with_reseed(self) -> int:
        """See :attr:`Strategy.fill_clocks_with_reseed`."""
        return self.words_of.fill_clocks_with_reseed

    def start_stall(self, age: int) -> int:
        """Implement :meth:`Strategy.start_stall`."""
        return self.words_of.start_stall(age)

    def model_tables(self) -> Mapping[str, tuple[Numbers, str]]:
        """Implement :meth:`Strategy.model_tables`."""
        matrices = tuple((m.start, m.rows, m.columns) for m in self.layout.matrices)
        own = {"BEATS": (self.layout.beats, "int"), "MATRICES": (len(matrices), "int")}
        return {**self.words_of.model_tables(), **own, "MATRIX": (matrices, "int")}

    # directions

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`; the walk, if there is one, is that of the words."""
        of = self.words_of.repetition
        cycle = None if of.cycle is None else math.lcm(of.cycle, self.layout.beats)
        return Repetition(turn=of.turn, cycle=cycle, walk=of.walk)

    def fresh_bits(self, parameters: int) -> float:
        """Implement :meth:`Strategy.fresh_bits`; no more than the words that a step uses."""
        used = self.layout.numbers * self.point.bits / self.layout.beats
        return min(self.words_of.fresh_bits(parameters), used)

    # the testbench

    @property
    def wrap_period(self) -> int:
        """See :attr:`Strategy.wrap_period`; a step."""
        return self.layout.beats

    def kept_registers(self, beat: int) -> dict[str, int]:
        """Implement :meth:`Strategy.kept_registers`: none, for a step is played from its start."""
        return {}

    # the Verilog

    @property
    def sources(self) -> tuple[str, ...]:
        """See :attr:`Strategy.sources`."""
        return (*self.words_of.sources, "outer_product.v")

    def rtl(self) -> StreamRtl:
        """Implement :meth:`Strategy.rtl`; raise IllegalPointError if the layers do not fit it."""
        if reason := self.layout.unsuitable():
            raise IllegalPointError(reason)
        layout, first = self.layout, self.layout.matrices[0].second
        vectors = layout.rtl_vectors()
        rtl = StreamRtl(self.module, words=self.words_of.rtl())
        rtl.parameters |= {
            "LANES": layout.lanes,
            "BEATS": layout.beats,
            "MATRICES": len(layout.matrices),
            "LONGEST": max(vectors["COLUMNS"]),
            "SPAN": max(first, *vectors["COLUMNS"], *vectors["GAPS"]),
            "FIRST": first,
        }
        for name, entries in vectors.items():
            rtl.set_vector(name, pack(entries, 24), 24 * len(entries))
        return rtl
