"""`none`: one generator per lane, or one a group of lanes, without rotation or hop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.linear import jump
from pezoexplore.streams.packing import U64, Words, pack, word_dtype
from pezoexplore.streams.seeding import drawn_limbs, phases
from pezoexplore.streams.strategy import MASTER_SEED, Strategy, StreamRtl, epoch_array
from pezoexplore.streams.walk import Repetition, Walk

_SEARCHED_BEATS = 2**18
_RARE_BEATS = 320
_STEPPED_BEAT = 1024


class OneEach(Strategy):
    """A generator for each lane or group of lanes, in the module ``stream_none``."""

    module = "stream_none"
    wrap = "end of the period"
    has_exponent_port = False

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`."""
        period = self.generator.period
        return Repetition(turn=period, cycle=period, numbers=period * self.point.lanes)

    @property
    def files(self) -> tuple[str, ...]:
        """See :attr:`Strategy.files`."""
        return ("stream_none.v", *self.point.family.sources)

    @property
    def generator_parameters(self) -> dict[str, int | str]:
        """See :attr:`Strategy.generator_parameters`."""
        return self.point.family.kind_parameters | self._group

    @property
    def _group(self) -> dict[str, int]:
        return {"GROUP": self.point.group} if self.point.group > 1 else {}

    def rtl(self) -> StreamRtl:
        """Implement :meth:`Strategy.rtl`."""
        rtl, state, seeds = super().rtl(), self.point.state_bits or 0, self.registers(0, 0)
        rtl.set_vector("SEEDS", pack(seeds, state), len(seeds) * state)
        if self.inverted:
            rtl.set_vector("INVERTED", self.inverted, state)
        return rtl

    @property
    def inverted(self) -> int:
        """See :attr:`Strategy.inverted`; a module of a family's own stores states as they are."""
        return self.point.family.inverted(self.point) if self.module == "stream_none" else 0


