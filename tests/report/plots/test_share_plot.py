"""The plot of the share of the engine that the streams are."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from pezoexplore.design.point import resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.report.plots.run_plots import draw_run
from pezoexplore.report.plots.share_plot import PANELS
from pezoexplore.sweeps.rows import result_row

ENGINE = {"engine_lut": 100, "engine_ff": 9, "engine_carry": 0, "engine_dsp": 1}


def rows(lanes, **more):
    cells = ENGINE | {"engine_area_um2": "", "pareto": "0", "lut": 9}
    cells |= {"engine_power_mw_est": "", "generator_power_share_pct": ""} | more
    return [
        result_row(f"{n:012}", "xcup", "ok", resolve(reuse=reuse, lanes=n),
                   cells | {"generator_share_pct": 2.0 * n})
        for n in lanes
        for reuse in ("none", "phased")
    ]  # fmt: skip


def space(engine=True):
    minimize = ["generator_share_pct" if engine else "lut"]
    return DesignSpace.model_validate(
        {"name": "t", "hardware": {"engine": engine}}
        | {"objectives": {"maximize": [], "minimize": minimize}}
    )


def words_of(path):
    texts = ET.parse(path).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()) for text in texts]


def drawn(folder):
    return {path.name for path in folder.iterdir() if path.name.startswith("generator")}


def test_a_line_for_each_design_over_its_lanes(tmp_path):
    draw_run(rows((1, 8, 31)), space(), tmp_path)
    assert drawn(tmp_path) == {"generator_share.png", "generator_share.svg"}
    words = words_of(tmp_path / "generator_share.svg")
    assert {"1", "8", "31", PANELS["generator_share_pct"]} <= set(words)
    assert sum("lfsr" in word for word in words) == 2
    assert PANELS["generator_power_share_pct"] not in words
    draw_run(rows((1, 8, 31)), space(engine=False), tmp_path)
    assert drawn(tmp_path) == set(), "a plot of an earlier design goes"


def test_power_has_a_panel_of_its_own(tmp_path):
    draw_run(rows((1, 8), generator_power_share_pct=7.0), space(), tmp_path)
    words = words_of(tmp_path / "generator_share.svg")
    assert set(PANELS.values()) <= set(words)
    assert sum("lfsr" in word for word in words) == 2, "names stand once"


def test_one_number_of_lanes_is_no_line(tmp_path):
    draw_run(rows((8,)), space(), tmp_path)
    assert drawn(tmp_path) == set()
