"""The learning curve as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from pezoexplore.errors import PezoError
from pezoexplore.report.plots.curve_plot import draw_curve

CURVE = [
    {"step": 0, "train_loss": 2.5, "validation_loss": 2.4, "validation_accuracy": 10.0},
    {"step": 50, "train_loss": 1.5, "validation_loss": None, "validation_accuracy": 55.0},
    {"step": 100, "train_loss": None, "validation_loss": 1.0, "validation_accuracy": 80.0},
]


def test_both_panels_are_named(tmp_path):
    text = draw_curve(CURVE, "none clt 8b x8", tmp_path / "curve.svg").read_text()
    for words in ("none clt 8b x8", "validation accuracy (%)", "loss (nats)", "step", "training"):
        assert words in text


def test_the_same_curve_gives_the_same_bytes(tmp_path):
    first, second = (draw_curve(CURVE, "a", tmp_path / f"{n}.png") for n in "ab")
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG")


def test_a_curve_without_a_finite_loss_is_drawn(tmp_path):
    rows = [row | {"train_loss": None, "validation_loss": None} for row in CURVE]
    assert draw_curve(rows, "diverged", tmp_path / "curve.png").is_file()


def test_a_folder_that_cannot_be_written_is_one_line():
    with pytest.raises(PezoError, match="cannot be created"):
        draw_curve(CURVE, "a", Path("/dev/null/curve.png"))
