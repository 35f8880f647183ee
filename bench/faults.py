"""Fault injection at random moments of a sweep or a search; the rival is an undisturbed run.

    python bench/faults.py moments [--tries 100] [--first 0] [--kind "full disk" ...] [--jobs 2]
    python bench/faults.py sweep   [--kills 50]
    python bench/faults.py search  [--kills 50] [--design designs/quickstart.yaml] [--budget 6]

`moments` disturbs a sweep of fake stages once a try: a full or failing disk, a lost network folder,
a signal to the sweep or to its workers. Each must leave one line, no part of a file under its final
name and no process; the same command again must give the results, byte for byte, of a sweep left
alone. Printed: tries, those that hit a sweep at work, and those after which something did not hold.

`sweep` and `search` kill one run again and again. After each kill (SIGKILL, at a uniformly random
time) the store must be undamaged and hold all that it held before. After the last kill the run is
completed, and results.csv and pareto.csv must equal those of an undisturbed run, byte for byte.
Exit status 1 if anything does not hold, or if a result is lost.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore.sweeps.store import Store

if TYPE_CHECKING:
    from fault_kinds import Faults

ROOT = Path(__file__).parents[1]
SUPPORT = ROOT / "tests" / "support"
DRIVER = SUPPORT / "sweep_driver.py"
FILES = ("results.csv", "pareto.csv")
_FAULTS: list[Faults] = []


def stored(out: Path) -> set[str]:
    """Return the keys of the good results in a run's store, which must be undamaged."""
    path = out / "store.sqlite"
    if not path.exists():
        return set()
    with Store(path) as store:
        keys = {record.key for record in store.records() if record.status == "ok"}
        if store.damaged:
            raise SystemExit(f"damaged after a kill: {store.damaged}")
        return keys


def kill_often(command: list[str], out: Path, kills: int, longest: float) -> tuple[int, int]:
    """Kill a command repeatedly; return the number of results after it and of lost ones."""
    draw = random.Random(0)
    before: set[str] = set()
    lost = 0
    for _ in range(kills):
        process = subprocess.Popen(command, stdout=-3, stderr=-3, start_new_session=True)
        try:
            process.wait(draw.uniform(0.0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        now = stored(out)
        lost += len(before - now)
        before |= now
    return len(before), lost


def measure(make: list[str], kills: int, folder: Path) -> bool:
    """Run a command with and without kills; return whether both give the same results."""
    commands = {}
    for name in ("reference", "killed"):
        (folder / name / "runs").mkdir(parents=True)
        words = {"OUT": str(folder / name / "out"), "RUNS": str(folder / name / "runs")}
        commands[name] = [words.get(word, word) for word in make]
    start = time.perf_counter()
    subprocess.run(commands["reference"], stdout=-3, check=False)
    longest = time.perf_counter() - start
    out = folder / "killed" / "out"
    found, lost = kill_often(commands["killed"], out, kills, longest)
    subprocess.run(commands["killed"], stdout=-3, check=False)
    same = all(
        (folder / "reference" / "out" / name).read_bytes() == (out / name).read_bytes()
        for name in FILES
    )
    print(
        f"{kills} kills within {longest:.1f} s each: {found} results before the last run, "
        f"{lost} lost, same bytes in the end: {same}"
    )
    return same and not lost


def moments(kinds: list[str], numbers: range, jobs: int, folder: Path) -> bool:
    """Try kinds of faults; return whether all that must hold did each time."""
    sys.path.insert(0, str(SUPPORT))
    from fault_kinds import KINDS

    good = True
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, fresh, initializer=_prepare, initargs=(folder,)) as pool:
        for kind in kinds or KINDS:
            found = list(pool.map(_tried, repeat(kind), numbers))
            broken = [one for one in found if isinstance(one, str)]
            hits = sum(one is True for one in found)
            print(f"{kind}: {len(found)} tries, {hits} hit a sweep at work, ", end="")
            print(f"{len(broken)} did not hold")
            print(*broken, sep="\n", end="\n" * bool(broken), flush=True)
            good &= not broken
    return good


def _prepare(folder: Path) -> None:
    """Make what a process needs to try faults."""
    from fault_kinds import Faults

    own = folder / str(os.getpid())
    own.mkdir()
    _FAULTS.append(Faults(own))


def _tried(kind: str, number: int) -> bool | str:
    try:
        return _FAULTS[0].once(kind, number)
    except AssertionError as error:
        return f"{kind}, try {number}: {error!r}"


def main() -> None:
    """Parse, and measure in a scratch folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["moments", "sweep", "search"])
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="number of the first try: its moment")
    parser.add_argument("--kind", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--design", default=str(ROOT / "designs" / "quickstart.yaml"))
    parser.add_argument("--budget", default="6")
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(DRIVER.parent)])
    if given.what != "search":
        make = [sys.executable, str(DRIVER), "OUT", "RUNS", "2"]
    else:
        make = [sys.executable, "-m", "pezoexplore", "search", given.design, "--out", "OUT"]
        make += ["--budget", given.budget, "--stages", "train", "-s", "train.steps=100"]
        make += ["--batch", "2", "--seed", "1", "-s", "objectives.minimize=[rng_state_bits]"]
    folder = Path(tempfile.mkdtemp(dir=given.scratch))
    try:
        if given.what == "moments":
            numbers = range(given.first, given.first + given.tries)
            sys.exit(0 if moments(given.kind, numbers, given.jobs, folder) else 1)
        sys.exit(0 if measure(make, given.kills, folder) else 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
