"""What the host sends: loads end in the epoch's states, exponents fit their code."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pezoexplore.design.point import DesignPoint, IllegalPointError, resolve
from pezoexplore.streams.generators.registry import family, names
from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.reuse import OWN_AXES, RULES
from pezoexplore.streams.strategies.bank import Bank
from pezoexplore.streams.strategies.phased import Phased
from pezoexplore.streams.strategies.pool import Pool
from pezoexplore.streams.strategy import MASTER_SEED, ExponentRange
from pezoexplore.streams.stream import Stream, strategy

TAPS = {4: 0xC, 8: 0xB8, 12: 0xE08}
"""Written down anew; a Galois lfsr that shifts right."""


def step(state: int, bits: int, leap: int) -> int:
    for _ in range(leap):
        state = state >> 1 ^ (TAPS[bits] if state & 1 else 0)
    return state


def bank(lanes: int, bits: int, leap: int = 1, **more: object) -> DesignPoint:
    return resolve(
        reuse="bank", state_bits=bits, bit_width=4, lanes=lanes, leap=leap, reuse_period=3, **more
    )


@pytest.mark.parametrize(("lanes", "bits", "leap"), [(1, 4, 1), (5, 8, 7), (31, 12, 11)])
@pytest.mark.parametrize("epoch", [0, 1, 6])
def test_a_bank_loads_along_its_rotation_path(lanes, bits, leap, epoch):
    point = bank(lanes, bits, leap)
    states = list(range(1, lanes + 1))  # whatever was there before
    words = strategy(point).load_words(epoch)
    assert len(words) == lanes
    assert all(0 < word < 2**bits for word in words)
    for word in words:
        states = [step(above, bits, leap) for above in states[1:]] + [word]
    assert states == strategy(point).registers(epoch, 0)


@st.composite
def hardware_points(draw: st.DrawFn) -> DesignPoint:
    """Draw a point of any generator and strategy."""
    rng = draw(st.sampled_from([name for name in names() if family(name).in_hardware]))
    made = family(rng)
    low, high = made.widths or (1, 1)
    narrow = st.integers(3, 24) if rng == "lfsr" else st.sampled_from([None, 16, 24, 32])
    state_bits = draw(narrow) if "state_bits" in made.chooses else None
    try:
        return resolve(
            rng=rng,
            reuse=draw(st.sampled_from(made.reuses)),
            bit_width=draw(st.integers(low, min(high, state_bits or high))),
            state_bits=state_bits,
            lanes=draw(st.integers(1, 33)),
            pool_size=draw(st.integers(1, 300)),
            reuse_period=draw(st.sampled_from([1, 4, inf])),
            leap=draw(st.sampled_from([1, 2, 8, 64])),
            taps=draw(st.sampled_from(["shifted", "xor", "shared", "sparse"])),
            scaling=draw(st.sampled_from(["none", "constant"])),
        )
    except IllegalPointError:
        assume(False)
        raise


@settings(deadline=None, max_examples=150)
@given(hardware_points())
def test_state_bits_are_the_registers_of_the_rtl(point: DesignPoint) -> None:
    """The Verilog sets each state after rst, by a parameter as wide as the register, or memory."""
    rtl = strategy(point).rtl()
    seeds = sum(rtl.widths.get(name, 0) for name in ("SEED", "SEEDS"))
    shown = int(rtl.parameters["LANES"]) * int(rtl.parameters["BIT_WIDTH"])
    assert strategy(point).state_bits == seeds + int(rtl.parameters.get("ROWS", 0)) * shown


@settings(deadline=None, max_examples=100)
@given(hardware_points().filter(lambda point: not point.pooled))
def test_no_more_bits_are_fresh_than_states_have(point: DesignPoint) -> None:
    made = strategy(point)
    assert 0 < made.fresh_bits(100) <= min(made.state_bits, point.lanes * point.bits)


@pytest.mark.parametrize("lanes", [1, 4])
def test_lanes_of_none_load_in_a_chain(lanes):
    point = resolve(reuse="none", rng="xorshift32", lanes=lanes, reuse_period=3)
    states = [0] * lanes
    for word in strategy(point).load_words(2):
        states = [*states[1:], word]
    assert states == strategy(point).registers(2, 0)


@pytest.mark.parametrize(
    "axes", [{"reuse": "phased", "state_bits": 12}, {"reuse": "pool", "rng": "clt"}]
)
def test_one_state_is_one_word(axes):
    point = resolve(reuse_period=3, **axes)
    words = [strategy(point).load_words(epoch) for epoch in range(4)]
    assert words == [strategy(point).registers(epoch, 0) for epoch in range(4)]
    assert len({tuple(word) for word in words}) == 4


@pytest.mark.parametrize("beat", [0, 1, 254, 255, 256, 1000])
def test_states_of_a_bank_step_and_rotate(beat):
    point = bank(5, 8)
    states = strategy(point).registers(1, 0)
    for done in range(beat):
        moved = states[1:] + states[:1] if done % 255 == 254 else states
        states = [step(state, 8, 1) for state in moved]
    assert strategy(point).registers(1, beat) == states


@pytest.mark.parametrize(
    ("axes", "stall"),
    [
        ({"reuse": "none", "lanes": 8}, 8),
        ({"reuse": "bank", "lanes": 8}, 8),
        ({"reuse": "bank", "lanes": 8, "scaling": "pow2"}, 8 + 255),
        ({"reuse": "phased", "lanes": 8}, 1),
        ({"reuse": "phased", "lanes": 8, "scaling": "pow2"}, 1),
        ({"reuse": "pool", "lanes": 8, "pool_size": 17}, 1 + 24 + 1),
    ],
)
def test_reseed_stall_beats(axes, stall):
    assert strategy(resolve(bit_width=8, reuse_period=4, **axes)).reseed_stall == stall
    assert strategy(resolve(bit_width=8, reuse_period=inf, **axes)).reseed_stall == 0


def test_stalls_after_a_reset():
    filled = resolve(reuse="pool", lanes=8, pool_size=17, reuse_period=4)
    assert strategy(filled).reset_stall == 24 + 1
    table = bank(5, 8, scaling="pow2")
    assert strategy(table).loads_after_reset
    assert strategy(table).reset_stall == 5 + 255
    for point in (bank(5, 8), resolve(reuse="pool"), resolve(reuse="phased", reuse_period=4)):
        assert strategy(point).reset_stall == 0
        assert not strategy(point).loads_after_reset


POW2 = [
    resolve(scaling="pow2", bit_width=4, state_bits=8, lanes=lanes, reuse_period=period, **axes)
    for axes in (
        {"reuse": "bank"},
        {"reuse": "phased", "taps": "xor"},
        {"reuse": "pool", "pool_size": 60},
        {"reuse": "pool", "pool_size": 60, "rng": "xorshift32"},
    )
    for lanes in (1, 5, 31)
    for period in (2, inf)
]


@pytest.mark.parametrize("point", POW2, ids=DesignPoint.label)
def test_every_exponent_fits_the_range(point):
    coded = strategy(point).exponent_range
    assert coded is not None
    stream = Stream(point, MASTER_SEED)
    found = np.concatenate(
        [stream.exponents(epoch, 0, 600) for epoch in range(6 if point.reseeds else 1)]
    )
    low, high = int(found.min()), int(found.max())
    assert coded.base <= low <= high < coded.base + 2**coded.bits
    if not point.reseeds:
        assert (coded.base, coded.bits) == (low, (high - low).bit_length())


def test_no_range_without_pow2():
    assert strategy(bank(5, 8)).exponent_range is None


@given(low=st.integers(-24, 3), span=st.integers(0, 27))
def test_a_range_is_the_narrowest(low, span):
    coded = ExponentRange.of(low, low + span)
    assert coded.base == low
    assert 2**coded.bits > span
    assert coded.bits == 0 or 2 ** (coded.bits - 1) <= span


def test_a_banks_table_follows_the_position():
    point = bank(5, 8, scaling="pow2")
    table, coded = Bank(point).exponent_table(), strategy(point).exponent_range
    exponents = Stream(point, 0).exponents(0, 0, 255)
    count = 1
    for exponent in exponents:
        assert table[count] + coded.base == exponent
        count = step(count, 8, 1)
    assert count == 1
    loaded = strategy(point).load_words(3)[5:]
    assert [entry + coded.base for entry in loaded] == Stream(point, 0).exponents(
        3, 0, 255
    ).tolist()


def test_a_phased_streams_table_follows_the_state():
    point = resolve(reuse="phased", state_bits=8, bit_width=4, lanes=5, scaling="pow2")
    table = Phased(point).exponents_by_state()
    exponents = Stream(point, 0).exponents(0, 0, 255)
    assert len(table) == 256
    for beat in range(0, 255, 7):
        assert table[strategy(point).registers(0, beat)[0]] == exponents[beat]


def test_pool_rows_carry_their_exponent_on_top():
    point = resolve(
        reuse="pool", rng="xorshift32", pool_size=50, lanes=4, bit_width=6, scaling="pow2"
    )
    stream, coded = Stream(point, 0), strategy(point).exponent_range
    rows = Pool(point).memory_rows()
    assert [row >> 24 for row in rows] == [
        e - coded.base for e in stream.exponents(0, 0, 13).tolist()
    ]
    assert [row & 63 for row in rows] == [w % 64 for w in stream.beats(0, 0, 13)[:, 0].tolist()]


@settings(max_examples=50)
@given(data=st.data(), bits=st.integers(1, 24), lanes=st.integers(1, 9))
def test_pack_rows_puts_lane_0_lowest(data, bits, lanes):
    word = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    beats = data.draw(st.lists(st.lists(word, min_size=lanes, max_size=lanes), min_size=1))
    packed = pack_rows(np.array(beats, dtype=np.int32), bits)
    for row, beat in zip(packed, beats, strict=True):
        assert 0 <= row < 2 ** (bits * lanes)
        for lane, value in enumerate(beat):
            field = row >> (lane * bits) & (2**bits - 1)
            assert field - (2**bits if field >> (bits - 1) else 0) == value


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_every_strategy_has_its_rules(rules):
    made = strategy(resolve(reuse=rules.name, bit_width=4, lanes=3))
    assert made.module == f"stream_{rules.name}"
    assert {axis for axis in OWN_AXES if getattr(made.point, axis) is not None} == rules.axes
