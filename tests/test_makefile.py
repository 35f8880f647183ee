"""`make`: the regression runs every part, whatever fails; set-up calls one apt-get at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FAKE = """#!/bin/sh
echo "${0##*/} $*" >> "$FAKE_LOG"
echo found
case "${0##*/} $*" in $FAKE_FAILS) exit 1 ;; esac
"""
"""Any program: it notes what it is called with, and fails where it is told to."""

PARTS = (
    "ruff check",
    "mypy",
    "sweep --dry-run",
    "pytest -n auto --dist worksteal -m  --junit-xml=reports/test.xml",
    "pytest tests/finetune -m  --junit-xml=reports/test-torch.xml",
    "pezoexplore verify --quiet --out reports/rtl-icarus --junit reports/rtl-icarus.xml",
    "reports/rtl-verilator.xml --sim verilator --coverage reports/coverage.md",
    "verify --quiet --out reports/rtl-formal --junit reports/rtl-formal.xml --formal",
    "--junit reports/rtl-mutants.xml --mutants 640 --again --least-killed 99",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with the Makefile, with fakes for all programs."""
    for name in ("Makefile", "pyproject.toml", "tests/hardware/mutants.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    tools = ("iverilog", "g++", "zsh", "chromium", "sta", "apt-get", "sudo", "python3")
    environment = ("python", "ruff", "mypy", "pezoexplore")
    for folder, names in (
        ("tools", tools),
        ("venv/bin", environment),
        ("venv/torch/bin", environment),
    ):
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / folder / name).write_text(FAKE, encoding="utf-8")
            (tmp_path / folder / name).chmod(0o755)
    for mark in (".installed", ".yosys", ".installed-dev", ".collected", ".installed-torch"):
        (tmp_path / "venv" / mark).touch()
    return tmp_path


@pytest.mark.parametrize("fails", ["nothing", "mypy *", "*pytest*", "*rtl-icarus.xml", "*--formal"])
def test_the_regression_runs_every_part(checkout, fails):
    log = checkout / "log"
    paths = {"PATH": f"{checkout}/tools:{os.environ['PATH']}", "FAKE_LOG": str(log)}
    done = subprocess.run(
        ["make", "regression", "VENV=venv"],
        cwd=checkout,
        env=os.environ | paths | {"FAKE_FAILS": fails, "MAKEFLAGS": ""},  # the caller's too
        capture_output=True,
        text=True,
        timeout=60,
    )
    called = log.read_text(encoding="utf-8")
    assert [part for part in PARTS if part not in called] == []
    assert (done.returncode == 0) == (fails == "nothing"), done.stdout + done.stderr


APT_GET = """#!/bin/sh
mkdir "$FAKE_LOG.lock" || { echo "E: Could not get lock" >&2; exit 100; }
echo "$*" >> "$FAKE_LOG"
sleep 0.2
rmdir "$FAKE_LOG.lock"
"""


def test_missing_packages_are_installed_at_once_and_one_call_after_another(checkout):
    log, tools = checkout / "log", checkout / "bare"
    tools.mkdir()
    for name in ("sh", "flock", "mkdir", "rmdir", "sleep"):
        (tools / name).symlink_to(shutil.which(name))
    shown = {"id": "echo 0", "iverilog": "", "tclsh": "", "espeak-ng": ""}  # what is there
    for name, text in ({"apt-get": APT_GET} | shown).items():
        (tools / name).write_text(text if text == APT_GET else f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        [shutil.which("make"), "--jobs=4", "VENV=venv", "test-tools", "compiler", "dieharder"],
        cwd=checkout,
        env={"PATH": str(tools), "FAKE_LOG": str(log)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    called = log.read_text(encoding="utf-8").splitlines()
    installed = {line.partition(" --no-install-recommends ")[2] for line in called}
    library = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
    cells = "" if library.exists() else " qflow-tech-osu018"
    assert installed == {"", f"g++ zsh chromium opensta{cells}", "g++", "dieharder"}
    assert len(called) == 6  # an update before each


def test_a_missing_package_is_one_line_that_says_what_to_type(checkout):
    (checkout / "bare").mkdir()
    for name in ("sh", "sudo"):
        (checkout / "bare" / name).symlink_to(shutil.which("sh" if name == "sh" else "false"))
    for apt, said in (
        (False, "error: install dieharder with your system's package manager, then run make again"),
        (True, "error: dieharder missing; type: sudo apt-get install dieharder"),
    ):
        if apt:
            for name, text in (("apt-get", "exit 1"), ("id", "echo 1000")):
                (checkout / "bare" / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
                (checkout / "bare" / name).chmod(0o755)
        done = subprocess.run(
            [shutil.which("make"), "dieharder"],
            cwd=checkout,
            env={"PATH": str(checkout / "bare")},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode != 0
        assert done.stderr.splitlines()[0] == said


@pytest.mark.parametrize("fails", ["nothing", "*pip*uv*", "*uv pip*"])
def test_where_uv_cannot_install_pip_does(checkout, fails):
    log = checkout / "log"
    done = subprocess.run(
        ["make", "VENV=venv", "--always-make", "venv/.installed-dev"],
        cwd=checkout,
        env=os.environ
        | {"PATH": f"{checkout}/tools:{os.environ['PATH']}", "FAKE_LOG": str(log)}
        | {"FAKE_FAILS": fails, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    called = log.read_text(encoding="utf-8").splitlines()
    last = "python -m pip install -q --disable-pip-version-check --no-compile -e .[dev]"
    assert (last in called) == (fails != "nothing"), called
    assert any("-m uv pip install" in line for line in called) == ("pip*uv" not in fails), called
