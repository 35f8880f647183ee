"""What a reuse strategy can do: the words of a point, and the hardware that shows them.

A strategy is built once from a point and a master seed (:class:`pezoexplore.streams.stream.Stream`
builds it) and answers every question that depends on how words are reused: which words per beat
shows, which states the host loads, how long a reseed stalls, when the stream repeats, which
Verilog it is. The classes are in :mod:`pezoexplore.streams.strategies`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams import scaling
from pezoexplore.streams.generator import Generator, generator
from pezoexplore.streams.generators.models import Numbers
from pezoexplore.streams.packing import U64, Words, hex_lines, pack, whole
from pezoexplore.streams.walk import Repetition

MASTER_SEED = 0
"""The RTL has this master seed, but in a bundle exported with another."""

EXPONENT_FILE = "exponents.hex"


@dataclass(frozen=True)
class ExponentRange:
    """Scale exponents as the hardware codes them: base + an entry of `bits` bits."""

    base: int
    bits: int

    @classmethod
    def of(cls, low: int, high: int) -> ExponentRange:
        """Return the narrowest range from `low` to `high`."""
        return cls(low, (high - low).bit_length())


@dataclass
class StreamRtl:
    """The Verilog module that shows a stream.

    Attributes:
        module: Its name.
        parameters: Values of its parameters, in order.
        widths: Bits of those that are vectors.
        data: Contents of the memory files that parameters name, by file name.
        words: The modules that deliver words to this one, if any do.
    """

    module: str
    parameters: dict[str, int | str] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    words: tuple[StreamRtl, ...] = ()

    def set_vector(self, name: str, value: int, bits: int) -> None:
        """Set a parameter that is a vector of `bits` bits."""
        self.parameters[name] = value
        self.widths[name] = bits

    def add_file(self, parameter: str, name: str, values: Iterable[int]) -> None:
        """Add a memory file, which a parameter names."""
        self.parameters[parameter] = name
        self.data[name] = hex_lines(values)


class Strategy(ABC):
    """How the words of a point come from its generators.

    Attributes:
        point: The design.
        seed: Master seed.
        module: The Verilog module of the strategy.
        wrap: What happens at the end of every period.
        has_exponent_port: Whether the module has the port ``out_exponent``.
        rotates: Whether lanes move down by one at the end of every period.
        taps_one_state: Whether all lanes are functions of one state.
        lockup_shown: What shows the state of zeros before the RTL recovers from it, if it does.
    """

    module: ClassVar[str]
    wrap: ClassVar[str]
    has_exponent_port: bool = True
    rotates: bool = False
    taps_one_state: bool = False
    lockup_shown: str = "one beat"

    def __init__(self, point: DesignPoint, seed: int = MASTER_SEED) -> None:
        self.point, self.seed = point, seed

    @cached_property
    def generator(self) -> Generator:
        """The point's generator (a pool's filler, a phased stream's one state)."""
        return generator(self.point)

    @property
    def units(self) -> int:
        """Generators that the words of a beat come from."""
        return self.point.generators

    @property
    def state_bits(self) -> int:
        """Bits of the states that the hardware's generators hold.

        Not counted: the copy that a replay restores, counters, and tables of scale exponents.
        """
        return self.units * self.generator.state_bits

    @property
    def turn(self) -> int:
        """Places at which an epoch of a generator can begin: its period."""
        return self.generator.period

    # words

    @abstractmethod
    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Return words [epochs, count, lanes] of `count` beats from beat `start` of each epoch.

        Any beat is reached by jumping, where the generator can jump. int16, int32 for words above
        15 bits, float32 for the software Gaussian.
        """

    @abstractmethod
    def states(self, epochs: U64, start: int) -> U64:
        """Return generator states [epochs, units] at a beat; [epochs, units, limbs] if wide."""

    def exponents(self, epoch: int, start: int, count: int) -> NDArray[np.int8] | None:
        """Return the scale exponents [count] of beats, int8; None unless scaling is pow2."""
        if self.point.scaling != "pow2":
            return None
        words: Words = self.words(epoch_array(epoch), start, count)[0]
        return scaling.exponents(words, self.generator.half)

    # periods and directions

    @property
    @abstractmethod
    def repetition(self) -> Repetition:
        """When the stream repeats unless it is reseeded."""

    @property
    def period(self) -> int | None:
        """Beats after which the stream repeats; None if it never does, or is reseeded."""
        return None if self.point.reseeds else self.repetition.cycle

    def until_wrap(self, epoch: int, start: int) -> int:
        """Return the beats from one of an epoch to the next end of a period."""
        turn = self.repetition.turn or 1
        return turn - start % turn

    def step_cycle(self, parameters: int, every: int = 1) -> int | None:
        """Return the directions after which they repeat; None if they never do.

        Args:
            parameters: Weights d.
            every: Steps of the stream from one direction to the next.
        """
        if self.period is None:
            return None
        return self.period // math.gcd(every * -(-parameters // self.point.lanes), self.period)

    def effective_span(self, parameters: int, most: int | None = None, every: int = 1) -> int:
        """Return an upper bound, met by nearly every stream, of the dimensions updates can reach.

        Updates lie in the span of the step directions, so they reach at most as many dimensions as
        there are distinct directions, and at most as many as there are distinct weights
        (:meth:`distinct_weights`): those that read the same number in every step move together.
        Distinct directions of B = ceil(d / L) beats, without reseeding:

        - generators per lane, no rotation: P / gcd(B, P); bank: L P / gcd(B, L P);
        - pool: R / gcd(B, R); nearly parallel ones count once, as :meth:`Walk.endless` says;
        - phased: P / gcd(B, P), P being a prime.

        With a finite reuse period every epoch starts anywhere on the cycle: streams that are
        functions of one position have P directions for each beat at which the jump may fall, the
        others any number. No more than d in either case.

        Args:
            parameters: Weights d.
            most: Count no further than this, which for millions of weights saves time and memory.
            every: Steps of the stream from one direction to the next: where roundings take random
                numbers in between, n B takes the place of B in the greatest common divisors.
        """
        limit = parameters if most is None else min(parameters, most)
        beats = -(-parameters // self.point.lanes)
        reached = min(limit, self._directions(beats, limit, every))
        return min(reached, self.distinct_weights(parameters, reached, every))

    def distinct_weights(self, parameters: int, limit: int, every: int = 1) -> int:
        """Return an upper bound of the weights that do not always move together, at most d.

        Where a step is longer than the pool or the period, it repeats R L or P L numbers.

        Args:
            parameters: Weights d.
            limit: Any number from this on may be returned where there are more.
            every: Steps of the stream from one direction to the next.
        """
        return min(parameters, self.repetition.numbers or parameters)

    def _directions(self, beats: int, limit: int, every: int) -> int:
        """Count distinct directions, or return any number from `limit` on if there are more."""
        walk = self.repetition.walk
        if walk is None:
            cycle = self.step_cycle(beats * self.point.lanes, every)
            return limit if cycle is None else cycle
        if self.point.reseeds:
            return walk.reseeded(beats, int(self.point.reuse_period), every)
        return walk.endless(beats, limit, every)

    def fresh_bits(self, parameters: int) -> float:
        """Return the bits per clock, on average, that no earlier word of the stream determines.

        A generator's state moves by `leap` bits per clock (lfsr) or as a whole (the others), of
        which no more than `bit_width` can show in its word, nor more than the state has in the
        words of all lanes served. What a reseed brings in comes from the host and is not counted.

        Args:
            parameters: Weights d, which say how many beats a step has.
        """
        shown = min(self._moved, self.point.bits) * self.point.lanes
        return float(min(shown, self.units * self.generator.state_bits))

    @property
    def _moved(self) -> int:
        """Bits by which a state moves a clock."""
        return min(self.point.leap or self.point.bits, self.generator.state_bits)

    # what the host loads, and how long it takes

    def registers(self, epoch: int, beat: int) -> list[int]:
        """Return the states of the hardware's registers at a beat of an epoch, lane 0 first."""
        states = self.states(epoch_array(epoch), beat)[0]
        return [whole(np.atleast_1d(state)) for state in states]

    @property
    def inverted(self) -> int:
        """State bits that the registers hold inverted."""
        return 0

    @property
    def locks_up(self) -> bool:
        """Return whether a generator of the hardware stands still in the state of zeros."""
        return not self.point.family.zero_is_legal

    def load_words(self, epoch: int) -> list[int]:
        """Return the words that the host loads to begin an epoch (reseed), in order."""
        return self.registers(epoch, 0)

    @property
    def loads_after_reset(self) -> bool:
        """Whether rst, too, waits for the host."""
        return False

    @property
    def reseed_stall(self) -> int:
        """Cycles without a beat after a reseed pulse, the host always ready."""
        return len(self.load_words(1)) if self.point.reseeds else 0

    @property
    def reset_stall(self) -> int:
        """Cycles without a beat after rst, the host always ready."""
        return len(self.load_words(0)) if self.loads_after_reset else 0

    @property
    def fill_clocks_with_reseed(self) -> int:
        """Last clocks of a fill in which a reseed is obeyed; in all before it is ignored."""
        return 0

    def start_stall(self, age: int) -> int:
        """Return the cycles without a beat after a `start` that comes `age` beats after another."""
        return 0

    @property
    def step_beats(self) -> int:
        """Beats from one place at which a `start` is obeyed to the next."""
        return 1

    # scale exponents

    @cached_property
    def exponent_range(self) -> ExponentRange | None:
        """Range of the scale exponents that the hardware must hold; None without pow2."""
        if self.point.scaling != "pow2":
            return None
        every = self._every_exponent()
        return ExponentRange.of(min(every), max(every))

    @property
    def coded_exponents(self) -> bool:
        """Whether the hardware holds exponents that differ from beat to beat."""
        return self.exponent_range is not None and self.exponent_range.bits > 0

    def _every_exponent(self) -> list[int]:
        """Return exponents with the extremes of all that can occur."""
        if not self.point.reseeds:
            return self.turn_exponents(0)
        largest = self.point.lanes * 4**self.point.bits
        least = self.point.lanes if self.generator.half else 0
        limits = scaling.thresholds(self.point.lanes)
        return [scaling.MIN_EXPONENT + sum(s <= t for t in limits) for s in (largest, least)]

    def turn_exponents(self, epoch: int) -> list[int]:
        """Return the exponents of the beats of a turn; a rotation leaves them as they are."""
        found = self.exponents(epoch, 0, self.repetition.turn or 0)
        assert found is not None, "only pow2 has exponents"
        return [int(e) for e in found]

    # the testbench

    @property
    def wrap_period(self) -> int:
        """Beats from one wrap to the next, as the testbench visits them."""
        return self.repetition.turn or 0

    @property
    def visits_wrap(self) -> bool:
        """Whether the testbench can lead the stream over the end of a period."""
        return True

    def critical_beats(self) -> list[int]:
        """Return beats with table entries that a walk from the start does not come by, ascending.

        With scale exponents that differ, the first beat of each.
        """
        if not self.coded_exponents:
            return []
        found = self.exponents(0, 0, self.wrap_period)
        return sorted(np.unique(np.asarray(found), return_index=True)[1].tolist())

    def kept_registers(self, beat: int) -> dict[str, int]:
        """Return the registers that a replay restores, as kept at a beat of epoch 0.

        By their path below the stream's instance; empty where they cannot be set.
        """
        stored = [state ^ self.inverted for state in self.registers(0, beat)]
        return {"kept_q": pack(stored, self.point.state_bits or 0)}

    # the Verilog

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the hand-written files of the module, its reseed control apart."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the hand-written files that the RTL is made of; `.vh` files are included."""
        return (*self.files, "reseed_control.v") if self.point.reseeds else self.files

    def rtl(self) -> StreamRtl:
        """Return the Verilog module with its parameters and memory files.

        Those that hold states and tables are added by each strategy.
        """
        point, rtl = self.point, StreamRtl(self.module)
        rtl.parameters |= {
            "BIT_WIDTH": point.bits,
            "STATE_BITS": point.state_bits or 0,
            "LEAP": point.leap or 1,
            "LANES": point.lanes,
            "HAS_RESEED": int(point.reseeds),
        }
        rtl.parameters |= self.generator_parameters
        if self.exponent_range is not None:
            bits, base = self.exponent_range.bits, self.exponent_range.base
            rtl.parameters["EXPONENT_BITS"] = bits
            rtl.set_vector("EXPONENT_BASE", base % 2**scaling.EXPONENT_BITS, scaling.EXPONENT_BITS)
        return rtl

    @property
    def generator_parameters(self) -> dict[str, int | str]:
        """Parameters that choose the generator."""
        return {}

    # models for host software

    @property
    def served(self) -> int:
        """Lanes that one generator serves."""
        return self.point.group

    def model_tables(self) -> Mapping[str, tuple[Numbers, str]]:
        """Return constants of the software models, with their C types, by name."""
        return {}


def epoch_array(number: int) -> U64:
    """Return one epoch as the array that strategies take."""
    return np.array([number], dtype=np.uint64)
