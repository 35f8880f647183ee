"""Modules at the widest and narrowest parameters they allow, which no design of the regression has.

Each is compared, at its own ports, with a model of a few lines.
"""

from __future__ import annotations

import random

import pytest
from module_bench import Case, outputs_of


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


MODULES = {
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
    ("reseed_control", "$clog2(WORDS + 1)", "((WORDS > 65534) ? 15 : $clog2(WORDS + 1))"),
    ("reseed_control", "ends = loading_q && load && left_q == 0", "ends = load && left_q == 0"),
]
"""Defects that show at the extremes alone, or nowhere in the streams."""


@pytest.mark.parametrize(("module", "old", "new"), EDITS, ids=lambda text: text[:30])
def test_a_defect_at_an_extreme_is_noticed(module, old, new, tmp_path):
    assert _differences(tmp_path, module, (f"{module}.v", old, new))
