"""Control coverage of a stream: every control input in every state of the stream contract.

A state is what a clock finds: a beat, that at the end of a period, a certain word of the host still
due, a certain clock of a fill or a recovery, a clock of rst. An input is a pulse with no other
beside it, some of them together, or a ready or valid signal. Their crosses must all be reached, or
the verification fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from pezoexplore.hardware.verify.contract import (
    LOAD,
    READY,
    REPLAY,
    RESEED,
    RST,
    START,
    Contract,
    Phase,
)
from pezoexplore.streams.stream import Stream

Cross = tuple[str, str]
"""A state and an input."""

BEAT, FRESH_BEAT = "a beat", "the first clock of an epoch"
LAST_BEAT, FIRST_BEAT = "the last beat of a period", "the first beat of a period"
ONE_RESET, LAST_RESET = "the only clock of rst", "the last clock of rst"
SHOWN = (BEAT, FRESH_BEAT, LAST_BEAT, FIRST_BEAT)

_LONG_STALL, _VERY_LONG_STALL = 300, 2000
"""Clocks of a load and fill above which fewer pulses are combined with the rst or reseed before it;
above the second, beats at the edges of an epoch or period are left to designs with shorter ones."""

_LONG_STEP = 1000
"""Beats of a step above which its edges are not visited for each input: it is played to its end."""

PULSES = {"start": START, "replay": REPLAY, "reseed": RESEED, "rst": RST}


def pulses_of(control: int) -> str:
    """Return the pulses of a clock in words."""
    return " and ".join(name for name, bit in PULSES.items() if control & bit) or "no pulse"


def state_of(contract: Contract, period: int) -> str:
    """Return the name of the state that a clock finds, rst apart.

    Args:
        contract: The stream before the clock.
        period: Beats from one wrap to the next; 0 if none is visited.
    """
    left, total = contract.left, contract.total
    match contract.phase:
        case Phase.SHOWING:
            if contract.fresh:
                return FRESH_BEAT
            if period and contract.beat % period == period - 1:
                return LAST_BEAT
            return FIRST_BEAT if period and contract.beat and not contract.beat % period else BEAT
        case Phase.LOADING:
            return _loading(contract.lanes, left, total)
        case Phase.FILLING:
            return _filling(contract.lanes, left, total)
    return f"recovery, {_place(left, total)} clock"


def _place(left: int, total: int) -> str:
    return "last" if left == 1 else "first" if left == total else "another"


def _loading(lanes: int, left: int, total: int) -> str:
    """Name a word that is due; that behind one of every lane begins a bank's table."""
    if left > 1 and total - left in (lanes - 1, lanes):
        return f"word due: the {'last of a lane' if total - left < lanes else 'first of a table'}"
    return f"word due: {_place(left, total)}"


def _filling(lanes: int, left: int, total: int) -> str:
    """Name a clock of a fill; a row of a pool is complete after as many clocks as lanes."""
    if left > 2 and left != total and (total - left) % lanes == lanes - 1:
        return "fill, the end of a row"
    return "fill, last clock but one" if left == 2 else f"fill, {_place(left, total)} clock"


def inputs_of(state: str, control: int, reseeds: bool) -> Iterator[str]:
    """Yield the inputs of a clock in some state."""
    if not reseeds:
        control &= ~(RESEED | LOAD)
    pulses = pulses_of(control)
    word = f"{'a' if control & LOAD else 'no'} word"
    ready = "ready" if control & READY else "not ready"
    if state in SHOWN:
        yield f"{pulses}, {ready}"
    elif state.startswith("word"):
        yield f"{pulses}, {word}"
    else:
        yield pulses
    yield ready
    if reseeds:
        yield word


def stalls(stream: Stream) -> list[str]:
    """Return the states of a stream in which it shows no beat."""
    contract, found = Contract(stream), []
    for words, fill in (contract.reset_load, contract.reseed_load):
        found += [_loading(stream.lanes, left, words) for left in range(words, 0, -1)]
        found += [_filling(stream.lanes, left, fill) for left in range(fill, 0, -1)]
    if stream.strategy.start_stall(stream.strategy.step_beats):
        found += [f"recovery, {place} clock" for place in ("first", "another", "last")]
    return list(dict.fromkeys(found))


