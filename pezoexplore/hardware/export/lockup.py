"""Describe lock-up recovery in a bundle's datasheet: how long it takes, what it costs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pezoexplore.hardware.eda.synth import synthesise
from pezoexplore.hardware.rtl.build import build
from pezoexplore.streams.stream import Stream

TARGET = "xcup"
"""The target that the cost is measured on."""

_NONE = (
    "No generator of this design can stand still in a state of zeros: `--lockup-recovery` changes "
    "nothing here and costs nothing."
)


def lockup_text(stream: Stream, rtl_dir: Path) -> str:
    """Return what the datasheet says of recovery, with its cost: two runs of Yosys.

    Args:
        stream: The stream of a hardware point.
        rtl_dir: Folder of the hand-written Verilog.

    Raises:
        ToolError: Yosys is missing or failed.
        ToolTimeoutError: Yosys timed out.
    """
    if not stream.strategy.locks_up:
        return _NONE
    plain, recovering = (recovery_counts(stream, rtl_dir, TARGET, on) for on in (False, True))
    luts, ffs = (f"{recovering[name] - plain[name]:,.0f}" for name in ("lut", "ff"))
    return (
        "A generator that an upset or a load brings to the state of zeros, in which it would stand "
        f"still, leaves it by itself: that state shows in {stream.strategy.lockup_shown}, then it "
        "goes on from where it was after `rst`. Until the next `rst` or reseed its numbers are "
        f"not those of the models. This costs {luts} LUTs and {ffs} flip-flops of `{TARGET}`: "
        f"{recovering['lut']:,.0f} LUTs instead of {plain['lut']:,.0f}, {recovering['ff']:,.0f} "
        f"flip-flops instead of {plain['ff']:,.0f}, measured by Yosys "
        f"{recovering['yosys_version']} on this RTL with and without LOCKUP_RECOVERY."
    )


def recovery_counts(stream: Stream, rtl_dir: Path, target: str, recovery: bool) -> dict[str, Any]:
    """Return the resource columns of a stream's RTL, with or without recovery.

    Args:
        stream: As in :func:`lockup_text`.
        rtl_dir: As in :func:`lockup_text`.
        target: Name of a target.
        recovery: Whether it leaves the state of zeros.

    Raises:
        ToolError: As in :func:`lockup_text`.
        ToolTimeoutError: As in :func:`lockup_text`.
    """
    built = build(stream, rtl_dir, lockup_recovery=recovery)
    with tempfile.TemporaryDirectory(prefix="pezoexplore-") as name:
        folder = Path(name)
        return synthesise(
            stream.point, target, rtl_dir, folder / "work", folder / "log", built=built
        )
