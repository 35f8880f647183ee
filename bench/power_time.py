"""Processor time of power on standard cells: ``python bench/power_time.py [LANES]``.

Power of 31 lanes of TreeGRNG on osu018, twice: with both simulations on Icarus, as of commit
98cea15, and with them in NumPy and in compiled code. Prints the time of each, programs that they
start included, and the ratio. What is compiled once per installation, at the first call, is
compiled before on one lane. Exit status 1 if a figure differs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from pezoexplore.design.point import resolve
from pezoexplore.hardware.power import power
from pezoexplore.hardware.power.power import Columns, power_point
from pezoexplore.paths import rtl_dir

LANES, MEGAHERTZ = 31, 100.0


def timed(lanes: int, folder: Path) -> tuple[Columns, float]:
    """Return the figures of the design, and processor time, s."""
    point = resolve(rng="treegrng", reuse="none", lanes=lanes)
    before = os.times()
    found = power_point(point, "osu018", MEGAHERTZ, rtl_dir(), folder / "work", folder / "log")
    return found, sum(os.times()[:4]) - sum(before[:4])


def main() -> int:
    """Print times and ratio; return 1 if the figures are not the same."""
    lanes = int(sys.argv[1]) if len(sys.argv) > 1 else LANES
    ours = power.run_cycles
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        timed(1, Path(name))
        power.run_cycles = lambda *_: None
        before, old = timed(lanes, Path(name))
        power.run_cycles = ours
        after, new = timed(lanes, Path(name))
    print(f"{lanes} lanes: both on Icarus {old:.1f} s, here {new:.1f} s, {new / old:.2f}")
    print(f"figures {'the same' if before == after else f'differ: {before}, {after}'}")
    return int(before != after)


if __name__ == "__main__":
    sys.exit(main())
