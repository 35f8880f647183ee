"""verify --formal: properties of the RTL, proved."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fake_tools import gone

from pezoexplore.paths import rtl_dir
from pezoexplore.processes import descendants


@pytest.mark.slow
def test_a_module_is_proved(call, tmp_path):
    options = ["--junit", "a/j.xml", "--jobs", 1, "--format", "json"]
    answer = call("verify", "--formal", "row_memory", *options)
    assert answer.status == 0, answer.err
    document = answer.document
    assert (document["ok"], document["passed"], document["failed"]) == (True, 1, 0)
    (row,) = document["results"]
    assert (row["module"], row["property"]) == ("row_memory", "last_write")
    assert (row["status"], row["broken_at"], row["reason"]) == ("unbounded", 2, "")
    assert Path(row["log"]).is_file()
    case = ET.parse(tmp_path / "a" / "j.xml").getroot().find("testsuite/testcase")
    assert case is not None
    assert (case.get("classname"), list(case)) == ("row_memory", [])
    kept = [path.name for path in (tmp_path / "reports" / "verify" / "formal").iterdir()]
    assert sorted(kept) == ["logs", "seconds.json"]


@pytest.mark.regression
def test_a_defect_fails_with_its_trace(call, tmp_path):
    shutil.copytree(rtl_dir(), tmp_path / "rtl")
    source = tmp_path / "rtl" / "row_memory.v"
    sound = source.read_text()
    source.write_text(sound.replace("rows[write_address] <= write_data", "rows[1] <= write_data"))
    assert source.read_text() != sound
    options = ["--rtl-dir", "rtl", "--out", "v", "--junit", "j.xml"]
    answer = call("verify", "--formal", "row_memory", *options)
    assert answer.status == 1
    line = next(line for line in answer.out.splitlines() if line.startswith("row_memory"))
    assert line.split() == ["row_memory", "last_write", "failed"]
    trace = "v/formal/traces/row_memory-0-last_write_alone.vcd"
    assert f"failed: row_memory: last_write: does not hold at clock 2; trace: {trace}" in answer.err
    assert (tmp_path / trace).is_file()
    failure = ET.parse(tmp_path / "j.xml").getroot().find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "does not hold at clock 2"


def test_a_module_without_proofs_is_named(call):
    error = call("verify", "--formal", "gaussian").error
    assert error.startswith("gaussian: no module with formal proofs; there are lfsr, ")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["--formal", "lfsr"], pytest.param(["lfsr"], marks=pytest.mark.regression)]
)
def test_sigterm_ends_the_solvers_and_simulators_too(tmp_path, command):
    words = [sys.executable, "-m", "pezoexplore", "verify", *command, "--out", "v", "--jobs", "2"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        started: list[int] = []
        while len(started) < 4:  # tools, and what they start
            assert process.poll() is None
            started = descendants(process.pid)
            time.sleep(0.02)
        process.terminate()
        said = process.communicate()[1]
    assert process.returncode == 143
    what = "proofs" if "--formal" in command else "simulations"
    assert re.search(rf"error: terminated: \d+ of \d+ {what} ended; logs: v", said.splitlines()[-1])
    assert all(map(gone, started))
    assert not list(tmp_path.rglob("work"))
