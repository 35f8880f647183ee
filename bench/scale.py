"""Overhead around the stages: time per point, memory, two processes against one.

    python bench/scale.py overhead [--points 10000] [--jobs 2]    target: under 5 ms per point
    python bench/scale.py warm     [--points 1000]                target: under 3 s
    python bench/scale.py jobs     [--points 40] [--seconds 1]    target: 1.7 times
    python bench/scale.py memory   [--most 1000000]               target: flat
    python bench/scale.py cost     [--points 2000]                work of the client by part
    python bench/scale.py dask     [--points 2000] [--jobs 2]     overhead through Dask
    python bench/scale.py stages   [--points 8] [DESIGN.yaml]     processor time of real stages

Each measurement runs in a separate process, so that the memory peaks are separate too.
"""

from __future__ import annotations

import argparse
import csv
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from empty_stage import INFO, Busy, Empty, Scored, points, space

from pezoexplore.sweeps.executors.cluster import ClusterSettings, started
from pezoexplore.sweeps.executors.dask_executor import DaskExecutor
from pezoexplore.sweeps.plan import make_plan
from pezoexplore.sweeps.rundir import open_run_dir
from pezoexplore.sweeps.stage import canonical_json, determinants, sha256
from pezoexplore.sweeps.store import Record, Store
from pezoexplore.sweeps.sweep import run_sweep

ROOT = Path(__file__).parents[1]


def cpu_here() -> float:
    """Return the processor time of this process and of its finished children, seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def sweep_once(out: Path, count: int, jobs: int, cpu_s: float = 0.0) -> float:
    """Return the seconds of a sweep."""
    stage = Busy(cpu_s=cpu_s) if cpu_s else Empty()
    start = time.perf_counter()
    result = run_sweep(space(), points(count), [stage], out_dir=out, info=INFO, jobs=jobs)
    seconds = time.perf_counter() - start
    assert result.ok
    assert result.points == count
    return seconds


def overhead(out: Path, count: int, jobs: int) -> None:
    """Measure a cold sweep of empty points."""
    before = cpu_here()
    seconds = sweep_once(out, count, jobs)
    print(
        f"{count} empty points, {jobs} jobs: {seconds:.1f} s, {1e3 * seconds / count:.2f} ms a "
        f"point; processor time, workers included: {1e3 * (cpu_here() - before) / count:.2f} ms"
    )


def warm(out: Path, count: int) -> None:
    """Measure a sweep of points that are all stored, each with three stages."""
    stages = [Empty(), Scored()]

    def run() -> float:
        start = time.perf_counter()
        run_sweep(space(), points(count), stages, out_dir=out, info=INFO, jobs=2)
        return time.perf_counter() - start

    cold, before = run(), time.process_time()
    again = run()
    used = time.process_time() - before
    print(
        f"{count} points, two stages each: first {cold:.2f} s, again {again:.2f} s "
        f"({used:.2f} s of processor time)"
    )


def two_against_one(out: Path, count: int, cpu_s: float) -> None:
    """Measure the same busy points with one process and with two.

    On a shared machine the ratio depends on the other load too. The share of the time in which the
    workers computed does not, and twice the ratio of these shares is the undisturbed ratio.
    """
    one = sweep_once(out / "one", count, 1, cpu_s)
    two = sweep_once(out / "two", count, 2, cpu_s)
    share_one, share_two = busy(out / "one") / one, busy(out / "two") / two / 2
    same = (out / "one/results.csv").read_bytes() == (out / "two/results.csv").read_bytes()
    print(
        f"{count} points of {cpu_s:g} s of processor time: 1 process {one:.1f} s, "
        f"2 processes {two:.1f} s: {one / two:.2f} times; same bytes: {same}\n"
        f"workers at work {share_one:.1%} and {share_two:.1%} of the time: "
        f"{2 * share_two / share_one:.2f} times, had nobody else used the machine"
    )


def busy(out: Path) -> float:
    """Return the total seconds of work of the workers of a sweep."""
    with (out / "timings.csv").open(newline="") as file:
        return sum(float(row["seconds"]) for row in csv.DictReader(file))


def stage_costs(out: Path, count: int, design: Path) -> None:
    """Measure the processor time of a design's stages over all processes."""

    def cpu(stages: str) -> float:
        words = ["sweep", str(design), "--sample", str(count), "--stages", stages]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "pezoexplore", *words, "--out", str(out), "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    spent = {"health and train": cpu("train")}
    spent["rtl"] = cpu("train,rtl")
    spent["synth"] = cpu("train,rtl,synth")
    start = cpu("train,rtl,synth")  # nothing left to run: starting, tables and plots
    for name, seconds in spent.items():
        print(f"{name}: {(seconds - start) / count:.1f} s of processor time per point")
    total = sum(spent.values()) / count - 3 * start / count
    print(f"all: {total:.1f} s a point, of {count} of {design.name}; {start:.1f} s a command")


