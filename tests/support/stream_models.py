"""Models of a stream, a register at a time: a correct one and faulty ones.

They are written from the stream contract alone and know nothing of how the checker follows a trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.verify.contract import EPOCHS, LOAD, READY, REPLAY, RESEED, RST, START
from pezoexplore.hardware.verify.script import Script
from pezoexplore.streams.stream import Stream, strategy


@dataclass
class Model:
    """A design in a few registers; subclasses misbehave.

    Attributes:
        epoch: Epoch of the beat shown.
        beat: Beat shown.
        kept: What a start kept.
        loads: Words still to be loaded.
        fill: Clocks until the first beat once they are.
    """

    point: DesignPoint
    epoch: int = 0
    beat: int = 0
    kept: tuple[int, int] = (0, 0)
    loads: int = 0
    fill: int = 0
    last_epoch: int = 0
    words: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def load_count(self) -> int:
        count = {"none": 3, "bank": 3, "phased": 1, "pool": 1}[self.point.reuse]
        return count + (511 if self.point.scaling == "pow2" and self.point.reuse == "bank" else 0)

    def fill_count(self) -> int:
        return 17 * 3 + 1 if self.point.reuse == "pool" else 0

    def shown(self) -> str:
        if self.epoch not in self.words:
            stream = Stream(self.point, 0)
            found = stream.exponents(self.epoch, 0, 6000)
            shown = np.zeros(6000, dtype=int) if found is None else found
            self.words[self.epoch] = (stream.beats(self.epoch, 0, 6000), shown)
        words, exponents = self.words[self.epoch]
        data = sum((int(w) % 64) << (6 * lane) for lane, w in enumerate(words[self.beat]))
        return f"{int(exponents[self.beat]) % 64:02x}_{data:05x}"

    def valid(self) -> bool:
        return self.loads == 0 and self.fill == 0

    def line(self, control: int) -> str:
        ready = "1" if self.loads else "0"
        if control & RST or not self.valid():
            return f"{ready}0"
        return f"{ready}1{self.shown()}"

    def clock(self, control: int) -> None:
        if control & RST:
            self.reset()
        elif self.loads:
            self.loads -= bool(control & LOAD)
        elif self.fill > 1 or (self.fill and not control & RESEED):
            self.fill -= 1
        else:
            self.pulse(control)

    def reset(self) -> None:
        self.epoch, self.beat, self.kept = 0, 0, (0, 0)
        self.loads = 514 if self.point.reseeds and self.load_count() > 500 else 0
        self.fill = self.fill_count() if self.point.reseeds else 0

    def pulse(self, control: int) -> None:
        here = (self.epoch, self.beat)
        if control & RESEED and self.point.reseeds:
            self.last_epoch += 1
            self.epoch, self.beat = 1 + (self.last_epoch - 1) % EPOCHS, 0
            self.kept = (self.epoch, 0)
            self.loads, self.fill = self.load_count(), self.fill_count()
        elif control & REPLAY:
            self.epoch, self.beat = self.kept
        else:
            self.beat += self.accepted(control)
            if control & START:
                self.kept = here

    def accepted(self, control: int) -> int:
        return int(bool(control & READY))

    def set_kept(self, beat: int) -> None:
        self.kept = (self.epoch, beat)


def play(script: Script, model: Model) -> list[str]:
    """Return the trace of a model under a script."""
    jumps = {deposit.cycle: deposit.beat for deposit in script.deposits}
    trace = []
    for clock, control in enumerate(script.controls.tolist()):
        if clock in jumps:
            model.set_kept(jumps[clock])
        trace.append(model.line(control))
        model.clock(control)
    return trace


class LosesBeat(Model):
    def accepted(self, control: int) -> int:
        taken = super().accepted(control)
        return 2 if taken and self.beat == 9 else taken


class RepeatsBeatOnce(Model):
    """Shows beat 9 twice wherever it is accepted the first time."""

    seen = False

    def accepted(self, control: int) -> int:
        if self.beat == 9 and not self.seen and control & READY:
            self.seen = True
            return 0
        return super().accepted(control)


class AdvancesWhileStalled(Model):
    def accepted(self, control: int) -> int:
        return 1


class DeafToStart(Model):
    def pulse(self, control: int) -> None:
        super().pulse(control & ~START)


class KeepsTheNextBeat(Model):
    def pulse(self, control: int) -> None:
        super().pulse(control)
        if control & START and not control & (REPLAY | RESEED):
            self.kept = (self.epoch, self.beat)


class DeafToReplay(Model):
    def pulse(self, control: int) -> None:
        super().pulse(control & ~REPLAY)


class StartBeatsReplay(Model):
    def pulse(self, control: int) -> None:
        super().pulse(control & ~REPLAY if control & START else control)


class KeepsAndReplays(Model):
    """A start in the clock of a replay must keep nothing."""

    def pulse(self, control: int) -> None:
        here = (self.epoch, self.beat)
        super().pulse(control)
        if control & START and control & REPLAY:
            self.kept = here


class KeepsOverReset(Model):
    def reset(self) -> None:
        kept = self.kept
        super().reset()
        self.kept = kept


class DeafToReset(Model):
    def reset(self) -> None:
        self.loads = self.fill = 0


class WrapsLate(Model):
    """Shows the period's first beats again instead of a rotation, hop or restart."""

    def shown(self) -> str:
        beat, period = self.beat, strategy(self.point).wrap_period
        self.beat = beat % period + 1 if beat >= period else beat
        text = super().shown()
        self.beat = beat
        return text


