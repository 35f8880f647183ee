"""What can happen to a sweep at any moment, and what must hold then.

Each fault leaves one line, no part of a file under its final name and no process, and the same
command then goes on to the results it would have had.
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
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

from sweep_fakes import alive

from pezoexplore.processes import descendants

SUPPORT = Path(__file__).parent
CALLS = 300
"""Writes to the disk of the driver's sweep by its main process, about."""

WAIT_S = 20.0
"""Longest that a process may outlive its sweep; a tool of the driver would live on for longer."""


class Faults:
    """A sweep that is disturbed again and again.

    Args:
        folder: Where the sweeps run; each try leaves nothing there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._disk = folder / "failing_disk.so"
        source = SUPPORT / "failing_disk.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self._disk, source, "-ldl"], check=True)
        self.seconds = 60.0
        for _ in range(2):  # the first fills the caches of the disk
            alone = folder / "alone"
            shutil.rmtree(alone, ignore_errors=True)
            alone.mkdir()
            begun = time.monotonic()
            with driver(alone) as process:
                process.communicate()
            self.seconds = min(self.seconds, time.monotonic() - begun)
            assert process.returncode == 1  # one point's RTL is wrong
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
            with driver(folder, LD_PRELOAD=str(self._disk), DISK_UNDER=under, **fails) as process:
                out, err = process.communicate()
            assert process.returncode in (1, 2), err
            assert "Traceback" not in out + err
            if process.returncode == 2:
                assert under in out.splitlines()[-1]
                hit = True
            check_whole(folder / "out")
        return hit

    def vanishing(self, folder: Path, draw: random.Random) -> bool:
        """Take the run directory away, as a network folder that is not there any more."""
        with driver(folder) as process:
            time.sleep(draw.uniform(0.0, self.seconds))
            if (folder / "out").exists():
                (folder / "out").rename(folder / "elsewhere")
            out, err = process.communicate()
        assert process.returncode in (1, 2), err
        assert "Traceback" not in out + err
        shutil.rmtree(folder / "out", ignore_errors=True)
        return process.returncode == 2

    def signalled(
        self, folder: Path, draw: random.Random, number: signal.Signals, workers: bool
    ) -> bool:
        """Send a signal to the sweep, or to all that it has started."""
        with driver(folder) as process:
            time.sleep(draw.uniform(0.0, self.seconds))
            started = descendants(process.pid)
            for pid in started if workers else [process.pid]:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            out, err = process.communicate()
        assert "Traceback" not in out + err, err
        status = process.returncode
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

    def _goes_on(self, folder: Path) -> None:
        """Run the same command again: it gives the same results, and leaves nothing else."""
        with driver(folder) as process:
            out, err = process.communicate()
        assert (process.returncode, "Traceback" in err) == (1, False), out + err
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


def driver(folder: Path, **more: str) -> subprocess.Popen[str]:
    """Start the sweep of sweep_driver.py."""
    (folder / "runs").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(SUPPORT / "sweep_driver.py"), folder / "out", folder / "runs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | more | {"PYTHONPATH": os.pathsep.join(sys.path), "SWEEP_DRIVER_FULL": "1"},
    )


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
