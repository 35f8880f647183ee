"""Truth has teeth on the command line: sweep and verify of an edited copy of rtl/."""

from __future__ import annotations

import csv
import json
import shutil
from math import inf
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rtl_edits import EDITS

from pezoexplore.cli import run
from pezoexplore.design.point import resolve
from pezoexplore.hardware.verify import regress
from pezoexplore.hardware.verify.regress import MODULES, module_points
from pezoexplore.hardware.verify.verify import verify_point
from pezoexplore.paths import rtl_dir
from pezoexplore.sweeps import stages
from pezoexplore.sweeps.stage_kinds import RtlStage

WORDS = 2000
"""Words of each point where every module is broken in turn."""

WIDE = {"bit_width": 8, "lanes": 31, "scaling": "none"}
LFSR = {"rng": "lfsr", "state_bits": 12, "leap": 11}
AXES = [
    WIDE | LFSR | {"reuse": "none"},
    WIDE | {"rng": "xorshift32", "reuse": "none"},
    WIDE | {"rng": "xorshift32", "reuse": "pool", "pool_size": 100, "reuse_period": 4},
    WIDE | LFSR | {"reuse": "bank"},
    WIDE | LFSR | {"reuse": "phased", "taps": "shifted"},
]
POINTS = {point.label(): point for point in (resolve(**axes) for axes in AXES)}


class ShortRtl(RtlStage):
    """The stage of a sweep, with fewer words: what is broken shows at once."""

    def found(self, hardware, work, log_path):
        return verify_point(hardware, self.rtl_dir, work, log_path, words=WORDS)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder, in which sweeps are short."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stages, "RtlStage", ShortRtl)
    return tmp_path


def sweep(points):
    """Exit status, point and RTL status by label, and how many rtl runs came from where."""
    first, *others = map(_space, points)
    design = {"name": "teeth", "space": first, "include": others}
    Path("design.yaml").write_text(json.dumps(design))
    words = ["--stages", "rtl", "--rtl-dir", "rtl", "--out", "run", "--jobs", "1"]
    code = run(["sweep", "design.yaml", *words])
    rows = list(csv.DictReader(Path("run/results.csv").read_text("utf-8").splitlines()))
    assert len(rows) == len(points)
    status = {}
    for point in points:
        (row,) = (row for row in rows if _is(point, row))
        status[point.label()] = (row["status"], row["rtl_status"])
    return code, status, json.loads(Path("run/run.json").read_text("utf-8"))["stages"]["rtl"]


def _space(point):
    """Axes of a design file that give this point alone."""
    axes = {name: value for name, value in point.axes().items() if value is not None}
    if point.rng != "lfsr":
        del axes["state_bits"]
    return axes | {"reuse_period": "inf" if point.reuse_period == inf else point.reuse_period}


def _is(point, row):
    axes = {k: "" if v is None else str(v) for k, v in point.axes().items()}
    return all(row[name] == value for name, value in axes.items())


@pytest.mark.regression
def test_what_an_edit_spares_is_not_run_again(folder):
    shutil.copytree(rtl_dir(), "rtl")
    points = [*POINTS.values()]
    code, status, runs = sweep(points)
    assert code == 0
    assert status == dict.fromkeys(POINTS, ("ok", "pass"))
    assert (runs["run"], runs["from_store"], runs["failed"]) == (5, 0, 0)
    for name, broken in (("xorshift32 shift", 2), ("stream_bank rotation", 1)):
        EDITS[name].edit(folder / "rtl")
        code, status, runs = sweep(points)
        assert code == 1
        assert sum(EDITS[name].breaks(point) for point in points) == broken
        assert status == {label: expected(name, point) for label, point in POINTS.items()}
        assert (runs["run"], runs["from_store"], runs["failed"]) == (broken, 5 - broken, broken)
        shutil.copyfile(rtl_dir() / EDITS[name].file, folder / "rtl" / EDITS[name].file)
    code, status, runs = sweep(points)
    assert code == 0
    assert status == dict.fromkeys(POINTS, ("ok", "pass"))
    assert (runs["run"], runs["from_store"], runs["failed"]) == (0, 5, 0)


def expected(edit, point):
    """Point and RTL status of a point in a sweep of an edited copy."""
    return ("failed:rtl", "fail") if EDITS[edit].breaks(point) else ("ok", "pass")


FIRST_EDIT = {edit.module: name for name, edit in reversed(EDITS.items())}
"""One edit of each generator and reuse module."""


LAYERS = "32x64,32,10x32,10"
"""Shapes of the tensors of the task that a design file has by default."""

CHOSEN = "lfsr"
"""Module that `make test` edits; `make regression` edits all."""


def _two_points(module):
    """Return the first point of a module that its edit breaks, and the first that still passes.

    Most edits spare no point of their module. Shapes of layers are those of a sweep's task.
    """
    edit = EDITS[FIRST_EDIT[module]]
    points = [p for p in module_points(module) if p.layers in (None, LAYERS)]
    broken = [point for point in points if edit.breaks(point)]
    spared = [point for point in points if not edit.breaks(point)]
    assert broken
    return [*broken[:1], *spared[:1]]


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(name, marks=pytest.mark.slow if name == CHOSEN else pytest.mark.regression)
        for name in MODULES
    ],
)
def test_exactly_the_points_that_use_what_was_edited_fail(module, folder, monkeypatch):
    name, points = FIRST_EDIT[module], _two_points(module)
    EDITS[name].apply(folder)
    code, status, _ = sweep(points)
    assert code == 1
    assert status == {point.label(): expected(name, point) for point in points}

    monkeypatch.setattr(regress, "module_points", lambda _: tuple(points))
    words = ["--rtl-dir", "rtl", "--jobs", "1", "--words", str(WORDS), "--no-waves"]
    assert run(["verify", module, *words, "--junit", "j.xml"]) == 1
    suite = ET.parse("j.xml").getroot().find("testsuite")
    assert suite is not None
    broken = sum(EDITS[name].breaks(point) for point in points)
    cases = [c for c in suite.iter("testcase") if "directed tests" not in c.get("name", "")]
    assert [len(cases), sum(c.find("failure") is not None for c in cases)] == [len(points), broken]
    assert suite.get("errors") == "0"
