"""Cold quickstart, its stages, and start-up: this checkout against another commit, side by side.

    python bench/quickstart.py [--base COMMIT | --base-dir DIR] [--jobs 2] [--rounds 1]
                               [--stages train,rtl,synth] [--start-only | --no-start]
                               [-- SWEEP OPTIONS ...]

By default the other side is commit 98cea15, in a temporary git worktree that uses this checkout's
virtual environment. Both sides take turns, so that a busy machine is busy for both, and each run
is cold: an empty run directory, and empty folders for what JAX and Numba compile, which no later
run sees. Byte code, and what Yosys keeps, are there for both. Ratios are the other side's time
over ours, of the fastest round of each: CPU seconds of whole runs (children included), wall
seconds, and the seconds that timings.csv has for each stage. results.csv of both is compared but
for hashes and versions; columns of one side only are left out.

Start-up is in CPU seconds, and in those of ``python -c pass`` (the best of several). The exit
status is 1 where a goal is missed or results differ.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE = "98cea15"
GOALS = {"whole": 2.0, "train": 2.5, "synth": 1.8, "rtl": 2.0}
"""Least ratios, the other side's seconds over ours."""

PARTS = ("import_s", "compile_s", "run_s")
"""Columns of timings.csv that split a run's seconds; other versions may not have them."""

MOST_STARTS = 40.0
"""Most CPU time of an error, in times of ``python -c pass``."""

MOST_START_S = 0.4
"""Most CPU seconds of ``--help``."""

PR_SET_CHILD_SUBREAPER = 36
"""Linux' prctl(2): orphans of what the bench runs become its children, whose time it is told."""

STARTS = 5
ERRORS = (
    ("sweep", "nowhere.yaml"),
    ("sweep", "--stages", "tain"),
    ("search", "nowhere.yaml", "--budget", "9"),
    ("pareto", "nowhere.csv"),
    ("report", "nowhere"),
    ("sensitivity", "nowhere.csv"),
    ("diff", "nowhere", "elsewhere"),
    ("stream", "--rng", "lfs", "--count", "9"),
    ("train", "--rng", "lfs"),
    ("verify", "lfs"),
    ("watch", "nowhere"),
)
UNLIKE = ("sha256", "version", "point_id", "pareto")
"""Parts of the names of columns that differ for good reason."""


@dataclass(frozen=True)
class Cold:
    """One cold run.

    Attributes:
        wall: Seconds.
        cpu: Seconds of the processors, children included.
        stages: Seconds by stage, as timings.csv has them.
        parts: Seconds of imports, of compilation and of the rest, by stage; where it has them.
        rows: Rows of results.csv.
    """

    wall: float
    cpu: float
    stages: Mapping[str, float]
    parts: Mapping[str, Sequence[float]]
    rows: list[dict[str, str]]


