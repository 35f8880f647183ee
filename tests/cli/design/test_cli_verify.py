"""verify: the regression of the RTL."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cli_calls import spawn

from pezoexplore.cli import progress
from pezoexplore.cli.progress import ProgressMeter
from pezoexplore.design.point import resolve
from pezoexplore.hardware.rtl.build import source_names
from pezoexplore.hardware.verify import regress
from pezoexplore.paths import rtl_dir


@pytest.fixture
def copied_rtl(tmp_path) -> Path:
    shutil.copytree(rtl_dir(), tmp_path / "rtl")
    return tmp_path / "rtl"


def test_a_module_passes_and_junit_says_so(call, tmp_path):
    options = ["--junit", "a/j.xml", "--jobs", 1, "--words", 3000, "--format", "json"]
    answer = call("verify", "rademacher", *options)
    assert answer.status == 0, answer.err
    document = answer.document
    points = regress.module_points("rademacher")
    assert (document["ok"], document["passed"], document["failed"]) == (True, len(points), 0)
    assert [row["point"] for row in document["results"]] == [point.label() for point in points]
    assert all(row["status"] == "pass" and row["words"] >= 1000 for row in document["results"])
    assert all(Path(row["log"]).is_file() for row in document["results"])
    suite = ET.parse(tmp_path / "a" / "j.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == (str(len(points)), "0")
    kept = sorted(path.name for path in (tmp_path / "reports" / "verify").iterdir())
    assert kept == ["logs", "seconds_icarus.json"]


@pytest.mark.regression
def test_progress_names_what_runs_and_expects_what_it_took(call, tmp_path, monkeypatch):
    """With seconds of an earlier run, the longest simulation is one of the first two."""
    told = []

    class Meter(ProgressMeter):
        def begin(self, done, total, left_s=None, running=tuple):
            told.append((left_s, running))
            super().begin(done, total, left_s, running)

        def advance(self, done, total, what, failure="", work=None):
            told.append((what, told[0][1](), work))
            super().advance(done, total, what, failure, work)

    monkeypatch.setattr(progress, "ProgressMeter", Meter)
    labels = [point.label() for point in regress.module_points("rademacher")]
    times = tmp_path / "v" / "seconds_icarus.json"
    times.parent.mkdir()
    times.write_text(json.dumps(dict.fromkeys(labels, 1.0) | {labels[-1]: 30.0}))
    options = ["--out", "v", "--jobs", 2, "--words", 1000]
    assert call("verify", "rademacher", *options).status == 0
    assert told[0][0] == len(labels) + 29
    what, running, (worked, left) = told[1]
    assert {what.split(": pass")[0], *running} == {labels[-1], labels[0]}
    assert worked > 0
    assert left in (30 + len(labels) - 2, len(labels) - 1)  # which of the two ended first
    assert told[-1][1:] == (
        [],
        (pytest.approx(sum(json.loads(times.read_text()).values()), abs=0.1), 0),
    )
    assert json.loads(times.read_text()).keys() == set(labels)


@pytest.mark.slow
def test_a_wrong_shift_fails_the_module_that_has_it(call, copied_rtl, tmp_path):
    source = copied_rtl / "xorshift32.v"
    sound = source.read_text()
    source.write_text(sound.replace("{right[26:0], 5'b0}", "{right[27:0], 4'b0}"))
    assert source.read_text() != sound
    options = ["--rtl-dir", copied_rtl, "--out", "v", "--jobs", 2, "--junit", "j.xml"]
    options += ["--words", 3000, "--no-waves"]
    answer = call("verify", "xorshift32", "rademacher", *options)
    assert answer.status == 1
    failed = [line for line in answer.out.splitlines() if line.rstrip().endswith("fail")]
    assert len(failed) == len(regress.module_points("xorshift32"))
    assert all(line.startswith("xorshift32") for line in failed)
    assert "the RTL does not deliver the words of the software stream: clock " in answer.err
    suite = ET.parse(tmp_path / "j.xml").getroot().find("testsuite")
    assert suite is not None
    assert suite.get("failures") == str(len(failed))
    assert not (tmp_path / "v" / "waves").exists()


@pytest.mark.slow
def test_waves_are_kept_when_asked_for(call, tmp_path, monkeypatch):
    first = regress.module_points("rademacher")[:1]
    monkeypatch.setattr(regress, "module_points", lambda name: first)
    options = ["--words", 20_000, "--format", "json"]
    answer = call("verify", "rademacher", "--waves", "--out", "v", "--jobs", 1, *options)
    assert answer.status == 0, answer.err
    assert 20_000 < answer.document["results"][0]["words"] < 30_000
    (wave,) = (tmp_path / "v" / "waves").iterdir()
    assert wave.suffix == ".fst"
    assert wave.stat().st_size > 1000


@pytest.mark.regression
@pytest.mark.parametrize("options", [[], ["--waves"]])
def test_waves_of_a_failure_are_kept(call, copied_rtl, tmp_path, monkeypatch, options):
    point = resolve(rng="xorshift32", reuse="none", lanes=16, bit_width=1, scaling="none")
    monkeypatch.setattr(regress, "module_points", lambda name: (point,))
    source = copied_rtl / "xorshift32.v"
    sound = source.read_text()
    source.write_text(sound.replace("{right[26:0], 5'b0}", "{right[27:0], 4'b0}"))
    line = ["verify", "xorshift32", "--rtl-dir", copied_rtl, "--out", "v", "--jobs", 1]
    answer = call(*line, *options)
    assert answer.status == 1
    (wave,) = (tmp_path / "v" / "waves").iterdir()
    assert wave.suffix == ".fst"
    assert wave.stat().st_size > 1000
    assert f"; waves: {wave.relative_to(tmp_path)}" in answer.err
    log = (tmp_path / "v" / "logs" / f"{wave.stem}.log").read_text()
    assert log.count("the software stream") == 1
    source.write_text(sound)
    assert call(*line).status == 0
    assert list((tmp_path / "v" / "waves").iterdir()) == []


@pytest.mark.regression
def test_waves_of_an_engine_that_hangs_are_kept(call, copied_rtl, tmp_path, monkeypatch):
    point = regress.module_points("perturb_engine")[0]
    monkeypatch.setattr(regress, "module_points", lambda name: (point,))
    source = copied_rtl / "perturb_engine.v"
    sound = source.read_text()
    source.write_text(sound.replace("s_axis_tready = open && advance", "s_axis_tready = 1'b0"))
    assert source.read_text() != sound
    options = ["--rtl-dir", copied_rtl, "--out", "v", "--jobs", 1]
    assert call("verify", "perturb_engine", *options).status == 1
    (wave,) = (tmp_path / "v" / "waves").iterdir()
    assert wave.stat().st_size > 1000


@pytest.mark.regression
def test_verilator_counts_coverage_and_leaves_waves(call, tmp_path, monkeypatch):
    point = resolve(rng="rademacher", reuse="none", lanes=31, scaling="none", reuse_period=4)
    monkeypatch.setattr(regress, "module_points", lambda name: (point,))
    options = ["--sim", "verilator", "--coverage", "c/page.md", "--out", "v", "--jobs", 1]
    answer = call("verify", "rademacher", *options, "--waves", "--format", "json")
    (wave,) = (tmp_path / "v" / "waves").iterdir()
    assert wave.suffix == ".vcd"
    assert wave.read_text().startswith("$version")
    assert answer.status == 0, answer.err
    found = answer.document["coverage"]
    assert set(found) == set(source_modules(point))
    lines = found["reseed_control"]["line"]
    assert 0 < lines["covered"] == lines["of"]
    toggles = found["rademacher"]["toggle"]
    assert toggles["covered"] == toggles["of"] == 4 * 32
    events = found["rademacher"]["event"]
    assert events["covered"] == events["of"] > 15
    page = (tmp_path / "c" / "page.md").read_text()
    row = f"| rademacher |  |  | 128/128 | 100.0 | {events['of']}/{events['of']} | 0 |"
    assert row in page.splitlines()


def source_modules(point) -> list[str]:
    return [name.removesuffix(".v") for name in source_names(point) if name.endswith(".v")]


def test_an_rtl_folder_must_be_whole(call, copied_rtl):
    (copied_rtl / "clt.v").unlink()
    answer = call("verify", "clt", "--rtl-dir", copied_rtl)
    assert "clt.v: no such file; --rtl-dir must hold a whole copy of rtl/" in answer.error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["lfsx"], "lfsx: no such module; did you mean lfsr?; there are lfsr, xorshift32, "),
        (["--formal", "row_memry"], "no module with formal proofs; did you mean row_memory?; "),
        (["--sim", "vcs"], "--sim vcs: allowed: icarus, verilator"),
        (["--rtl-dir", "nowhere"], "--rtl-dir nowhere: no such folder"),
        (["--coverage", "c.md"], "--coverage needs --sim verilator"),
        (["--coverage", ".", "--sim", "verilator"], "it is a folder; name a file with --coverage"),
        (["--junit", "."], "it is a folder; name a file with --junit"),
        (("lfsr", "--formal", "--mutants", 5), "--formal and --mutants: give one of them"),
    ],
)
def test_what_is_wrong_is_one_line(call, options, said):
    answer = call("verify", *options)
    assert said in answer.error
    assert answer.status == 2


def test_without_icarus_one_line_says_what_to_type(tmp_path):
    done = spawn("verify", "rademacher", cwd=tmp_path, env=os.environ | {"PATH": ""})
    assert done.returncode == 2
    expected = "error: verify needs iverilog, not found: type `apt-get install iverilog`\n"
    assert (done.stdout, done.stderr) == ("", expected)
    assert list(tmp_path.iterdir()) == []
