"""Directed cases of streams and what they are made of, with a model of a few lines each.

A stream of three state bits meets every state in every situation within a few thousand clocks of
random inputs, which no design of the regression does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from pezoexplore.hardware.verify.directed.case import Case, Outputs, Parameters
from pezoexplore.streams.families.lfsr import update_columns
from pezoexplore.streams.linear import apply

_CLOCKS = 6000

_BITS = 3
"""Bits of a state that is driven at random."""

_INVERTED = 5
"""Those of them that registers hold inverted, which changes no word."""

_BASE = 61
"""What exponents are added to, modulo 64."""

_CHANCES = {"start": 0.2, "replay": 0.2, "reseed": 0.2, "load_valid": 0.5, "out_ready": 0.7}
"""Probability that each control input is high in a clock."""


def phased(last: int, again: int, has_reseed: int, recovers: int, exponent_bits: int = 0) -> Case:
    """Return a case of stream_phased of three lanes of one bit: its words are its state inverted.

    Args:
        last: State that ends the period, or 0.
        again: State that follows it.
        has_reseed: Whether it can be reseeded.
        recovers: Whether it leaves the state of zeros, which the host loads then.
        exponent_bits: Bits of an entry of its table of exponents; 0: none.
    """
    columns = update_columns(_BITS)

    def follow(_: int, state: int) -> int:
        ends = (last and state == last) or (recovers and state == 0)
        return again if ends else apply(columns, state)

    script, states = _driven((5,), follow, has_reseed, recovers, last * 8 + again)
    parameters = {"BIT_WIDTH": 1, "STATE_BITS": _BITS, "LANES": _BITS, "SEED": 5, "AGAIN": again}
    parameters |= {"LAST": last, "HAS_RESEED": has_reseed, "LOCKUP_RECOVERY": recovers}
    parameters |= {"INVERTED": _INVERTED, "ODD": _INVERTED}
    entries = [state * 5 % (1 << exponent_bits) for state in range(1 << _BITS)]
    case = _stream("stream_phased", {**parameters, "COLUMNS": "9'o421"}, script, states, 7)
    return _with_exponents(case, states, exponent_bits, entries)


def _with_exponents(
    case: Case, states: list[tuple[int, ...] | None], bits: int, entries: list[int]
) -> Case:
    """Return a case of a stream with a table of scale exponents by state, in a file."""
    name = f"phased_{bits}.hex"
    parameters: Parameters = {
        **case.parameters,
        "EXPONENT_BITS": bits,
        "EXPONENT_BASE": _BASE,
        "EXPONENT_FILE": f'"{name}"',
    }
    expected = [
        {**row, "out_exponent": (_BASE + entries[state[0]]) % 64} if row and state else row
        for row, state in zip(case.expected, states, strict=True)
    ]
    return replace(
        case,
        parameters=parameters,
        outputs={**case.outputs, "out_exponent": 6},
        expected=expected,
        files={name: "".join(f"{entry:x}\n" for entry in entries)},
    )


def none(has_reseed: int, recovers: int) -> Case:
    """Return a case of stream_none of two lanes with the whole state as word.

    Args:
        has_reseed: Whether it can be reseeded.
        recovers: Whether a lane leaves the state of zeros, which the host loads then.
    """
    columns, seeds = update_columns(_BITS), (5, 3)

    def follow(lane: int, state: int) -> int:
        return seeds[lane] if recovers and state == 0 else apply(columns, state)

    script, states = _driven(seeds, follow, has_reseed, recovers, has_reseed)
    parameters: Parameters = {
        "BIT_WIDTH": _BITS,
        "STATE_BITS": _BITS,
        "LANES": 2,
        "SEEDS": "6'o35",
        "HAS_RESEED": has_reseed,
        "LOCKUP_RECOVERY": recovers,
        "INVERTED": _INVERTED,
    }
    return _stream("stream_none", parameters, script, states, 4)


def _driven(
    seeds: tuple[int, ...],
    follow: Callable[[int, int], int],
    has_reseed: int,
    zeros: int,
    key: int,
) -> tuple[list[dict[str, int]], list[tuple[int, ...] | None]]:
    """Drive every control input at random.

    Args:
        seeds: States after rst, lane 0 first; a reseed loads one of each, lane 0 first.
        follow: Returns what follows a state of a lane.
        has_reseed: Whether reseeds are obeyed.
        zeros: Whether words of zero are loaded too.
        key: Random seed.

    Returns:
        The inputs of every clock, and the states shown in it: none while words load and in reset.
    """
    draw = random.Random(key)
    script: list[dict[str, int]] = []
    shown: list[tuple[int, ...] | None] = []
    states = kept = seeds
    left, first = 0, False
    for clock in range(_CLOCKS):
        given = {name: int(draw.random() < chance) for name, chance in _CHANCES.items()}
        given |= {"rst": int(clock < 2 or draw.random() < 0.01)}
        given |= {"load_data": draw.randrange(1 - zeros, 1 << _BITS)}
        script.append(given)
        shown.append(None if left or given["rst"] else states)
        if given["rst"]:
            states, kept, left, first = seeds, seeds, 0, False
        elif left:
            if given["load_valid"]:
                states, left = (*states[1:], given["load_data"]), left - 1
                first = left == 0
        else:
            if first or (given["start"] and not given["replay"]):
                kept = states
            if given["replay"]:
                states = kept
            elif given["out_ready"]:
                states = tuple(follow(lane, state) for lane, state in enumerate(states))
            left, first = len(seeds) * bool(has_reseed and given["reseed"]), False
    return script, shown


def _stream(
    module: str,
    parameters: Parameters,
    script: list[dict[str, int]],
    states: list[tuple[int, ...] | None],
    inverted: int,
) -> Case:
    """Return a case of a stream whose words are its states with some bits inverted."""
    expected: list[Outputs] = [{}, {}]
    for given, shown in list(zip(script, states, strict=True))[2:]:
        word = None
        if shown is not None:
            word = sum((state ^ inverted) << _BITS * lane for lane, state in enumerate(shown))
        loading = int(shown is None and not given["rst"])
        expected.append({"out_valid": int(shown is not None), "out_data": word})
        if not given["rst"]:
            expected[-1] = {**expected[-1], "load_ready": loading}
    inputs = dict.fromkeys(_CHANCES, 1) | {"rst": 1, "load_data": _BITS}
    lanes = max(len(shown) for shown in states if shown)
    outputs = {"out_valid": 1, "load_ready": 1, "out_data": _BITS * lanes}
    return Case(module, parameters, inputs, outputs, script, expected)


def without_reseed(module: str, parameters: Parameters, data_bits: int, state_bits: int) -> Case:
    """Return a case of a stream built without HAS_RESEED, which ignores reseed and load port.

    Args:
        module: The stream.
        parameters: Its parameters: periods of a few beats.
        data_bits: Bits of a beat.
        state_bits: Bits of a word to load.
    """
    draw = random.Random(data_bits)
    chances = {"start": 0.1, "replay": 0.06, "reseed": 0.5, "load_valid": 0.5, "out_ready": 0.7}
    script = [
        {
            **{name: int(draw.random() < chance) for name, chance in chances.items()},
            "rst": int(clock < 2),
            "load_data": draw.randrange(1 << state_bits),
        }
        for clock in range(600)
    ]
    inputs = dict.fromkeys(chances, 1) | {"rst": 1, "load_data": state_bits}
    outputs = {"out_valid": 1, "load_ready": 1, "out_data": data_bits}
    rows = "".join(f"{3 * row + 1:02x}\n" for row in range(7))
    ignored = ("reseed", "load_valid", "load_data")
    files = {"rows.hex": rows}
    return Case(module, parameters, inputs, outputs, script, ignored=ignored, files=files)


def reseed_control(words: int, after_reset: int) -> Case:
    """Return a case of reseed_control, for so many words to load, which rst asks for too or not."""
    draw = random.Random(words)
    rows = [(1, 0, 0), (0, 0, 0), (1, 1, 1)]
    for _ in range(1 if words > 1000 else 6):
        rows += [(0, draw.randrange(2), draw.randrange(2)) for _ in range(5)] + [(0, 1, 0)]
        rows += [(0, draw.randrange(2), draw.randrange(8) > 0) for _ in range(words * 9 // 7 + 9)]
    rows += [(0, 1, 0), (0, 0, 1), (1, 1, 1)]  # a reset while words load begins the count anew
    rows += [(0, n == 0, 1) for n in range(words + 3)]
    for _ in range(400 if words < 3 else 0):
        rows.append((draw.random() < 0.1, draw.random() < 0.3, draw.random() < 0.7))
    expected: list[Outputs] = []
    loading: int | None = None
    first: int | None = None
    left = words
    for rst, reseed, load in rows:
        expected.append({"loading_q": loading, "first_q": first})
        first = int(not rst and loading == 1 and load and left == 1)
        if rst or not loading:
            loading = after_reset if rst else reseed
            left = words
        elif load:
            left -= 1
            loading = int(left > 0)
    script = [{"rst": int(a), "reseed": int(b), "load": int(c)} for a, b, c in rows]
    parameters = {"WORDS": words, "AFTER_RESET": after_reset}
    inputs = dict.fromkeys(("rst", "reseed", "load"), 1)
    outputs = dict.fromkeys(("loading_q", "first_q"), 1)
    return Case("reseed_control", parameters, inputs, outputs, script, expected)


def pool_filler(lanes: int, width: int, half: int, recovers: int) -> Case:
    """Return a case of pool_filler: rows of 8-bit lfsr words, exponents at the edges of their sums.

    Loads come at any time, with a word to fill in or without.

    Args:
        lanes: Words of a row.
        width: Bits of a word.
        half: Whether a word w stands for w + 1/2.
        recovers: Whether it leaves the state of zeros, which is loaded then; the next one is 77.
    """
    draw, limit = random.Random(lanes + half), 1 << width
    columns = update_columns(8)
    numbers = [(state >> (8 - width)) - limit // 2 for state in range(256)]

    def total(row: list[int]) -> int:
        return sum((2 * word + half) ** 2 for word in row)

    sums = [total([draw.choice(numbers) for _ in range(lanes)]) for _ in range(50)]
    thresholds = sorted((draw.choice(sums), max(sums) - 1, max(sums)))
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    state, words = 0, [0] * lanes
    for clock in range(4000):
        given = {"load": int(clock == 0 or draw.random() < 1 / (8 * lanes))}
        zero = recovers and draw.random() < 0.5
        given |= {"load_data": 0 if zero else draw.randrange(1, 256)}
        given |= {"fill": int(draw.random() < 0.8)}
        script.append(given)
        row = [*words, numbers[state]]
        ends = len(row) == lanes
        packed = sum(total(row) <= threshold for threshold in thresholds)
        for word in reversed(row):
            packed = packed * limit + word % limit
        shown: Outputs = {"filled": int(ends), "row": packed if ends else None}
        expected.append(shown if clock else {})
        if given["load"]:
            state, words = given["load_data"], []
        elif given["fill"]:
            state = 77 if recovers and state == 0 else apply(columns, state)
            words = [] if ends else row
    bits = 2 * width + 9
    packed = sum(threshold << bits * k for k, threshold in enumerate(thresholds))
    parameters: dict[str, int | str] = {"BIT_WIDTH": width, "LANES": lanes, "HALF": half}
    parameters |= {"EXPONENT_BITS": 2, "SUM_BITS": bits, "THRESHOLD_COUNT": 3}
    parameters |= {"LOCKUP_RECOVERY": recovers, "SEED": 77}
    parameters["THRESHOLDS"] = f"{3 * bits}'h{packed:x}"
    inputs = {"load": 1, "load_data": 8, "fill": 1}
    outputs = {"filled": 1, "row": lanes * width + 2}
    return Case("pool_filler", parameters, inputs, outputs, script, expected)


def row_memory(rows: int, bits: int) -> Case:
    """Return a case of row_memory of so many rows of so many bits, written and read at random."""
    draw, address_bits = random.Random(rows), max(1, (rows - 1).bit_length())
    held: list[int | None] = [None] * rows
    shown: int | None = None
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for _ in range(40 * min(rows, 50)):
        near = draw.randrange(rows)
        given = {
            "next_address": near,
            "write": draw.randrange(2),
            "write_address": draw.choice((near, draw.randrange(rows), rows - 1)),
            "write_data": draw.randrange(1 << bits),
        }
        script.append(given)
        expected.append({"row": shown})
        shown = held[near]
        if given["write"]:
            held[given["write_address"]] = given["write_data"]
    parameters = {"ROWS": rows, "ADDRESS_BITS": address_bits, "BITS": bits}
    inputs = {"next_address": address_bits, "write": 1, "write_address": address_bits}
    return Case(
        "row_memory", parameters, {**inputs, "write_data": bits}, {"row": bits}, script, expected
    )


def exponent_table(address_bits: int, bits: int, base: int) -> Case:
    """Return a case of a writable exponent_table: reads show the entry before a write.

    Args:
        address_bits: Bits of an address.
        bits: Bits of an entry.
        base: What entries are added to, modulo 64.
    """
    draw, entries = random.Random(base), 1 << address_bits
    held: list[int | None] = [None] * entries
    shown: int | None = None
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for clock in range(2000):
        near = draw.randrange(entries)
        given = {
            "next_address": near,
            "write": int(clock < entries or draw.random() < 0.5),
            "write_address": clock if clock < entries else draw.choice((near, entries - 1)),
            "write_data": draw.randrange(64),
        }
        script.append(given)
        expected.append({"exponent": shown})
        shown = None if held[near] is None else (base + (held[near] or 0)) % 64
        if given["write"]:
            held[given["write_address"]] = given["write_data"] % (1 << bits)
    parameters: Parameters = {
        "ADDRESS_BITS": address_bits,
        "BITS": bits,
        "BASE": f"6'd{base}",
        "WRITABLE": 1,
    }
    inputs = {"next_address": address_bits, "write": 1, "write_address": address_bits}
    return Case(
        "exponent_table",
        parameters,
        {**inputs, "write_data": 6},
        {"exponent": 6},
        script,
        expected,
    )
