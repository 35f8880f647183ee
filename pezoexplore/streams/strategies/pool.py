"""`pool`: rows of words made once an epoch by one generator, read cyclically."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams import scaling
from pezoexplore.streams.generators.models import Numbers
from pezoexplore.streams.linear import jump
from pezoexplore.streams.packing import U64, Words, pack, pack_rows
from pezoexplore.streams.seeding import drawn_limbs, phases
from pezoexplore.streams.strategy import MASTER_SEED, Strategy, StreamRtl, epoch_array
from pezoexplore.streams.walk import Repetition, Walk

_ROWS_FILE = "rows.hex"


class Pool(Strategy):
    """Rows in a memory: its initial contents, or refilled by a generator in hardware."""

    module = "stream_pool"
    wrap = "wrap"
    lockup_shown = "one word of a row"

    def __init__(self, point: DesignPoint, seed: int = MASTER_SEED) -> None:
        super().__init__(point, seed)
        self._kept: tuple[int, Words] | None = None

    @property
    def units(self) -> int:
        """One filler."""
        return 1

    @property
    def state_bits(self) -> int:
        """Bits of the words of all rows and, if they are refilled, of the filler's state."""
        stored = self.point.rows * self.point.lanes * self.point.bits
        return stored + super().state_bits if self.point.reseeds else stored

    def states(self, epochs: U64, start: int) -> U64:
        """Return the states from which the filler starts, whatever the beat."""
        made = self.generator
        if made.stepped is not None:
            return made.drawn_states(drawn_limbs(self.seed, epochs, 1, made.drawn))[:, None]
        distance = phases(self.seed, epochs, 1, made.period)
        return jump(made.step, np.ones((len(epochs), 1), dtype=np.uint64), distance)

    def rows(self, epochs: U64) -> Words:
        """Return the contents [epochs, R, lanes]; word i is lane i mod L of row i div L."""
        count = self.point.rows * self.point.lanes
        words = self._filling(epochs, count)
        return words.reshape(len(epochs), self.point.rows, self.point.lanes)

    def _filling(self, epochs: U64, count: int) -> Words:
        """Return the filler's first words, `count` of each epoch."""
        return self.generator.rows(self.states(epochs, 0), count)

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Implement :meth:`Strategy.words`."""
        index = (start + np.arange(count)) % self.point.rows
        if len(epochs) > 1:
            return self.rows(epochs)[:, index]
        epoch = int(epochs[0])
        if self._kept is None or self._kept[0] != epoch:
            self._kept = (epoch, self.rows(epochs))
        read: Words = self._kept[1][0].take(index, axis=0)[None]
        return read

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`; the filler's state behind the first lane is a walk."""
        rows, lanes, walk = self.point.rows, self.point.lanes, None
        if self.point.in_hardware and self.generator.stepped is None:
            period = self.generator.period
            walk = Walk(period, lanes % period, rows, -rows * lanes % period)
        return Repetition(turn=rows, cycle=rows, numbers=rows * lanes, walk=walk)

    def fresh_bits(self, parameters: int) -> float:
        """Implement :meth:`Strategy.fresh_bits`; words are fresh only while the pool is filled."""
        point = self.point
        if not point.reseeds:
            return 0.0
        clocks = point.reuse_period * -(-parameters // point.lanes)
        return min(self._moved, point.bits) * point.rows * point.lanes / clocks

    @property
    def locks_up(self) -> bool:
        """See :attr:`Strategy.locks_up`; only a pool that is refilled has a generator."""
        return self.point.reseeds and super().locks_up

    @property
    def reseed_stall(self) -> int:
        """See :attr:`Strategy.reseed_stall`."""
        return len(self.load_words(1)) + self.reset_stall if self.point.reseeds else 0

    @property
    def reset_stall(self) -> int:
        """The fill, a word per cycle, and a cycle to read the first row."""
        return self.point.rows * self.point.lanes + 1 if self.point.reseeds else 0

    @property
    def fill_clocks_with_reseed(self) -> int:
        """See :attr:`Strategy.fill_clocks_with_reseed`; the clock that reads the first row."""
        return 1

    def kept_registers(self, beat: int) -> dict[str, int]:
        """Implement :meth:`Strategy.kept_registers`."""
        return {"kept_q": beat % self.point.rows}

    def memory_rows(self) -> list[int]:
        """Return the initial rows of a pool that is never refilled: exponent above the words."""
        point, coded = self.point, self.exponent_range
        rows = pack_rows(self.rows(epoch_array(0))[0], point.bits)
        if coded is None or coded.bits == 0:
            return rows
        top = point.lanes * point.bits
        entries = [e - coded.base for e in self.turn_exponents(0)]
        return [row | (entry << top) for row, entry in zip(rows, entries, strict=True)]

    @property
    def sources(self) -> tuple[str, ...]:
        """See :attr:`Strategy.sources`."""
        names = ("stream_pool.v", "row_memory.v")
        if not self.point.reseeds:
            return names
        return (*names, "pool_filler.v", *self.point.family.sources)

    @property
    def generator_parameters(self) -> dict[str, int | str]:
        """See :attr:`Strategy.generator_parameters`."""
        return self.point.family.kind_parameters

    def rtl(self) -> StreamRtl:
        """Implement :meth:`Strategy.rtl`."""
        rtl, point, coded = super().rtl(), self.point, self.exponent_range
        rtl.parameters["ROWS"] = point.rows
        if not point.reseeds:
            rtl.add_file("FILE", _ROWS_FILE, self.memory_rows())
            return rtl
        rtl.set_vector("SEED", self.registers(0, 0)[0], point.state_bits or 0)
        if coded is None:
            return rtl
        bits = max(2 * point.bits + 5, (point.lanes * 4**point.bits).bit_length() + 1)
        first = coded.base - scaling.MIN_EXPONENT
        limits = scaling.thresholds(point.lanes)[first : first + 2**coded.bits - 1]
        clipped = [min(limit, 2**bits - 1) for limit in limits]
        rtl.parameters["HALF"] = int(self.generator.half)
        rtl.parameters["SUM_BITS"] = bits
        rtl.parameters["THRESHOLD_COUNT"] = len(clipped)
        rtl.set_vector("THRESHOLDS", pack(clipped, bits), bits * len(clipped))
        return rtl

    def model_tables(self) -> Mapping[str, tuple[Numbers, str]]:
        """Implement :meth:`Strategy.model_tables`."""
        return {"ROWS": (self.point.rows, "int")}
