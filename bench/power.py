"""Power at 31 lanes of 8 bits, against per-lane Gaussian generators: ``python bench/power.py``.

Every figure is of a netlist synthesised and simulated in this call, at 200 MHz on target osu018 (or
another: ``python bench/power.py xcup``), one beat per clock. The rival is the Gaussian of least
power among those with a generator per lane and KL at most 5e-4 bits. On osu018 also: OpenSTA's
power of one CLT lane at uniform activities against our implementation of its method, and that lane
with and without delays. Exit status 1 if the saving is under 86 % or the check off by over 2 %.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from opensta_power import NETLIST_V, Check, emulated_mw, mapped_netlist, reported_mw

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.targets import LIBERTY
from pezoexplore.hardware.power.cell_power import INPUT_SLEW_NS
from pezoexplore.hardware.power.delays import find_loads
from pezoexplore.hardware.power.liberty import read_liberty
from pezoexplore.hardware.power.power import power_point
from pezoexplore.hardware.rtl.build import TOP
from pezoexplore.paths import rtl_dir

LANES, BITS, MEGAHERTZ = 31, 8, 200.0
LEAST_SAVING, TOLERANCE = 0.86, 0.02

PHASED = resolve(reuse="phased", taps="shared", state_bits=16, leap=4, lanes=LANES, bit_width=BITS)
GAUSSIANS = [
    resolve(rng=rng, reuse="none", lanes=LANES, bit_width=BITS) for rng in ("treegrng", "clt")
]
LANE = resolve(rng="clt", reuse="none", lanes=1, bit_width=BITS)


def show(point: DesignPoint, target: str, folder: Path) -> float:
    """Print a point's power with and without delays; return the former, mW."""
    found = power_point(point, target, MEGAHERTZ, rtl_dir(), folder / "work", folder / "log")
    power, without = found["power_mw_est"], found["power_mw_zero_delay"]
    assert power is not None
    each = found["energy_per_number_pj_est"]
    print(
        f"{point.label():36} {power:8.2f} mW, without glitches {without:8.2f} mW, "
        f"{each:6.2f} pJ per number",
        flush=True,
    )
    return power


def check(point: DesignPoint, folder: Path) -> bool:
    """Print OpenSTA's figures and ours; return whether they agree."""
    work = folder / "check"
    netlist = mapped_netlist(point, "osu018", rtl_dir(), work, folder / "log")
    library = read_liberty(work / LIBERTY)
    loads = find_loads(netlist, library, 0.0, INPUT_SLEW_NS)
    check = Check(work / LIBERTY, TOP, 1e3 / MEGAHERTZ, INPUT_SLEW_NS)
    worst = 0.0
    for activity in (0.1, 0.5, 1.0):
        reported = reported_mw(work, NETLIST_V, check, activity, folder / "log")
        emulated = emulated_mw(netlist, library, loads, check.period_ns, activity)
        off = emulated / reported - 1
        worst = max(worst, abs(off))
        print(
            f"activity {activity:3}: OpenSTA {reported:.3f} mW, emulated {emulated:.3f}, {off:+.2%}"
        )
    return worst <= TOLERANCE


def main() -> int:
    """Print all figures; return 1 if a limit is missed."""
    target = sys.argv[1] if len(sys.argv) > 1 else "osu018"
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        agrees = target != "osu018" or check(LANE, folder)
        show(LANE, target, folder)
        ours = show(PHASED, target, folder)
        rival = min(show(point, target, folder) for point in GAUSSIANS)
    saving = 1 - ours / rival
    print(f"phased takes {saving:.1%} less power, limit {LEAST_SAVING:.0%}")
    return int(saving < LEAST_SAVING or not agrees)


if __name__ == "__main__":
    sys.exit(main())
