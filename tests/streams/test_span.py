from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pezoexplore.design.point import IllegalPointError, resolve
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.stream import Directions, Stream, strategy

EPOCHS = 60


def legal(**axes):
    try:
        return resolve(**axes)
    except IllegalPointError:
        assume(False)
        raise


@st.composite
def cases(draw, reuse_periods=(math.inf,)):
    """Return a small point that outputs whole states, and a number of weights."""
    state_bits = draw(st.integers(3, 5))
    point = legal(
        reuse=draw(st.sampled_from(["none", "pool", "bank", "phased"])),
        taps=draw(st.sampled_from(["shifted", "xor", "shared", "sparse"])),
        bit_width=state_bits,
        lanes=draw(st.integers(1, 8)),
        leap=draw(st.sampled_from([1, 2])),
        pool_size=draw(st.integers(1, 90)),
        reuse_period=draw(st.sampled_from(reuse_periods)),
    )
    return point, draw(st.integers(point.lanes, 90))


def recurs(point):
    """Pools whose rows recur: their directions are nearly parallel, which count once."""
    walk = strategy(point).repetition.walk
    return point.reuse == "pool" and walk.recurrence < point.rows


def evenly_spaced(point):
    """Lanes of a bank that happen to lie evenly: rotating them is then a phase shift."""
    if point.reuse != "bank" or point.lanes == 1:
        return False
    period = 2**point.state_bits - 1
    (begin,) = phases(0, np.uint64([0]), point.lanes, period).astype(np.int64)
    return any(
        np.unique((np.roll(begin, -turn) - begin) % period).size == 1
        for turn in range(1, point.lanes)
    )


def directions(point, parameters, steps, seeds=(0,), every=1):
    block = Directions.of(point, parameters, seeds).block(0, steps * every)[::every]
    return block.reshape(-1, parameters).astype(np.float64)


def distinct(matrix, axis):
    return np.unique(matrix, axis=axis).shape[axis]


@settings(deadline=None, max_examples=150)
@given(cases(), st.sampled_from([1, 1, 3, 4, 9]))
def test_without_reseeding_the_count_is_that_of_distinct_directions_or_weights(case, every):
    """A direction is every step of the stream, or every n-th where roundings take the others."""
    point, parameters = case
    assume(not evenly_spaced(point))
    cycle = strategy(point).step_cycle(parameters, every)
    served = directions(point, parameters, cycle, every=every)
    bound = min(distinct(served, 0), distinct(served, 1))
    span = strategy(point).effective_span(parameters, every=every)
    assert np.linalg.matrix_rank(served) <= span or recurs(point)
    assert span <= (distinct(served, 0) if point.reuse == "pool" else bound)
    if point.reuse in ("none", "bank"):
        assert span == bound


@st.composite
def layers(draw):
    """Return a point and a layer size, powers of two above all."""
    point = legal(
        rng=draw(st.sampled_from(["lfsr", "lfsr", "lut_opt"])),
        reuse=draw(st.sampled_from(["none", "bank", "phased", "pool"])),
        taps=draw(st.sampled_from(["shifted", "xor", "shared", "sparse"])),
        bit_width=draw(st.sampled_from([1, 2, 4, 5, 8])),
        state_bits=draw(st.sampled_from([None, 5, 6, 7, 8, 9, 10, 11, 12])),
        lanes=draw(st.sampled_from([1, 2, 4, 8, 16, 32, 3, 31])),
        leap=draw(st.sampled_from([1, 2, 8])),
        pool_size=draw(st.sampled_from([31, 127, 255, 1023])),
        scaling=draw(st.sampled_from(["constant", "constant", "pow2"])),
    )
    return point, draw(st.sampled_from([64, 128, 256, 96, 300]))


@settings(deadline=None, max_examples=40)
@given(layers())
def test_the_span_of_layers_is_near_the_rank_of_their_directions(case):
    """Two in a hundred less: numbers that are nearly linear functions of each other."""
    point, parameters = case
    assume(point.lanes <= parameters)
    assume(point.reuse != "pool" or 2**point.state_bits > point.rows * point.lanes)
    steps = min(strategy(point).step_cycle(parameters), 350)
    rank = np.linalg.matrix_rank(directions(point, parameters, steps))
    span = min(strategy(point).effective_span(parameters), steps)
    assert rank <= span
    assert rank >= 0.98 * span - 1 or point.scaling == "pow2"


