from __future__ import annotations

import logging
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from report_rows import frame_of, numbered, quickstart, row

from pezoexplore.analysis.pareto import frame_rows, pareto_mask
from pezoexplore.analysis.sensitivity import sensitivity
from pezoexplore.design.conditions import parse_condition
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.report.designs import finished_designs
from pezoexplore.report.plots.axis_plot import families_along
from pezoexplore.report.plots.front_view import visible
from pezoexplore.report.plots.placement import Obstacle, place_labels
from pezoexplore.report.plots.plots import draw_all, draw_axis, draw_front, draw_fronts
from pezoexplore.report.plots.search_plot import draw_search
from pezoexplore.report.plots.sensitivity_plot import draw_sensitivity

OBJECTIVES = (["accuracy_mean"], ["lut", "ff"])
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    return frame_of(tmp_path_factory.mktemp("rows"), quickstart())


@pytest.fixture(scope="module")
def drawn(frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    return {path.name: path.read_bytes() for path in draw_all(frame, *OBJECTIVES, folder)}


def words(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode())


def test_files(drawn):
    fronts = {f"pareto_{name}.{kind}" for name in ("lut", "ff", "bram") for kind in ("png", "svg")}
    axes = {f"axis_{name}.png" for name in ("reuse_period", "pool_size", "bit_width")}
    assert set(drawn) == fronts | axes
    assert all(data.startswith(PNG) for name, data in drawn.items() if name.endswith("png"))


def test_same_bytes_again_whatever_is_configured(frame, drawn, tmp_path):
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "savefig.dpi": 30}):
        again = draw_all(frame, *OBJECTIVES, tmp_path / "new" / "folder")
    assert {path.name: path.read_bytes() for path in again} == drawn


def test_files_carry_no_date_or_version(drawn):
    for data in drawn.values():
        assert mpl.__version__.encode() not in data
        assert b"dc:date" not in data
        assert b"Software" not in data


def test_svg_names_designs_axes_and_references(drawn):
    text = words(drawn["pareto_lut.svg"])
    assert {"LUTs, log scale", "lfsr", "treegrng", "bank", "phased"} <= set(text)
    assert "phased/shared lfsr24 8b x31" in text
    assert "none treegrng 8b x31" in text
    assert "none gaussian (software): 89.5 ± 0.7" in text
    assert "Pareto front (accuracy_mean, lut, ff)" in text


def figure_of(monkeypatch, draw):
    """Return the figures that a call would save."""
    figures = []
    monkeypatch.setattr(
        "pezoexplore.report.plots.style.save", lambda figure, path: figures.append(figure) or path
    )
    draw()
    return figures


def test_front_has_intervals_and_a_step_line(frame, monkeypatch, tmp_path):
    front = [index in (6, 7, 8, 9) for index in range(len(frame))]
    figure, _ = figure_of(monkeypatch, lambda: draw_front(frame, "lut", front, tmp_path))
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    bars = [bar for bar in axes.containers if bar.has_yerr]
    assert len(bars) == 10 + 1  # ten designs, one reference that is no band
    spans = sorted(tuple(bar.lines[2][0].get_segments()[0][:, 1].round(6).tolist()) for bar in bars)
    assert (88.7, 90.1) in spans
    steps = [line for line in axes.lines if len(line.get_xdata()) > 4]
    assert [tuple(point) for point in steps[0].get_xydata()[:-1].tolist()] == [
        (14.0, 89.2), (138.0, 89.2), (138.0, 89.3), (145.0, 89.3), (145.0, 89.4),
    ]  # fmt: skip


def test_no_bar_band_or_axis_leaves_the_percentages(frame, monkeypatch, tmp_path):
    wide = frame.assign(accuracy_ci95=[55.0] * len(frame))
    front = [index in (6, 7, 8, 9) for index in range(len(frame))]
    figures = figure_of(monkeypatch, lambda: draw_front(wide, "lut", front, tmp_path))
    figures += figure_of(monkeypatch, lambda: draw_axis(wide, "pool_size", tmp_path))
    heights = [
        height
        for figure in figures
        for bar in figure.axes[0].containers
        for lines in bar.lines[2]
        for segment in lines.get_segments()
        for height in segment[:, 1]
    ]
    bands = [patch.get_y() + patch.get_height() for f in figures for patch in f.axes[0].patches]
    assert len(heights) > 20 and len(bands) == 3
    assert 24 < min(heights) < max(heights) == 100 == max(bands)


