"""Streams of outer products against matrices multiplied out entry by entry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import IllegalPointError
from pezoexplore.hardware.rtl.build import build
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.strategies.outer_product import (
    Layout,
    layers_text,
    seed_of,
    without_rtl,
)
from pezoexplore.streams.stream import Stream

DIGITS = "32x64,32,10x32,10"
ONE_BIT: dict[str, Any] = {"rng": "lut_opt", "state_bits": 16, "taps": "sparse", "bit_width": 1}


def point_of(layers: str = DIGITS, **axes: Any) -> DesignPoint:
    return resolve(**ONE_BIT | {"rank": "1", "layers": layers, "scaling": "none"} | axes)


def signs(words: np.ndarray) -> np.ndarray:
    return 2 * words.astype(int) + 1


def by_hand(
    values: np.ndarray, shapes: list[tuple[int, ...]], lanes: int, rank: int = 1
) -> np.ndarray:
    """Return an outer product of these values of a step, weight by weight."""
    found, start = values.copy(), 0
    for shape in shapes:
        size, columns = int(np.prod(shape)), shape[-1]
        rows = size // columns
        if rank * (rows + columns - 1) < size:
            vector = [1]
            for row in range(1, rows):
                first = start + row * columns
                inside = [i for i in range(first, first + columns) if i // lanes == first // lanes]
                vector.append(values[inside[-1]])
            matrix = np.outer(vector, values[start : start + columns])
            found[start : start + size] = matrix.ravel()
        start += size
    return found


@pytest.mark.parametrize(
    ("layers", "lanes"),
    [(DIGITS, 31), (DIGITS, 32), (DIGITS, 8), (DIGITS, 64), ("4x5,5x6", 3), ("3x3x4x8,8,7x2", 5)],
)
@pytest.mark.parametrize("period", [2, float("inf")])
def test_each_matrix_of_each_step_is_an_outer_product(
    layers: str, lanes: int, period: float
) -> None:
    point = point_of(layers, lanes=lanes, reuse_period=period)
    dense, found = Stream(point.words()), Stream(point)
    shapes = [tuple(map(int, text.split("x"))) for text in layers.split(",")]
    beats = -(-sum(map(np.prod, shapes)) // lanes)
    for epoch in (0, 3):
        words = signs(dense.beats(epoch, 0, 3 * beats)).reshape(3, -1)
        expected = [by_hand(step, shapes, lanes) for step in words]
        shown = signs(found.beats(epoch, 0, 3 * beats)).reshape(3, -1)
        np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize("rank", [2, 4])
@pytest.mark.parametrize(
    ("layers", "lanes"), [(DIGITS, 31), (DIGITS, 32), ("9x9,9,9x8", 3), ("9,10x12,6x7", 5)]
)
@pytest.mark.parametrize("axes", [{}, {"reuse": "pool", "taps": None, "pool_size": 90}])
@pytest.mark.parametrize("period", [2, float("inf")])
def test_higher_ranks_are_half_the_sums_of_signs(
    rank: int, layers: str, lanes: int, axes: dict[str, Any], period: float
) -> None:
    point = point_of(layers, lanes=lanes, rank=str(rank), reuse_period=period, **axes)
    shapes = [tuple(map(int, text.split("x"))) for text in layers.split(",")]
    beats = -(-sum(map(np.prod, shapes)) // lanes)
    for epoch in (0, 3):
        total = np.zeros((3, beats * lanes))
        for number in range(rank):
            words = Stream(point.words(), seed_of(5, number)).beats(epoch, 0, 3 * beats)
            steps = signs(words).reshape(3, -1)
            total += [by_hand(step, shapes, lanes, rank) for step in steps]
        stream = Stream(point, 5)
        shown = stream.beats(epoch, 0, 3 * beats)
        np.testing.assert_array_equal(2 * shown.reshape(3, -1), total)
        assert set(np.unique(shown)) == set(range(-(rank // 2), rank // 2 + 1))
        assert -(2 ** (point.bits - 1)) <= -(rank // 2) and rank // 2 < 2 ** (point.bits - 1)
        z = stream.z(epoch, 0, 3 * beats).reshape(3, -1)
        np.testing.assert_allclose(z, total / 2 / np.sqrt(rank), rtol=1e-6)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_all_streams_of_words_load_and_count_at_once(rank: int) -> None:
    point = point_of(rank=str(rank), reuse_period=4)
    strategy = Stream(point, 7).strategy
    words = [Stream(point.words(), seed_of(7, number)).strategy for number in range(rank)]
    (loaded,) = strategy.load_words(3)
    parts = [loaded >> 16 * number & 0xFFFF for number in range(rank)]
    assert parts == [word for one in words for word in one.load_words(3)]
    assert loaded < 2**point.load_bits
    assert (strategy.state_bits, strategy.reseed_stall) == (16 * rank, 1)
    assert strategy.states(np.array([3], np.uint64), 0).tolist() == [parts]


def test_the_span_of_several_products_is_that_of_the_walk_side_by_side() -> None:
    point = point_of("40x9,9", lanes=9, rank="2", state_bits=16)
    assert Stream(point).strategy.effective_span(369) == 369
    small = point_of("40x9,9", lanes=9, rank="2", rng="lfsr", state_bits=4, taps="xor")
    directions = Stream(small).beats(0, 0, 41 * 13).reshape(13, -1)
    assert Stream(small).strategy.step_cycle(369) == len(np.unique(directions, axis=0)) == 13
    reseeded = replace(small, reuse_period=1)
    assert Stream(reseeded).strategy.effective_span(369) == 369


def test_any_beats_are_those_of_the_whole_steps() -> None:
    stream = Stream(point_of())
    whole = stream.beats(0, 0, 4 * 78)
    for start, count in ((0, 1), (77, 2), (78, 78), (100, 150), (3 * 78 - 1, 1)):
        np.testing.assert_array_equal(stream.beats(0, start, count), whole[start : start + count])


def test_matrices_have_rank_one_and_take_as_many_words_as_the_layout_says() -> None:
    layout = Layout.of(point_of())
    assert layout.numbers == (64 + 31) + 32 + (32 + 9) + 10
    step = signs(Stream(point_of()).beats(0, 0, 78)).ravel()
    assert np.linalg.matrix_rank(step[:2048].reshape(32, 64)) == 1
    assert np.linalg.matrix_rank(step[2080:2400].reshape(10, 32)) == 1


def test_a_convolution_is_a_matrix_of_its_output_channels_and_a_small_one_dense() -> None:
    shapes = ((3, 3, 4, 8), (3, 2))
    found = [(m.start, m.rows, m.columns) for m in Layout(shapes, 1, 4).matrices]
    assert found == [(0, 36, 8), (288, 3, 2)]
    few = Layout(shapes, 2, 4)
    assert [(m.start, m.rows, m.columns) for m in few.matrices] == [(0, 36, 8)]
    assert few.numbers == 2 * (43 + 6)


def test_layers_are_part_of_a_point_with_outer_products_alone() -> None:
    assert layers_text([(32, 64), (32,)]) == "32x64,32"
    point = point_of()
    assert DesignPoint.from_json(point.to_json()) == point == point.moved()
    assert point.hardware().layers == DIGITS
    assert replace(point, momentum_replay=4).perturbation() == point
    assert (point.words().layers, point.words().rank) == (None, "full")
    assert resolve(layers=DIGITS).layers is None
    with pytest.raises(IllegalPointError, match=r"layers 3x,4: shapes .* 32x64,32,10x32,10"):
        point_of("3x,4")


@pytest.mark.parametrize(
    ("layers", "axes", "reason"),
    [
        (DIGITS, {"bit_width": 8}, "and have RTL, with bit_width 1, not 8"),
        (DIGITS, {"bit_width": 8, "rank": "4"}, "and have RTL, with bit_width 1, not 8"),
        (DIGITS, {"rng": "gaussian", "reuse": "none"}, "with bit_width 1, not float"),
        ("3x3x1x8,8", {"lanes": 16}, "there are 8 in a row and 16 lanes"),
        ("40x3,40,2x40", {"lanes": 4}, "there are 3 in a row and 4 lanes"),
        ("9,9,2x1", {"lanes": 2}, "no tensor of 9,9,2x1 is worth"),
        ("3000x3000", {}, "up to 8,388,608 weights"),
    ],
)
def test_what_has_no_rtl_says_why(layers: str, axes: dict[str, Any], reason: str) -> None:
    point = point_of(layers, **axes)
    assert reason in without_rtl(point)
    with pytest.raises(IllegalPointError, match="outer product"):
        build(Stream(point), rtl_dir())
    assert without_rtl(point.words()) == ""
    assert without_rtl(replace(point, layers=None)).endswith("shapes of a network's tensors")