@pytest.mark.parametrize(
    ("lanes", "bits", "beats", "every"),
    [(4, 8, 128, 1), (4, 8, 96, 1), (8, 1, 64, 1), (4, 4, 96, 4), (2, 8, 60, 3), (5, 8, 39, 1)],
)
def test_sobol_numbers_of_a_power_of_two_of_beats_have_few_dimensions(lanes, bits, beats, every):
    point = resolve(rng="sobol", reuse="none", lanes=lanes, bit_width=bits)
    parameters = lanes * beats
    rank = np.linalg.matrix_rank(directions(point, parameters, parameters + 50, every=every))
    assert rank <= strategy(point).effective_span(parameters, every=every) <= 3 * rank


@settings(deadline=None, max_examples=60)
@given(cases(reuse_periods=(1, 2, 5)), st.sampled_from([1, 1, 3, 4]))
def test_with_reseeding_no_direction_leaves_the_span(case, every):
    point, parameters = case
    steps = EPOCHS * int(point.reuse_period) // every
    served = directions(point, parameters, steps, range(2), every)
    span = strategy(point).effective_span(parameters, every=every)
    assert np.linalg.matrix_rank(served) <= span


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["shifted", "xor"]),
    st.integers(1, 7),
    st.sampled_from([1, 2, 5]),
    st.integers(20, 90),
    st.sampled_from([1, 3, 5]),
)
def test_a_reseeded_phased_stream_is_counted_exactly(taps, lanes, reuse_period, parameters, every):
    """With 13 places every start is seen within a few hundred epochs."""
    point = resolve(taps=taps, lanes=lanes, bit_width=4, reuse_period=reuse_period)
    served = directions(point, parameters, 300 * reuse_period, range(2), every)
    found = strategy(point).effective_span(parameters, every=every)
    rank = np.linalg.matrix_rank(served)
    assert rank <= found <= min(distinct(served, 0), distinct(served, 1))
    assert rank >= found - lanes


KNOWN = [  # axes, weights, span; ranks measured independently
    ({"reuse": "none"}, 2410, 85),
    # phases of one cycle, of which some are closer than the 76 beats of a step
    ({"reuse": "none", "state_bits": 12}, 76 * 31, 2350),
    ({"reuse": "bank", "lanes": 8}, 2410, 1020),
    # 13 bits, a prime period: functions of the state recur within a step
    ({"reuse": "phased", "state_bits": 13, "bit_width": 1}, 2410, 2389),
    # a step of 256 beats leaves the low 8 bits of the count as they were: 8 bits a lane and run
    ({"rng": "sobol", "reuse": "none", "lanes": 16}, 4096, 256),
    ({"rng": "sobol", "reuse": "none"}, 2410, 2410),
    ({"reuse": "bank"}, 2410, 2410),
    ({"reuse": "pool", "pool_size": 127, "state_bits": 24}, 2410, 5),
    ({"reuse": "pool", "pool_size": 4095, "state_bits": 24}, 2410, 137),
    ({"reuse": "pool", "pool_size": 127, "lanes": 1, "state_bits": 24}, 2410, 127),
    ({"rng": "gaussian", "reuse": "pool", "pool_size": 127, "lanes": 1}, 2410, 127),
    ({"rng": "gaussian", "reuse": "none"}, 2410, 2410),
    ({"rng": "xorshift32", "reuse": "none"}, 2410, 2410),
    ({"reuse": "phased", "state_bits": 24}, 10**5, 10**5),
    ({"reuse": "phased", "bit_width": 3, "taps": "shifted", "lanes": 7}, 70, 7),
    # refills bring new numbers, but weights that share a word of a short pool still share it
    ({"reuse": "pool", "pool_size": 127, "state_bits": 24, "reuse_period": 1}, 2410, 155),
    ({"reuse": "pool", "pool_size": 4095, "state_bits": 24, "reuse_period": 1}, 2410, 2410),
    # one 8-bit state reseeded every step has no more than its 251 places to start from
    ({"reuse": "phased", "reuse_period": 1}, 2410, 251),
    ({"reuse": "bank", "reuse_period": 1}, 2410, 2410),
    ({"reuse": "none", "bit_width": 3, "lanes": 2, "reuse_period": 1}, 2410, 14),
]