def test_the_step_line_keeps_the_constraints(frame, monkeypatch, tmp_path):
    def corners(limit):
        (figure, *_) = figure_of(
            monkeypatch,
            lambda: draw_fronts(frame, ["accuracy_mean"], ["lut"], tmp_path, [limit]),
        )
        lines = [line for line in figure.axes[0].lines if line.get_color() == "#777777"]
        return [tuple(point) for line in lines for point in line.get_xydata()[:-1].tolist()]

    assert corners("accuracy_mean > 89.2") == [(138.0, 89.3), (145.0, 89.3), (145.0, 89.4)]
    assert corners("accuracy_mean > 99") == []


def test_zeros_get_a_strip(frame, monkeypatch, tmp_path):
    front = [False] * len(frame)
    figure, _ = figure_of(monkeypatch, lambda: draw_front(frame, "bram", front, tmp_path))
    assert figure.axes[0].get_xscale() == "symlog"
    assert "0" in [label.get_text() for label in figure.axes[0].get_xticklabels()]


def test_infinity_is_the_last_position(frame, monkeypatch, tmp_path):
    (figure,) = figure_of(monkeypatch, lambda: draw_axis(frame, "reuse_period", tmp_path))
    left, right = figure.axes
    places = dict(
        zip([t.get_text() for t in right.get_xticklabels()], right.get_xticks(), strict=True)
    )
    assert set(places) == {"1", "64", "inf"}
    assert places["1"] < places["64"] < places["inf"] < right.get_xlim()[1]
    assert left.get_xlim() == right.get_xlim()
    assert any(bar.has_yerr for bar in left.containers)


@pytest.mark.parametrize("extra", [0, 1])
def test_labels_overlap_neither_each_other_nor_markers(frame, monkeypatch, tmp_path, extra):
    """Up to ten designs have their names beside them, more have numbers and a key."""
    more = frame.iloc[[3] * extra].assign(ff=900.0, accuracy_mean=88.2, lanes=30.0)
    frame = pd.concat([frame, more], ignore_index=True)
    front = [False] * len(frame)
    figure, _ = figure_of(monkeypatch, lambda: draw_front(frame, "ff", front, tmp_path))
    (axes,) = figure.axes
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    named = {text.get_text() for text in figure.texts}
    assert len(boxes) == 10 + extra
    assert ("bank lfsr8 8b x31 T=64" in named) == bool(extra)
    assert {text.get_text() for text in axes.texts} & {"1", "11"} == (
        {"1", "11"} if extra else set()
    )
    bars = [bar for bar in axes.containers if bar.lines[0] and len(bar.lines[0].get_xdata()) == 1]
    places = [axes.transData.transform(bar.lines[0].get_xydata()[0]) for bar in bars]
    assert len(places) >= 10 + extra
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:index])
        assert not any(box.contains(*place) for place in places)


SCALE = {8.0, 7.0, 6.3}


def test_all_plots_keep_to_one_scale_of_three_font_sizes(monkeypatch, tmp_path):
    """Long names, fronts of many designs, warnings, references: nothing is shrunk to fit."""
    rows = [
        row(70.0 + bits, (bits * lanes, 10, 0), reuse="none", bit_width=bits, lanes=lanes,
            state_bits=20, leap=7, weight_bits=8, activation_bits=8, rounding="stochastic",
            update_rounding="independent")
        for bits in range(4, 12) for lanes in (2, 3, 4, 5, 6)
    ]  # fmt: skip
    frames = [frame_of(tmp_path, numbered(some)) for some in (rows, rows[:4], quickstart())]
    found = [effects_of(cells) for cells in frames[:1]]
    figures = figure_of(
        monkeypatch,
        lambda: [
            *(draw_all(cells, *OBJECTIVES, tmp_path, chance=80.0) for cells in frames),
            draw_sensitivity(found, tmp_path),
            draw_search([0, 5], [0.0, 0.5], "a search", tmp_path / "search"),
        ],
    )
    assert len(figures) > 12
    for figure in figures:
        sizes = {text.get_fontsize() for text in figure.findobj(Text) if text.get_text()}
        assert sizes <= SCALE


def effects_of(cells):
    return sensitivity(frame_rows(cells), "accuracy_mean", resamples=5, importances=False)