def peak_mb() -> float:
    """Return the peak memory of this process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fill(out: Path, count: int, stage: Scored) -> None:
    """Write a store as a sweep would, without running the stages."""
    out.mkdir(parents=True)
    with Store(out / "store.sqlite") as store:
        batch: list[Record] = []
        for point in points(count):
            content = determinants(stage, point)
            payload = canonical_json(stage.run(point, out))
            batch.append(Record(sha256(content), "train", content, "ok", payload, "", 0.1, ""))
            if len(batch) == 5000:
                store.put(*batch)
                batch = []
        store.put(*batch)


def memory_of(out: Path, count: int) -> None:
    """Measure the peak memory of planning a sweep, reading the store, and writing the results."""
    fill(out, count, Scored())
    before, cpu = peak_mb(), time.process_time()
    start = time.perf_counter()
    result = run_sweep(space(), points(count), [Scored()], out_dir=out, info=INFO, jobs=1)
    seconds = time.perf_counter() - start
    print(
        f"{count} points: peak {peak_mb():.0f} MiB ({before:.0f} before), {seconds:.1f} s, "
        f"{1e3 * seconds / count:.3f} ms per point "
        f"({1e3 * (time.process_time() - cpu) / count:.3f} "
        f"of processor time), {len(result.front)} on the front, "
        f"results.csv {(out / 'results.csv').stat().st_size / 1e6:.0f} MB",
        flush=True,
    )


def cost(out: Path, count: int) -> None:
    """Measure the parts of the client's work, ms per point with one stage."""
    with open_run_dir(out) as run_dir, Store(run_dir.store) as store:
        start = time.perf_counter()
        plan = make_plan(space(), points(count), [Empty()], run_dir, store)
        planned = time.perf_counter()
        tasks = list(plan.to_do())
        listed = time.perf_counter()
        records = [
            Record(t.key, "health", determinants(t.stage, t.point), "ok", "{}", "", 0.1, "x" * 2000)
            for t in tasks
        ]
        made = time.perf_counter()
        for record in records[:100]:
            store.put(record)
        single = time.perf_counter()
        for first in range(100, count, 100):
            store.put(*records[first : first + 100])
        grouped = time.perf_counter()
    print(f"plan            {1e3 * (planned - start) / count:.3f} ms per point")
    print(f"hand out        {1e3 * (listed - planned) / count:.3f} ms per point")
    print(f"make record     {1e3 * (made - listed) / count:.3f} ms per point")
    print(f"store, one by one {1e3 * (single - made) / 100:.3f} ms per point")
    print(f"store, by 100     {1e3 * (grouped - single) / (count - 100):.3f} ms per point")


def through_dask(out: Path, count: int, jobs: int) -> None:
    """Measure a cold sweep of empty points on the workers of a local cluster."""
    stage = Empty()
    with started(ClusterSettings(kind="local", workers=jobs)) as client:
        client.wait_for_workers(jobs)
        start, cpu = time.perf_counter(), time.process_time()
        result = run_sweep(
            space(),
            points(count),
            [stage],
            out_dir=out,
            info=INFO,
            executor=DaskExecutor(client, [stage]),
        )
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    assert result.ok
    print(
        f"{count} empty points, {jobs} Dask workers: {seconds:.1f} s, "
        f"{1e3 * seconds / count:.2f} ms per point; client and scheduler, which are one process, "
        f"used {1e3 * cpu / count:.2f} ms of processor time per point"
    )


def main() -> None:
    """Parse, and measure in a scratch folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "what", choices=["overhead", "warm", "jobs", "memory", "one", "cost", "dask", "stages"]
    )
    parser.add_argument("design", type=Path, nargs="?", default=ROOT / "designs" / "full.yaml")
    parser.add_argument("--points", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--scratch", type=Path, help="folder for the run directories")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=given.scratch))
    out = folder / "out"
    try:
        if given.what == "overhead":
            overhead(out, given.points or 10_000, given.jobs)
        elif given.what == "warm":
            warm(out, given.points or 1000)
        elif given.what == "jobs":
            two_against_one(out, given.points or 40, given.seconds)
        elif given.what == "dask":
            through_dask(out, given.points or 2000, given.jobs)
        elif given.what == "stages":
            stage_costs(out, given.points or 8, given.design)
        elif given.what == "cost":
            cost(out, given.points or 2000)
        elif given.what == "one":
            memory_of(out, given.points or 1000)
        else:
            count = 1000
            while count <= given.most:
                command = [sys.executable, __file__, "one", "--points", str(count)]
                subprocess.run([*command, "--scratch", str(folder)], check=True)
                count *= 10
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
