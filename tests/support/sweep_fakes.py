"""Stages that do as they are told, importable by worker processes."""

from __future__ import annotations

import csv
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.sweeps.outputs import RunInfo
from pezoexplore.sweeps.stage import Payload, Stage


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def space(**more: object) -> DesignSpace:
    return DesignSpace.model_validate({"name": "fake", "space": {"rng": ["lfsr"]}} | more)


def points(count: int) -> list[DesignPoint]:
    """Points that differ in lanes: 31, 32, ..."""
    return [resolve(lanes=31 + index) for index in range(count)]


INFO = RunInfo(command=("pezoexplore", "sweep"), design="name: fake\n", tools={"fake": "1.0"})


@dataclass(frozen=True, kw_only=True)
class Fake(Stage):
    """Behaves as ``acts`` says for a number of lanes, else returns what depends on the lanes.

    Attributes:
        acts: Pairs of lanes and behaviour.
        runs: Folder that gets one file per run, named by stage and lanes.
        revision: Part of the key.
        sleep_s: How long a good run takes.
    """

    acts: tuple[tuple[int, str], ...] = ()
    runs: Path
    revision: int = 0
    sleep_s: float = 0.0

    def key(self, point: DesignPoint) -> Payload:
        return {"axes": point.to_json(), "revision": self.revision}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        name = f"{self.label}-{point.lanes}-{os.getpid()}-{time.monotonic_ns()}"
        (self.runs / name).touch()
        for lanes, act in self.acts:
            if lanes == point.lanes:
                ACTS[act](log_path)
                if act == "nan":
                    return {"stream_mean": float("nan")}
        time.sleep(self.sleep_s)
        say(f"{self.label} of {point.lanes} lanes")
        return RESULTS[self.name](point.lanes + self.revision)

    def cost(self, point: DesignPoint) -> float:
        return float(point.lanes % 5)

    def verdict(self, payload: Payload) -> str | None:
        return "words differ" if payload.get("rtl_status") == "fail" else None


def runs_of(folder: Path) -> list[str]:
    """Stage and lanes of every run so far, sorted."""
    return sorted("-".join(path.name.split("-")[:-2]) for path in folder.iterdir())


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended but was not waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def gone(pid: int) -> bool:
    """Whether a process ends within a generous time."""
    end = time.monotonic() + 20
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


RESULTS = {
    "health": lambda n: {"stream_mean": -1e-9 * n, "stream_std": 0.57735 + n / 3e6},
    "train": lambda n: {
        "accuracy_mean": 90 + n / 7,
        "accuracy_ci95": 1 / n,
        "accuracy_per_seed": [90 + n / 7, 90.0],
        "learning_rate": 0.005,
        "not_a_column": "kept in the store only",
    },
    "rtl": lambda n: {"rtl_status": "fail" if n == 33 else "pass", "rtl_words_checked": 1000 * n},
    "synth": lambda n: {"lut": 7 * n, "ff": 3 * n, "bram": n / 2, "yosys_version": "0.70"},
}


def _raise(log: Path) -> None:
    raise ValueError("no such\nluck")


def _tool(log: Path) -> None:
    raise ToolError("yosys: not found; install it")


def _tool_timeout(log: Path) -> None:
    raise ToolTimeoutError("simulator: no end after 3 s")


def _hang(log: Path) -> None:
    """Hang in a child process in a session of its own, as tool runners start them."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    log.with_suffix(".pid").write_text(str(child.pid))
    child.wait()


def _tool_at_work(log: Path) -> None:
    """Wait for a tool in a session of its own, which would go on for long if left alone."""
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    time.sleep(0.05)
    child.kill()
    child.wait()


def _print_a_lot(log: Path) -> None:
    for index in range(20_000):
        say(f"line {index} of many")
    subprocess.run([sys.executable, "-c", "print('a tool')"], check=True)


def _killed_once(log: Path) -> None:
    """Be killed from outside the first time."""
    mark = log.with_suffix(".killed")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def _meddle(log: Path) -> None:
    os.chdir("/")
    os.environ["MEDDLED"] = "yes"


def _see_no_meddling(log: Path) -> None:
    assert Path.cwd() != Path("/")
    assert "MEDDLED" not in os.environ


def _print_environment(log: Path) -> None:
    say(os.environ["OMP_NUM_THREADS"] + " " + os.environ["NPROC"])


def _sum_by_jax(log: Path) -> None:
    import jax

    _compiled.setdefault("jax", jax.jit(lambda x: x + 1))(1.0)


def _sum_by_numba(log: Path) -> None:
    import numba

    _compiled.setdefault("numba", numba.njit(lambda x: x + 1))(1.0)


_compiled: dict[str, Callable[[float], object]] = {}

ACTS = {
    "jax": _sum_by_jax,
    "numba": _sum_by_numba,
    "raise": _raise,
    "tool": _tool,
    "tool timeout": _tool_timeout,
    "hang": _hang,
    "a tool at work": _tool_at_work,
    "print": _print_a_lot,
    "exit": lambda log: sys.exit(0),
    "_exit": lambda log: os._exit(3),
    "kill": lambda log: os.kill(os.getpid(), signal.SIGKILL),
    "killed once": _killed_once,
    "segfault": lambda log: ctypes.string_at(0),
    "meddle": _meddle,
    "see no meddling": _see_no_meddling,
    "environment": _print_environment,
    "nan": lambda log: None,
    "good": lambda log: None,
}
