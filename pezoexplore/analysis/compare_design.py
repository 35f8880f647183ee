"""The designs that `pezoexplore compare` sets side by side, as a design space."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from pezoexplore.design.loading import load_design
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import DesignSpace
from pezoexplore.design.yaml_tree import PlainDumper
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.registry import gaussian_names

NAME = "compare"

POOL_WORDS = 4095
"""Words of the pools: 2**12 - 1."""

OPTIONS = {"task": "--task", "hardware.targets": "--target"}
"""Options of the command by the key that each sets."""

REFILL_STEPS = 64
"""Steps after which the second pool is refilled."""


def compared_designs(lanes: int, bits: int) -> list[dict[str, object]]:
    """Return the designs compared, each a mapping of axes; some may not be legal for a width.

    Args:
        lanes: Numbers per clock.
        bits: Bits per number.
    """
    shape = {"lanes": lanes, "bit_width": bits}
    found: list[dict[str, object]] = [{"rng": "gaussian", "reuse": "none"}]
    found += [{"rng": rng, "reuse": "none", **shape} for rng in gaussian_names()]
    found += [{"rng": rng, "reuse": "none", **shape} for rng in ("xorshift32", "lut_opt")]
    pool = {"rng": "xorshift32", "reuse": "pool", "pool_size": POOL_WORDS, **shape}
    found += [pool, {**pool, "reuse_period": REFILL_STEPS}]
    found += [{"reuse": "bank", "state_bits": max(state, bits), **shape} for state in (8, 12)]
    for taps, state, leap in (("xor", 24, 1), ("shared", 24, 1), ("shared", 16, 4)):
        found.append({"reuse": "phased", "taps": taps, "state_bits": state, "leap": leap, **shape})
    one_bit = {"lanes": lanes, "bit_width": 1}
    found.append({"reuse": "phased", "taps": "xor", "state_bits": 24, **one_bit})
    return found


def compared_space(
    lanes: int,
    bits: int,
    seeds: int,
    targets: Sequence[str],
    task: str | None,
    overrides: Sequence[str],
) -> DesignSpace:
    """Return the design space of a comparison.

    Args:
        lanes: Numbers per clock.
        bits: Bits per number.
        seeds: Training runs per design.
        targets: Hardware targets.
        task: Training task; None for the default.
        overrides: ``key=value`` texts, as after ``-s``.

    Raises:
        DesignError: A value is not allowed.
    """
    content = {
        "name": NAME,
        "include": compared_designs(lanes, bits),
        "train": {"seeds": seeds},
        "hardware": {"targets": list(targets)},
    }
    if task is not None:
        content["task"] = task
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.yaml"
        path.write_text(yaml.dump(content, Dumper=PlainDumper), encoding="utf-8")
        try:
            return load_design(path, overrides)
        except DesignError as error:
            raise DesignError(_named_by_options(str(error), path)) from None


def _named_by_options(message: str, path: Path) -> str:
    """Return a message with the command's options in place of a file that is there no more."""
    return re.sub(
        rf"{re.escape(str(path))}:\d+: ([\w.]+)",
        lambda found: OPTIONS.get(found[1], found[1]),
        message,
    )


def divergences(rows: Sequence[Mapping[str, str]]) -> dict[str, float]:
    """Return the divergence from the normal distribution, in bits, of each Gaussian that finished.

    Args:
        rows: Rows of results.csv, as written.
    """
    from pezoexplore.streams.divergence import divergence
    from pezoexplore.streams.stream import Stream

    finished = (DesignPoint.from_json(row) for row in rows if row["status"] == "ok")
    points = {point.rng: point for point in finished if point.family.gaussian}
    return {rng: divergence(Stream(point)) for rng, point in points.items()}