def test_a_change_of_scale_has_the_mark_of_a_broken_axis(tmp_path, monkeypatch):
    def strokes(accuracies):
        rows = [row(value, (100 + 10 * i, 9, 0), lanes=4 + i) for i, value in enumerate(accuracies)]
        frame = frame_of(tmp_path, numbered(rows))
        draw = lambda: draw_front(frame, "lut", [False] * len(rows), tmp_path)  # noqa: E731
        (axes,) = figure_of(monkeypatch, draw)[0].axes
        return [line for line in axes.lines if not line.get_clip_on()], axes

    assert strokes([90, 91, 92, 93, 94])[0] == []
    marks, axes = strokes([10, 91, 92, 93, 94])
    assert "compressed below" in axes.get_ylabel()
    bend = float(axes.get_ylabel().split()[-1])
    middle = np.mean([np.mean(line.get_ydata()) for line in marks])
    assert axes.transAxes.transform((0, middle))[1] == pytest.approx(
        axes.transData.transform((axes.get_xlim()[0], bend))[1], abs=0.01
    )


def test_each_target_has_a_plot_of_its_own(tmp_path):
    """A LUT of one is not a LUT of another; what one target alone has needs no name."""
    designs = [cells | {"carry": ""} for cells in quickstart() if cells["lut"]]
    slower = [cells | {"target": "ice40", "lut": 2 * int(str(cells["lut"]))} for cells in designs]
    third = [cells | {"target": "osu018", "lut": "", "carry": 9} for cells in designs]
    frame = frame_of(tmp_path, numbered([*designs, *slower, *third]))
    drawn = draw_fronts(frame, ["accuracy_mean"], ["lut", "carry"], tmp_path, kinds=["svg"])
    titles = {
        path.name: [word for word in words(path.read_bytes()) if word.startswith(("LUTs", "carry"))]
        for path in drawn
    }
    assert titles["pareto_lut_ice40.svg"] == ["LUTs on ice40, log scale"]
    assert titles["pareto_lut_xcup.svg"] == ["LUTs on xcup, log scale"]
    assert len(titles["pareto_carry.svg"]) == 1
    assert not [word for path in drawn for word in words(path.read_bytes()) if "@" in word]


def test_a_software_reference_is_one_design_whatever_the_targets(tmp_path):
    reference = row(89.5, None, rng="gaussian", reuse="none")
    rows = numbered([reference | {"target": name} for name in ("xcup", "ice40")])
    (design,) = finished_designs(frame_of(tmp_path, rows), [False] * 2, [])
    assert design.label == design.point.label()
    assert design.number == 0


def test_families_differ_in_one_axis_only(tmp_path):
    rows = numbered(
        [
            row(88.0, reuse="bank", bit_width=8),
            row(89.0, reuse="bank", bit_width=12),
            row(90.0, reuse="bank", bit_width=8, state_bits=12),
            row(85.0, reuse="bank", bit_width=4, lanes=8, state_bits=4),
        ]
    )
    designs = finished_designs(frame_of(tmp_path, rows), [False] * 4, [])
    found = {
        family.label: (family.values, [item.value("accuracy_mean") for item in family.designs])
        for family in families_along(designs, "bit_width")
    }
    assert found == {
        "bank lfsr (state = width) x31": ((8.0, 12.0), [88.0, 89.0]),
        "bank lfsr12 x31": ((8.0, 12.0), [90.0, 89.0]),
    }
    (family,) = families_along(designs, "state_bits")
    assert family.values == (8.0, 12.0)


def test_too_many_families_are_limited_and_said(tmp_path, monkeypatch):
    rows = [
        row(80.0 + bits, (bits, bits, 0), reuse="bank", bit_width=bits, state_bits=14,
            reuse_period=period)
        for bits in range(1, 12) for period in (1, 8)
    ]  # fmt: skip
    frame = frame_of(tmp_path, numbered(rows))
    (figure,) = figure_of(monkeypatch, lambda: draw_axis(frame, "reuse_period", tmp_path))
    assert "7 of 11 families shown" in " ".join(text.get_text() for text in figure.texts)


def test_without_hardware_nothing_but_accuracy_is_drawn(frame, tmp_path, caplog):
    caplog.set_level(logging.DEBUG, logger="pezoexplore")
    bare = frame.assign(lut=float("nan"), ff=float("nan"), bram=float("nan"))
    names = {path.name for path in draw_all(bare, *OBJECTIVES, tmp_path)}
    assert names == {"axis_reuse_period.png", "axis_pool_size.png", "axis_bit_width.png"}
    assert "no plot of accuracy_mean against lut" in caplog.text
    missing = frame.drop(columns=["lut", "ff", "bram"])
    assert {path.name for path in draw_all(missing, ["accuracy_mean"], [], tmp_path)} == names


