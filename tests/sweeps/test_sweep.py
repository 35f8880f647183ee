from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sweep_fakes import INFO, Fake, points, rows_of, runs_of, space

from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.lattice.expand import expand
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import HardwareSettings
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.outputs import SkippedPoint, StageCount
from pezoexplore.sweeps.rundir import RunDirError
from pezoexplore.sweeps.stage import Payload, Stage
from pezoexplore.sweeps.store import StoreError
from pezoexplore.sweeps.sweep import Progress, SweepResult, run_sweep


def sweep(out: Path, *stages: Stage, count: int = 3, **more: object) -> SweepResult:
    arguments = {"space": space(), "points": points(count), "info": INFO, "jobs": 1} | more
    return run_sweep(stages=stages, out_dir=out, **arguments)  # type: ignore[arg-type]


def test_an_optional_axis_is_a_column_of_the_designs_that_name_it(
    tmp_path: Path, runs: Path
) -> None:
    """Compare a sweep that names the axis with one that does not: nothing else changes."""
    skip = SkippedPoint({"rng": "lfsr", "step_size": "scalar", "estimator": "cge"}, "no slopes")

    def rows(name: str, **axes: object) -> list[dict[str, str]]:
        made = space(space={"lanes": [31], **axes})
        stage, made_points = Fake(name="train", runs=runs), expand(made).points
        out = tmp_path / name
        more = {"skipped": (skip,)} if axes else {}
        sweep(out, stage, space=made, points=made_points, **more)
        return rows_of(out / "results.csv")

    (before,) = rows("before")
    after = rows("after", step_size=["plain", "scalar"])
    assert [*before] == list(COLUMNS)
    place = [*before].index("update_rounding") + 1
    assert [*after[0]] == [*COLUMNS[:place], "step_size", *COLUMNS[place:]]
    same = next(row for row in after if row["point_id"] == before["point_id"])
    assert same == before | {"step_size": "plain", "pareto": same["pareto"]}
    assert sorted(row["step_size"] for row in after) == ["plain", "scalar", "scalar"]


class _WithoutRtl(Fake):
    """Skips every point."""

    def applies(self, point: DesignPoint) -> bool:
        return False

    def skip_reason(self, point: DesignPoint) -> str:
        return "no RTL of it"


def test_a_stage_that_skips_a_point_says_why_beside_its_other_results(
    tmp_path: Path, runs: Path
) -> None:
    made = space(space={"rank": [1]})
    for more, status in (
        ((), "ok"),
        ((_WithoutRtl(name="synth", runs=runs),), "skipped:no RTL of it"),
    ):
        stages = (Fake(name="train", runs=runs), *more)
        sweep(tmp_path / "out", *stages, space=made, points=expand(made).points)
        (row,) = rows_of(tmp_path / "out" / "results.csv")
        assert (row["rank"], row["status"], bool(row["accuracy_mean"])) == ("1", status, True)


def test_a_finished_sweep_runs_nothing_again(tmp_path: Path, runs: Path) -> None:
    stages = Fake(name="health", runs=runs), Fake(name="train", runs=runs)
    first = sweep(tmp_path / "out", *stages)
    logs = {path: path.read_bytes() for path in tmp_path.glob("out/logs/*/*")}
    results = (tmp_path / "out" / "results.csv").read_bytes()
    second = sweep(tmp_path / "out", *stages)
    assert len(runs_of(runs)) == 6
    assert first.counts == {"health": StageCount(3, 0, 0), "train": StageCount(3, 0, 0)}
    assert second.counts == {"health": StageCount(0, 3, 0), "train": StageCount(0, 3, 0)}
    assert second.rows == first.rows
    assert (tmp_path / "out" / "results.csv").read_bytes() == results
    assert {path: path.read_bytes() for path in tmp_path.glob("out/logs/*/*")} == logs
    assert {row["source"] for row in rows_of(tmp_path / "out" / "timings.csv")} == {"store"}


def test_a_changed_key_runs_that_stage_again_and_no_other(tmp_path: Path, runs: Path) -> None:
    health = Fake(name="health", runs=runs)
    before = sweep(tmp_path / "out", health, Fake(name="synth", target="xcup", runs=runs))
    changed = Fake(name="synth", target="xcup", runs=runs, revision=1)
    after = sweep(tmp_path / "out", health, changed)
    assert after.counts == {"health": StageCount(0, 3, 0), "synth": StageCount(3, 0, 0)}
    luts = [[int(row["lut"]) for row in result.rows] for result in (before, after)]
    assert luts[1] == [lut + 7 for lut in luts[0]]
    back = sweep(tmp_path / "out", health, Fake(name="synth", target="xcup", runs=runs))
    assert back.counts["synth"] == StageCount(0, 3, 0)
    assert back.rows == before.rows


