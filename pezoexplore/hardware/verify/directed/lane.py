"""Directed case of perturb_lane: stalls at random, every input moving meanwhile."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pezoexplore.hardware.verify.directed.case import Case, Outputs, Parameters

_PASSES, _PASS_CLOCKS, _LATENCY = 60, 50, 4


@dataclass(frozen=True)
class Lane:
    """What a lane is built for; the bits of a shift are as few as hold the largest.

    Attributes:
        bit_width: Bits of a word.
        half: Whether a word w stands for w + 1/2.
        weight_bits: Bits of a weight.
        draws: Roundings at random: 0 none, 1 the update, 2 and 3 the probe as well.
        noise_bits: Random bits of a rounding.
    """

    bit_width: int
    half: int
    weight_bits: int
    draws: int
    noise_bits: int

    @property
    def largest_shift(self) -> int:
        """Most places that a value is shifted to the right."""
        return self.weight_bits + self.bit_width + self.half - 2

    @property
    def parameters(self) -> Parameters:
        """The parameters of the module."""
        named = {name.upper(): value for name, value in vars(self).items()}
        return {**named, "SHIFT_BITS": self.largest_shift.bit_length()}

    def result(self, given: dict[str, int], factor: int) -> int:
        """Return what leaves for what enters, the bits of a weight."""
        value = _signed(given["word"], self.bit_width) * (1 + self.half) + self.half
        placed = value << (self.weight_bits - 1)
        noise = given["probe_noise"] if self.draws > 1 else None
        probe = self._saturated(self._rounded(placed, given["shift"], noise))
        noise = given["update_noise"] if self.draws > 0 else None
        move = self._rounded(factor * probe, given["factor_shift"], noise)
        moved = self._saturated(_signed(given["weight"], self.weight_bits) - move)
        return moved % (1 << self.weight_bits)

    def _saturated(self, value: int) -> int:
        rail = 1 << (self.weight_bits - 1)
        return max(-rail, min(value, rail - 1))

    def _rounded(self, value: int, shift: int, noise: int | None) -> int:
        """Round value / 2**shift at random, or to the nearest, halves away from zero."""
        if noise is not None:
            return (value + (noise << shift >> self.noise_bits)) >> shift
        nearest = (2 * abs(value) + (1 << shift)) >> (shift + 1)
        return -nearest if value < 0 else nearest


def _signed(word: int, bits: int) -> int:
    return word - (word >> (bits - 1) << bits)


def perturb_lane(lane: Lane) -> Case:
    """Return a case of perturb_lane: passes with a factor each.

    Args:
        lane: What it is built for.
    """
    draw = random.Random(lane.bit_width + lane.draws)
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for _ in range(_PASSES):
        factor, factor_shift = draw.choice(((0, 0), (1, 0), (-1, 0), _step(draw), _step(draw)))
        entered: list[int] = []  # results of what this pass took in
        for _ in range(_PASS_CLOCKS):
            given = _given(draw, lane)
            given |= {"factor": factor % (1 << 16), "factor_shift": factor_shift}
            script.append(given)
            leaves = entered[-_LATENCY] if len(entered) >= _LATENCY else None
            expected.append({"result": leaves})
            if given["advance"]:
                entered.append(lane.result(given, factor))
    parameters = lane.parameters
    shift_bits = lane.largest_shift.bit_length()
    inputs = {"advance": 1, "weight": lane.weight_bits, "word": lane.bit_width}
    inputs |= {"shift": shift_bits, "probe_noise": lane.noise_bits}
    inputs |= {"update_noise": lane.noise_bits, "factor": 16, "factor_shift": 5}
    outputs = {"result": lane.weight_bits}
    return Case("perturb_lane", parameters, inputs, outputs, script, expected)


def _step(draw: random.Random) -> tuple[int, int]:
    """Return the step of an update and its shift, among them the largest ones."""
    step = draw.choice((-(1 << 15), (1 << 15) - 1, draw.randint(-(1 << 15), (1 << 15) - 1)))
    return step >> draw.randrange(12), draw.choice((0, 31, draw.randrange(32), draw.randrange(16)))


def _given(draw: random.Random, lane: Lane) -> dict[str, int]:
    """Return the inputs of a clock but the factor: often the rails of a number."""
    largest = lane.largest_shift
    return {
        "advance": int(draw.random() < 0.7),
        "weight": _word(draw, lane.weight_bits),
        "word": _word(draw, lane.bit_width),
        "shift": draw.choice((0, draw.randint(0, largest), draw.randint(0, largest), largest)),
        "probe_noise": _word(draw, lane.noise_bits),
        "update_noise": _word(draw, lane.noise_bits),
    }


def _word(draw: random.Random, bits: int) -> int:
    rails = (0, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1)
    return draw.choice((*rails, *(draw.getrandbits(bits) for _ in range(6))))
