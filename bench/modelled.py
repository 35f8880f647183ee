"""Stages whose results are a formula of the point, for large runs without real work.

They are in a separate module so that worker processes can import them.
"""

from __future__ import annotations

import hashlib
import math
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.sweeps.stage import Payload, Stage, canonical_json

PARAMETERS, STEPS = 2410, 4000
FAILING = 97
"""One in this many points fails its RTL stage."""


@dataclass(frozen=True, kw_only=True)
class Modelled(Stage):
    """A stage whose result is a formula of the point."""

    def key(self, point: DesignPoint) -> Payload:
        """Return the axes, as the real stages do."""
        seen = {"health": point.perturbation(), "train": point}.get(self.name, point.hardware())
        return {"axes": seen.to_json(), "parameters": PARAMETERS}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Return the formula's values; fail for a few points."""
        if self.name == "rtl" and _noise(point, "fails") % FAILING == 0:
            raise ToolError("iverilog failed (exit 1); see the log")
        return getattr(self, f"_{self.name}")(point)

    def _health(self, point: DesignPoint) -> Payload:
        span = min(PARAMETERS, 2 ** (point.state_bits or 8) * (point.lanes + 1) // 8)
        span = min(span, point.pool_size or span) if not point.reseeds else PARAMETERS
        return {"effective_span": span, "effective_dim": 0.6 * span,
                "lane_correlation": 0.02, "stream_lag1": 0.01,
                "stream_kurtosis": 1.8, "stream_mean": 0.0, "stream_std": 1.0}  # fmt: skip

    def _train(self, point: DesignPoint) -> Payload:
        reach = self._health(point)["effective_span"] / PARAMETERS
        best = 60 + 35 * reach**0.2 - 12 / point.bits
        seeds = [round(best + _noise(point, str(seed)) % 200 / 100 - 1, 2) for seed in range(5)]
        curve = [
            [step, round(best * (1 - math.exp(-step / 900)), 2), 1.5]
            for step in range(200, STEPS + 1, 200)
        ]
        return {"accuracy_mean": statistics.fmean(seeds), "accuracy_per_seed": seeds,
                "accuracy_ci95": 1.24 * statistics.stdev(seeds), "learning_rate": 0.01,
                "epsilon": 0.001, "validation_curve": curve}  # fmt: skip

    def _rtl(self, point: DesignPoint) -> Payload:
        return {"rtl_status": "pass", "rtl_words_checked": 100_000}

    def _synth(self, point: DesignPoint) -> Payload:
        each = {"lfsr": 3, "xorshift32": 34, "clt": 400, "treegrng": 46}[point.rng]
        state = point.state_bits or 0
        lut = {"none": each * point.lanes, "bank": 11 * point.lanes, "pool": 14 + each}.get(
            point.reuse, 4 * point.lanes + state
        ) + _noise(point, "lut") % 12  # fmt: skip
        bram = 0 if point.reuse != "pool" else math.ceil((point.pool_size or 0) * point.bits / 18e3)
        stored = point.lanes if point.reuse in ("none", "bank") else 2
        return {"lut": lut, "ff": state * stored, "bram": bram / 2,
                "muxf": 0, "carry": lut // 9, "dsp": 0, "yosys_version": "made up"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Synth(Modelled):
    """A modelled stage with results per target."""

    name: str = field(default="synth", init=False)
    target: str | None = "xcup"


def _noise(point: DesignPoint, salt: str) -> int:
    """Return a number that depends only on the point and the salt."""
    text = canonical_json(point.to_json()) + salt
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
