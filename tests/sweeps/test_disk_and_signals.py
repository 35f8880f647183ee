"""A disk that fails and signals of a batch system, at random moments of a sweep.

Each leaves one line, no part of a file under its final name, no process, and a run that goes on to
the results it would have had. ``make regression`` tries each a hundred times.
"""

from __future__ import annotations

import csv
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pezoexplore.processes import descendants

SUPPORT = Path(__file__).parents[1] / "support"
TRIES = [pytest.param(1, marks=pytest.mark.slow), pytest.param(100, marks=pytest.mark.regression)]
CALLS = 260
"""Writes to the disk of the driver's sweep by its main process, about."""


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the library that makes a disk fail."""
    library = tmp_path_factory.mktemp("disk") / "failing_disk.so"
    source = SUPPORT / "failing_disk.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run directory of the driver's sweep, left alone."""
    folder = tmp_path_factory.mktemp("reference")
    with driver(folder) as process:
        process.communicate()
    assert process.returncode == 1  # one point's RTL is wrong
    return folder / "out"


def driver(folder: Path, **more: str) -> subprocess.Popen[str]:
    (folder / "runs").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(SUPPORT / "sweep_driver.py"), folder / "out", folder / "runs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | more | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def check_whole(out: Path) -> None:
    """Fail if a file under its final name is a part of one."""
    for path in out.glob("*.csv"):
        text = path.read_text()
        assert text.endswith("\n")
        rows = list(csv.reader(text.splitlines()))
        assert {len(row) for row in rows} == {len(rows[0])}
    for path in out.glob("*.svg"):
        ET.parse(path)
    for path in out.glob("*.png"):
        assert path.read_bytes().endswith(b"IEND\xaeB`\x82")


def check_goes_on(folder: Path, reference: Path) -> None:
    """Run the same command again: it gives the same results, and leaves nothing else."""
    with driver(folder) as process:
        out, err = process.communicate()
    assert (process.returncode, "Traceback" in err) == (1, False), out + err
    for name in ("results.csv", "pareto.csv"):
        assert (folder / "out" / name).read_bytes() == (reference / name).read_bytes()
    assert not list((folder / "out").rglob(".*.tmp"))
    assert not (folder / "out" / "work").exists()


@pytest.mark.parametrize("tries", TRIES)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.ESTALE])
def test_a_disk_that_fails_while_it_runs_and_while_it_resumes(
    disk: Path, reference: Path, tmp_path: Path, number: int, tries: int
) -> None:
    draw = random.Random(number)
    for index in range(tries):
        folder = tmp_path / str(index)
        folder.mkdir()
        for _ in range(2):
            fails = {"DISK_ERRNO": str(number), "DISK_AFTER": str(draw.randrange(CALLS))}
            with driver(
                folder, LD_PRELOAD=str(disk), DISK_UNDER=str(folder / "out"), **fails
            ) as process:
                out, err = process.communicate()
            assert process.returncode in (1, 2), err
            assert "Traceback" not in out + err
            if process.returncode == 2:
                assert str(folder / "out") in out.splitlines()[-1]
            check_whole(folder / "out")
        check_goes_on(folder, reference)
        shutil.rmtree(folder)


@pytest.mark.parametrize("tries", TRIES)
def test_a_run_directory_that_vanishes(reference: Path, tmp_path: Path, tries: int) -> None:
    draw = random.Random(7)
    for index in range(tries):
        folder = tmp_path / str(index)
        folder.mkdir()
        with driver(folder) as process:
            time.sleep(draw.uniform(0.3, 1.5))
            if (folder / "out").exists():
                (folder / "out").rename(folder / "elsewhere")
            out, err = process.communicate()
        assert process.returncode in (1, 2), err
        assert "Traceback" not in out + err
        shutil.rmtree(folder / "out", ignore_errors=True)
        check_goes_on(folder, reference)


@pytest.mark.parametrize("tries", TRIES)
@pytest.mark.parametrize("whom", ["TERM", "KILL", "worker TERM", "worker KILL"])
def test_signals_at_random_moments(reference: Path, tmp_path: Path, whom: str, tries: int) -> None:
    draw = random.Random(whom)
    number = signal.Signals[f"SIG{whom.split()[-1]}"]
    for index in range(tries):
        folder = tmp_path / str(index)
        folder.mkdir()
        with driver(folder) as process:
            time.sleep(draw.uniform(0.2, 1.2))
            started = descendants(process.pid)
            for pid in started if "worker" in whom else [process.pid]:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            out, err = process.communicate()
        assert "Traceback" not in out + err
        if whom == "TERM":
            assert process.returncode in (1, 143, -number), err  # at its end, or before its start
            assert not (folder / "out" / "work").exists()
        if process.returncode == 143:
            assert out.splitlines()[-1] == "" or (
                "are kept in" in out.splitlines()[-1] and "resume" in out.splitlines()[-1]
            )
        deadline = time.monotonic() + 30
        while not all(map(gone, started)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert all(map(gone, started))
        if (folder / "out").exists():
            check_whole(folder / "out")
        check_goes_on(folder, reference)
        shutil.rmtree(folder)
