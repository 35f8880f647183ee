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
from pezoexplore.streams.strategies.outer_product import Layout, layers_text, without_rtl
from pezoexplore.streams.stream import Stream

DIGITS = "32x64,32,10x32,10"
ONE_BIT: dict[str, Any] = {"rng": "lut_opt", "state_bits": 16, "taps": "sparse", "bit_width": 1}


def point_of(layers: str = DIGITS, **axes: Any) -> DesignPoint:
    return resolve(**ONE_BIT | {"rank": "1", "layers": layers, "scaling": "none"} | axes)


def signs(words: np.ndarray) -> np.ndarray:
    return 2 * words.astype(int) + 1


def by_hand(values: np.ndarray, shapes: list[tuple[int, ...]], lanes: int) -> np.ndarray:
    """Return the step of these values, weight by weight."""
    found, start = values.copy(), 0
    for shape in shapes:
        size, columns = int(np.prod(shape)), shape[-1]
        rows = size // columns
        if rows + columns - 1 < size:
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
        (DIGITS, {"rank": "2"}, "bit_width 1, not rank 2 and bit_width 1"),
        (DIGITS, {"bit_width": 8}, "bit_width 1, not rank 1 and bit_width 8"),
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
