"""How fast the RTL is simulated and checked, against a bench that awaits every clock.

Usage: ``python bench/sim_speed.py [--clocks N]``. The streams have 31 lanes of 8 bits. Ours is what
``verify`` does: the harness plays a script of back-pressure, starts and replays and writes a trace,
which is compared in bulk, every clock of it. The rival is a usual cocotb test without any of these:
await a clock edge, read the beat, compare it with the next expected one.

Seconds are processor time, so other work on the machine does not count. Each simulator and bench
runs once for few clocks and once for many; the difference leaves out compiling and starting.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware import reseeding
from pezoexplore.hardware.rtl import TOP, build
from pezoexplore.hardware.script import make_script
from pezoexplore.hardware.simulate import SIMULATORS, simulate
from pezoexplore.hardware.verify import verify_point
from pezoexplore.paths import rtl_dir
from pezoexplore.perturb.stream import Stream

LIMITS = {"icarus": 2.0, "verilator": 10.0}
"""Least times the rival's speed."""

LIMIT_BETWEEN = 50.0
"""Least times the speed of the rival under Icarus that ours has under Verilator."""

_SHARED = {"bit_width": 8, "lanes": 31, "scaling": "none"}
POINTS = {
    "pool": resolve(reuse="pool", **_SHARED),
    "bank": resolve(reuse="bank", **_SHARED),
    "phased": resolve(reuse="phased", taps="shared", state_bits=16, leap=8, **_SHARED),
    "lut_opt a lane": resolve(rng="lut_opt", reuse="none", **_SHARED),
    "treegrng a lane": resolve(rng="treegrng", reuse="none", **_SHARED),
}

TAKEN = 0.69
"""Mean share of the clocks in which a script takes a beat."""

MORE = {
    ("icarus", "rival"): 1,
    ("icarus", "ours"): 2,
    ("verilator", "rival"): 4,
    ("verilator", "ours"): 50,
}
"""Clocks of each bench, in those of the slowest."""

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
    """Verify a point; clocks compared."""
    words = round(clocks * TAKEN * point.lanes)
    log_path = folder.parent / "log"
    found = verify_point(point, rtl_dir(), folder, log_path, words=words, simulator=simulator)
    assert found["rtl_status"] == "pass"
    return len(make_script(point, words).controls)


def rival(point: DesignPoint, simulator: str, clocks: int, folder: Path) -> int:
    """Compare the beats of as many clocks one by one."""
    shutil.rmtree(folder, ignore_errors=True)
    sources = build(point, rtl_dir()).write(folder)
    (folder / "every_clock.py").write_text(RIVAL, encoding="utf-8")
    rows = reseeding.pack_rows(Stream(point, 0).beats(0, 0, clocks), point.bits)
    (folder / "expected.txt").write_text("\n".join(f"{row:x}" for row in rows))
    job = {"toplevel": TOP, "bench": "every_clock", "sources": sources}
    (folder / "job.json").write_text(json.dumps({**job, "defines": [], "waves": False}))
    simulate(folder, folder.parent / "log", 3600.0, simulator)
    return clocks


Bench = Callable[[DesignPoint, str, int, Path], int]


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def clocks_a_second(bench: Bench, point: DesignPoint, simulator: str, clocks: int) -> float:
    """Clocks a second of processor time, compiling and starting left out."""
    counts, seconds = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in (1000, 1000, clocks):  # the first fills caches
            start = _processor_s()
            counts.append(bench(point, simulator, number, Path(folder) / "work"))
            seconds.append(_processor_s() - start)
    return (counts[2] - counts[1]) / (seconds[2] - seconds[1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clocks", type=int, default=20_000, help="of the slowest bench")
    asked = parser.parse_args()
    print("| stream | simulator | every clock, clocks/s | ours, clocks/s | ratio | limit |")
    print("|---|---|---|---|---|---|")
    for name, point in POINTS.items():
        speeds: dict[tuple[str, str], float] = {}
        for simulator in SIMULATORS:
            for bench in (rival, ours):
                clocks = asked.clocks * MORE[simulator, bench.__name__]
                speed = clocks_a_second(bench, point, simulator, clocks)
                speeds[simulator, bench.__name__] = speed
            slow, fast = speeds[simulator, "rival"], speeds[simulator, "ours"]
            limit = f"at least {LIMITS[simulator]:g}"
            row = (name, simulator, f"{slow:,.0f}", f"{fast:,.0f}", f"{fast / slow:.1f}", limit)
            print(f"| {' | '.join(row)} |", flush=True)
        between = speeds["verilator", "ours"] / speeds["icarus", "rival"]
        row = (name, "Verilator, ours, to Icarus, every clock", "", "", f"{between:.0f}")
        print(f"| {' | '.join(row)} | at least {LIMIT_BETWEEN:g} |", flush=True)


if __name__ == "__main__":
    main()
