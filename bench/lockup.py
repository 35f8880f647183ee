"""Cost of recovery from the state of zeros, in LUTs and flip-flops, with and without.

    python bench/lockup.py [TARGET ...]

Prints a row for each design and target, of the RTL with LOCKUP_RECOVERY = 0 and 1, as Yosys maps
it; docs/hardware.md has the table of ``xcup`` and ``ice40``, which are the targets by default.
"""

from __future__ import annotations

import sys

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.tools import yosys_version
from pezoexplore.hardware.export.lockup import recovery_counts
from pezoexplore.markdown import markdown_table
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

SHARED = {"reuse": "phased", "bit_width": 8, "lanes": 31, "state_bits": 16, "taps": "shared"}
WIDE = {"reuse": "none", "bit_width": 16, "lanes": 31, "scaling": "none", "reuse_period": 64}
DESIGNS: dict[str, DesignPoint] = {
    "`phased`, 1 bit, 31 lanes, 16 bits of state": resolve(
        reuse="phased", bit_width=1, lanes=31, state_bits=16
    ),
    "`phased`, 8 bits, `shared`, 31 lanes": resolve(**SHARED, leap=4),
    "the same, T = 64": resolve(**SHARED, leap=4, reuse_period=64),
    "`none`, 4 lfsrs of 8 bits": resolve(reuse="none", bit_width=8, lanes=4),
    "`none`, 31 lfsrs of 16 bits, T = 64": resolve(**WIDE),
    "`none`, `lut_opt`, 1 bit, 31 lanes": resolve(
        reuse="none", rng="lut_opt", bit_width=1, lanes=31
    ),
    "`none`, `lut_sr`, 8 bits, 31 lanes": resolve(
        reuse="none", rng="lut_sr", bit_width=8, lanes=31
    ),
    "`none`, `trivium`, 8 bits, 8 lanes": resolve(
        reuse="none", rng="trivium", bit_width=8, lanes=8
    ),
    "`bank`, 31 lfsrs of 8 bits": resolve(reuse="bank", bit_width=8, lanes=31),
    "`pool` of 341 words, 31 lanes of 8 bits, T = 64": resolve(
        reuse="pool", rng="lfsr", bit_width=8, lanes=31, pool_size=341, reuse_period=64
    ),
}


def row(name: str, point: DesignPoint, target: str) -> tuple[str, ...]:
    """Return the cells of a design: LUTs and flip-flops without recovery, then with it."""
    stream = Stream(point.hardware())
    found = [recovery_counts(stream, rtl_dir(), target, on) for on in (False, True)]
    return (name, f"`{target}`", *(str(counts[c]) for c in ("lut", "ff") for counts in found))


def main() -> None:
    """Print the table, a row at a time on a terminal's error output."""
    rows = []
    for target in sys.argv[1:] or ["xcup", "ice40"]:
        for name, point in DESIGNS.items():
            rows.append(row(name, point, target))
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    heads = ("design", "target", "LUTs", "with recovery", "flip-flops", "with recovery")
    print(f"Yosys {yosys_version()}\n\n{markdown_table(heads, rows)}")


if __name__ == "__main__":
    main()
