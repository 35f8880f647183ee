from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_models import gf2_image, gf2_matrix, parity

from pezoexplore.streams import kernels, linear


@st.composite
def maps(draw, max_bits=12):
    bits = draw(st.integers(1, max_bits))
    return tuple(draw(st.lists(st.integers(0, 2**bits - 1), min_size=bits, max_size=bits)))


@st.composite
def maps_and_states(draw, max_bits=12):
    columns = draw(maps(max_bits))
    return columns, draw(st.integers(0, 2 ** len(columns) - 1))


@given(maps_and_states(64))
def test_apply_is_the_matrix_product(case):
    columns, state = case
    assert linear.apply(columns, state) == gf2_image(gf2_matrix(columns), state)


@given(maps_and_states(), st.integers(0, 40))
def test_power_is_repetition(case, exponent):
    columns, state = case
    expected = state
    for _ in range(exponent):
        expected = linear.apply(columns, expected)
    assert linear.apply(linear.power(columns, exponent), state) == expected


@given(maps_and_states(), st.data())
def test_compose_applies_the_inner_map_first(case, data):
    inner, state = case
    size = len(inner)
    outer = tuple(data.draw(st.integers(0, 2**size - 1)) for _ in range(size))
    once = linear.apply(linear.compose(outer, inner), state)
    assert once == linear.apply(outer, linear.apply(inner, state))


@given(maps(20))
def test_transpose_mirrors_the_matrix_and_undoes_itself(columns):
    assert np.array_equal(gf2_matrix(linear.transpose(columns)), gf2_matrix(columns).T)
    assert linear.transpose(linear.transpose(columns)) == columns


@given(maps_and_states(20))
def test_rows_mask_the_inputs_of_each_output_bit(case):
    columns, state = case
    image = sum(parity(row & state) << i for i, row in enumerate(linear.rows_of(columns)))
    assert image == linear.apply(columns, state)


@given(maps_and_states(64))
def test_byte_tables_apply_the_map(case):
    columns, state = case
    image = 0
    for byte, table in enumerate(linear.byte_tables(columns)):
        image ^= int(table[(state >> (8 * byte)) & 255])
    assert image == linear.apply(columns, state)


@given(maps_and_states(64))
def test_wide_tables_apply_the_map(case):
    columns, state = case
    tables = linear.wide_tables(columns)
    width = tables.shape[1].bit_length() - 1
    assert len(tables) * width >= len(columns)
    image = 0
    for group, table in enumerate(tables):
        image ^= int(table[(state >> (width * group)) & (2**width - 1)])
    assert image == linear.apply(columns, state)


@settings(deadline=None, max_examples=40)
@given(maps_and_states(64), st.integers(1, 20))
def test_rows_of_states_are_the_map_again_and_again(case, beats):
    columns, state = case
    walk = [state]
    for _ in range(beats):
        walk.append(linear.apply(columns, walk[-1]))
    for tables in (linear.byte_tables(columns), linear.wide_tables(columns)):
        states = np.array([[state, 0]], dtype=np.uint64)
        found = np.empty((1, beats, 2), dtype=np.uint64)
        kernels.linear_rows(states, tables, found)
        assert found[0, :, 0].tolist() == walk[:-1]
        assert states.tolist() == [[walk[-1], 0]]
        assert not found[0, :, 1].any()


@settings(deadline=None, max_examples=40)
@given(maps(10), st.data())
def test_jump_moves_each_state_by_its_own_distance(columns, data):
    top = 2 ** len(columns) - 1
    pairs = data.draw(
        st.lists(st.tuples(st.integers(0, top), st.integers(0, top)), min_size=1, max_size=6)
    )
    states, distances = (np.array(values, dtype=np.uint64) for values in zip(*pairs, strict=True))
    expected = []
    for state, distance in pairs:
        for _ in range(distance):
            state = linear.apply(columns, state)
        expected.append(state)
    before = states.copy()
    moved = linear.jump(columns, states.reshape(-1, 1), distances.reshape(-1, 1))
    assert moved.shape == (len(pairs), 1)
    assert moved.ravel().tolist() == expected
    assert np.array_equal(states, before)
