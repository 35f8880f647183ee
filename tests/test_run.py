"""The one way in: what a plan holds, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pezoexplore import run
from pezoexplore.design.loading import read_design
from pezoexplore.errors import DesignError, ToolError
from pezoexplore.paths import rtl_folder
from pezoexplore.sweeps.rows import point_ids
from pezoexplore.sweeps.stage import stage_names
from pezoexplore.sweeps.train_stage import TrainStage

DESIGN = """
space: {rng: lfsr, reuse: phased, lanes: 8}
train: {steps: 1600, seeds: 5}
objectives: {maximize: accuracy_mean, minimize: effective_span}
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    (tmp_path / "designs").mkdir()
    path = tmp_path / "designs" / "a.yaml"
    path.write_text(DESIGN)
    return path


def test_every_training_stage_of_a_search_finds_modules_beside_the_design(
    design: Path, tmp_path: Path
) -> None:
    plan = run.plan_search(read_design(design), ["train"], tmp_path / "out", "random")
    training = [stage for stage in (*plan.stages, *plan.rungs) if isinstance(stage, TrainStage)]
    assert [stage.folder for stage in training] == [str(design.parent)] * 2
    assert [(s.settings.steps, s.settings.seeds) for s in training] == [(1600, 5), (200, 3)]


def test_nothing_else_builds_stages() -> None:
    package = Path(run.__file__).parent
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "build_stages(" in path.read_text(encoding="utf-8")
    }
    assert users == {"run.py", "sweeps/stages.py"}


def test_too_few_steps_for_a_rung_leave_it_out(design: Path, tmp_path: Path) -> None:
    loaded = read_design(design, ["train.steps=799"])
    assert run.plan_search(loaded, ["train"], tmp_path / "out", "random").rungs == []


def test_stages_of_hardware_go_where_no_point_has_any(design: Path, tmp_path: Path) -> None:
    request = run.Request(design, axes={"rng": "gaussian", "reuse": "none"})
    loaded, points = run.load(request)
    plan = run.plan_run(loaded, ["train", "rtl"], tmp_path / "out", points=points)
    assert [stage.name for stage in plan.stages] == ["health", "train"]


def test_the_quickstart_is_loaded_where_no_design_is_named() -> None:
    loaded, points = run.load(run.Request(sample=3))
    assert loaded.space.name == "quickstart"
    assert len(points) == 3


@pytest.mark.parametrize(("text", "message"), [("train,bake", "'bake'"), (" , ", "no stage")])
def test_unknown_stages_are_refused(text: str, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        stage_names(text)


def test_a_folder_without_verilog_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ToolError, match="--rtl-dir"):
            rtl_folder(folder)


def test_only_the_points_of_these_ids(design: Path) -> None:
    both = {"lanes": "8,16"}
    loaded, points = run.load(run.Request(design, axes=both))
    identity = point_ids(loaded.space)
    chosen = list(points)[-1]
    twice = run.Request(design, axes=both, only=[identity(chosen), identity(chosen)])
    _, few = run.load(twice)
    assert list(few) == [chosen]
    assert len(few) == 1 < len(points)
    with pytest.raises(DesignError, match="--only 0123456789ab: no such point in design"):
        run.load(run.Request(design, axes=both, only=[identity(chosen), "0123456789ab"]))
