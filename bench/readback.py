"""Reading results back: `pareto` and `report` of many rows, against an earlier version.

    python bench/readback.py [--rows 2000 50000] [--old FOLDER] [--commands pareto report]

The rival is commit 98cea15, unpacked from this repository, or the checkout given. It gets the small
run only, turn by turn with ours; of processor time, ours may take half of the rival's. The large
run must be read within 20 s (`pareto`) and 60 s (`report`) and 2 GB of memory. Exit status 1 where
a limit is missed.

The run is made up: real designs, accuracies of five seeds and resources from a formula.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.point import resolve
from pezoexplore.errors import IllegalPointError
from pezoexplore.sweeps.rows import csv_text, result_row

ROOT = Path(__file__).parents[1]
OLD = "98cea15"
SHARE = 0.5
SECONDS = {"pareto": 20.0, "report": 60.0}
MEMORY = 2.0
AXES = {
    "rng": ("lfsr", "xorshift32", "clt", "treegrng"),
    "reuse": ("none", "pool", "bank", "phased"),
    "pool_size": (127, 1023, 4095, 8191),
    "reuse_period": (1, 4, 16, 64, 256, math.inf),
    "bit_width": (4, 6, 8, 12),
    "state_bits": (8, 12, 16, 24),
    "lanes": tuple(range(1, 129)),
    "leap": (1, 11),
    "taps": ("xor", "shared"),
}
DESIGN = """\
name: many
task: digits-mlp
space: {rng: [lfsr]}
objectives: {maximize: [accuracy_mean], minimize: [lut, ff]}
"""


def make_run(folder: Path, count: int) -> None:
    """Write results.csv and design.yaml of this many designs."""
    draw = random.Random(count)
    chosen: dict[object, dict[str, object]] = {}
    while len(chosen) < count:
        axes = {name: draw.choice(list(values)) for name, values in AXES.items()}
        try:
            point = resolve(**axes)
        except IllegalPointError:
            continue
        cost = point.lanes * point.bit_width * draw.uniform(0.4, 6)
        best = 94 - 60 / (1 + cost / 40)
        seeds = [min(99.0, draw.gauss(best, 1.2)) for _ in range(5)]
        chosen[point] = {
            "accuracy_mean": sum(seeds) / 5,
            "accuracy_ci95": 1.5,
            "accuracy_per_seed": seeds,
            "lut": round(cost),
            "ff": round(cost * draw.uniform(0.3, 1.4)),
            "bram": 0.0,
        }
    rows = [
        result_row(f"{index:012x}", "xcup", "ok", point, cells)
        for index, (point, cells) in enumerate(chosen.items())
    ]
    folder.mkdir(parents=True)
    (folder / "results.csv").write_text(csv_text(COLUMNS, rows))
    (folder / "design.yaml").write_text(DESIGN)


def timed(code: Path, command: str, run: Path, limit: float | None = None) -> tuple[float, ...]:
    """Return processor seconds, wall seconds and peak memory (GB) of a command on a run."""
    with tempfile.TemporaryDirectory() as out:
        words = [sys.executable, "-m", "pezoexplore", command, str(run), "--out", out]
        environment = os.environ | {"PYTHONPATH": str(code)}
        start = time.perf_counter()
        child = subprocess.Popen(words, cwd=code, env=environment, stdout=-3, stderr=-3)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(words)}: exit status {child.returncode}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - start, used.ru_maxrss / 1e6


def unpack(folder: Path) -> Path:
    """Return a folder with the rival's code."""
    content = subprocess.run(
        ["git", "archive", OLD], cwd=ROOT, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "x", "-C", str(folder)], input=content, check=True)
    return folder


def main() -> int:
    """Time both commands on both runs and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs=2, default=(2000, 50_000))
    parser.add_argument("--old", type=Path)
    parser.add_argument("--commands", nargs="+", choices=SECONDS, default=list(SECONDS))
    parser.add_argument("--turns", type=int, default=2)
    options = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = options.old
        if old is None:
            (folder / "old").mkdir()
            old = unpack(folder / "old")
        small, large = (folder / f"rows-{count}" for count in options.rows)
        for run, count in zip((small, large), options.rows, strict=True):
            make_run(run, count)
        for command in options.commands:
            turns = [
                (timed(ROOT, command, small), timed(old, command, small))
                for _ in range(options.turns)
            ]
            ours, theirs = (min(turn[which][0] for turn in turns) for which in (0, 1))
            missed |= ours > SHARE * theirs
            print(
                f"{command}, {options.rows[0]:,} rows: {ours:.1f} s of processor, {OLD} "
                f"{theirs:.1f} s: {ours / theirs:.2f} of it (at most {SHARE})",
                flush=True,
            )
            used, wall, memory = timed(ROOT, command, large)
            missed |= wall > SECONDS[command] or memory > MEMORY
            print(
                f"{command}, {options.rows[1]:,} rows: {wall:.1f} s (at most "
                f"{SECONDS[command]:.0f}), {used:.1f} s of processor, {memory:.2f} GB (at most "
                f"{MEMORY:.0f})",
                flush=True,
            )
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
