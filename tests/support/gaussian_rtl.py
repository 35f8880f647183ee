"""Helpers of the tests of the hardware Gaussians: their RTL in Icarus, their exact distribution."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from scipy.stats import norm

from pezoexplore.paths import rtl_dir
from pezoexplore.streams.gaussian_source import next_rows

WIDTHS = (4, 5, 8, 9, 10, 12)

_BENCH = """`timescale 1ns/1ps
module bench;
    reg [32:0] states [0:{last}];
    reg [32:0] state;
    wire [32:0] next_state;
    integer i, file;
    {instances}
    initial begin
        $readmemh("states.hex", states);
        file = $fopen("words.txt", "w");
        for (i = 0; i <= {last}; i = i + 1) begin
            state = states[i];
            #1 $fwrite(file, "{format}\\n", next_state, {words});
        end
        $fclose(file);
        $finish;
    end
endmodule
"""


def corner_and_random_states(count: int = 4000) -> np.ndarray:
    """Every state of one bit, of all but one bit, the extremes, and random ones."""
    one = np.uint64(1) << np.arange(33, dtype=np.uint64)
    every = np.uint64(2**33 - 1)
    random = np.random.default_rng(7).integers(1, 2**33, count, dtype=np.uint64)
    sparse = random & np.roll(random, 1) & np.roll(random, 2)
    return np.concatenate([one, every ^ one, [every], random, sparse, every ^ sparse])


def rtl_words(module: str, states: np.ndarray, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Next states [n] and words [n, widths] that the RTL shows for states."""
    instances = [
        f"wire signed [{b - 1}:0] word{b};\n    {module} #(.BIT_WIDTH({b})) u{b} "
        f"(.state(state), .next_state({'next_state' if b == 8 else ''}), .word(word{b}));"
        for b in WIDTHS
    ]
    text = _BENCH.format(
        last=states.size - 1,
        instances="\n    ".join(instances),
        format="%0d" + " %0d" * len(WIDTHS),
        words=", ".join(f"word{b}" for b in WIDTHS),
    )
    (folder / "bench.v").write_text(text, encoding="utf-8")
    lines = "".join(f"{state:x}\n" for state in states.tolist())
    (folder / "states.hex").write_text(lines, encoding="utf-8")
    sources = [str(rtl_dir() / f"{name}.v") for name in (module, "lut6")]
    subprocess.run(
        ["iverilog", "-g2005", "-I", str(rtl_dir()), "-o", "bench.vvp", "bench.v", *sources],
        cwd=folder, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    subprocess.run(
        ["vvp", "-n", "bench.vvp"], cwd=folder, check=True, capture_output=True, timeout=120
    )
    shown = np.loadtxt(folder / "words.txt", dtype=np.int64)
    return shown[:, 0].astype(np.uint64), shown[:, 1:]


def next_states(states: np.ndarray) -> np.ndarray:
    """Next states by the rows of the source."""
    result = np.zeros_like(states)
    for i, row in enumerate(next_rows(33)):
        parity = np.bitwise_count(states & np.uint64(row)).astype(np.uint64) & np.uint64(1)
        result |= parity << np.uint64(i)
    return result


def moments(p: np.ndarray, bit_width: int) -> tuple[float, float, float]:
    """Mean, variance and kurtosis of z under probabilities of the words from the lowest on."""
    half = 2 ** (bit_width - 1)
    z = (np.arange(-half, half) + 0.5) / 2 ** (bit_width - 3)
    mean = float(p @ z)
    variance = float(p @ (z - mean) ** 2)
    return mean, variance, float(p @ (z - mean) ** 4) / variance**2


def kl_bits(p: np.ndarray, bit_width: int) -> float:
    """KL divergence from the normal discretised to the words' cells, its tails in the end cells."""
    half = 2 ** (bit_width - 1)
    below = norm.cdf(np.arange(-half, half + 1) / 2 ** (bit_width - 3))
    below[0], below[-1] = 0.0, 1.0
    q = np.diff(below)
    seen = p > 0
    return float(p[seen] @ np.log2(p[seen] / q[seen]))


def largest_autocorrelation(values: np.ndarray, lags: int = 64) -> float:
    """Largest absolute autocorrelation at lags 1 to `lags`."""
    spectrum = np.fft.rfft(values - values.mean(), 2 * values.size)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2)
    return float(np.abs(covariance[1 : lags + 1] / covariance[0]).max())
