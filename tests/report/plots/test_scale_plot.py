"""The plot of accuracy differences against weights."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.report.plots.scale_plot import draw_scale

SVG = "{http://www.w3.org/2000/svg}"
TASKS = (("digits-mlp", 2410), ("mnist-mlp-25k", 25_017), ("mnist-mlp-1m", 998_030))


def rows(designs: int, drop: float = 1.0) -> list[dict[str, object]]:
    points = [resolve(rng="gaussian", reuse="none")]
    points += [resolve(lanes=lanes) for lanes in range(4, 4 + designs)]
    draw = np.random.default_rng(0)
    made = []
    for place, (task, weights) in enumerate(TASKS):
        for index, point in enumerate(points):
            seeds = draw.normal(80 - drop * place * index, 1, 5)
            made.append(
                point.to_json()
                | {"status": "ok", "task": task, "parameters": weights}
                | {"accuracy_mean": seeds.mean(), "accuracy_per_seed": seeds.tolist()}
            )
    return made


def texts(path) -> list[ET.Element]:
    return list(ET.parse(path).iter(f"{SVG}text"))


@pytest.mark.parametrize("designs", [3, 10, 14])
def test_every_design_and_size_is_named_in_one_size_of_text(tmp_path, designs):
    png, svg = draw_scale(rows(designs), tmp_path)
    assert png.read_bytes().startswith(b"\x89PNG")
    found = texts(svg)
    words = ["".join(text.itertext()) for text in found]
    for lanes in range(4, 4 + designs):
        assert any(f"x{lanes}" in word.split() for word in words), lanes
    for task, weights in TASKS:
        assert task in " ".join(words)
        assert f"{weights:,}" in words
    sizes = {
        part for text in found for part in text.get("style", "").split(";") if "font-size" in part
    }
    assert len(sizes) == 1, sizes


def test_labels_do_not_overlap(tmp_path):
    (svg,) = draw_scale(rows(10), tmp_path, kinds=("svg",))
    names = [text for text in texts(svg) if "phased" in "".join(text.itertext())]
    heights = sorted(float(text.get("y") or text.get("transform").split()[-1].rstrip(")"))
                     for text in names)  # fmt: skip
    assert len(heights) == 10
    assert np.diff(heights).min() > 7


def test_equal_rows_give_equal_bytes(tmp_path):
    first, second = (draw_scale(rows(4), tmp_path / name)[1] for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_one_task_is_not_drawn(tmp_path):
    assert draw_scale([row for row in rows(3) if row["task"] == TASKS[0][0]], tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_a_deep_fall_does_not_flatten_the_rest(tmp_path):
    (path,) = draw_scale(rows(6, drop=6.0), tmp_path, kinds=("svg",))
    words = ["".join(text.itertext()) for text in texts(path)]
    assert {"−1", "-1"} & set(words)
    assert {"−50", "-50"} & set(words)
