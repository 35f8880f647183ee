"""What can happen to a sweep at any moment, and what must hold then.

Each fault leaves one line, no part of a file under its final name and no process, and the same
command then goes on to the results it would have had.
"""

from __future__ import annotations

import csv
import errno
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path
from xml.etree import ElementTree as ET

import sweep_driver
from sweep_fakes import alive

from pezoexplore.processes import descendants, terminable

SUPPORT = Path(__file__).parent
SERVER = multiprocessing.get_context("forkserver")
"""Forks sweeps from a process that has imported all they need: most of a try's time otherwise."""

IMPORTED = ("fault_kinds", "scipy.special", "pezoexplore.sweeps.executors.local")
CALLS = 300
"""Writes to the disk of the driver's sweep by its main process, about."""

STAGES = 4 * sweep_driver.COUNT
"""Stages of the driver's sweep."""

ENDING = 5
"""Moments after the start of the last stage, when files are written, for one at each stage."""

WAIT_S = 20.0
"""Longest that a process may outlive its sweep; a tool of the driver would live on for longer."""


class Faults:
    """A sweep that is disturbed again and again.

    Args:
        folder: Where the sweeps run; each try leaves nothing there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        disk = folder / "failing_disk.so"
        source = SUPPORT / "failing_disk.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", disk, source, "-ldl"], check=True)
        _start_server(disk)
        self.seconds = 60.0
        for _ in range(2):  # the first fills the caches of the disk
            alone = folder / "alone"
            shutil.rmtree(alone, ignore_errors=True)
            alone.mkdir()
            begun = time.monotonic()
            assert Driver(alone).end()[0] == 1  # one point's RTL is wrong
            self.seconds = min(self.seconds, time.monotonic() - begun)
        self._results = {
            name: (alone / "out" / name).read_bytes()
            for name in ("results.csv", "pareto.csv", "pareto_lut.svg", "axis_lanes.png")
        }

    def once(self, kind: str, number: int) -> bool:
        """Try a kind of fault once; return whether it hit a sweep at work.

        Raises:
            AssertionError: Something that must hold does not.
        """
        folder = self._folder / f"{kind}-{number}".replace(" ", "-")
        folder.mkdir()
        hit = KINDS[kind](self, folder, random.Random(f"{kind} {number}"))
        if (folder / "out").exists():
            check_whole(folder / "out")
        self._goes_on(folder)
        shutil.rmtree(folder)
        return hit

    def failing_disk(self, folder: Path, draw: random.Random, number: int) -> bool:
        """Let the disk fail while the sweep runs, and again while it resumes."""
        hit = False
        for _ in range(2):
            fails = {"DISK_ERRNO": str(number), "DISK_AFTER": str(draw.randrange(CALLS))}
            under = str(folder / "out")
            status, out, err = Driver(folder, DISK_UNDER=under, **fails).end()
            assert status in (1, 2), (status, out, err)
            assert "Traceback" not in out + err
            if status == 2:
                assert under in out.splitlines()[-1]
                hit = True
            check_whole(folder / "out")
        return hit

    def vanishing(self, folder: Path, draw: random.Random) -> bool:
        """Take the run directory away, as a network folder goes, and bring it back afterwards."""
        run, elsewhere = folder / "out", folder / "elsewhere"
        sweep = Driver(folder)
        self._await_moment(sweep, folder, draw)
        if run.exists():
            run.rename(elsewhere)
        status, out, err = sweep.end()
        assert status in (1, 2), (status, out, err)
        assert "Traceback" not in out + err
        if status == 1:  # it says that all is written
            assert any((path / "results.csv").exists() for path in (run, elsewhere))
        if elsewhere.exists():
            shutil.rmtree(run, ignore_errors=True)
            elsewhere.rename(run)
        return status == 2

    def signalled(
        self, folder: Path, draw: random.Random, number: signal.Signals, workers: bool
    ) -> bool:
        """Send a signal to the sweep, or to all that it has started."""
        sweep = Driver(folder)
        self._await_moment(sweep, folder, draw)
        started = descendants(sweep.pid)
        for pid in started if workers else [sweep.pid]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        status, out, err = sweep.end()
        assert "Traceback" not in out + err, err
        if workers:
            assert status == 1, (status, err)
        if number == signal.SIGTERM and not workers:
            assert status in (1, 143, -number), err  # at its end, or before its start
            assert not (folder / "out" / "work").exists()
        if status == 143 and (last := out.splitlines()[-1]):
            assert "are kept in" in last and "resume" in last
        deadline = time.monotonic() + WAIT_S
        while any(map(alive, started)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(map(alive, started))
        return bool(started) if workers else status != 1

    def _await_moment(self, sweep: Driver, folder: Path, draw: random.Random) -> None:
        """Wait for a random moment: before, at or after the start of any of the stages."""
        begun = draw.randrange(STAGES + ENDING + 1)
        while len(list((folder / "runs").iterdir())) < min(begun, STAGES) and sweep.at_work():
            time.sleep(0.005)
        longest = 0.05 if 0 < begun <= STAGES else self.seconds / 4
        time.sleep(draw.uniform(0.0, longest))

    def _goes_on(self, folder: Path) -> None:
        """Run the same command again: it gives the same results, and leaves nothing else."""
        status, out, err = Driver(folder).end()
        assert (status, "Traceback" in err) == (1, False), out + err
        for name, content in self._results.items():
            assert (folder / "out" / name).read_bytes() == content, name
        assert not list((folder / "out").rglob(".*.tmp"))
        assert not (folder / "out" / "work").exists()


KINDS: dict[str, Callable[[Faults, Path, random.Random], bool]] = {
    "full disk": lambda f, path, draw: f.failing_disk(path, draw, errno.ENOSPC),
    "failing disk": lambda f, path, draw: f.failing_disk(path, draw, errno.EIO),
    "lost network folder": lambda f, path, draw: f.failing_disk(path, draw, errno.ESTALE),
    "vanished folder": Faults.vanishing,
    "SIGTERM": lambda f, path, draw: f.signalled(path, draw, signal.SIGTERM, False),
    "SIGKILL": lambda f, path, draw: f.signalled(path, draw, signal.SIGKILL, False),
    "dead worker": lambda f, path, draw: f.signalled(path, draw, signal.SIGKILL, True),
    "terminated worker": lambda f, path, draw: f.signalled(path, draw, signal.SIGTERM, True),
}


def _start_server(disk: Path) -> None:
    """Start the process to fork from, with a disk that fails where a sweep's variables say so."""
    SERVER.set_forkserver_preload(list(IMPORTED))
    kept = dict(os.environ)
    os.environ.update(LD_PRELOAD=str(disk), PYTHONPATH=os.pathsep.join(sys.path))
    forkserver.ensure_running()
    os.environ.clear()
    os.environ.update(kept)


class Driver:
    """Run sweep_driver.py in a process of its own, forked with its imports done."""

    def __init__(self, folder: Path, **disk: str) -> None:
        (folder / "runs").mkdir(exist_ok=True)
        self._said = [folder / "said.out", folder / "said.err"]
        self._process = SERVER.Process(target=_drive, args=(folder, self._said, disk))
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid

    def at_work(self) -> bool:
        """Return whether the sweep has not ended."""
        return self._process.is_alive()

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return status, output and errors."""
        self._process.join()
        status = self._process.exitcode
        assert status is not None
        self._process.close()
        out, err = (path.read_text() if path.exists() else "" for path in self._said)
        return status, out, err


def _drive(folder: Path, said: list[Path], disk: dict[str, str]) -> None:
    for number, path in enumerate(said, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND), number)
    os.environ.update(disk)
    if not disk:  # for its workers
        del os.environ["LD_PRELOAD"]
    sweep_driver.FULL = True
    with terminable():
        status = sweep_driver.main(str(folder / "out"), str(folder / "runs"), "2")
    sys.exit(status)


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
