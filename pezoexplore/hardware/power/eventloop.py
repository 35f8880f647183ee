"""The compiled loop of :mod:`pezoexplore.hardware.power.eventsim`.

Transitions wait in a wheel: a list for each picosecond up to the longest delay, first in, first
out. A net waits for one transition at most. A value is 0, 1 or 2 for unknown.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pezoexplore.streams.generators.compiled import compiled, inlined

Ints = npt.NDArray[np.int64]
Values = npt.NDArray[np.int8]

AND, OR, XOR, NOT, WIRE = range(5)
"""Kinds of gates. A wire has no turn of its own: it passes a change on at once."""

TABLES = np.array(
    [
        [[0, 0, 0], [0, 1, 2], [0, 2, 2]],
        [[0, 1, 2], [1, 1, 1], [2, 1, 2]],
        [[0, 1, 2], [1, 0, 2], [2, 2, 2]],
        [[1, 1, 1], [0, 0, 0], [2, 2, 2]],
    ],
    np.int8,
)
"""Outputs of gates by kind and inputs (IEEE Std 1364-2005, section 5.1)."""


class Gates(NamedTuple):
    """G gates between V values.

    Attributes:
        kinds: Kind of each gate.
        inputs: Places of their two inputs, (G, 2); the same one twice if there is one.
        outputs: Places of their outputs.
        delays: Delays of each value to 0, 1 and unknown, ps, (V, 3); -1 for none.
        readers: Gates that read each value, one list after the other.
        starts: Where the lists start, (V + 1,).
        states: Places of the flip-flops' states.
        following: Places of their next states.
    """

    kinds: Ints
    inputs: Ints
    outputs: Ints
    delays: Ints
    readers: Ints
    starts: Ints
    states: Ints
    following: Ints


class Work(NamedTuple):
    """Holds the arrays of the loop: making them within it takes longer to compile than all of it.

    Attributes:
        heads: First value of each list of the wheel; -1 for none.
        tails: Last value of each.
        due: When each value changes, ps; -1 if it does not wait.
        after: The value behind each in its list; -1 for none.
        before: The one in front.
        aims: What each value waits to become.
        queue: A ring of gates with a changed input, each in it once at most.
        queued: Whether each gate is.
        new: States after a clock edge.
    """

    heads: Ints
    tails: Ints
    due: Ints
    after: Ints
    before: Ints
    aims: Values
    queue: Ints
    queued: npt.NDArray[np.bool_]
    new: Values

    @classmethod
    def of(cls, gates: Gates, many: int) -> Work:
        """Return it for `many` values, none of which waits."""
        size, count = max(int(gates.delays.max(initial=0)), 0) + 1, len(gates.kinds)
        none = np.int64(-1)
        return cls(
            heads=np.full(size, none),
            tails=np.full(size, none),
            due=np.full(many, none),
            after=np.full(many, none),
            before=np.full(many, none),
            aims=np.zeros(many, np.int8),
            queue=np.zeros(count + 1, np.int64),
            queued=np.zeros(count, np.bool_),
            new=np.zeros(len(gates.states), np.int8),
        )


@inlined
def _drive(
    net: int,
    value: int,
    now: int,
    values: Values,
    aims: Values,
    delays: Ints,
    due: Ints,
    heads: Ints,
    tails: Ints,
    after: Ints,
    before: Ints,
) -> int:
    """Have a net take a value after its delay, or stay as it is; return by how much more wait."""
    more = 0
    if due[net] >= 0:
        if aims[net] == value:
            return 0
        _unlink(net, due, heads, tails, after, before)
        more = -1
    if values[net] != value:
        more += 1
        aims[net], due[net] = value, now + delays[net, value]
        slot = due[net] % len(heads)
        after[net] = -1
        before[net] = tails[slot]
        if heads[slot] < 0:
            heads[slot] = net
        else:
            after[tails[slot]] = net
        tails[slot] = net
    return more


@inlined
def _unlink(net: int, due: Ints, heads: Ints, tails: Ints, after: Ints, before: Ints) -> None:
    """Have a net wait no longer."""
    slot = due[net] % len(heads)
    due[net] = -1
    if heads[slot] == net:
        heads[slot] = after[net]
    else:
        after[before[net]] = after[net]
    if tails[slot] == net:
        tails[slot] = before[net]
    else:
        before[after[net]] = before[net]


def run_clocks(
    gates: Gates,
    values: Values,
    data: Ints,
    shown: Values,
    counts: Ints,
    period: int,
    window: tuple[int, int],
) -> int:
    """Simulate clocks, each until everything has settled.

    Args:
        gates: The circuit.
        values: All values, settled; updated.
        data: Places of the bits of the word.
        shown: Filled with the words before each clock edge, (clocks, bits).
        counts: Incremented by the transitions of each value with a delay between 0 and 1, (V,).
        period: Clock period, ps.
        window: Times after the first of which, up to the second, transitions count, in ps from the
            first clock edge.

    Returns:
        The longest time after a clock edge until everything had settled, ps.
    """
    work = Work.of(gates, len(values))
    return _run(gates, work, values, data, shown, counts, period, window)


@compiled
def _run(
    gates: Gates,
    work: Work,
    values: Values,
    data: Ints,
    shown: Values,
    counts: Ints,
    period: int,
    window: tuple[int, int],
) -> int:
    """Simulate clocks; see :func:`run_clocks`."""
    kinds, inputs, outputs, delays, readers, starts, states, following = gates
    heads, tails, due, after, before, aims, queue, queued, new = work
    turn, end, waiting, latest = 0, 0, 0, 0
    for clock in range(len(shown)):
        for i in range(len(data)):
            shown[clock, i] = values[data[i]]
        for i in range(len(new)):
            new[i] = values[following[i]]
        now, slot, clocked = 0, 0, 0
        while True:
            # The next value that changes: of a flip-flop, a net or within a cell.
            if clocked < len(new):
                value, place = new[clocked], states[clocked]
                clocked += 1
            elif heads[slot] >= 0:
                place = heads[slot]
                value = aims[place]
                _unlink(place, due, heads, tails, after, before)
                waiting -= 1
                time, known = clock * period + now, value < 2 and values[place] < 2
                counts[place] += known and window[0] < time and time <= window[1]
            elif turn != end:
                gate = queue[turn]
                turn = turn + 1 if turn < len(kinds) else 0
                queued[gate] = False
                place = outputs[gate]
                value = TABLES[kinds[gate], values[inputs[gate, 0]], values[inputs[gate, 1]]]
                if delays[place, 0] >= 0:
                    waiting += _drive(
                        place, value, now,
                        values, aims, delays, due, heads, tails, after, before,
                    )  # fmt: skip
                    continue
            elif waiting > 0:
                now += 1
                slot = now % len(heads)
                continue
            else:
                break
            if values[place] == value:
                continue
            values[place] = value
            for i in range(starts[place], starts[place + 1]):
                gate = readers[i]
                if kinds[gate] == WIRE:
                    waiting += _drive(
                        outputs[gate], value, now,
                        values, aims, delays, due, heads, tails, after, before,
                    )  # fmt: skip
                elif not queued[gate]:
                    queued[gate] = True
                    queue[end] = gate
                    end = end + 1 if end < len(kinds) else 0
        latest = max(latest, now)
    return latest