def test_one_point(tmp_path):
    single = frame_of(tmp_path, numbered([row(88.0, (350, 256, 0), reuse="bank")]))
    names = [path.name for path in draw_all(single, *OBJECTIVES, tmp_path)]
    assert names == ["pareto_lut.png", "pareto_lut.svg", "pareto_ff.png", "pareto_ff.svg"]


def test_all_failed(frame, tmp_path):
    assert draw_all(frame.assign(status="failed:train"), *OBJECTIVES, tmp_path / "none") == []
    assert not (tmp_path / "none").exists()
    assert draw_all(frame.iloc[:0], *OBJECTIVES, tmp_path / "none") == []


def test_other_columns_and_constraints(frame, tmp_path):
    paths = draw_fronts(frame, ["ff"], ["carry"], tmp_path, ["lut <= 400"])
    assert [path.name for path in paths[:2]] == ["pareto_carry.png", "pareto_carry.svg"]
    text = words((tmp_path / "pareto_carry.svg").read_bytes())
    assert "flip-flops" in text
    assert "carry cells" in text
    assert "Pareto front (ff, carry)" in text


def test_more_designs_than_a_key_holds(tmp_path):
    rows = [
        row(70.0 + bits, (bits * lanes, 10, 0), reuse="none", bit_width=bits, lanes=lanes)
        for bits in range(3, 13) for lanes in (2, 3, 4, 5, 6)
    ]  # fmt: skip
    draw_fronts(frame_of(tmp_path, numbered(rows)), ["accuracy_mean"], ["lut"], tmp_path)
    text = words((tmp_path / "pareto_lut.svg").read_bytes())
    assert "and 40 more designs without a number" in text
    assert "not on the front" not in text


def test_of_very_many_designs_those_that_can_be_seen_are_drawn(frame):
    rng = np.random.default_rng(0)
    count = 20_000
    many = frame.iloc[[2] * count].assign(
        lut=rng.integers(10, 5000, count).astype(float), accuracy_mean=rng.uniform(50, 95, count)
    )
    many = pd.concat([many, frame.iloc[[0]]], ignore_index=True)  # a software reference
    limit = [parse_condition("accuracy_mean < 90")]
    front = [index in (5, 77) for index in range(len(many))]
    kept, found = visible(many, "lut", "accuracy_mean", front, limit)
    assert found == count
    assert {5, 77, count} < set(kept) and len(kept) < 64 * 64 + 200
    steps = many[many["accuracy_mean"] < 90].iloc[:-1]
    best = steps.index[pareto_mask(steps[["accuracy_mean", "lut"]].to_numpy(), [True, False])]
    assert set(best) <= set(kept)


def test_a_thinned_plot_says_how_many_points_it_shows(tmp_path):
    """Warnings are of all rows, whichever of them are drawn."""
    rows = [
        row(60.0 + (37 * lanes + 13 * bits) % 300 / 10, (10 * lanes + bits, 10, 0), reuse="none",
            bit_width=bits, lanes=lanes, rng="xorshift32")
        for bits in range(3, 13) for lanes in range(1, 131)
    ]  # fmt: skip
    many = frame_of(tmp_path, numbered(rows)).assign(
        accuracy_per_seed=["60;61" if index == 777 else "60;61;62" for index in range(len(rows))]
    )
    draw_fronts(many, ["accuracy_mean"], ["lut"], tmp_path, kinds=["svg"])
    text = " ".join(words((tmp_path / "pareto_lut.svg").read_bytes()))
    drawn, found = re.search(r"([\d,]+) of ([\d,]+) points drawn", text).groups()
    assert found == "1,300" and 100 < int(drawn.replace(",", "")) < 1300
    assert "error bars on numbered designs only" in text
    assert "2 seeds: too few" in text


def test_errors_are_one_line(frame, tmp_path):
    with pytest.raises(DesignError, match="unknown column 'power'"):
        draw_all(frame, ["accuracy_mean"], ["power"], tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(PezoError, match="cannot be created"):
        draw_all(frame, *OBJECTIVES, blocked)


def test_labels_are_placed_clear_of_each_other_and_inside():
    anchors = [(50.0, 50.0)] * 6
    frame_box = (0.0, 0.0, 100.0, 100.0)
    wall = Obstacle((0.0, 48.0, 100.0, 52.0), 30.0)
    centres = place_labels(anchors, [(8.0, 6.0)] * 6, frame_box, [wall])
    for index, (x, y) in enumerate(centres):
        assert 4 <= x <= 96
        assert abs(y - 50) >= 5
        assert all(abs(x - u) >= 8 or abs(y - v) >= 6 for u, v in centres[:index])