def test_new_points_run_and_old_ones_leave_the_results(tmp_path: Path, runs: Path) -> None:
    stage = Fake(name="health", runs=runs)
    sweep(tmp_path / "out", stage, count=2)
    result = sweep(tmp_path / "out", stage, points=points(4)[1:])
    assert result.counts["health"] == StageCount(2, 1, 0)
    assert sorted(row["lanes"] for row in result.rows) == ["32", "33", "34"]


def test_duplicate_points_collapse_and_order_does_not_matter(tmp_path: Path, runs: Path) -> None:
    stage = Fake(name="health", runs=runs)
    first = sweep(tmp_path / "a", stage, count=3)
    second = sweep(tmp_path / "b", stage, points=[*reversed(points(3)), *points(2)])
    assert second.counts["health"] == StageCount(3, 0, 0)
    assert second.rows == first.rows


def test_failures_are_recorded_with_their_log_and_tried_again(tmp_path: Path, runs: Path) -> None:
    acts = ((31, "raise"), (32, "hang"))
    failing = Fake(name="train", runs=runs, acts=acts, timeout_s=3.0)
    rtl = Fake(name="rtl", runs=runs)
    first = sweep(tmp_path / "out", failing, rtl, count=4, junit=tmp_path / "j" / "junit.xml")
    assert not first.ok
    assert first.counts == {"train": StageCount(4, 0, 2), "rtl": StageCount(4, 0, 1)}
    assert {row["lanes"]: (row["status"], row["accuracy_mean"] != "") for row in first.rows} == {
        "31": ("failed:train", False),
        "32": ("timeout:train", False),
        "33": ("failed:rtl", True),
        "34": ("ok", True),
    }
    reasons = {(failure.point.lanes, failure.stage): failure.reason for failure in first.failures}
    assert reasons == {
        (31, "train"): "ValueError: no such luck",
        (32, "train"): "no result after 3 s",
        (33, "rtl"): "words differ",
    }
    raised = next(failure for failure in first.failures if failure.point.lanes == 31)
    assert "Traceback" in raised.log.read_text()
    good = Fake(name="train", runs=runs)
    second = sweep(tmp_path / "out", good, rtl, count=4)
    assert second.counts == {"train": StageCount(2, 2, 0), "rtl": StageCount(0, 4, 1)}


def test_junit_has_a_test_for_the_rtl_of_each_point(tmp_path: Path, runs: Path) -> None:
    stages = (
        Fake(name="train", runs=runs, acts=((31, "raise"),)),
        Fake(name="rtl", runs=runs, acts=((32, "_exit"),)),
    )
    sweep(tmp_path / "out", *stages, count=4, junit=tmp_path / "j" / "junit.xml")
    suite = ET.parse(tmp_path / "j" / "junit.xml").getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
    }
    outcomes = {str(case.get("name")).split("x")[-1]: list(case) for case in suite}
    assert outcomes["31"] == outcomes["34"] == []
    (failure,), (error,) = outcomes["33"], outcomes["32"]
    assert (failure.tag, failure.get("message")) == ("failure", "words differ")
    assert failure.text == "rtl of 33 lanes\n"
    assert (error.tag, error.get("message")) == (
        "error",
        "the worker process ended with exit status 3",
    )


@dataclass(frozen=True, kw_only=True)
class Shared(Fake):
    """A stage whose result does not depend on the scaling."""

    name: str = field(default="rtl", init=False)

    def key(self, point: DesignPoint) -> Payload:
        return {"axes": point.hardware().to_json()}


def test_points_that_share_a_key_share_one_run_and_its_log(tmp_path: Path, runs: Path) -> None:
    pair = [resolve(lanes=31, scaling=scaling) for scaling in ("none", "constant")]
    result = sweep(tmp_path / "out", Shared(runs=runs), points=pair)
    assert result.counts == {"rtl": StageCount(1, 0, 0)}
    assert [row["rtl_words_checked"] for row in result.rows] == ["31000", "31000"]
    logs = [path.read_text() for path in tmp_path.glob("out/logs/*/rtl.log")]
    assert logs == ["rtl of 31 lanes\n"] * 2
    sources = [row["source"] for row in rows_of(tmp_path / "out" / "timings.csv")]
    assert sorted(sources) == ["run", "shared"]


