"""What every hardware Gaussian does: RTL and words agree, narrow words are cut, shapes are kept."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from gaussian_rtl import WIDTHS, corner_and_random_states, next_states, rtl_words

from pezoexplore.streams.families import box_muller, clt, icdf, table_hadamard, treegrng

EACH = pytest.mark.parametrize(
    "generator",
    [clt, treegrng, box_muller, icdf, table_hadamard],
    ids=["clt", "treegrng", "box_muller", "icdf", "table_hadamard"],
)


@pytest.mark.slow
@EACH
def test_rtl_shows_the_words_and_the_next_state(generator: ModuleType, tmp_path: Path) -> None:
    states = corner_and_random_states()
    shown_next, shown = rtl_words(generator.__name__.rpartition(".")[2], states, tmp_path)
    assert np.array_equal(shown_next, next_states(states))
    for column, bit_width in enumerate(WIDTHS):
        assert np.array_equal(shown[:, column], generator.words(states, bit_width)), bit_width


@EACH
def test_narrower_words_drop_low_bits(generator: ModuleType) -> None:
    states = corner_and_random_states()
    for bit_width in range(4, 13):
        words = generator.words(states, bit_width)
        assert words.dtype == np.int32
        assert np.array_equal(words, generator.words(states, 12) >> (12 - bit_width)), bit_width


@EACH
def test_shape_is_kept(generator: ModuleType) -> None:
    states = corner_and_random_states()[:24].reshape(2, 3, 4)
    words = generator.words(states, 8)
    assert words.shape == (2, 3, 4)
    assert np.array_equal(words[1, :, 1:], generator.words(states[1, :, 1:], 8))