@pytest.mark.parametrize(("axes", "parameters", "span"), KNOWN)
def test_known_spans(axes, parameters, span):
    assert strategy(resolve(**axes)).effective_span(parameters) == span


@pytest.mark.parametrize(
    ("axes", "parameters"),
    [
        ({"reuse": "none"}, 2410),
        ({"reuse": "bank", "bit_width": 5, "lanes": 4}, 301),
        ({"reuse": "pool", "pool_size": 127, "state_bits": 24}, 2410),
        ({"reuse": "pool", "pool_size": 30, "lanes": 3, "state_bits": 16}, 100),
        ({"reuse": "phased", "bit_width": 6, "lanes": 6, "taps": "shifted"}, 100),
        ({"reuse": "phased", "bit_width": 6, "lanes": 4, "taps": "xor"}, 200),
    ],
)
def test_ranks_meet_the_span(axes, parameters):
    point = resolve(**axes)
    served = directions(point, parameters, strategy(point).step_cycle(parameters))
    assert np.linalg.matrix_rank(served) == strategy(point).effective_span(parameters)


def test_refilled_short_pools_reach_just_their_own_words():
    point = resolve(reuse="pool", pool_size=20, lanes=4, state_bits=20, reuse_period=1)
    assert strategy(point).effective_span(50) == 20
    assert np.linalg.matrix_rank(directions(point, 50, 200)) == 20


def representatives(matrix):
    """Count directions, chosen greedily, of which each other one is nearly parallel to some."""
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    near = np.abs(unit @ unit.T) > 0.5
    left, count = np.ones(len(matrix), bool), 0
    while left.any():
        left &= ~near[np.argmax((near & left).sum(axis=1))]
        count += 1
    return count


@pytest.mark.parametrize(
    ("rows", "lanes", "bits", "parameters"),
    [
        (277, 3, 8, 573),
        (317, 3, 8, 571),
        (307, 3, 8, 762),
        (173, 3, 8, 394),
        (331, 3, 8, 753),
        (431, 1, 7, 627),
        (601, 1, 8, 731),
        (701, 1, 8, 518),
        (503, 2, 8, 370),
        (491, 1, 7, 793),
    ],
)
def test_a_filler_with_a_short_period_makes_directions_that_are_nearly_parallel(
    rows, lanes, bits, parameters
):
    """Rows recur until the pool wraps: directions past the recurrence add next to nothing."""
    point = resolve(reuse="pool", pool_size=rows * lanes, lanes=lanes, state_bits=bits,
                    bit_width=bits, leap=8)  # fmt: skip
    assert point.rows == rows
    served = directions(point, parameters, strategy(point).step_cycle(parameters))
    span = strategy(point).effective_span(parameters)
    assert span == (2**bits - 1) // math.gcd(2**bits - 1, lanes) < np.linalg.matrix_rank(served)
    assert span <= representatives(served) <= 1.4 * span
    values = np.linalg.svd(served, compute_uv=False) ** 2
    assert values.sum() ** 2 / (values**2).sum() < 1.4 * span


def test_whole_turns_of_a_pool_with_a_short_period_are_one_direction():
    point = resolve(reuse="pool", pool_size=61, lanes=1, bit_width=4)
    assert strategy(point).effective_span(30) == 15
    assert strategy(point).effective_span(61) == 1


@settings(deadline=None, max_examples=40)
@given(cases(), st.integers(0, 200))
def test_streams_repeat_after_their_period(case, start):
    point, parameters = case
    period = strategy(point).period
    stream = Stream(point)
    assert np.array_equal(stream.beats(0, start, 40), stream.beats(0, start + period, 40))
    cycle = strategy(point).step_cycle(parameters)
    assert cycle * math.ceil(parameters / point.lanes) % period == 0
    block = Directions.of(point, parameters, [0])
    assert np.array_equal(block.block(2, 5), block.block(2 + cycle, 5))


@pytest.mark.parametrize(
    "axes", [{"rng": "gaussian", "reuse": "none"}, {"reuse": "bank", "reuse_period": 4}]
)
def test_what_never_repeats_has_no_period(axes):
    assert strategy(resolve(**axes)).period is None
    assert strategy(resolve(**axes)).step_cycle(100) is None
