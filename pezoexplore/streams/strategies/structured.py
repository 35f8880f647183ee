"""Outer products of the words of another strategy: rtl/outer_product.v behind its modules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import IllegalPointError
from pezoexplore.streams.generator import Generator
from pezoexplore.streams.generators.models import Numbers
from pezoexplore.streams.packing import U64, Words, pack
from pezoexplore.streams.strategies.outer_product import Layout, without_stream
from pezoexplore.streams.strategy import Strategy, StreamRtl
from pezoexplore.streams.walk import Repetition


class Structured(Strategy):
    """Sums of outer products of one-bit words, of as many streams as the rank.

    :mod:`pezoexplore.streams.strategies.outer_product` has the rule. With s_k the sign that stream
    k puts in the place of a weight, -1 or 1, its word is s_1 in one bit with rank 1, else

        w = 1/2 sum_{k=1..r} s_k,

    in as many bits as ``point.bits`` says. All streams show, load and repeat in the same clocks.

    Attributes:
        parts: Strategies of the streams of words, each with a master seed of its own.
        layout: Where the words go.
    """

    module = "outer_product"
    wrap = "end of a step"

    def __init__(self, point: DesignPoint, parts: Sequence[Strategy]) -> None:
        """Raise IllegalPointError unless the sums are words."""
        if reason := without_stream(point):
            raise IllegalPointError(reason)
        words_of = parts[0]
        super().__init__(point, words_of.seed)
        self.parts, self.words_of, self.layout = tuple(parts), words_of, Layout.of(point)
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
        shape = (len(epochs), steps * beats, lanes)
        whole: Words = np.full(shape, len(self.parts) // 2, np.int16)
        for part in self.parts:
            dense = part.words(epochs, start - before, steps * beats)
            made = self.layout.combined(dense.reshape(len(epochs), steps, -1), np.bitwise_xor)
            whole += made.reshape(shape)
        return whole[:, before : before + count]

    # what is that of the words

    @cached_property
    def generator(self) -> Generator:
        """See :attr:`Strategy.generator`."""
        return self.words_of.generator

    @property
    def units(self) -> int:
        """See :attr:`Strategy.units`; of one stream of words."""
        return self.words_of.units

    @property
    def state_bits(self) -> int:
        """See :attr:`Strategy.state_bits`; the last weights, too, are not counted."""
        return sum(part.state_bits for part in self.parts)

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
        return np.concatenate([part.states(epochs, start) for part in self.parts], axis=1)

    def load_words(self, epoch: int) -> list[int]:
        """Implement :meth:`Strategy.load_words`: all streams load at once, the first lowest."""
        words = zip(*(part.load_words(epoch) for part in self.parts), strict=True)
        return [pack(each, self.point.state_bits or 0) for each in words]

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
        own: dict[str, Numbers] = {
            "RANK": len(self.parts),
            "BEATS": self.layout.beats,
            "MATRICES": len(matrices),
            "MATRIX": matrices,
        }
        if self.point.reseeds:
            bits = self.point.state_bits or 0
            own |= {"LOAD_BITS": bits, "WORDS_LIMBS": -(-bits // 32)}
        return {**self.words_of.model_tables(), **{name: (v, "int") for name, v in own.items()}}

    # directions

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`; the walk, if there is one, is that of the words.

        Streams of words that are never reseeded walk side by side; a reseed moves each of them to
        a place of its own.
        """
        of = self.words_of.repetition
        cycle = None if of.cycle is None else math.lcm(of.cycle, self.layout.beats)
        apart = len(self.parts) > 1 and self.point.reseeds
        return Repetition(turn=of.turn, cycle=cycle, walk=None if apart else of.walk)

    def fresh_bits(self, parameters: int) -> float:
        """Implement :meth:`Strategy.fresh_bits`; no more than the words that a step uses."""
        used = self.layout.numbers / self.layout.beats
        return min(sum(part.fresh_bits(parameters) for part in self.parts), used)

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
        words = tuple(_numbered(part.rtl(), number) for number, part in enumerate(self.parts))
        rtl = StreamRtl(self.module, words=words)
        rtl.parameters |= {
            "RANK": len(words),
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


def _numbered(rtl: StreamRtl, number: int) -> StreamRtl:
    """Return the RTL of a stream of words with the names of its memory files as its own."""
    if not number:
        return rtl
    names = {name: f"{number}_{name}" for name in rtl.data}
    parameters = {key: names.get(str(value), value) for key, value in rtl.parameters.items()}
    data = {names[name]: text for name, text in rtl.data.items()}
    return replace(rtl, parameters=parameters, data=data)
