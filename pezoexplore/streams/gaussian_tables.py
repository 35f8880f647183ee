"""Writes the tables of the hardware Gaussians: ``python -m pezoexplore.streams.gaussian_tables``.

With a folder as argument they go there instead of rtl/. With ``search SEED COUNT`` it looks for
transition matrices instead and prints the best it finds.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pezoexplore.paths import rtl_dir
from pezoexplore.streams import gaussian_source
from pezoexplore.streams.families import box_muller, clt, treegrng
from pezoexplore.streams.linear import apply, byte_tables, compose, identity, power, transpose

_HEADER = """// SPDX-License-Identifier: Apache-2.0
// {title}
// Made by: python -m pezoexplore.streams.gaussian_tables
"""

_ROW = 11
"""Bits per line of the function."""

Taps = tuple[tuple[int, ...], ...]


def files() -> dict[str, str]:
    """Return the contents of every generated file, by name."""
    return {
        "gaussian_source_table.vh": _HEADER.format(
            title="Next state of the source: each bit the XOR of three or four bits."
        )
        + source_function("gaussian_next", gaussian_source.TAPS),
        "clt_table.vh": _truth_tables("Ones of six bits; sum bits before carry.", clt.tables()),
        "treegrng_table.vh": _truth_tables("Biased decisions of the tree.", treegrng.tables()),
        "box_muller_table.vh": _truth_tables(
            "Radius by stratum, and radius times cosine in two parts.", box_muller.tables()
        ),
    }


def main(folder: Path) -> None:
    """Write all tables into a folder."""
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _truth_tables(title: str, tables: dict[str, int]) -> str:
    lines = [f"localparam [63:0] {name} = 64'h{table:016x};" for name, table in tables.items()]
    return _HEADER.format(title=title) + "\n".join(lines) + "\n"


def source_function(name: str, taps: Taps) -> str:
    """Return a Verilog function of the state: per tap the XOR of a permutation of its bits."""
    bits = len(taps[0])
    terms = []
    for tap in taps:
        names = ["1'b0" if i < 0 else f"s[{i}]" for i in reversed(tap)]
        rows = [", ".join(names[i : i + _ROW]) for i in range(0, bits, _ROW)]
        terms.append("    {" + ",\n     ".join(rows) + "}")
    return (
        f"function [{bits - 1}:0] {name};\n  input [{bits - 1}:0] s;\n"
        + f"  {name} =\n"
        + " ^\n".join(terms)
        + ";\nendfunction\n"
    )


def has_full_period(columns: Sequence[int], factors: Sequence[int]) -> bool:
    """Return whether a map over GF(2) has order 2**bits - 1, given the prime factors of that."""
    period = 2 ** len(columns) - 1
    step = tuple(columns)
    one = identity(len(columns))
    return power(step, period) == one and all(power(step, period // p) != one for p in factors)


def candidate(
    chooser: random.Random, bits: int = gaussian_source.STATE_BITS, count: int = 4
) -> Taps:
    """Draw `count` random permutations as taps, one tap omitted, no two bits sharing two taps.

    With as many taps everywhere the state of all ones would go to zero or stay, so one is left
    out. Shared pairs tempt synthesisers to factor them out, which costs LUTs, and correlate.
    """
    taps = [chooser.sample(range(bits), bits) for _ in range(count)]
    taps[-1][chooser.randrange(bits)] = -1
    clashes = _clashes(taps)
    while clashes:
        tap, i, j = chooser.choice(taps), chooser.randrange(bits), chooser.randrange(bits)
        tap[i], tap[j] = tap[j], tap[i]
        new = _clashes(taps)
        if new <= clashes:
            clashes = new
        else:
            tap[i], tap[j] = tap[j], tap[i]
    return tuple(tuple(tap) for tap in taps)


def _clashes(taps: list[list[int]]) -> int:
    """Count pairs of taps used twice, taps used twice by a bit, and bits that feed themselves."""
    pairs: set[tuple[int, int]] = set()
    wanted = clashes = 0
    for i in range(len(taps[0])):
        used = sorted(tap[i] for tap in taps if tap[i] >= 0)
        clashes += used.count(i) + len(used) - len(set(used))
        new = list(combinations(used, 2))
        wanted += len(new)
        pairs.update(new)
    return clashes + wanted - len(pairs)


def autocorrelations(
    columns: Sequence[int], bit_width: int, count: int = 1 << 20, lags: int = 64
) -> dict[str, tuple[float, float]]:
    """Compute the largest absolute autocorrelation at lags 1 to `lags`, by generator.

    Returns:
        Name -> (of the values, of their squares). Noise alone gives about 3 / sqrt(count).
    """
    states = trajectory(columns, count)
    families = {"clt": clt.words, "treegrng": treegrng.words, "box_muller": box_muller.words}
    return {
        name: autocorrelation(words(states, bit_width), lags) for name, words in families.items()
    }


def autocorrelation(words: NDArray[np.int32], lags: int = 64) -> tuple[float, float]:
    """Return the largest absolute autocorrelation at lags 1 to `lags`, of words + 1/2, squares."""
    z = words.astype(np.float64) + 0.5
    return _largest(z, lags), _largest(z**2, lags)


def trajectory(columns: Sequence[int], count: int, first: int = 1) -> NDArray[np.uint64]:
    """Return `count` (a power of two) successive states from `first`, by doubling: uint64."""
    states = np.array([first], dtype=np.uint64)
    step = tuple(columns)
    while states.size < count:
        tables = byte_tables(step)
        ahead = np.zeros_like(states)
        for byte, table in enumerate(tables):
            ahead ^= table[(states >> np.uint64(8 * byte)) & np.uint64(255)]
        states = np.concatenate([states, ahead])
        step = compose(step, step)
    return states


def _largest(values: NDArray[np.float64], lags: int) -> float:
    centred = values - values.mean()
    spectrum = np.fft.rfft(centred, 2 * centred.size)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2)[: lags + 1]
    return float(np.abs(covariance[1:] / covariance[0]).max())


def search(seed: int, count: int) -> tuple[float, Taps]:
    """Return the full-period candidate, of `count` drawn, with the least correlation at 8 bits."""
    chooser = random.Random(seed)
    best: tuple[float, Taps] = (9.0, ())
    for _ in range(count):
        taps = candidate(chooser)
        rows = [sum(1 << tap[i] for tap in taps if tap[i] >= 0) for i in range(len(taps[0]))]
        columns = transpose(rows)
        if apply(columns, 1) == 0 or not has_full_period(columns, gaussian_source.FACTORS):
            continue
        found = autocorrelations(columns, 8)
        worst = max(max(pair) for pair in found.values())
        if worst < best[0]:
            best = (worst, taps)
    return best


if __name__ == "__main__":
    if sys.argv[1:2] == ["search"]:
        sys.stdout.write(f"{search(int(sys.argv[2]), int(sys.argv[3]))}\n")
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else rtl_dir())