def spent(command: Sequence[str], checkout: Path, folder: Path) -> tuple[float, float]:
    """Run a command line of a checkout, what it compiles in a folder; its wall and CPU seconds."""
    kept = {"PEZOEXPLORE_COMPILED": str(folder / "jax"), "NUMBA_CACHE_DIR": str(folder / "numba")}
    env = os.environ | kept | {"PYTHONPATH": str(checkout)}
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    wall = time.monotonic() - start
    with suppress(ChildProcessError):
        while True:  # what is killed with its worker counts, too
            os.waitpid(-1, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cold(checkout: Path, options: Sequence[str]) -> Cold:
    """Run the quickstart of a checkout where nothing has been run before."""
    with tempfile.TemporaryDirectory(prefix="pezoexplore-") as name:
        out = Path(name) / "run"
        program = [sys.executable, "-m", "pezoexplore", "sweep", "--out", str(out), *options]
        wall, cpu = spent(program, checkout, Path(name))
        stages: dict[str, float] = defaultdict(float)
        parts: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(PARTS))
        for row in _table(out / "timings.csv"):
            stages[row["stage"]] += float(row["seconds"])
            for number, name in enumerate(PARTS):
                parts[row["stage"]][number] += float(row.get(name) or 0)
        return Cold(wall, cpu, stages, parts, _table(out / "results.csv"))


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def difference(ours: Sequence[Mapping[str, str]], theirs: Sequence[Mapping[str, str]]) -> str:
    """Return the first cell in which two results differ, or nothing."""
    shared = [
        name for name in ours[0] if name in theirs[0] and not any(part in name for part in UNLIKE)
    ]

    def content(rows: Sequence[Mapping[str, str]]) -> list[tuple[str, ...]]:
        return sorted(tuple(row[name] for name in shared) for row in rows)

    if len(ours) != len(theirs):
        return f"{len(ours)} rows against {len(theirs)}"
    for one, other in zip(content(ours), content(theirs), strict=True):
        for name, cell, before in zip(shared, one, other, strict=True):
            if cell != before:
                return f"{name}: {cell!r} against {before!r}, of {' '.join(one[:8])}"
    return ""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Provide a commit in a temporary worktree."""
    with tempfile.TemporaryDirectory(prefix="pezoexplore-base-") as name:
        folder, git = Path(name) / "base", ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(folder), commit], check=True)
        try:
            yield folder
        finally:
            subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def compare_cold(base: Path, options: Sequence[str], rounds: int) -> bool:
    """Print both sides of the cold quickstart; return whether all goals are met."""
    runs: dict[Path, list[Cold]] = {base: [], ROOT: []}
    for _ in range(rounds):
        for checkout, of_side in runs.items():
            of_side.append(cold(checkout, options))
    theirs, ours = ([_seconds(run) for run in of_side] for of_side in runs.values())
    print(f"{'cold quickstart':16}{'base s':>10}{'ours s':>10}{'ratio':>8}  goal")
    good = True
    for name in theirs[0]:
        before, after = (min(side[name] for side in runs_) for runs_ in (theirs, ours))
        if not after or not before:
            continue
        goal = GOALS.get(name)
        met = goal is None or before / after >= goal
        good &= met
        shown = "" if goal is None else f"{goal:.1f}{'' if met else '  MISSED'}"
        print(f"{name:16}{before:10.1f}{after:10.1f}{before / after:8.2f}  {shown}")
    for stage, parts in sorted(runs[ROOT][0].parts.items()):
        split = ", ".join(f"{name} {part:.1f}" for name, part in zip(PARTS, parts, strict=True))
        print(f"our {stage}: {split}")
    unlike = difference(runs[ROOT][0].rows, runs[base][0].rows)
    print(f"results: {unlike or 'the same'}")
    return good and not unlike


def _seconds(run: Cold) -> dict[str, float]:
    return {"whole": run.wall, "whole, CPU": run.cpu, **dict(sorted(run.stages.items()))}


def compare_starts(base: Path) -> bool:
    """Print CPU seconds until help and errors; return whether ours are within the goals."""
    with tempfile.TemporaryDirectory(prefix="pezoexplore-") as name:
        folder = Path(name)

        def best(checkout: Path, *words: str) -> float:
            program = [sys.executable, *words]
            return min(spent(program, checkout, folder)[1] for _ in range(STARTS))

        empty, good = best(ROOT, "-c", "pass"), True
        print(f"{'start-up':34}{'base s':>8}{'ours s':>8}{'ratio':>7}{'starts':>8}")
        for words in (("--help",), *ERRORS):
            before, after = (best(side, "-m", "pezoexplore", *words) for side in (base, ROOT))
            within = after <= MOST_START_S if words == ("--help",) else after <= MOST_STARTS * empty
            good &= within
            print(
                f"{' '.join(words):34}{before:8.2f}{after:8.2f}{before / after:7.1f}"
                f"{after / empty:8.0f}{'' if within else '  MISSED'}"
            )
        return good


def main() -> int:
    """Measure and print; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--base", default=BASE, help="commit of the other side")
    parser.add_argument("--base-dir", type=Path, help="checkout of the other side")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--stages", default="train,rtl,synth")
    parser.add_argument("--start-only", action="store_true", help="leave the cold runs out")
    parser.add_argument("--no-start", action="store_true", help="leave the start-up out")
    parser.add_argument("options", nargs="*", help="further options of sweep, after --")
    given = parser.parse_args()
    options = ["--jobs", str(given.jobs), "--stages", given.stages, *given.options]

    def measure(base: Path) -> bool:
        for side in (base, ROOT):
            subprocess.run(
                [sys.executable, "-m", "compileall", "-q", side / "pezoexplore"], check=True
            )
        good = given.no_start or compare_starts(base)
        return good if given.start_only else compare_cold(base, options, given.rounds) and good

    if given.base_dir is not None:
        return 0 if measure(given.base_dir.resolve()) else 1
    with checked_out(given.base) as base:
        return 0 if measure(base) else 1


if __name__ == "__main__":
    sys.exit(main())
