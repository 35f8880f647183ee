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
    "pytest tests/finetune",
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
    for mark in (".installed", ".installed-dev", ".installed-torch"):
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


def test_several_missing_packages_are_installed_one_after_another(checkout):
    log, tools = checkout / "log", checkout / "bare"
    tools.mkdir()
    for name in ("sh", "flock", "mkdir", "rmdir", "sleep"):
        (tools / name).symlink_to(shutil.which(name))
    for name, text in (("apt-get", APT_GET), ("id", "#!/bin/sh\necho 0\n")):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    packages = {"opensta": "opensta", "zsh": "zsh", "browser": "chromium", "compiler": "g++"}
    done = subprocess.run(
        [shutil.which("make"), "--jobs=4", "VENV=venv", *packages],
        cwd=checkout,
        env={"PATH": str(tools), "FAKE_LOG": str(log)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    called = log.read_text(encoding="utf-8").splitlines()
    installed = [line.split()[-1] for line in called if "install" in line]
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(installed) == sorted(packages.values())
    assert len(called) == 2 * len(packages)  # an update before each