def test_a_row_for_each_target(tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hardware = HardwareSettings.model_construct(targets=("xcup", "ice40"))
    two = space().model_copy(update={"hardware": hardware})
    stages = [
        Fake(name="synth", target="xcup", runs=runs),
        Fake(name="synth", target="ice40", runs=runs, revision=1),
        Fake(name="train", runs=runs),
    ]
    result = sweep(tmp_path / "out", *stages, space=two, count=1)
    assert [(row["target"], row["lut"], row["accuracy_mean"]) for row in result.rows] == [
        ("ice40", "224", "94.43"),
        ("xcup", "217", "94.43"),
    ]
    assert len({row["point_id"] for row in result.rows}) == 1


def test_constraints_and_skipped_combinations(tmp_path: Path, runs: Path) -> None:
    bounded = space(constraints=["lut <= 220"])
    stages = Fake(name="train", runs=runs), Fake(name="synth", target="xcup", runs=runs)
    skipped = [SkippedPoint({"rng": "clt", "reuse": "bank"}, "reuse bank needs rng lfsr")]
    result = sweep(tmp_path / "out", *stages, space=bounded, count=2, skipped=skipped)
    assert result.ok
    assert sorted((row["lanes"], row["status"], row["pareto"]) for row in result.rows) == [
        ("", "skipped:reuse bank needs rng lfsr", "0"),
        ("31", "ok", "1"),
        ("32", "ok", "0"),
    ]
    assert [row["lanes"] for row in result.front] == ["31"]


def test_progress_and_plots_are_told(tmp_path: Path, runs: Path) -> None:
    told: list[Progress] = []
    drawn: list[tuple[int, tuple[str, ...], Path]] = []
    sweep(
        tmp_path / "out",
        Fake(name="rtl", runs=runs),
        progress=told.append,
        draw=lambda rows, design, path: drawn.append((len(rows), design.objectives.minimize, path)),
    )
    assert [(news.done, news.total) for news in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert {news.point.lanes: news.status for news in told if news.point} == {
        31: "ok",
        32: "ok",
        33: "failed",
    }
    assert drawn == [(3, ("lut", "ff"), tmp_path / "out")]


def test_a_damaged_store_is_one_line(tmp_path: Path, runs: Path) -> None:
    stage = Fake(name="health", runs=runs)
    sweep(tmp_path / "out", stage)
    (tmp_path / "out" / "store.sqlite").write_bytes(b"\xa5" * 5000)
    with pytest.raises(StoreError, match="is damaged") as caught:
        sweep(tmp_path / "out", stage)
    assert "\n" not in str(caught.value)
    (tmp_path / "out" / "store.sqlite").unlink()
    assert sweep(tmp_path / "out", stage).counts["health"] == StageCount(3, 0, 0)


def test_a_foreign_directory_is_refused_before_anything_runs(tmp_path: Path, runs: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(RunDirError, match="not from a pezoexplore run"):
        sweep(tmp_path, Fake(name="health", runs=runs))
    assert runs_of(runs) == []


def test_a_junit_file_that_cannot_be_written_is_found_before_anything_runs(
    tmp_path: Path, runs: Path
) -> None:
    stage = Fake(name="health", runs=runs)
    with pytest.raises(DesignError, match="it is a folder"):
        sweep(tmp_path / "out", stage, junit=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DesignError, match="cannot write"):
        sweep(tmp_path / "out", stage, junit=tmp_path / "file" / "junit.xml")
    assert runs_of(runs) == []


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path, runs: Path) -> None:
    stage = Fake(name="health", runs=runs)
    sweep(tmp_path / "out", stage, count=1)
    (tmp_path / "out" / "logs").rename(tmp_path / "elsewhere")
    (tmp_path / "out" / "logs").touch()
    with pytest.raises(RunDirError, match="nothing finished is lost"):
        sweep(tmp_path / "out", stage, count=2)


def test_failures_are_kept_if_they_are_not_to_be_tried_again(tmp_path: Path, runs: Path) -> None:
    stage = Fake(name="health", runs=runs, acts=((32, "raise"),))
    first = sweep(tmp_path / "out", stage, count=3)
    assert len(runs_of(runs)) == 3
    kept = sweep(tmp_path / "out", stage, count=3, retry=False)
    assert len(runs_of(runs)) == 3
    assert list(kept.rows) == list(first.rows)
    assert [failure.reason for failure in kept.failures] == [
        failure.reason for failure in first.failures
    ]
    sweep(tmp_path / "out", stage, count=3)
    assert len(runs_of(runs)) == 4
