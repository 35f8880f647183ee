"""Writes the golden vectors of this folder: ``python tests/streams/make_golden.py``.

They hold the first beats of many designs, so that a stream never changes unnoticed. Run it only
when a stream is meant to change, and say so in the change log.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from pezoexplore.design.point import resolve
from pezoexplore.streams.generators.registry import names
from pezoexplore.streams.seeding import phases, seed_words
from pezoexplore.streams.stream import Stream

GOLDEN = Path(__file__).parent / "golden"
EPOCHS, SEEDS, BEATS, LANES = (0, 1), (0, 7), 4, 5

POINTS: tuple[dict[str, Any], ...] = (
    {"rng": "lfsr", "reuse": "none"},
    {"rng": "lfsr", "reuse": "none", "bit_width": 3},
    {"rng": "lfsr", "reuse": "none", "bit_width": 12, "state_bits": 32, "leap": 7},
    {"rng": "lfsr", "reuse": "none", "bit_width": 16, "state_bits": 16, "scaling": "none"},
    {"rng": "lfsr", "reuse": "bank"},
    {"rng": "lfsr", "reuse": "bank", "bit_width": 12, "scaling": "none"},
    {"rng": "lfsr", "reuse": "bank", "bit_width": 8, "state_bits": 12, "scaling": "pow2"},
    {"rng": "lfsr", "reuse": "bank", "bit_width": 4, "reuse_period": 1},
    {"rng": "lfsr", "reuse": "phased", "taps": "shifted"},
    {"rng": "lfsr", "reuse": "phased", "taps": "shifted", "bit_width": 12, "scaling": "pow2"},
    {"rng": "lfsr", "reuse": "phased", "taps": "xor"},
    {"rng": "lfsr", "reuse": "phased", "taps": "xor", "state_bits": 24},
    {"rng": "lfsr", "reuse": "phased", "taps": "shared", "state_bits": 16, "leap": 4},
    {"rng": "lfsr", "reuse": "phased", "taps": "shared", "state_bits": 32, "leap": 8},
    {"rng": "lfsr", "reuse": "phased", "taps": "sparse", "state_bits": 12},
    {"rng": "lut_opt", "reuse": "phased", "taps": "sparse", "state_bits": 16},
    {"rng": "lut_opt", "reuse": "none", "state_bits": 32, "bit_width": 1},
    {"rng": "lfsr", "reuse": "pool", "pool_size": 255, "state_bits": 24},
    {"rng": "lfsr", "reuse": "pool", "pool_size": 7, "scaling": "pow2"},
    {"rng": "xorshift32", "reuse": "none"},
    {"rng": "xorshift32", "reuse": "pool", "pool_size": 12, "bit_width": 4, "scaling": "pow2"},
    {"rng": "rademacher", "reuse": "none"},
    {"rng": "rademacher", "reuse": "pool", "pool_size": 11},
    {"rng": "clt", "reuse": "none"},
    {"rng": "clt", "reuse": "pool", "pool_size": 12, "bit_width": 12},
    {"rng": "treegrng", "reuse": "none"},
    {"rng": "treegrng", "reuse": "none", "bit_width": 12, "scaling": "none"},
    {"rng": "box_muller", "reuse": "none"},
    {"rng": "box_muller", "reuse": "pool", "pool_size": 12, "bit_width": 4},
    {"rng": "xoshiro128pp", "reuse": "none"},
    {"rng": "xoshiro128pp", "reuse": "pool", "pool_size": 12, "bit_width": 12},
    {"rng": "ca", "reuse": "none"},
    {"rng": "ca", "reuse": "pool", "pool_size": 12, "bit_width": 16},
    {"rng": "trivium", "reuse": "none"},
    {"rng": "trivium", "reuse": "pool", "pool_size": 12, "bit_width": 16},
    {"rng": "ternary", "reuse": "none"},
    {"rng": "ternary", "reuse": "pool", "pool_size": 12, "scaling": "pow2"},
    {"rng": "icdf", "reuse": "none"},
    {"rng": "icdf", "reuse": "pool", "pool_size": 12, "bit_width": 12},
    {"rng": "table_hadamard", "reuse": "none"},
    {"rng": "table_hadamard", "reuse": "pool", "pool_size": 12, "bit_width": 12},
    {"rng": "lut_opt", "reuse": "none"},
    {"rng": "lut_opt", "reuse": "pool", "pool_size": 12, "bit_width": 12},
    {"rng": "sobol", "reuse": "none"},
    {"rng": "sobol", "reuse": "pool", "pool_size": 12, "bit_width": 12},
    {"rng": "lut_sr", "reuse": "none"},
    {"rng": "lut_sr", "reuse": "pool", "pool_size": 12, "bit_width": 12},
    {"rng": "xormix", "reuse": "none"},
    {"rng": "xormix", "reuse": "pool", "pool_size": 12, "bit_width": 12},
    {"rng": "walsh", "reuse": "none"},
    {"rng": "walsh", "reuse": "pool", "pool_size": 12},
    {"rng": "gaussian", "reuse": "none"},
    {"rng": "gaussian", "reuse": "pool", "pool_size": 12},
)


def streams() -> list[dict[str, Any]]:
    """One entry a design, master seed and epoch: axes, words by beat, exponents, scale, half."""
    entries = []
    named = {axes["rng"] for axes in POINTS}
    others = [{"rng": rng, "reuse": "none"} for rng in names() if rng not in named]
    for axes in (*POINTS, *others):
        point = resolve(lanes=LANES, **axes)
        for seed in SEEDS:
            stream = Stream(point, seed)
            for epoch in EPOCHS:
                shift = stream.exponents(epoch, 0, BEATS)
                entries.append(
                    {
                        "axes": axes,
                        "seed": seed,
                        "epoch": epoch,
                        "words": stream.beats(epoch, 0, BEATS).tolist(),
                        "exponents": None if shift is None else shift.tolist(),
                        "half": stream.half,
                        "scale": stream.scale,
                    }
                )
    return entries


def seeding() -> dict[str, Any]:
    """Seed words by seed and epoch, and phases of a few cycles."""
    epochs = np.array([0, 1, 2**40], dtype=np.uint64)
    lanes = np.array([0, 1, 30, 2**32 - 1], dtype=np.uint64)
    cycles = [(3, 7), (1, 255), (31, 255), (8, 4095), (31, 2**24 - 1), (5, 2**33 - 1)]
    return {
        "epochs": epochs.tolist(),
        "lanes": lanes.tolist(),
        "words": {str(s): seed_words(s, epochs[:, None], lanes).tolist() for s in SEEDS},
        "phases": [
            {"seed": seed, "lanes": count, "period": period, "phases": drawn.tolist()}
            for seed in SEEDS
            for count, period in cycles
            for drawn in [phases(seed, epochs, count, period)]
        ],
    }


def files() -> dict[str, Any]:
    """Contents of every golden file, by name."""
    return {"streams.json": streams(), "seeding.json": seeding()}


def main() -> None:
    """Write the files, one entry a line."""
    GOLDEN.mkdir(exist_ok=True)
    for name, content in files().items():
        if isinstance(content, list):
            lines = [json.dumps(entry) for entry in content]
            text = "[\n" + ",\n".join(lines) + "\n]\n"
        else:
            lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
            text = "{\n" + ",\n".join(lines) + "\n}\n"
        (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
