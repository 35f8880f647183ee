from __future__ import annotations

import itertools

import pytest
from slow_models import gf2_matrix

from pezoexplore.streams.families import lfsr
from pezoexplore.streams.masks import phased_masks

LAGS = 64
DESIGNS = [  # state bits, leap, taps, lanes, bit width
    (14, 1, "shared", 16, 8),
    (16, 1, "xor", 31, 8),
    (16, 4, "shared", 31, 8),
    (24, 1, "xor", 31, 8),
    (24, 1, "shared", 31, 12),
    (32, 8, "shared", 31, 8),
]


def masks_of(state_bits, leap, taps, lanes, bits):
    return phased_masks(lfsr.step_columns(state_bits, leap), taps, lanes, bits)


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
    return bits if taps == "xor" else bits - bits // 2


@pytest.mark.parametrize("design", DESIGNS)
def test_no_function_recurs_within_the_window(design):
    state_bits, leap, taps, _, bits = design
    fresh = fresh_rank(taps, bits)
    functions = [mask for lane in masks_of(*design) for mask in lane[bits - fresh :]]
    assert_kept_apart(functions, stepper(lfsr.step_columns(state_bits, leap)))


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("rank", [1, 2])
def test_no_leading_pair_recurs_within_the_window(design, rank):
    state_bits, leap = design[:2]
    pairs = [lane[-1] ^ lane[-1 - rank] for lane in masks_of(*design)]
    assert_kept_apart(pairs, stepper(lfsr.step_columns(state_bits, leap)))


@pytest.mark.parametrize("design", DESIGNS)
def test_own_functions_fit_one_lut_and_are_independent(design):
    bits = design[4]
    fresh = fresh_rank(design[2], bits)
    for lane in masks_of(*design):
        own = lane[bits - fresh :]
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