class Crosses:
    """The crosses that a stream must reach, and those reached.

    Attributes:
        goals: All that must be.
        covered: Those that were.
        period: Beats from one wrap to the next; 0 if none is visited.
    """

    def __init__(self, stream: Stream) -> None:
        strategy = stream.strategy
        self.reseeds = stream.point.reseeds
        played = 1 < strategy.step_beats <= _LONG_STEP
        settable = bool(strategy.kept_registers(0)) and strategy.visits_wrap
        self.period = strategy.wrap_period if settable or played else 0
        self._stall = max(strategy.reset_stall, strategy.reseed_stall)
        self.covered: set[Cross] = set()
        self.goals = dict.fromkeys(self._goals(stalls(stream)))
        self._inputs: dict[str, list[str]] = {}  # of the goals, by state
        for state, name in self.goals:
            self._inputs.setdefault(state, []).append(name)

    def note(self, state: str, control: int) -> None:
        """Note a clock."""
        for name in inputs_of(state, control, self.reseeds):
            self.covered.add((state, name))

    def open(self, state: str) -> list[str]:
        """Return the inputs of a state that are still to come."""
        return [name for name in self._inputs.get(state, ()) if (state, name) not in self.covered]

    def missing(self) -> list[Cross]:
        """Return the crosses that must be reached and were not."""
        return [goal for goal in self.goals if goal not in self.covered]

    def _goals(self, stalls: Sequence[str]) -> Iterator[Cross]:
        for state in self._shown(bool(stalls)):
            yield from product([state], self._of_a_beat(state))
        for state in stalls:
            yield from product([state], self._of_a_stall(state))
        for state in (ONE_RESET, LAST_RESET):
            yield from product([state], self._of_a_reset())

    def _signals(self) -> tuple[str, ...]:
        words = ("a word", "no word") if self.reseeds else ()
        return ("ready", "not ready", *words)

    def _shown(self, stalls: bool) -> Iterator[str]:
        if self.period not in (1, 2):  # else each beat is at an end of the period
            yield BEAT
        if self._stall <= _VERY_LONG_STALL:
            if self.period:
                yield LAST_BEAT
            if self.period > 1:
                yield FIRST_BEAT
            if stalls:
                yield FRESH_BEAT

    def _alone(self) -> list[str]:
        return ["no pulse", "start", "replay", *(["reseed"] if self.reseeds else [])]

    def _combined(self, *more: int) -> list[str]:
        """Return combinations of pulses: all, or where each costs a long stall, the important."""
        bits = [START, REPLAY, *([RESEED] if self.reseeds else []), *more]
        every = [sum(chosen) for chosen in product(*([0, bit] for bit in bits))]
        if self._stall > _VERY_LONG_STALL:
            every = [c for c in every if c in (0, sum(bits)) or c.bit_count() == 1]
        elif self._stall > _LONG_STALL:
            costly = sum(more) | RESEED
            few = [c for c in every if (c & ~RST).bit_count() < 2 or c == sum(bits)]
            every = [c for c in every if not c & costly or c in few]
        return [pulses_of(control) for control in sorted(every, key=lambda c: c & RST)]

    def _of_a_beat(self, state: str) -> Iterator[str]:
        names = [*self._alone(), "rst"] if state != BEAT else self._combined(RST)
        yield from (f"{name}, {ready}" for name in names for ready in ("ready", "not ready"))
        yield from self._signals()

    def _of_a_stall(self, state: str) -> Iterator[str]:
        words = (", a word", ", no word") if state.startswith("word") else ("",)
        yield from (f"{name}{word}" for name in (*self._alone(), "rst") for word in words)
        yield from self._signals()

    def _of_a_reset(self) -> Iterator[str]:
        yield from (name for name in self._combined(RST) if "rst" in name)
        yield from self._signals()
