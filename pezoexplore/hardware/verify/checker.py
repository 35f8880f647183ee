"""Comparison of a trace with the stream that a correct design outputs under a script.

The script's plan tells what must be on the outputs at every clock: a beat of the software stream,
or none, and whether a word of the host is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.hardware.verify.contract import READY, RST, Contract, Phase
from pezoexplore.hardware.verify.script import Script
from pezoexplore.hardware.verify.trace import Expected, MismatchError, Trace
from pezoexplore.streams.stream import Stream

_AT_ONCE = 2**13
"""Clocks that are compared at once."""

Watch = Callable[[Contract, int, str], None]
"""Receives the state of the stream, the control bits of a clock, and its line of the trace."""


def check(
    stream: Stream, script: Script, text: bytes, watch: Watch | None = None
) -> dict[str, Any]:
    """Compare a whole trace with the software stream.

    Args:
        stream: The stream of a hardware point, master seed 0.
        script: The stimulus.
        text: The trace, one line per clock, as pezoexplore/hardware/verify/bench/stream_harness.v
            writes them.
        watch: Called for every clock once all have been compared.

    Returns:
        ``rtl_words_checked``: words of accepted beats compared; ``reseed_stall_beats``: clocks
        without a beat after a reseed, as seen.

    Raises:
        MismatchError: At the first clock where the two differ.
    """
    trace, controls = Trace(text), script.controls
    if len(trace) != len(controls):
        raise MismatchError(f"the trace has {len(trace)} clocks, not {len(controls)}")
    comparison = _Comparison(stream, script, trace)
    for first in range(0, len(controls), _AT_ONCE):
        comparison.compare(first, min(first + _AT_ONCE, len(controls)))
    if watch is not None:
        _follow(stream, script, trace, watch)
    shown = script.plan.phases == Phase.SHOWING
    accepted = np.count_nonzero(shown & (controls & (READY | RST) == READY))
    return {
        "rtl_words_checked": stream.lanes * int(accepted),
        "reseed_stall_beats": stream.strategy.reseed_stall,
    }


def _follow(stream: Stream, script: Script, trace: Trace, watch: Watch) -> None:
    """Tell of every clock of a trace that is as it must be."""
    contract, jumps = Contract(stream), {d.cycle: d.beat for d in script.deposits}
    for clock, control in enumerate(script.controls.tolist()):
        if clock in jumps:
            contract.keep(jumps[clock])
        watch(contract, control, trace.line(clock))
        contract.step(control)


class _Comparison:
    """Compares a trace, some clocks at a time."""

    def __init__(self, stream: Stream, script: Script, trace: Trace) -> None:
        self._plan, self._trace = script.plan, trace
        self._reset = script.controls & RST != 0
        self._expected = Expected(stream)

    def compare(self, first: int, stop: int) -> None:
        """Compare clocks `first` to `stop` - 1; raise MismatchError at the first difference."""
        clocks = np.arange(first, stop)
        phases, reset = self._plan.phases[first:stop], self._reset[first:stop]
        shows = (phases == Phase.SHOWING) & ~reset
        asks, valid = self._trace.column(clocks, 0), self._trace.column(clocks, 1)
        wrong = (valid == ord("1")) != shows
        asked = np.where(phases == Phase.LOADING, ord("1"), ord("0"))
        wrong |= (asks != asked) & (phases != Phase.UNKNOWN)
        lengths = self._trace.lengths(clocks)
        wrong |= shows & (lengths != self._expected.width + 2)
        beats = clocks[shows & ~wrong]
        shown = self._trace.columns(beats, 2, self._expected.width)
        wrong[beats - first] |= (shown != self._wanted(beats)).any(axis=1)
        if wrong.any():
            raise MismatchError(self._told(first + int(np.flatnonzero(wrong)[0])))

    def _wanted(self, clocks: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the exponent and data that must be shown, [clocks, characters]."""
        found = np.empty((len(clocks), self._expected.width), np.uint8)
        epochs = self._plan.epochs[clocks]
        for epoch in np.unique(epochs).tolist():
            here = epochs == epoch
            found[here] = self._expected.block(epoch, self._plan.beats[clocks[here]])
        return found

    def _told(self, clock: int) -> str:
        """Return how a clock differs."""
        phase, line = Phase(self._plan.phases[clock]), self._trace.line(clock)
        epoch, beat = int(self._plan.epochs[clock]), int(self._plan.beats[clock])
        valid, where = line[1:2] == "1", f"clock {clock}: epoch {epoch} beat {beat}"
        if self._reset[clock] and valid:
            return f"clock {clock}: out_valid is high during rst"
        if valid and phase is not Phase.SHOWING:
            return f"{where}: a beat too early ({phase.name.lower()})"
        if not valid and phase is Phase.SHOWING and not self._reset[clock]:
            return f"{where}: out_valid is low ({line!r})"
        if line[:1] != ("1" if phase is Phase.LOADING else "0"):
            return f"{where}: load_ready is {line[:1]} ({phase.name.lower()})"
        wanted = self._expected.line(epoch, beat)
        return f"{where}: RTL shows {line[2:]}, the software stream {wanted}"
