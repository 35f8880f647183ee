"""Processor time of power on standard cells: ``python bench/power_time.py [LANES]``.

Power of 31 lanes of TreeGRNG on osu018, counted with all programs that it starts:

- alone: before, as of commit 98cea15, Yosys maps the design and Icarus simulates it twice; now
  Yosys maps it and compiled code simulates it;
- in a sweep, with stage ``synth``: before, each of the two stages maps the design; now whichever
  comes first does, and leaves the netlist to the other. So power itself then has no Yosys; a share
  of the one run is the difference between the sums.

What is compiled once per installation is compiled before, on one lane. Exit status 1 if a figure
differs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.shared_netlist import map_shared
from pezoexplore.hardware.eda.synth import figures
from pezoexplore.hardware.power import power
from pezoexplore.hardware.power.power import power_point
from pezoexplore.paths import rtl_dir

LANES, MEGAHERTZ, TARGET = 31, 100.0, "osu018"

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return a result and its processor time, s."""
    before = os.times()
    found = work()
    return found, sum(os.times()[:4]) - sum(before[:4])


class Stages:
    """Run stages synth and power of a design in a folder."""

    def __init__(self, point: DesignPoint, folder: Path) -> None:
        """Name the design and the folder."""
        self.point, self.folder = point, folder

    def power(self, shared: Path | None = None) -> dict[str, float | None]:
        """Return power, as stage ``power`` does."""
        where = (rtl_dir(), self.folder / "work", self.folder / "log")
        return power_point(self.point, TARGET, MEGAHERTZ, *where, shared=shared)

    def synth(self, shared: Path | None = None) -> dict[str, float]:
        """Return resources, as stage ``synth`` does."""
        where = (rtl_dir(), self.folder / "synth", self.folder / "log", shared)
        return figures(*map_shared(self.point, TARGET, *where), TARGET)


def main() -> int:
    """Print times and ratios; return 1 if the figures are not the same."""
    lanes = int(sys.argv[1]) if len(sys.argv) > 1 else LANES
    ours = power.run_cycles
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        Stages(resolve(rng="treegrng", reuse="none", lanes=1), Path(name)).power()
        stages = Stages(resolve(rng="treegrng", reuse="none", lanes=lanes), Path(name))
        power.run_cycles = lambda *_: None
        before, old = timed(stages.power)
        power.run_cycles = ours
        after, new = timed(stages.power)
        counts, synth = timed(stages.synth)
        shared = Path(name) / "netlists" / "one.json"
        again, first = timed(lambda: stages.synth(shared))
        shares, second = timed(lambda: stages.power(shared))
    print(f"{lanes} lanes, power alone: {old:.1f} s before, {new:.1f} s now, {new / old:.2f}")
    print(f"after synth, in a sweep: {old:.1f} s before, {second:.1f} s now, {second / old:.2f}")
    sums = old + synth, first + second
    print(f"synth and power: {sums[0]:.1f} s before, {sums[1]:.1f} s now, {sums[1] / sums[0]:.2f}")
    same = before == after == shares and counts == again
    print(f"figures {'the same' if same else f'differ: {before}, {after}, {shares}'}")
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
