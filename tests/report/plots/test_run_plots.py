"""The plots of a run directory."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.report.made import draw_sweep
from pezoexplore.report.plots.run_plots import draw_run, remove_stale
from pezoexplore.sweeps.rows import result_row, skipped_row

SPACE = DesignSpace.model_validate({"name": "t", "constraints": ["lut <= 250"]})


def rows() -> list[dict[str, str]]:
    made = [
        result_row(
            f"{lanes:012}",
            "xcup",
            "ok",
            resolve(lanes=lanes),
            {"accuracy_mean": 80.0 + lanes, "lut": 20 * lanes, "ff": lanes, "pareto": "0"},
        )
        for lanes in (4, 8, 16)
    ]
    return [*made, skipped_row("f" * 12, {"rng": "clt", "reuse": "bank"}, "not legal")]


def test_a_run_is_drawn_with_its_constraints(tmp_path):
    draw_run(rows(), SPACE, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "axis_lanes.png",
        *(f"pareto_{name}.{kind}" for name in ("lut", "ff") for kind in ("png", "svg")),
    }
    constrained = (tmp_path / "pareto_lut.svg").read_bytes()
    draw_run(rows(), SPACE.model_copy(update={"constraints": ()}), tmp_path)
    assert (tmp_path / "pareto_lut.svg").read_bytes() != constrained


def test_a_run_without_results_has_no_plots(tmp_path):
    (tmp_path / "axis_leap.png").touch()
    draw_run(rows()[-1:], SPACE, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["notes.png", "pareto.csv", "axis.svg", "pareto_lut.pdf"])
def test_only_our_own_plots_are_removed(tmp_path, name):
    (tmp_path / name).touch()
    (tmp_path / "pareto_dsp.svg").touch()
    (tmp_path / "axis_lanes.png").touch()
    remove_stale(tmp_path, [tmp_path / "axis_lanes.png"])
    assert {path.name for path in tmp_path.iterdir()} == {name, "axis_lanes.png"}


def test_plots_are_drawn_again_only_when_something_of_them_changed(tmp_path, monkeypatch):
    """Results, design, level of chance, code, a plot itself: each makes them again."""
    drawn = []

    def draw(cells, space, folder):
        drawn.append(len(drawn))
        (folder / "axis_lanes.png").write_text("drawn")
        return [folder / "axis_lanes.png"]

    monkeypatch.setattr("pezoexplore.report.plots.run_plots.draw_run", draw)
    monkeypatch.setattr("pezoexplore.report.sensitivity.write_sensitivity", lambda *_: [])
    (tmp_path / "results.csv").write_text("results")
    (tmp_path / "design.yaml").write_text("design")
    (tmp_path / "run.json").write_text('{"chance_percent": 10.0, "command": ["a"]}')

    def again() -> bool:
        before = len(drawn)
        draw_sweep(rows(), SPACE, tmp_path)
        return len(drawn) > before

    assert again() and not again()
    (tmp_path / "run.json").write_text('{"chance_percent": 10.0, "command": ["b"]}')
    assert not again()
    for name, content in [
        ("results.csv", "others"),
        ("design.yaml", "another"),
        ("run.json", '{"chance_percent": 20.0}'),
        ("axis_lanes.png", "edited"),
        (".drawn.json", "damaged"),
    ]:
        (tmp_path / name).write_text(content)
        assert again() and not again(), name
    (tmp_path / "axis_lanes.png").unlink()
    assert again() and not again()
    monkeypatch.setattr("pezoexplore.report.made.version", lambda _: "0.0")
    assert again() and not again()
    monkeypatch.setattr("pezoexplore.report.made.family", lambda _: SimpleNamespace(folder="x"))
    assert again()
    assert again()
    assert len(drawn) == 10


def test_a_second_process_makes_the_same_files(tmp_path, monkeypatch):
    points = [resolve(lanes=lanes, bit_width=bits) for lanes in (4, 8, 16) for bits in (5, 6, 8)]
    figures = [{"accuracy_mean": 80.0 + i % 4, "lut": 9 * i, "ff": i} for i in range(len(points))]
    many = [
        result_row(f"{i:012}", "xcup", "ok", point, figures[i] | {"pareto": "0"})
        for i, point in enumerate(points)
    ]
    made = []
    for folder, least in (("one", len(many) + 1), ("two", len(many))):
        monkeypatch.setattr("pezoexplore.report.made.DIVIDED_ROWS", least)
        monkeypatch.setattr("os.cpu_count", lambda: 2)
        run = tmp_path / folder
        run.mkdir()
        draw_sweep(many, SPACE, run)
        made.append({path.name: path.read_bytes() for path in run.iterdir()})
    assert "sensitivity.csv" in made[0] and made[0] == made[1]
