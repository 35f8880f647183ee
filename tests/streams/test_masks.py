from __future__ import annotations

import itertools

import numpy as np
import pytest
from slow_models import gf2_matrix

from pezoexplore.streams.families import lfsr, lut_opt
from pezoexplore.streams.masks import phased_masks, sources

LAGS = 64
DESIGNS = [  # state bits, leap, taps, lanes, bit width
    (14, 1, "shared", 16, 8),
    (16, 1, "xor", 31, 8),
    (16, 4, "shared", 31, 8),
    (24, 1, "xor", 31, 8),
    (24, 1, "shared", 31, 12),
    (32, 8, "shared", 31, 8),
    (16, 8, "sparse", 31, 8),
    (16, 0, "sparse", 31, 1),
    (16, 0, "sparse", 31, 8),
    (24, 0, "sparse", 64, 8),
]


def masks_of(state_bits, leap, taps, lanes, bits):
    return phased_masks(columns(state_bits, leap), taps, lanes, bits)


def columns(state_bits, leap):
    """Return the map of a clock: of an lfsr, with a leap of 0 of LUT-OPT."""
    return lfsr.step_columns(state_bits, leap) if leap else lut_opt.step_columns(state_bits)


def stepper(columns):
    """Return a mask one beat later: bit i is set if the mask meets the image of bit i."""
    images = [int(column) for column in columns]

    def step(mask):
        return sum(((mask & image).bit_count() & 1) << i for i, image in enumerate(images))

    return step


def assert_kept_apart(masks, step):
    """No mask turns into another, or back into itself, within LAGS beats."""
    assert len(set(masks)) == len(masks)
    taken = set(masks)
    for mask in masks:
        image = mask
        for lag in range(1, LAGS + 1):
            image = step(image)
            assert image not in taken, f"recurs after {lag} beats"


def fresh_rank(taps, bits):
    """How many of a lane's leading bits are functions of their own."""
    return bits if taps == "xor" else min(3, bits) if taps == "sparse" else bits - bits // 2


@pytest.mark.parametrize("design", DESIGNS)
def test_no_function_recurs_within_the_window(design):
    state_bits, leap, taps, _, bits = design
    fresh = fresh_rank(taps, bits)
    functions = [mask for lane in masks_of(*design) for mask in lane[bits - fresh :]]
    assert_kept_apart(functions, stepper(columns(state_bits, leap)))


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("rank", [1, 2])
def test_no_leading_pair_recurs_within_the_window(design, rank):
    state_bits, leap = design[:2]
    if design[4] == 1:
        return
    pairs = [lane[-1] ^ lane[-1 - rank] for lane in masks_of(*design)]
    assert_kept_apart(pairs, stepper(columns(state_bits, leap)))


@pytest.mark.parametrize("design", [d for d in DESIGNS if d[2] == "sparse" and d[4] > 1])
def test_no_leading_pair_of_a_sparse_lane_recurs_as_another_pair(design):
    """Else squares of two lanes correlate by 0.35, as those of `xor` and `shared` do."""
    every = masks_of(*design)
    pairs = {lane[-1 - a] ^ lane[-1 - b] for lane in every for a, b in ((0, 1), (0, 2), (1, 2))}
    assert len(pairs) == 3 * len(every)
    assert_kept_apart(list(pairs), stepper(columns(*design[:2])))


def most_in_common(every, bits):
    """Return the largest correlation of two words by the bits that they have in common."""
    weight = 2.0 ** np.arange(bits)
    found = [
        sum(
            weight[i] * weight[j]
            for i, j in itertools.product(range(bits), repeat=2)
            if a[i] == b[j]
        )
        for a, b in itertools.combinations(every, 2)
    ]
    return max(found) / (weight @ weight)


@pytest.mark.parametrize("bits", [4, 6, 8, 12])
@pytest.mark.parametrize("lanes", [9, 12, 16, 17, 21, 31, 32, 64])
def test_sparse_lanes_have_few_and_light_bits_in_common(bits, lanes):
    every = sources("sparse", lanes, bits)
    assert most_in_common(every, bits) < 0.02
    assert all(len(set(lane)) == bits for lane in every)
    fourth = lanes if lanes < 16 else -(-lanes // 4)
    assert len({place for lane in every for place in lane}) <= 3 * lanes + fourth


def test_sparse_masks_have_at_most_three_bits_and_those_of_a_word_are_independent():
    every = masks_of(16, 0, "sparse", 31, 8)
    own = {mask for lane in every for mask in lane}
    assert len(own) == 3 * 31 + 8
    assert sorted({mask.bit_count() for mask in own}) == [1, 3]
    assert sum(mask.bit_count() == 1 for mask in own) == 16  # wires
    for lane in every:
        spanned = {0}
        for mask in lane:
            assert mask not in spanned
            spanned |= {mask ^ other for other in spanned}


@pytest.mark.parametrize("design", DESIGNS)
def test_own_functions_fit_one_lut_and_are_independent(design):
    bits = design[4]
    fresh = fresh_rank(design[2], bits)
    for lane in masks_of(*design):
        own = lane[bits - fresh :]
        assert len(own) == fresh
        assert all(0 < mask.bit_count() <= 6 for mask in own)
        for size in range(2, min(fresh, 4) + 1):
            for some in itertools.combinations(own, size):
                total = 0
                for mask in some:
                    total ^= mask
                assert total != 0


@pytest.mark.parametrize(("lanes", "bits"), [(31, 8), (8, 5), (5, 9), (2, 2)])
def test_shared_low_bits_are_other_lanes_high_bits(lanes, bits):
    masks = masks_of(16, 1, "shared", lanes, bits)
    for lane in range(lanes):
        for bit in range(bits // 2):
            assert masks[lane][bit] == masks[(lane + 1 + bit) % lanes][bits - 1 - bit]


@pytest.mark.parametrize(("state_bits", "lanes", "bits"), [(8, 31, 8), (12, 7, 5), (5, 31, 3)])
def test_shifted_lanes_are_powers_of_one_matrix(state_bits, lanes, bits):
    step = gf2_matrix(lfsr.step_columns(state_bits, 1))
    rows = gf2_matrix(tuple(1 << i for i in range(state_bits)))  # lane 0 shows the state itself
    shift = (2**state_bits - 1) // lanes
    for lane in masks_of(state_bits, 1, "shifted", lanes, bits):
        top = rows[state_bits - bits :]
        assert list(lane) == [sum(int(bit) << i for i, bit in enumerate(row)) for row in top]
        for _ in range(shift):
            rows = step @ rows % 2


def test_more_functions_than_the_state_can_keep_apart_still_make_lanes_of_independent_bits():
    for lane in masks_of(4, 1, "xor", 15, 4):
        spanned = {0}
        for mask in lane:
            assert mask not in spanned
            spanned |= {mask ^ other for other in spanned}
