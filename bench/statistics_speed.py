"""Time of the statistics of a stream at the size of a network, against an earlier version.

    python bench/statistics_speed.py [--weights 99008 998030] [--old FOLDER]

Statistics of the eight-bit recommended design over 6,000 steps, in processor time on one thread.
The rival is commit 98cea15, unpacked from this repository, or the checkout given; it gets the first
size only, which takes it minutes. Ours may take 1/20 of its time there, and for more weights at
most as many times longer as there are more. Exit status 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from readback import ROOT, unpack

SHARE = 1 / 20
STEPS = 6000

_PROGRAM = """
import json, sys, time
from pezoexplore.{design}.point import resolve
from pezoexplore.{module} import {function} as statistics
point = resolve(taps="shared", state_bits=16, leap=8, bit_width=8)
{stream}
statistics(point, 2410, 10)  # compiles
begin = time.process_time()
found = statistics(point, int(sys.argv[1]), int(sys.argv[2]))
seconds = time.process_time() - begin
print(json.dumps([seconds, found["effective_dim"], found.get("effective_dim_ci95")]))
"""

OURS = {
    "design": "design",
    "module": "streams.statistics",
    "function": "stream_statistics",
    "stream": "from pezoexplore.streams.stream import Stream\npoint = Stream(point)",
}
THEIRS = {
    "design": "design",
    "module": "perturb.health",
    "function": "stream_health",
    "stream": "",
}


def timed(code: Path, names: dict[str, str], weights: int) -> tuple[float, float, float | None]:
    """Return processor seconds, the effective dimension and the half of its 95 % interval."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(**names), str(weights), str(STEPS)],
        cwd=code,
        env=os.environ | {"PYTHONPATH": str(code), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, dimension, half = json.loads(done.stdout.splitlines()[-1])
    return seconds, dimension, half


def main() -> int:
    """Time both versions, print the ratios, and return whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=int, nargs=2, default=(99_008, 998_030))
    parser.add_argument("--old", type=Path)
    options = parser.parse_args()
    few, many = options.weights
    small, large = (timed(ROOT, OURS, weights) for weights in options.weights)
    with tempfile.TemporaryDirectory() as folder:
        old = options.old or unpack(Path(folder))
        theirs = timed(old, THEIRS, few)
    for weights, (seconds, dimension, half) in ((few, small), (many, large)):
        print(f"{weights:,} weights: {seconds:.2f} s, effective_dim {dimension:.1f} +- {half:.1f}")
    print(f"{few:,} weights, the rival: {theirs[0]:.2f} s, effective_dim {theirs[1]:.1f}")
    share, growth = small[0] / theirs[0], large[0] / small[0]
    print(f"of the rival's time {share:.4f} (at most {SHARE:g})")
    print(f"{many / few:.1f} times the weights take {growth:.2f} times as long")
    return int(share > SHARE or growth > many / few)


if __name__ == "__main__":
    sys.exit(main())
