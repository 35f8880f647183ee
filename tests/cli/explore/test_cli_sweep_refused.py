"""sweep: what it refuses in one line, and a stage that fails."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cli_calls import spawn

DESIGN = """\
name: small
space: {reuse: [bank, phased], lanes: [8, 31], rng: lfsr}
include: [{rng: gaussian, reuse: none}]
exclude: [{reuse: bank, lanes: 31}]
train: {steps: 20, seeds: 2, learning_rates: 0.01}
objectives: {maximize: [accuracy_mean], minimize: [effective_dim]}
"""


@pytest.fixture
def design(tmp_path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(DESIGN)
    return path


def test_a_missing_tool_stops_the_sweep_before_it_starts(design, tmp_path):
    env = os.environ | {"PATH": ""}
    done = spawn("sweep", "small.yaml", "--stages", "train,rtl", cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line == (
        "error: stage rtl needs iverilog, not found: type `apt-get install iverilog`, "
        "or leave the stage out: --stages train,synth"
    )
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--stages", "train,syn"],
            "--stages: unknown stage 'syn'; did you mean synth?; allowed: ",
        ),
        (["--stages", ","], "--stages: no stage named"),
        (["-s", "train.step=5"], "-s train.step=5: unknown key; did you mean steps?"),
        (
            ["-s", "space.pool_size=1000000000000"],
            "pool_size=1000000000000: got 1000000000000; allowed",
        ),
        (["--rtl-dir", "nowhere"], "--rtl-dir nowhere: no such folder"),
        (["--rtl-dir", "foreign"], "--rtl-dir foreign: holds no Verilog (.v); give an edited copy"),
        (["--out", "small.yaml"], "small.yaml is a file: name a folder for the run with --out"),
        (["--out", "/dev/null/x"], "/dev/null/x"),
        (["--out", "foreign"], "foreign holds files that are not from a pezoexplore run"),
        (["--junit", "foreign"], "it is a folder; name a file with --junit"),
        (["--rng", "clt", "--reuse", "bank"], "design small has no legal point"),
    ],
)
def test_what_is_wrong_is_one_line(call, design, tmp_path, options, said):
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").write_text("mine")
    answer = call("sweep", design, "--stages", "train", *options)
    assert said in answer.error
    assert answer.status == 2
    assert (tmp_path / "foreign" / "thesis.tex").read_text() == "mine"
    assert not (tmp_path / "reports" / "small" / "results.csv").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("space: [", "x.yaml:1: malformed YAML"), ("", "x.yaml:1: the file is empty")],
)
def test_a_bad_design_file_is_one_line(call, tmp_path, text, said):
    (tmp_path / "x.yaml").write_text(text)
    assert said in call("sweep", "x.yaml").error
    assert "y.yaml: no such file" in call("sweep", "y.yaml").error


def test_a_stage_that_fails_is_told_with_its_log(call, design, tmp_path):
    """An RTL file that is no Verilog: its point fails, the others and the exit status say so."""
    from pezoexplore.paths import rtl_dir

    shutil.copytree(rtl_dir(), tmp_path / "rtl")
    (tmp_path / "rtl" / "xorshift32.v").write_text("no module\n")
    design.write_text(
        "space: {rng: [xorshift32, gaussian], reuse: none, lanes: 2}\n"
        "train: {steps: 2, seeds: 2, learning_rates: 0.01}"
    )
    answer = call(
        "sweep", design, "--stages", "synth", "--rtl-dir", "rtl", "--jobs", 1, "--format", "json",
        "--junit", "junit.xml",
    )  # fmt: skip
    assert answer.status == 1
    (failure,) = answer.document["failures"]
    assert (failure["stage"], failure["status"]) == ("synth-xcup", "failed")
    assert "syntax error" in Path(failure["log"]).read_text()
    statuses = {row["rng"]: row["status"] for row in answer.document["results"]}
    assert statuses == {"xorshift32": "failed:synth", "gaussian": "ok"}
    assert answer.document["results"][0]["lut"] is None
    assert ET.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"
