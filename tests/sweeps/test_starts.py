"""Count what stages start and what Yosys reads, so that nothing is added unnoticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fake_tools import fake, first_on_path
from native_yosys_needed import native_yosys

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


@pytest.mark.regression
def test_a_circuit_is_compiled_and_simulated_once(starts: Path, tmp_path: Path) -> None:
    found = sweep(tmp_path, starts)
    assert found.pop("iverilog -V", 0) <= 1
    assert found.pop("g++ --version", 0) <= 1
    # The command and its worker, and one inside each simulator.
    assert found == {"iverilog -o": CIRCUITS, "vvp -m": CIRCUITS, "python": 2 + CIRCUITS}
    again = sweep(tmp_path, starts)
    assert again["iverilog -o"] == again["vvp -m"] == 0
    assert again["python"] == 1


COUNTING = """
import importlib.machinery, importlib.util, os, sys
here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
path = [folder for folder in sys.path if os.path.abspath(folder) != here]
found = importlib.machinery.PathFinder.find_spec("pyosys", path)
real = importlib.util.module_from_spec(found)
found.loader.exec_module(real)
place = importlib.machinery.PathFinder.find_spec("libyosys", found.submodule_search_locations)
library = importlib.util.module_from_spec(place)
place.loader.exec_module(library)
Design = library.Design
def run_pass(command, design):
    with open({counted!r}, "a") as file:
        file.write(command + "\\n")
    library.run_pass(command, design)
"""
"""A module that stands for ``libyosys`` and notes every command on its way."""

KEEPING = "reuse: phased, taps: shared, state_bits: [7, 8], bit_width: 4, lanes: 5"
WHOLE = "rng: [lfsr, xorshift32], reuse: none, bit_width: 4, lanes: [1, 2]"


@pytest.mark.slow
@native_yosys
@pytest.mark.parametrize(("design", "mapped", "opened"), [(WHOLE, 4, 0), (KEEPING, 2, 2)])
def test_yosys_reads_the_models_of_cells_once(
    design: str, mapped: int, opened: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mappings that keep the hierarchy share one reading; one with all open has its own."""
    (tmp_path / "fake" / "pyosys").mkdir(parents=True)
    counted = tmp_path / "commands"
    (tmp_path / "fake" / "pyosys" / "__init__.py").touch()
    text = COUNTING.format(counted=str(counted))
    (tmp_path / "fake" / "pyosys" / "libyosys.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))
    monkeypatch.setenv("PEZOEXPLORE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "reads.yaml").write_text(f"space: {{{design}}}\nhardware: {{power: false}}\n")
    where = [str(tmp_path / "reads.yaml"), "--out", str(tmp_path / "run"), "--jobs", "1"]
    command = [sys.executable, "-m", "pezoexplore", "sweep", *where, "--stages", "synth"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    commands = Counter(word for line in counted.read_text().splitlines() for word in line.split())
    assert commands["-defer"] == mapped + opened
    assert commands["+/xilinx/cells_sim.v"] == 1 + opened
    assert commands["+/xilinx/cells_xtra.v"] == 0
