"""Speed of RTL simulation and checking, against a testbench that awaits every clock.

Usage: ``python bench/sim_speed.py [--only TEXT]``. The streams have 31 lanes of 8 bits. Ours is
the method of ``verify``: the harness plays a script of back-pressure, starts and replays and writes
a trace, of which every clock is compared in bulk. The rival is a usual cocotb test without these:
await a clock edge, read the beat, compare it with the next expected one.

Seconds are processor time. Each testbench runs for few clocks and for many, and the difference
excludes compilation and start-up; all alternate, and medians are shown.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.rtl.build import TOP, build
from pezoexplore.hardware.verify.simulate import SIMULATORS, simulate
from pezoexplore.hardware.verify.stimulus import make_script
from pezoexplore.hardware.verify.verify import verify_point
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.stream import Stream

LIMITS = {"icarus": 2.0, "verilator": 10.0}
"""Least times the rival's speed."""

LIMIT_BETWEEN = 50.0
"""Least times the speed of the rival under Icarus that ours has under Verilator."""

_SHARED = {"bit_width": 8, "lanes": 31, "scaling": "none"}
POINTS = {
    "pool": resolve(reuse="pool", **_SHARED),
    "bank": resolve(reuse="bank", **_SHARED),
    "phased": resolve(reuse="phased", taps="shared", state_bits=16, leap=8, **_SHARED),
    "lut_opt": resolve(rng="lut_opt", reuse="none", **_SHARED),
}

FEW = 1000
"""Clocks of a run that mostly compiles and starts."""

TRIES = 3
"""Times a pair of runs is made, on a machine whose speed changes between them."""

TAKEN = 0.69
"""Mean share of the clocks in which a script takes a beat."""

RIVAL = '''"""Awaits every clock and compares what it shows."""

import json
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge


@cocotb.test()
async def every_clock(dut):
    expected = [int(line, 16) for line in Path("expected.txt").read_text().split()]
    dut.rst.value = 1
    dut.start.value = 0
    dut.replay.value = 0
    dut.out_ready.value = 0
    Clock(dut.clk, 2, "ns").start()
    await FallingEdge(dut.clk)
    await FallingEdge(dut.clk)
    dut.rst.value = 0
    await FallingEdge(dut.clk)
    dut.out_ready.value = 1
    shown = 0
    while shown < len(expected):
        if dut.out_valid.value == 1:
            assert int(dut.out_data.value) == expected[shown]
            shown += 1
        await FallingEdge(dut.clk)
'''


def ours(point: DesignPoint, simulator: str, clocks: int, folder: Path) -> int:
    """Verify a point; return the number of clocks compared."""
    words = round(clocks * TAKEN * point.lanes)
    log_path = folder.parent / "log"
    found = verify_point(point, rtl_dir(), folder, log_path, words=words, simulator=simulator)
    assert found["rtl_status"] == "pass"
    return len(make_script(Stream(point), words).controls)


def rival(point: DesignPoint, simulator: str, clocks: int, folder: Path) -> int:
    """Compare the beats of as many clocks one by one; return the number of clocks."""
    shutil.rmtree(folder, ignore_errors=True)
    sources = build(Stream(point), rtl_dir()).write(folder)
    (folder / "every_clock.py").write_text(RIVAL, encoding="utf-8")
    rows = pack_rows(Stream(point, 0).beats(0, 0, clocks), point.bits)
    (folder / "expected.txt").write_text("\n".join(f"{row:x}" for row in rows))
    job = {"toplevel": TOP, "bench": "every_clock", "sources": sources}
    (folder / "job.json").write_text(json.dumps({**job, "defines": [], "waves": False}))
    simulate(folder, folder.parent / "log", 3600.0, simulator)
    return clocks


Bench = Callable[[DesignPoint, str, int, Path], int]


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def seconds_of(bench: Bench, point: DesignPoint, simulator: str, clocks: int) -> tuple[int, float]:
    """Return the clocks compared, and the total seconds of processor time."""
    with tempfile.TemporaryDirectory() as folder:
        start = _processor_s()
        count = bench(point, simulator, clocks, Path(folder) / "work")
        return count, _processor_s() - start


def enough_clocks(bench: Bench, point: DesignPoint, simulator: str, wanted_s: float) -> int:
    """Return the number of clocks for so many seconds, without compilation and start-up."""
    seconds_of(bench, point, simulator, FEW)  # fills caches
    _, idle = seconds_of(bench, point, simulator, FEW)
    clocks = FEW
    while True:
        clocks *= 8
        _, seconds = seconds_of(bench, point, simulator, clocks)
        if seconds - idle > max(0.5, idle / 4):  # beyond what compiling varies by
            return round(clocks * wanted_s / (seconds - idle))


def speed_of(
    bench: Bench, point: DesignPoint, simulator: str, clocks: int, wanted_s: float
) -> float:
    """Return the clocks per second, without compilation and start-up.

    Both are run again if the compilation times differ so much that the difference is too small.
    """
    for _ in range(TRIES):
        few, idle = seconds_of(bench, point, simulator, FEW)
        many, seconds = seconds_of(bench, point, simulator, clocks)
        if seconds - idle > wanted_s / 3:
            return (many - few) / (seconds - idle)
    raise SystemExit(f"{simulator}: this machine is too busy to tell a run from compiling")


def rows_of(name: str, point: DesignPoint, repeats: int, wanted_s: float) -> list[tuple[str, ...]]:
    """Return the rows of the table for a stream: medians of alternating repeats."""
    benches = [(simulator, bench) for simulator in SIMULATORS for bench in (rival, ours)]
    clocks = {each: enough_clocks(each[1], point, each[0], wanted_s) for each in benches}
    turns = [{each: speed_of(each[1], point, each[0], clocks[each], wanted_s) for each in benches}
             for _ in range(repeats)]  # fmt: skip
    rows = []
    for simulator in SIMULATORS:
        slow, fast = (median(turn[simulator, b] for turn in turns) for b in (rival, ours))
        ratio = median(turn[simulator, ours] / turn[simulator, rival] for turn in turns)
        limit = f"at least {LIMITS[simulator]:g}"
        rows.append((name, simulator, f"{slow:,.0f}", f"{fast:,.0f}", f"{ratio:.1f}", limit))
    between = median(turn["verilator", ours] / turn["icarus", rival] for turn in turns)
    label = "Verilator, ours, to Icarus, every clock"
    return [*rows, (name, label, "", "", f"{between:.0f}", f"at least {LIMIT_BETWEEN:g}")]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a run, about")
    parser.add_argument("--only", default="", help="streams whose name has this text")
    options = parser.parse_args()
    print("| stream | simulator | every clock, clocks/s | ours, clocks/s | ratio | limit |")
    print("|---|---|---|---|---|---|")
    for name, point in POINTS.items():
        if options.only in name:
            for row in rows_of(name, point, options.repeats, options.seconds):
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