class PerLane(OneEach):
    """Generators that jump; each serves one lane, or a group where its state shows more words."""

    def __init__(self, point: DesignPoint, seed: int = MASTER_SEED) -> None:
        super().__init__(point, seed)
        self._starts: tuple[bytes, U64] | None = None  # of the epochs of the last call
        self._kept: tuple[bytes, int, U64] | None = None  # states behind the last words

    def states(self, epochs: U64, start: int) -> U64:
        """Implement :meth:`Strategy.states`."""
        period = self.generator.period
        turns, position = divmod(start, period)
        distance = (self._phases(epochs, turns) + np.uint64(position)) % np.uint64(period)
        return jump(self.generator.step, np.ones_like(distance), distance)

    def _phases(self, epochs: U64, turns: int) -> U64:
        """Return the phases [epochs, units] that `turns` periods of each epoch start from.

        Many successive calls are for the same epochs.
        """
        key = epochs.tobytes()
        if self._starts is None or self._starts[0] != key:
            found = phases(self.seed, epochs, self.point.generators, self.generator.period)
            self._starts = (key, found)
        return self._starts[1]

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Implement :meth:`Strategy.words`.

        Words that follow those of the last call continue from the states then reached: tables for
        jumping would push others out of the caches.
        """
        key = epochs.tobytes()
        kept, self._kept = self._kept, None
        if kept is not None and kept[:2] == (key, start):
            states = kept[2]
        else:
            states = self.states(epochs, start)
        shown = self.generator.rows(states, count)
        self._kept = (key, start + count, states)
        return shown[:, :, : self.point.lanes]

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`; one lane is a walk."""
        period, found = self.generator.period, super().repetition
        return replace(found, walk=Walk(period, 1, period, 0)) if self.point.lanes == 1 else found

    def distinct_weights(self, parameters: int, limit: int, every: int = 1) -> int:
        """Implement :meth:`Strategy.distinct_weights`.

        Lanes that are phases of one cycle, never reseeded, share the states that both come by in
        every step.
        """
        if self.point.reseeds:
            return super().distinct_weights(parameters, limit, every)
        beats = -(-parameters // self.point.lanes)
        group, units = self.point.group, self.point.generators
        length = np.full(units, beats)
        if group == 1:  # the last lanes do without the last beat
            length[parameters - (beats - 1) * units :] -= 1
        begin = self._phases(epoch_array(0), 0)[0].astype(np.int64)
        order = np.argsort(begin)
        after = np.diff(begin[order], append=begin[order[0]] + self.generator.period)
        return min(parameters, group * int(np.minimum(after, length[order]).sum()))

    def critical_beats(self) -> list[int]:
        """Return, for Gaussian lanes, those of the first beats that hold the largest numbers."""
        if not self.point.family.gaussian:
            return super().critical_beats()
        words = self.words(epoch_array(0), 0, _SEARCHED_BEATS)[0]
        sizes = np.abs(2 * words.astype(np.int64) + 1).max(axis=1)
        return sorted(int(beat) for beat in np.argsort(-sizes, kind="stable")[:_RARE_BEATS])


class PerGroup(OneEach):
    """Generators that step; each serves as many lanes as its bits are words.

    The states last reached are kept, so that a stream read on from where it stopped steps once.
    """

    def __init__(self, point: DesignPoint, seed: int = MASTER_SEED) -> None:
        super().__init__(point, seed)
        self._kept: tuple[list[int], int, U64] | None = None

    def states(self, epochs: U64, start: int) -> U64:
        """Implement :meth:`Strategy.states`."""
        point, made, beat = self.point, self.generator, 0
        if self._kept is not None and self._kept[0] == epochs.tolist() and self._kept[1] <= start:
            _, beat, states = self._kept
            states = states.copy()
        else:
            states = made.drawn_states(drawn_limbs(self.seed, epochs, point.generators, made.drawn))
        made.skip(states, start - beat)
        return states.reshape(len(epochs), point.generators, -1)

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Implement :meth:`Strategy.words`."""
        point = self.point
        states = self.states(epochs, start)
        states = states.reshape(-1, states.shape[2])
        out = np.empty((len(states), count, point.group), dtype=word_dtype(point.bits))
        assert self.generator.stepped is not None
        self.generator.stepped.fill(states, point.bits, out)
        self._kept = (epochs.tolist(), start + count, states)
        by_beat = out.reshape(len(epochs), point.generators, count, point.group).swapaxes(1, 2)
        served = point.generators * point.group
        return by_beat.reshape(len(epochs), count, served)[:, :, : point.lanes]

    def fresh_bits(self, parameters: int) -> float:
        """Implement :meth:`Strategy.fresh_bits`; numbers of a count are all known of it."""
        return 1.0 if self.point.family.one_count else super().fresh_bits(parameters)

    def distinct_weights(self, parameters: int, limit: int, every: int = 1) -> int:
        """Implement :meth:`Strategy.distinct_weights`, for Sobol numbers by their dimensions.

        With 2**v the largest power of two that divides the beats from one direction to the next,
        the low v bits of the count are the same in all directions, and the others are constant in
        each run of 2**v beats. Numbers of a run are then XORs of a fixed word by beat and a word by
        run and direction: a sum over output bits of products of the two, in no more dimensions per
        lane than there are output bits.
        """
        point = self.point
        if not (point.family.one_count and point.family.linear_steps) or point.reseeds:
            return super().distinct_weights(parameters, limit, every)
        beats = -(-parameters // point.lanes)
        run = every * beats & -(every * beats)
        ends = np.arange(run - self.registers(0, 0)[0] % run, beats, run)
        dimensions = np.minimum(np.diff(ends, prepend=0, append=beats), point.bits).sum()
        return min(parameters, point.lanes * int(dimensions))

    @property
    def wrap_period(self) -> int:
        """Some beat: no generator of this kind is led to its end, where nothing happens."""
        return _STEPPED_BEAT

    @property
    def visits_wrap(self) -> bool:
        """See :attr:`Strategy.visits_wrap`."""
        return False

    def critical_beats(self) -> list[int]:
        """Return, for Sobol numbers, the beats that first need a direction number each."""
        return self.point.family.rare_beats(self.registers(0, 0)[0])
