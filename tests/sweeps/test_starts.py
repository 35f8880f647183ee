"""Count the processes that an RTL stage starts, so that none is added unnoticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fake_tools import fake, first_on_path

PROGRAMS = ("iverilog", "vvp", "verilator", "make", "g++")

DESIGN = """
space: {rng: xorshift32, reuse: pool, pool_size: 127, lanes: 31, reuse_period: [1, 5, inf]}
"""
CIRCUITS = 2  # a refill after one step and one after five are the same hardware


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that gets a line for each start: of a program on PATH, and of Python.

    A Python inside a simulator is one, too.
    """
    counted, found = tmp_path / "starts", {name: shutil.which(name) for name in PROGRAMS}
    for name, path in found.items():
        if path is not None:
            body = f'echo {name} "$1" >> {counted}\nexec {path} "$@"'
            fake(tmp_path / "bin", name, body)
    first_on_path(monkeypatch, tmp_path / "bin")
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(
        f"with open({str(counted)!r}, 'a') as file:\n    file.write('python\\n')\n"
    )
    folders = [str(tmp_path / "python"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, folders)))
    return counted


def sweep(folder: Path, counted: Path, *options: str) -> Counter[str]:
    """Run a sweep's RTL stage with one worker; return its starts."""
    counted.unlink(missing_ok=True)
    (folder / "starts.yaml").write_text(DESIGN)
    where = [str(folder / "starts.yaml"), "--out", str(folder / "run"), "--jobs", "1", *options]
    command = [sys.executable, "-m", "pezoexplore", "sweep", *where, "--stages", "rtl"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return Counter(counted.read_text().splitlines())


@pytest.mark.slow
def test_a_circuit_is_compiled_and_simulated_once(starts: Path, tmp_path: Path) -> None:
    found = sweep(tmp_path, starts)
    assert found.pop("iverilog -V", 0) <= 1
    assert found.pop("g++ --version", 0) <= 1
    # The command and its worker, and one inside each simulator.
    assert found == {"iverilog -o": CIRCUITS, "vvp -m": CIRCUITS, "python": 2 + CIRCUITS}
    again = sweep(tmp_path, starts)
    assert again["iverilog -o"] == again["vvp -m"] == 0
    assert again["python"] == 1
