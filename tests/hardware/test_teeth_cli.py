"""Truth has teeth on the command line: sweep and verify of an edited copy of rtl/."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from rtl_edits import EDITS
from rtl_edits import POINTS as SMALL

from pezoexplore.design.point import resolve
from pezoexplore.hardware.regress import MODULES, module_points
from pezoexplore.paths import rtl_dir

WORDS = "2000"
"""Words of each point: the whole regression takes minutes more."""

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


def pezoexplore(*words, cwd):
    command = [sys.executable, "-m", "pezoexplore", *words]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )


def sweep(folder):
    """Exit status, failed statuses by label, and how many rtl runs came from where."""
    words = ["sweep", "design.yaml", "--stages", "rtl", "--rtl-dir", "rtl", "--out", "run"]
    done = pezoexplore(*words, "--jobs", "2", cwd=folder)
    assert "Traceback" not in done.stderr
    with (folder / "run" / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    status = {}
    for row in rows:
        label = next(name for name, point in POINTS.items() if _is(point, row))
        status[label] = (row["status"], row["rtl_status"])
    assert len(status) == len(rows) == len(POINTS)
    stages = json.loads((folder / "run" / "run.json").read_text(encoding="utf-8"))["stages"]
    return done.returncode, status, stages["rtl"]


def _is(point, row):
    axes = {k: "" if v is None else str(v) for k, v in point.axes().items()}
    return all(row[name] == value for name, value in axes.items())


def edited(edit, copy):
    path = copy / edit.file
    path.write_text(path.read_text().replace(edit.old, edit.new))
    assert path.read_bytes() != (rtl_dir() / edit.file).read_bytes()


def test_sweep_fails_exactly_the_points_that_use_what_was_edited(tmp_path):
    design = {"name": "teeth", "space": AXES[0], "include": AXES[1:]}
    (tmp_path / "design.yaml").write_text(json.dumps(design))
    shutil.copytree(rtl_dir(), tmp_path / "rtl")
    code, status, runs = sweep(tmp_path)
    assert code == 0
    assert status == dict.fromkeys(POINTS, ("ok", "pass"))
    assert (runs["run"], runs["from_store"], runs["failed"]) == (5, 0, 0)
    for name, broken in (("xorshift32 shift", 2), ("stream_bank rotation", 1)):
        edited(EDITS[name], tmp_path / "rtl")
        failing = {label for label, point in POINTS.items() if EDITS[name].breaks(point)}
        assert len(failing) == broken
        code, status, runs = sweep(tmp_path)
        assert code != 0
        assert {label for label, (found, _) in status.items() if found == "failed:rtl"} == failing
        assert {label for label, (found, _) in status.items() if found == "ok"} == (
            set(POINTS) - failing
        )
        assert {rtl for label, (_, rtl) in status.items() if label not in failing} == {"pass"}
        assert (runs["run"], runs["from_store"], runs["failed"]) == (broken, 5 - broken, broken)
        shutil.copyfile(rtl_dir() / EDITS[name].file, tmp_path / "rtl" / EDITS[name].file)
    code, status, runs = sweep(tmp_path)
    assert code == 0
    assert status == dict.fromkeys(POINTS, ("ok", "pass"))
    assert (runs["run"], runs["from_store"], runs["failed"]) == (0, 5, 0)


FIRST_EDIT = {edit.module: name for name, edit in reversed(EDITS.items())}
"""One edit of each generator and reuse module."""


@pytest.mark.parametrize("module", MODULES)
def test_sweep_fails_a_point_of_every_module_that_is_edited(module, tmp_path):
    edit = EDITS[FIRST_EDIT[module]]
    point = next(point for point in SMALL.values() if edit.breaks(point))
    space = {name: value for name, value in point.axes().items() if value is not None}
    space["lanes"] = 31  # as many words in a tenth of the clocks
    if point.rng != "lfsr":
        del space["state_bits"]
    (tmp_path / "design.yaml").write_text(json.dumps({"name": module, "space": space}))
    edit.apply(tmp_path)
    words = ["design.yaml", "--stages", "rtl", "--rtl-dir", "rtl", "--out", "run", "--jobs", "1"]
    done = pezoexplore("sweep", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (row,) = csv.DictReader((tmp_path / "run" / "results.csv").read_text().splitlines())
    assert (row["status"], row["rtl_status"]) == ("failed:rtl", "fail")


@pytest.mark.parametrize("module", MODULES)
def test_verify_fails_exactly_the_points_that_use_what_was_edited(module, tmp_path):
    edit = EDITS[FIRST_EDIT[module]]
    edit.apply(tmp_path)
    words = [module, "--rtl-dir", "rtl", "--junit", "j.xml", "--jobs", "2"]
    done = pezoexplore("verify", *words, "--words", WORDS, "--no-waves", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    suite = ET.parse(tmp_path / "j.xml").getroot().find("testsuite")
    assert suite is not None
    points = module_points(module)
    broken = sum(edit.breaks(point) for point in points)
    assert broken > 0
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (
        str(len(points)),
        str(broken),
        "0",
    )
