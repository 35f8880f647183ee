from __future__ import annotations

import numpy as np
import pytest
from slow_models import seed_word

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import lut_sr
from pezoexplore.streams.stream import Stream, strategy

DEGREE = 521


def slow_words(seed: int, count: int) -> list[int]:
    """Step the published recurrence bit by bit: a shift register per bit, XORs of the ends."""
    shift = [[0] * (16 if i < 9 else 15) for i in range(32)]  # newest first
    word = [seed >> i & 1 for i in range(32)]

    def fresh(ends: list[int]) -> list[int]:
        taps = [[t[i] for t in lut_sr.TAPS if t[i] >= 0] for i in range(32)]
        return [sum(ends[j] for j in row) & 1 for row in taps]

    shown = []
    for clock in range(-16, count):
        if clock >= 0:
            shown.append(sum(bit << i for i, bit in enumerate(word)))
        ends = word if clock < 0 else [register[-1] for register in shift]
        for register, bit in zip(shift, word, strict=True):
            register.insert(0, bit)
            register.pop()
        word = fresh(ends)
    return shown


def linear_complexity(bits: list[int]) -> tuple[int, int]:
    """Berlekamp and Massey: degree and connection polynomial of a sequence."""
    connection, before, degree, gap, seen = 1, 1, 0, 1, 0
    for i, bit in enumerate(bits):
        seen = seen << 1 | bit
        if (connection & seen).bit_count() & 1:
            kept = connection
            connection ^= before << gap
            if 2 * degree <= i:
                degree, before, gap = i + 1 - degree, kept, 0
        gap += 1
    return degree, connection


def square(polynomial: int, modulus: int) -> int:
    image = int("0".join(format(polynomial, "b")), 2)
    while image.bit_length() >= modulus.bit_length():
        image ^= modulus << (image.bit_length() - modulus.bit_length())
    return image


@pytest.mark.parametrize(("bits", "lanes"), [(8, 4), (5, 6), (24, 1), (1, 32)])
def test_words_are_those_of_shift_registers(bits, lanes):
    seed = 0x9C0FFEE1
    states = lut_sr.begin(np.array([[seed]], dtype=np.uint64))
    found = np.empty((1, 300, lanes), dtype=np.int32)
    lut_sr.fill(states, bits, found[:, :77])
    lut_sr.fill(states, bits, found[:, 77:])
    for word, row in zip(slow_words(seed, 300), found[0].tolist(), strict=True):
        cut = [word >> (32 - bits * (lane + 1)) & (2**bits - 1) for lane in range(lanes)]
        assert row == [v - 2 ** (bits - 1) for v in cut]


def test_the_period_is_maximal():
    """2**521 - 1 is prime (Lucas and Lehmer), so an irreducible polynomial is primitive."""
    residue = 4
    for _ in range(DEGREE - 2):
        residue = (residue * residue - 2) % (2**DEGREE - 1)
    assert residue == 0
    words = slow_words(1, 2 * DEGREE + 40)
    degree, polynomial = linear_complexity([word >> 31 for word in words])
    assert degree == DEGREE
    power = 2
    for _ in range(DEGREE):
        power = square(power, polynomial)
    assert power == 2
    assert polynomial & 1 and polynomial.bit_count() & 1  # neither x nor x + 1 divides it
    assert lut_sr.PERIOD == 2**DEGREE - 1


def test_no_two_bits_share_two_taps_and_every_word_has_another_image():
    taps = [{t[i] for t in lut_sr.TAPS if t[i] >= 0} for i in range(32)]
    assert all(len(a & b) < 2 for i, a in enumerate(taps) for b in taps[:i])
    assert sorted({len(row) for row in taps}) == [3, 4]
    basis: list[int] = []
    for column in lut_sr.map_columns():
        for known in basis:
            column = min(column, column ^ known)
        assert column
        basis.append(column)


def test_seeds_are_drawn_and_loaded_by_the_documented_formula():
    point = resolve(rng="lut_sr", reuse="none", bit_width=8, lanes=7, reuse_period=4)
    assert (point.group, point.generators) == (4, 2)
    drawn = [seed_word(0, 3, 2**33 + 64 * unit) % 2**32 for unit in range(2)]
    assert strategy(point).load_words(3) == drawn
    words = Stream(point).beats(3, 0, 5)
    for lane in range(7):
        shown = [word >> (24 - 8 * (lane % 4)) & 255 for word in slow_words(drawn[lane // 4], 5)]
        assert (words[:, lane] + 128).tolist() == shown


def test_a_word_of_zero_is_not_begun_with():
    limbs = np.array([[0], [7 << 32]], dtype=np.uint64)
    assert lut_sr.seeds(limbs).tolist() == [1, 1]


def test_stalls_are_those_of_shift_registers():
    axes = {"rng": "lut_sr", "bit_width": 8, "lanes": 31}
    alone = resolve(reuse="none", **axes)
    reseeded = resolve(reuse="none", reuse_period=4, **axes)
    assert strategy(alone).reset_stall == 17
    assert strategy(reseeded).reseed_stall == 8 + 17
    ages = [strategy(alone).start_stall(age) for age in (0, 1, 15, 16, 500)]
    assert ages == [0, 1, 15, 0, 0]
    filler = resolve(reuse="pool", pool_size=62, reuse_period=4, **axes)
    assert strategy(filler).start_stall(3) == 0
    assert strategy(filler).load_words(1)[0] >= 2**32  # a whole state


def test_lanes_and_their_squares_are_uncorrelated_up_to_lag_64():
    """Four lanes of one generator over 2**17 beats: noise has a deviation of 0.0028."""
    z = Stream(resolve(rng="lut_sr", reuse="none", lanes=4)).beats(0, 0, 2**17) + 0.5
    for values in (z, z**2):
        centred = (values - values.mean(axis=0)) / values.std(axis=0)
        for lag in range(65):
            found = centred[: len(z) - lag].T @ centred[lag:] / len(z)
            found -= np.diag(np.diag(found)) if lag == 0 else 0
            assert np.abs(found).max() < 0.017, lag
