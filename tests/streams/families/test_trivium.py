from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_models import seed_word

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import trivium
from pezoexplore.streams.packing import whole
from pezoexplore.streams.stream import Stream

PUBLISHED = [
    (
        *("80000000000000000000", "00000000000000000000"),
        "38EB86FF730D7A9CAF8DF13A4420540DBB7B651464C87501552041C249F29A64"
        "D2FBF515610921EBE06C8F92CECF7F8098FF20CCCC6A62B97BE8EF7454FC80F9",
    ),
    (
        *("00000000000000000000", "00000000000000000000"),
        "FBE0BF265859051B517A2E4E239FC97F563203161907CF2DE7A8790FA1B2E9CD",
    ),
    ("00010203040506070809", "00000000000000000000", "D2A8740BBA6FD906"),
    (
        *("0053A6F94C9FF24598EB", "0D74DB42A91077DE45AC"),
        "F4CD954A717F26A7D6930830C4E7CF0819F80E03F25F342C64ADC66ABA7F8A8E",
    ),
]
"""Key, initial value and key stream of the eSTREAM test vectors: sets 1, 2, 3 and 6, vector 0."""

bits_80 = st.integers(0, 2**80 - 1)


def limbs(number: int) -> tuple[np.ndarray, np.ndarray]:
    low, high = number % 2**64, number >> 64
    return np.array([low], dtype=np.uint64), np.array([high], dtype=np.uint64)


def stream_bits(states: np.ndarray, count: int) -> list[int]:
    words = np.empty((1, count, 1), dtype=np.int32)
    trivium.fill(states, 1, words)
    return [word + 1 for word in words[0, :, 0].tolist()]


def slow_updates(s: list[int], count: int) -> list[int]:
    """Key stream by the publication's own lines; s[i - 1] is its s_i, stepped in place."""
    made = []
    for _ in range(count):
        t1, t2, t3 = s[65] ^ s[92], s[161] ^ s[176], s[242] ^ s[287]
        made.append(t1 ^ t2 ^ t3)
        t1 ^= s[90] & s[91] ^ s[170]
        t2 ^= s[174] & s[175] ^ s[263]
        t3 ^= s[285] & s[286] ^ s[68]
        s[:] = [t3, *s[:92], t1, *s[93:176], t2, *s[177:287]]
    return made


def slow_begin(key: int, value: int) -> list[int]:
    s = [key >> i & 1 for i in range(80)] + [0] * 13
    s += [value >> i & 1 for i in range(80)] + [0] * 4
    s += [0] * 108 + [1, 1, 1]
    slow_updates(s, 4 * 288)
    return s


@pytest.mark.parametrize(("key", "value", "expected"), PUBLISHED)
def test_the_published_key_streams(key, value, expected):
    """The vectors write s1 as the top bit of the last byte, and bytes with the first bit lowest."""

    def number(text: str) -> int:
        little = int.from_bytes(bytes.fromhex(text), "little")
        return int(f"{little:080b}"[::-1], 2)

    states = trivium.begin_with(limbs(number(key)), limbs(number(value)))
    made = stream_bits(states, 4 * len(expected))
    found = sum(bit << i for i, bit in enumerate(made)).to_bytes(len(expected) // 2, "little")
    assert found.hex().upper() == expected


@settings(max_examples=20)
@given(
    bits_80, bits_80, st.sampled_from([(1, 1), (8, 1), (8, 8), (24, 2), (1, 64), (12, 5), (7, 9)])
)
def test_many_updates_a_clock_are_single_ones(key, value, shape):
    bits, group = shape
    states = trivium.begin_with(limbs(key), limbs(value))
    slow = slow_begin(key, value)
    assert whole(states[0]) == sum(bit << i for i, bit in enumerate(slow))
    clocks = 7
    words = np.empty((1, clocks, group), dtype=np.int32)
    trivium.fill(states, bits, words)
    made = slow_updates(slow, clocks * bits * group)
    text = "".join(map(str, made))
    expected = [int(text[i : i + bits], 2) - 2 ** (bits - 1) for i in range(0, len(text), bits)]
    assert words.reshape(-1).tolist() == expected
    assert whole(states[0]) == sum(bit << i for i, bit in enumerate(slow))


def test_a_seed_is_a_key_and_an_initial_value():
    """Lane 9 of 8 bits is the second word of the second generator."""
    point = resolve(rng="trivium", reuse="none", bit_width=8, lanes=10)
    assert (point.group, point.generators) == (8, 2)
    drawn = sum(seed_word(3, 1, 2**33 + 64 + k) << (64 * k) for k in range(3))
    slow = slow_begin(drawn % 2**80, drawn >> 80 & (2**80 - 1))
    made = "".join(map(str, slow_updates(slow, 64 * 5)))
    words = Stream(point, 3).beats(1, 0, 5)[:, 9]
    expected = [int(made[64 * i + 8 : 64 * i + 16], 2) - 128 for i in range(5)]
    assert words.tolist() == expected
