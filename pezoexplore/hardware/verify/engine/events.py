"""Functional coverage of an engine: the goals of its regression.

Unlike a stream's, an engine's script determines beforehand what will happen: the events are noted
while it is generated, and the comparison of the trace confirms them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.hardware.rtl.engine_map import BY_NAME
from pezoexplore.hardware.verify.engine.driver import Kind, Operation
from pezoexplore.hardware.verify.engine.model import Settings
from pezoexplore.train.fixed_point import rails

_MOVING = ("plus", "minus", "update")

_ALWAYS = (
    "restore",
    *(f"{mode} with new numbers" for mode in _MOVING),
    *(f"{mode} with the same numbers again" for mode in _MOVING),
    *(f"{mode} saturates at the {end}" for mode in _MOVING for end in ("bottom", "top")),
    "one beat per clock",
    "back-pressure on both sides",
    "M smallest",
    "M largest",
    "S = 0",
    "S = 31",
    "s smallest",
    "s largest",
    "streams return to reset",
    "reset in mid-pass",
    "bytes written alone",
    "weights offered before a pass",
    "weights offered while a pass drains",
    "read refused: address",
    "write refused: address",
    "write refused: value",
    "write refused: strobes",
    "write refused: busy",
)


WRITTEN = (
    ("CONTROL", 1), ("CONTROL", 6), ("STEP", 99), ("STEP_SHIFT", 3), ("SELECT", 0), ("SKIP", 9),
    ("RESEED", 1), ("RESEED", 2), ("SEED", 1), ("SEED_HIGH", 1), ("SCALE", 0), ("END", 99),
)  # fmt: skip
"""Registers that a busy engine refuses, and what is written."""


def states(shape: Shape) -> tuple[str, ...]:
    """Return the states in which an engine is reset and, when it is busy, written to."""
    waits = ("loading",) if shape.has_reseed else ()
    return ("idle", "open", "draining", "skipping", *waits)


def engine_goals(shape: Shape) -> tuple[str, ...]:
    """Return the events that the regression of an engine should have."""
    goals = list(_ALWAYS)
    if shape.has_reseed:
        goals += ["reseed", "RESEED = 1 refused: loading", "replay after a reseed"]
        goals += ["write refused: seeds missing"]
    for state in states(shape):
        goals.append(f"reset: {state}")
        if state not in ("idle", "loading"):
            goals += [f"{name} = {value} refused: {state}" for name, value in WRITTEN]
    goals += ["skip"] if shape.sources > 1 else []
    if shape.sources > 1 and shape.has_reseed:
        goals.append("a skip while another stream loads")
    goals += ["a segment ends within a beat"] if shape.lanes > 1 else []
    return tuple(goals)


def settings_events(settings: Settings, shape: Shape) -> set[str]:
    """Return the extremes among the registers of a pass."""
    low, high = shape.scales
    seen = {
        "M smallest": settings.step == -(2**15),
        "M largest": settings.step == 2**15 - 1,
        "S = 0": settings.step_shift == 0,
        "S = 31": settings.step_shift == 31,
        "s smallest": low in settings.scales,
        "s largest": high in settings.scales,
        "a segment ends within a beat": any(end % shape.lanes for end in settings.ends),
    }
    return {name for name, is_seen in seen.items() if is_seen}


def pass_events(mode: str, replay: bool, moved: NDArray[np.int64], shape: Shape) -> set[str]:
    """Return what a pass shows.

    Args:
        mode: One of ``engine_map.MODES``.
        replay: Whether with the numbers of the pass before.
        moved: Its weights before they are held within the rails, int64 [d].
        shape: The engine.
    """
    if mode == "restore":
        return {mode}
    low, high = rails(shape.weight_bits)
    events = {f"{mode} with {'the same numbers again' if replay else 'new numbers'}"}
    events |= {f"{mode} saturates at the bottom"} if (moved < low).any() else set()
    events |= {f"{mode} saturates at the top"} if (moved > high).any() else set()
    return events


def operation_events(operations: Iterable[Operation]) -> set[str]:
    """Return the skips and reseeds among operations."""
    names = {BY_NAME["SKIP"].address: "skip", BY_NAME["RESEED"].address: "reseed"}
    return {names[o.address] for o in operations if o.kind is Kind.WRITE and o.address in names}
