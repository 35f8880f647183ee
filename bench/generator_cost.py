"""Cost of each generator, alone and for 31 lanes, and the lag-1 autocorrelation of its numbers.

    python bench/generator_cost.py [RNG ...]

Each is the stream top with reuse none, 8-bit words (as wide as they are for signs and ternary
numbers), never reseeded, replay and valid/ready included, synthesised by Yosys for UltraScale+ in
this call. LUT/bit is the LUTs of 31 lanes per output bit; the ratio is to 31 lanes of
xorshift32, synthesised in the same call.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from pezoexplore.design.point import resolve
from pezoexplore.hardware.eda.synth import synthesise
from pezoexplore.hardware.eda.tools import yosys_version
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.registry import families
from pezoexplore.streams.statistics import stream_statistics
from pezoexplore.streams.stream import Stream

HARDWARE = tuple(item.name for item in families() if item.in_hardware)
RIVAL = "xorshift32"
LANES = 31


def cost(rng: str, lanes: int) -> dict[str, Any]:
    """Return the resources of lanes of a generator."""
    point = resolve(rng=rng, reuse="none", bit_width=8, lanes=lanes, scaling="none")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return synthesise(point, "xcup", rtl_dir(), place / "work", place / "log")


def main(names: list[str]) -> int:
    """Print the table."""
    print(f"Yosys {yosys_version()}, xcup, 8-bit words, reuse none, never reseeded")
    print(f"{'':16}one lane: LUT    FF   {LANES} lanes: LUT    FF CARRY  LUT/bit  of {RIVAL}  lag1")
    rival = cost(RIVAL, LANES)
    for rng in names or HARDWARE:
        point = resolve(rng=rng, reuse="none", bit_width=8, lanes=LANES)
        one, many = cost(rng, 1), cost(rng, LANES)
        lag1 = stream_statistics(Stream(point), 2410, 64)["stream_lag1"]
        print(
            f"{rng:16}{one['lut']:13g}{one['ff']:6g}{many['lut']:15g}{many['ff']:6g}"
            f"{many['carry']:6g}{many['lut'] / LANES / point.bits:9.2f}"
            f"{many['lut'] / rival['lut']:14.2f}x {lag1:7.4f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
