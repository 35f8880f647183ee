"""Directed case of perturb_control, beside streams that show beats and wait for words at random."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pezoexplore.hardware.verify.directed.case import Case, Outputs

_CLOCKS = 8000
_IDLE, _PENDING, _OPEN, _DRAINING = range(4)
_COMMANDS = ("begin_pass", "skip", "reseed", "clear", "load")
_RESTORE = 0


@dataclass
class _Model:
    """The control, clock by clock: see the header of rtl/perturb_control.v."""

    sources: int
    stage: int = _IDLE
    mode: int = _RESTORE
    replay: int = 0
    left: int = 0
    cleared: int = 0
    phase: int = 0
    kept: int = 0

    @property
    def busy(self) -> bool:
        """Whether a pass or a skip is under way."""
        return self.stage != _IDLE or self.left > 0

    def launches(self, given: dict[str, int]) -> bool:
        """Tell whether a pass that waits has what it needs."""
        return self.stage == _PENDING and self._served(given)

    def is_open(self, given: dict[str, int]) -> bool:
        """Tell whether beats are let in."""
        return self.stage == _OPEN and self._served(given)

    def _served(self, given: dict[str, int]) -> bool:
        return self.mode == _RESTORE or given["source_valid"] == (1 << self.sources) - 1

    def _consumed(self, given: dict[str, int]) -> int:
        """Return the streams that go on, a bit each."""
        if given["taken"] and self.mode != _RESTORE:
            return (1 << self.sources) - 1
        return given["select"] if self.left and _all_selected(given, "source_valid") else 0

    def answers(self, given: dict[str, int]) -> Outputs:
        """Return the outputs of a clock."""
        pulses = self.launches(given) and self.mode != _RESTORE
        select = given["select"]
        return {
            "mode": self.mode,
            "load_segments": int(self.stage == _PENDING),
            "open": int(self.is_open(given)),
            "busy": int(self.busy),
            "skipping": int(self.left > 0),
            "skip_left": self.left,
            "numbers": int(given["source_valid"] == (1 << self.sources) - 1),
            "selected": int(_all_selected(given, "source_valid")),
            "loading": int(select > 0 and _all_selected(given, "source_load_ready")),
            "unloaded": int(given["source_load_ready"] > 0),
            "selected_unloaded": int(given["source_load_ready"] & select > 0),
            "phase": self.phase,
            "source_rst": given["rst"] | self.cleared,
            "source_start": int(pulses and not self.replay),
            "source_replay": int(pulses and self.replay),
            "source_reseed": select * given["reseed"],
            "source_load_valid": select * given["load"],
            "source_ready": self._consumed(given),
        }

    def clock(self, given: dict[str, int]) -> None:
        """Go on by one clock."""
        shown = self.answers(given)
        self._count(given, shown)
        self.cleared = given["clear"]
        if given["rst"]:
            self.stage, self.mode, self.replay, self.left = _IDLE, _RESTORE, 0, 0
            return
        if given["skip"]:
            self.left = given["skip_count"]
        elif self.left:
            self.left -= shown["selected"] or 0
        if given["begin_pass"]:
            self.mode, self.replay = given["begin_mode"], given["begin_replay"]
            self.stage = _PENDING
        elif self.launches(given):
            self.stage = _OPEN
        elif self.stage == _OPEN and given["taken"] and given["taken_last"]:
            self.stage = _DRAINING
        elif self.stage == _DRAINING and given["drained"]:
            self.stage = _IDLE

    def _count(self, given: dict[str, int], shown: Outputs) -> None:
        """Count the beats of stream 0, and keep the count as that stream keeps its state."""
        if shown["source_rst"] or given["reseed"] & given["select"]:
            self.phase = self.kept = 0
        elif shown["source_replay"]:
            self.phase = self.kept
        elif shown["source_start"]:
            self.kept = self.phase
        else:
            self.phase += (shown["source_ready"] or 0) & 1


def _all_selected(given: dict[str, int], port: str) -> bool:
    """Tell whether a bit is high of every selected stream."""
    return given["select"] & ~given[port] == 0


def perturb_control(sources: int) -> Case:
    """Return a case of perturb_control: commands while it is not busy, beats while it is open.

    Args:
        sources: Number streams.
    """
    draw, model = random.Random(sources), _Model(sources)
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for clock in range(_CLOCKS):
        given = _given(draw, model)
        given["rst"] = int(clock < 2 or draw.random() < 0.02)
        script.append(given)
        expected.append(model.answers(given) if clock > 1 else {})
        model.clock(given)
    inputs = {"rst": 1, "begin_pass": 1, "begin_mode": 2, "begin_replay": 1, "skip": 1}
    inputs |= {"skip_count": 32, "reseed": 1, "clear": 1, "load": 1, "select": sources}
    inputs |= {"taken": 1, "taken_last": 1, "drained": 1}
    inputs |= {"source_load_ready": sources, "source_valid": sources}
    single = ["load_segments", "open", "busy", "skipping", "numbers", "selected", "loading"]
    single += ["unloaded", "selected_unloaded"]
    outputs = {"mode": 2, **dict.fromkeys(single, 1), "skip_left": 32, "phase": 32}
    outputs |= dict.fromkeys(("source_rst", "source_start", "source_replay"), 1)
    outputs |= dict.fromkeys(("source_reseed", "source_load_valid", "source_ready"), sources)
    return Case("perturb_control", {"SOURCES": sources}, inputs, outputs, script, expected)


def _given(draw: random.Random, model: _Model) -> dict[str, int]:
    """Return the inputs of a clock but rst."""
    sources = model.sources
    given = dict.fromkeys(_COMMANDS, 0)
    if not model.busy and draw.random() < 0.7:
        given[draw.choice((*_COMMANDS, "begin_pass", "begin_pass"))] = 1
    count = draw.choice((0, 1, 2, 3, 5, 1 << draw.randrange(32)))
    given |= {"skip_count": count, "begin_mode": draw.randrange(4)}
    given |= {"begin_replay": draw.randrange(2), "drained": int(draw.random() < 0.6)}
    given |= {"select": draw.randrange(1 << sources)}
    for port, chance in (("source_valid", 0.8), ("source_load_ready", 0.7)):
        bits = (draw.random() < chance for _ in range(sources))
        given[port] = sum(bit << stream for stream, bit in enumerate(bits))
    given["taken_last"] = int(draw.random() < 0.2)
    given["taken"] = int(model.is_open(given) and draw.random() < 0.8)
    return given
