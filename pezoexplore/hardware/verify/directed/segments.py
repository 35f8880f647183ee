"""Directed cases of the perturbation engine's segments, to as many lanes as there can be."""

from __future__ import annotations

import random

from pezoexplore.hardware.verify.directed.case import Case, Outputs


def perturb_segments(lanes: int, segments: int, shift_bits: int) -> Case:
    """Return a case of perturb_segments whose segments end at, just before and after beats.

    Args:
        lanes: Weights of a beat.
        segments: Parts of the model.
        shift_bits: Bits of a shift.
    """
    draw = random.Random(lanes * 100 + segments)
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
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
        script.append({"load": 1, "taken": draw.randrange(2), **held})
        expected.append({})
        first = 0
        for _ in range(12):
            taken = draw.randrange(3) > 0
            script.append({"load": 0, "taken": int(taken), **held})
            of_lane = (sum(end <= first + lane for end in ends) for lane in range(lanes))
            shown = sum(shifts[k] << shift_bits * j for j, k in enumerate(of_lane))
            expected.append({"lane_shifts": shown})
            first += lanes * taken
    inputs = {"load": 1, "taken": 1, "ends": 32 * segments, "shifts": shift_bits * segments}
    parameters = {"LANES": lanes, "SEGMENTS": segments, "SHIFT_BITS": shift_bits}
    outputs = {"lane_shifts": lanes * shift_bits}
    return Case("perturb_segments", parameters, inputs, outputs, script, expected)
