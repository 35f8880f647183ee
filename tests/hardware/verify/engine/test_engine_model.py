"""The model that the RTL is compared with, against rounding by fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pezoexplore.design.point import resolve
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.hardware.verify.engine.driver import packed, unpacked
from pezoexplore.hardware.verify.engine.model import EngineModel, Settings
from pezoexplore.streams.stream import Stream

AXES = {"scaling": "none", "activation_bits": 8}
POINTS = [
    resolve(**AXES, reuse="phased", state_bits=16, lanes=5, weight_bits=16),
    resolve(**AXES, reuse="phased", lanes=3, weight_bits=8, rounding="stochastic"),
    resolve(
        **AXES,
        rng="xorshift32",
        reuse="none",
        bit_width=5,
        lanes=3,
        weight_bits=12,
        rounding="stochastic",
        update_rounding="independent",
    ),
    resolve(
        **AXES,
        rng="rademacher",
        reuse="none",
        lanes=4,
        weight_bits=4,
        rounding="stochastic",
    ),
]


def rounded(value: Fraction, noise: Fraction | None) -> int:
    """To nearest, halves away from zero; or down after the noise was added."""
    if noise is not None:
        return math.floor(value + noise)
    return int(math.copysign(math.floor(abs(value) + Fraction(1, 2)), value))


def held(value: int, bits: int) -> int:
    return max(-(2 ** (bits - 1)), min(2 ** (bits - 1) - 1, value))


def slow(point, shape, mode, weight, index, places, registers):
    """Return a weight after an operation, in exact arithmetic."""
    stream, lanes = Stream(point.perturbation()), point.lanes
    words = [
        int(stream.beats(epoch, beat + index // lanes, 1)[0, index % lanes])
        for epoch, beat in places
    ]
    draws = [
        words[1 + i : 1 + i + shape.noise_words]
        for i in range(0, len(words) - 1, shape.noise_words)
    ]

    def noise(draw):
        if not draws:
            return None
        total = Fraction(0)
        for place, word in enumerate(draws[draw], 1):
            total += Fraction(word + 2 ** (point.bits - 1), 2 ** (point.bits * place))
        return total

    if mode == "restore":
        return weight
    scale = registers.scales[sum(index >= end for end in registers.ends)]
    value = Fraction(2 * words[0] + 1 if shape.half else words[0]) * Fraction(2) ** scale
    draw = 1 if mode == "update" and shape.draws == 3 else 0
    probe = held(rounded(value, noise(draw) if shape.draws > 1 else None), point.weight_bits)
    if mode == "update":
        move = rounded(Fraction(registers.step * probe, 2**registers.step_shift), noise(-1))
        return held(weight - move, point.weight_bits)
    return held(weight + (probe if mode == "plus" else -probe), point.weight_bits)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data(), point=st.sampled_from(POINTS))
def test_a_pass_is_the_contract_weight_by_weight(data, point):
    shape = Shape.of(point, 2)
    count, bits = 3 * point.lanes, point.weight_bits
    weights = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    values = np.array(data.draw(st.lists(weights, min_size=count, max_size=count)), np.int32)
    low, high = shape.scales
    scales = data.draw(st.lists(st.integers(low, high), min_size=2, max_size=2))
    registers = Settings(
        scales=scales if shape.draws != 1 else [max(s, 0) for s in scales],
        ends=[data.draw(st.integers(0, count))],
        step=data.draw(st.integers(-(2**15), 2**15 - 1)),
        step_shift=data.draw(st.integers(0, 31)),
    )
    places = [(0, data.draw(st.integers(0, 50))) for _ in range(shape.sources)]
    mode = data.draw(st.sampled_from(["restore", "plus", "minus", "update"]))
    found = EngineModel(point, shape).send(mode, values, places, registers)
    expected = [
        slow(point, shape, mode, int(weight), index, places, registers)
        for index, weight in enumerate(values)
    ]
    assert found.tolist() == expected


@pytest.mark.parametrize("bits", [4, 8, 9, 16])
def test_beats_hold_weights_in_whole_bytes_lane_0_lowest(bits):
    point = resolve(**AXES, reuse="phased", lanes=3, weight_bits=bits)
    shape = Shape.of(point, 1)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    weights = np.array([1, -1, low, high], np.int32)
    first, second = packed(weights, shape)
    digits = 2 if bits <= 8 else 4
    mask = 16**digits
    assert first == f"{low % mask:0{digits}x}{mask - 1:x}{1:0{digits}x}"
    assert second == f"{high:0{3 * digits}x}"
    assert unpacked([first, second], shape, 4).tolist() == weights.tolist()