class ReplayBeatsReseed(Model):
    def pulse(self, control: int) -> None:
        super().pulse(control & ~RESEED if control & REPLAY else control)


class DeafToReseed(Model):
    def pulse(self, control: int) -> None:
        super().pulse(control & ~RESEED)


class LoadsOneLess(Model):
    def load_count(self) -> int:
        return super().load_count() - 1


class LoadsOneMore(Model):
    def load_count(self) -> int:
        return super().load_count() + 1


class StaysInEpoch(Model):
    def pulse(self, control: int) -> None:
        epoch = self.epoch
        super().pulse(control)
        self.epoch = epoch


class PulsesWhileLoading(Model):
    def clock(self, control: int) -> None:
        if self.loads and control & LOAD and self.last_epoch == 2:
            self.fill += 1
        super().clock(control)


class ReplaysWhileLoading(Model):
    """Obeys a replay in a gap between words."""

    def clock(self, control: int) -> None:
        if self.loads and control & REPLAY and not control & (LOAD | RST):
            self.beat = 7  # states that are kept, instead of those that are loaded
        super().clock(control)


class ReseedsWhileLoading(Model):
    def clock(self, control: int) -> None:
        if self.loads and control & RESEED and not control & RST:
            self.loads = self.load_count() + bool(control & LOAD)
        super().clock(control)


class ReseedsWhileFilling(Model):
    def clock(self, control: int) -> None:
        if self.fill > 1 and control & RESEED and not self.loads and not control & RST:
            self.fill = 0
        super().clock(control)


class LoadsOnAfterReset(Model):
    """Does not see rst while it loads or fills."""

    def reset(self) -> None:
        loads, fill = self.loads, self.fill
        super().reset()
        if loads or fill:
            self.loads, self.fill = loads, fill


class ReseedsInReset(Model):
    """A reseed beside the only clock of rst begins a load."""

    def clock(self, control: int) -> None:
        super().clock(control)
        if control & RST and control & RESEED and not control & START:
            self.loads, self.fill = self.load_count(), self.fill_count()


class KeepsInReset(Model):
    """A start beside rst keeps what was shown."""

    def clock(self, control: int) -> None:
        here = (self.epoch, self.beat)
        super().clock(control)
        if control & (RST | START | REPLAY | RESEED) == RST | START:
            self.kept = here


FAULTS: list[Callable[[DesignPoint], Model]] = [
    LosesBeat, RepeatsBeatOnce, AdvancesWhileStalled, DeafToStart, KeepsTheNextBeat, DeafToReplay,
    StartBeatsReplay, KeepsAndReplays, KeepsOverReset, DeafToReset, WrapsLate, KeepsInReset,
]  # fmt: skip
RESEED_FAULTS = [
    ReplayBeatsReseed, DeafToReseed, LoadsOneLess, LoadsOneMore, StaysInEpoch, PulsesWhileLoading,
    ReplaysWhileLoading, ReseedsWhileLoading, LoadsOnAfterReset, ReseedsInReset,
]  # fmt: skip
