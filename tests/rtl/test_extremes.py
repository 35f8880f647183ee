"""Modules at the widest and narrowest parameters they allow, which no design of the regression has.

Each is compared, at its own ports, with a model of a few lines. A stream of three state bits meets
every state in every situation within a few thousand clocks of random inputs.
"""

from __future__ import annotations

import random

import pytest
from module_bench import Case, outputs_of

from pezoexplore.streams.families.lfsr import update_columns
from pezoexplore.streams.linear import apply


def _segments(lanes, segments, shift_bits):
    """Return a case of perturb_segments, and the shifts of all lanes that it should show."""
    draw = random.Random(lanes * 100 + segments)
    script, expected = [], []
    for _ in range(12):
        near = [0, *(n * lanes for n in range(1, 7)), *(256 * n for n in range(4)), 1 << 31]
        ends = sorted(
            min(max(draw.choice(near) + draw.choice((-1, 0, 0, 1, lanes // 2)), 0), (1 << 32) - 1)
            for _ in range(segments - 1)
        )
        shifts = [draw.randrange(1 << shift_bits) for _ in range(segments)]
        held = {
            "ends": sum(end << 32 * k for k, end in enumerate(ends)),
            "shifts": sum(shift << shift_bits * k for k, shift in enumerate(shifts)),
        }
        script.append({"load": 1, "taken": 0, **held})
        expected.append(None)
        first = 0
        for _ in range(12):
            taken = draw.randrange(3) > 0
            script.append({"load": 0, "taken": int(taken), **held})
            of_lane = (sum(end <= first + lane for end in ends) for lane in range(lanes))
            expected.append(sum(shifts[k] << shift_bits * j for j, k in enumerate(of_lane)))
            first += lanes * taken
    inputs = {"load": 1, "taken": 1, "ends": 32 * segments, "shifts": shift_bits * segments}
    parameters = {"LANES": lanes, "SEGMENTS": segments, "SHIFT_BITS": shift_bits}
    case = Case("perturb_segments", parameters, inputs, {"lane_shifts": lanes * shift_bits}, script)
    return case, [{"lane_shifts": shown} for shown in expected]


def _reseed(words, after_reset):
    """Return a case of reseed_control, and what it should show."""
    draw = random.Random(words)
    rows = [(1, 0, 0), (0, 0, 0), (1, 1, 1)]
    for _ in range(1 if words > 1000 else 6):
        rows += [(0, draw.randrange(2), draw.randrange(2)) for _ in range(5)] + [(0, 1, 0)]
        rows += [(0, draw.randrange(2), draw.randrange(8) > 0) for _ in range(words * 9 // 7 + 9)]
    rows += [(0, 1, 0), (0, 0, 1), (1, 1, 1)]  # a reset while words load begins the count anew
    rows += [(0, n == 0, 1) for n in range(words + 3)]
    expected = []
    loading = left = first = None
    for rst, reseed, load in rows:
        expected.append({"loading_q": loading, "first_q": first})
        first = int(not rst and loading == 1 and load and left == 1)
        if rst or not loading:
            loading = after_reset if rst else reseed
            left = words
        elif load:
            left -= 1
            loading = int(left > 0)
    script = [{"rst": a, "reseed": int(b), "load": int(c)} for a, b, c in rows]
    parameters = {"WORDS": words, "AFTER_RESET": after_reset}
    inputs = dict.fromkeys(("rst", "reseed", "load"), 1)
    outputs = dict.fromkeys(("loading_q", "first_q"), 1)
    return Case("reseed_control", parameters, inputs, outputs, script), expected


def _phased(last, again, has_reseed):
    """Return a case of stream_phased, whose words are its state inverted, and what it shows."""
    draw, bits, seed = random.Random(last * 8 + again), 3, 5
    columns = update_columns(bits)
    script, expected = [], []
    state = kept = seed
    loading = first = False
    for clock in range(6000):
        chances = {"start": 0.2, "replay": 0.2, "reseed": 0.2, "load_valid": 0.5, "out_ready": 0.7}
        given = {name: int(draw.random() < chance) for name, chance in chances.items()}
        given |= {"rst": int(clock < 2 or draw.random() < 0.01), "load_data": draw.randrange(1, 8)}
        script.append(given)
        valid = not loading and not given["rst"]
        shown = {"out_valid": int(valid), "out_data": state ^ 7 if valid else None}
        expected.append(shown | {"load_ready": int(loading)} if clock > 1 else {})
        if given["rst"]:
            state, kept, loading, first = seed, seed, False, False
        elif loading:
            if given["load_valid"]:
                state, loading, first = given["load_data"], False, True
        else:
            if first or (given["start"] and not given["replay"]):
                kept = state
            if given["replay"]:
                state = kept
            elif given["out_ready"]:
                state = again if last and state == last else apply(columns, state)
            loading, first = bool(has_reseed and given["reseed"]), False
    parameters = {"BIT_WIDTH": 1, "STATE_BITS": bits, "LANES": bits, "COLUMNS": "9'o421"}
    parameters |= {"SEED": seed, "AGAIN": again, "LAST": last, "HAS_RESEED": has_reseed}
    inputs = dict.fromkeys(chances, 1) | {"rst": 1, "load_data": bits}
    outputs = {"out_valid": 1, "load_ready": 1, "out_data": bits}
    return Case("stream_phased", parameters, inputs, outputs, script), expected


def _filler(lanes, width, half):
    """Return a case of pool_filler, and the exponents that its words should have."""
    draw = random.Random(lanes + half)
    columns, state, clocks = update_columns(8), 1, 4000
    words = []
    for _ in range(clocks):
        words.append((state >> (8 - width)) - (1 << (width - 1)))
        state = apply(columns, state)
    squares = [(2 * word + half) ** 2 for word in words]
    sums = [sum(squares[n : n + lanes]) for n in range(0, clocks, lanes)]
    largest = max(sums)
    thresholds = sorted((draw.choice(sums), largest - 1, largest))
    bits, script, expected = 2 * width + 9, [{"load": 1, "load_data": 1, "fill": 0}], [{}]
    while (at := sum(row["fill"] for row in script)) < clocks - lanes:
        fill, ends = int(draw.random() < 0.8), at % lanes == lanes - 1
        script.append({"load": 0, "load_data": draw.randrange(256), "fill": fill})
        reached = sum(sums[at // lanes] <= threshold for threshold in thresholds)
        exponent = reached << lanes * width
        low = (word & ((1 << width) - 1) for word in words[at - at % lanes : at + 1])
        row = exponent | sum(word << width * n for n, word in enumerate(low))
        expected.append({"filled": int(ends), "row": row if ends else None})
    parameters = {"BIT_WIDTH": width, "LANES": lanes, "HALF": half, "EXPONENT_BITS": 2}
    parameters |= {"SUM_BITS": bits, "THRESHOLD_COUNT": 3}
    packed = sum(threshold << bits * k for k, threshold in enumerate(thresholds))
    parameters["THRESHOLDS"] = f"{3 * bits}'h{packed:x}"
    inputs = {"load": 1, "load_data": 8, "fill": 1}
    outputs = {"filled": 1, "row": lanes * width + 2}
    return Case("pool_filler", parameters, inputs, outputs, script), expected


def _memory(rows, bits):
    """Return a case of row_memory, and what it should show."""
    draw, address_bits = random.Random(rows), max(1, (rows - 1).bit_length())
    held, shown, script, expected = [None] * rows, None, [], []
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
    inputs["write_data"] = bits
    return Case("row_memory", parameters, inputs, {"row": bits}, script), expected


MODULES = {
    "pool_filler": [_filler(*each) for each in ((1, 2, 0), (1, 8, 1), (3, 4, 0), (32, 8, 0))],
    "row_memory": [_memory(*each) for each in ((1, 1), (2, 3), (37, 8), (300, 70))],
    "stream_phased": [
        _phased(*each)
        for each in ((0, 5, 0), (0, 5, 1), (3, 5, 0), (3, 5, 1), (5, 2, 1), (3, 6, 1))
    ],
    "perturb_segments": [
        _segments(*each) for each in ((1, 1, 1), (1, 16, 6), (2, 3, 5), (255, 2, 1), (256, 3, 1))
    ],
    "reseed_control": [
        _reseed(*each) for each in ((1, 0), (1, 1), (2, 0), (255, 0), (256, 1), (65535, 0))
    ],
}
"""Cases of each module with what it should show; None is what no model knows."""


def _differences(folder, module, edit=None):
    """Return the clocks, by case, in which a module shows something else than its model."""
    cases, expected = zip(*MODULES[module], strict=True)
    found = []
    for number, shown in enumerate(outputs_of(folder, cases, edit)):
        assert len(shown) == len(expected[number])
        found += [
            (number, clock)
            for clock, (is_, wanted) in enumerate(zip(shown, expected[number], strict=True))
            if any(value not in (None, is_[port]) for port, value in wanted.items())
        ]
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_at_its_extremes_is_as_its_model(module, tmp_path):
    assert _differences(tmp_path, module) == []


EDITS = [
    ("perturb_segments", "left_q[8:0] <= NUMBER[8:0]", "left_q[7:0] <= NUMBER[7:0]"),
    ("perturb_segments", "k < SEGMENTS; k", "k < SEGMENTS && k < 15; k"),
    ("pool_filler", "[2*BIT_WIDTH+3:0] square =", "[2*BIT_WIDTH-1:0] square ="),
    (
        "row_memory",
        "row_q <= rows[next_address];\n                if",
        "row_q <= write &&"
        " write_address == next_address ? write_data : rows[next_address];\n                if",
    ),
    (
        "stream_phased",
        "wrap    = accept && !restore",
        "wrap    = out_valid && out_ready && !restore",
    ),
    ("reseed_control", "$clog2(WORDS + 1)", "((WORDS > 65534) ? 15 : $clog2(WORDS + 1))"),
    ("reseed_control", "ends = loading_q && load && left_q == 0", "ends = load && left_q == 0"),
]
"""Defects that show at the extremes alone, or nowhere in the streams."""


@pytest.mark.parametrize(("module", "old", "new"), EDITS, ids=lambda text: text[:30])
def test_a_defect_at_an_extreme_is_noticed(module, old, new, tmp_path):
    assert _differences(tmp_path, module, (f"{module}.v", old, new))
