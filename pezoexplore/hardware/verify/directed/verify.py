"""The directed tests of the RTL library: which modules have them, and their verification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pezoexplore.hardware.verify.directed import (
    banks,
    control,
    lane,
    pools,
    ports,
    registers,
    segments,
    streams,
)
from pezoexplore.hardware.verify.directed.case import Case, Parameters, first_difference, simulated
from pezoexplore.hardware.verify.directed.lut_sr import lut_sr

TIMEOUT_S = 300.0
"""Time limit of a compilation and of a simulation, s."""

_TINY: Parameters = {"STATE_BITS": 3, "BIT_WIDTH": 3, "LANES": 2, "SEEDS": "6'o35"}
_PHASED: Parameters = {"STATE_BITS": 3, "BIT_WIDTH": 1, "LANES": 3, "COLUMNS": "9'o421", "LAST": 3}
_POOL: Parameters = {"LANES": 1, "ROWS": 7, "HAS_RESEED": 0, "FILE": '"rows.hex"'}

_CASES: Mapping[str, Callable[[], list[Case]]] = {
    "stream_none": lambda: [
        *(streams.none(*shape) for shape in ((0, 0), (1, 0), (1, 1))),
        streams.without_reseed("stream_none", _TINY, 6, 3),
    ],
    "stream_bank": lambda: [
        *(
            banks.stream_bank(banks.Bank(*shape))
            for shape in (
                *((1, 0, 0, 0), (3, 0, 0, 0, 2, 2), (3, 0, 2, 0), (1, 1, 0, 0), (3, 1, 0, 0)),
                *((3, 1, 0, 1), (1, 1, 2, 1), (3, 1, 2, 0), (3, 1, 1, 1, 1, 3)),
            )
        ),
        streams.without_reseed("stream_bank", _TINY, 6, 3),
    ],
    "bank_lane": lambda: [banks.bank_lane(*shape) for shape in ((3, 1), (8, 2), (32, 7))],
    "period_counter": lambda: [banks.period_counter(bits) for bits in (3, 7)],
    "stream_lut_sr": lambda: [
        *(lut_sr(recovers) for recovers in (0, 1)),
        streams.without_reseed("stream_lut_sr", {"LANES": 3}, 24, 521),
    ],
    "stream_pool": lambda: [
        *(
            pools.stream_pool(pools.Pool(*shape))
            for shape in (
                *((1, 1, 0, 0, 0), (3, 7, 0, 2, 0), (1, 1, 1, 0, 0), (1, 2, 1, 0, 1)),
                *((3, 1, 1, 2, 1), (3, 2, 1, 0, 1, 1), (1, 7, 1, 2, 0, 1), (3, 3, 1, 2, 1)),
            )
        ),
        streams.without_reseed("stream_pool", _POOL, 8, 8),
    ],
    "stream_phased": lambda: [
        *(
            streams.phased(*shape)
            for shape in (
                *((0, 5, 0, 0), (0, 5, 1, 0), (3, 5, 0, 0), (3, 5, 1, 0), (5, 2, 1, 0)),
                *((3, 6, 1, 0), (0, 5, 1, 1), (3, 6, 1, 1), (3, 6, 1, 1, 3), (0, 5, 1, 0, 1)),
            )
        ),
        streams.without_reseed("stream_phased", _PHASED, 3, 3),
    ],
    "reseed_control": lambda: [
        streams.reseed_control(*shape)
        for shape in ((1, 0), (1, 1), (2, 0), (255, 0), (256, 1), (65535, 0))
    ],
    "pool_filler": lambda: [
        streams.pool_filler(*shape)
        for shape in ((1, 2, 0, 0), (1, 8, 1, 1), (3, 4, 0, 1), (32, 8, 0, 0))
    ],
    "row_memory": lambda: [
        streams.row_memory(*shape) for shape in ((1, 1), (2, 3), (37, 8), (300, 70))
    ],
    "exponent_table": lambda: [
        streams.exponent_table(*shape) for shape in ((3, 4, 61), (3, 1, 0), (6, 6, 32))
    ],
    "axil_port": lambda: [ports.axil_port(bits) for bits in (3, 8)],
    "axis_slice": lambda: [ports.axis_slice(bits) for bits in (1, 33)],
    "perturb_control": lambda: [control.perturb_control(sources) for sources in (1, 3)],
    "perturb_lane": lambda: [
        lane.perturb_lane(lane.Lane(*shape))
        for shape in (
            *((1, 1, 4, 0, 1), (8, 1, 16, 0, 8), (24, 0, 16, 1, 8), (8, 0, 8, 1, 24)),
            *((8, 1, 16, 2, 16), (24, 1, 12, 3, 24), (1, 1, 16, 3, 64)),
        )
    ],
    "perturb_registers": lambda: [
        registers.perturb_registers(registers.Shape(*shape))
        for shape in (
            *((1, 1, 0, 8, 4, 2, 1, 0), (2, 3, 1, 32, 16, 9, 31, 1), (3, 4, 1, 33, 8, 25, 8, 3)),
            *((15, 7, 0, 64, 12, 5, 256, 2), (16, 25, 1, 80, 16, 25, 255, 3)),
        )
    ],
    "perturb_segments": lambda: [
        segments.perturb_segments(*shape)
        for shape in ((1, 1, 1), (1, 16, 6), (2, 3, 5), (255, 2, 1), (256, 3, 1))
    ],
}

DIRECTED = tuple(_CASES)
"""Modules with directed tests."""

_PARTS = {
    "stream_none": ("stream_none", "reseed_control"),
    "stream_bank": ("stream_bank", "bank_lane", "period_counter", "exponent_table"),
    "stream_pool": ("stream_pool", "pool_filler", "row_memory"),
    "stream_phased": ("stream_phased",),
    "stream_lut_sr": ("stream_lut_sr",),
    "perturb_engine": (
        *("axil_port", "axis_slice", "perturb_control", "perturb_lane"),
        *("perturb_registers", "perturb_segments"),
    ),
}


def parts_of(module: str) -> tuple[str, ...]:
    """Return the modules whose directed tests belong to the regression of a module."""
    return _PARTS.get(module, ())


@lru_cache(maxsize=32)
def cases_of(module: str) -> tuple[Case, ...]:
    """Return the directed cases of one of :data:`DIRECTED`."""
    return tuple(_CASES[module]())


def verify_module(
    module: str, rtl_dir: Path, work_dir: Path, log_path: Path, timeout_s: float = TIMEOUT_S
) -> dict[str, Any]:
    """Simulate a module's directed cases at its own ports, up to one with a wrong output.

    Args:
        module: One of :data:`DIRECTED`.
        rtl_dir: Folder of the Verilog under test.
        work_dir: Folder to build in; replaced.
        log_path: Receives what the tools print, and the first difference.
        timeout_s: Time limit of each tool, s.

    Returns:
        ``rtl_status`` (``pass`` or ``fail``) and ``rtl_words_checked``, the outputs that were
        compared, which is missing from a failure.

    Raises:
        ToolError: Icarus is missing or refuses the RTL, or the simulation ended early.
        ToolTimeoutError: A tool timed out.
    """
    words = 0
    for case in cases_of(module):
        played = [case, case.at_rest()] if case.ignored else [case]
        found, *rest = simulated(played, rtl_dir, work_dir, log_path, timeout_s)
        expected = rest[0] if rest else case.expected
        difference = first_difference(found, expected)
        if difference:
            with log_path.open("a", encoding="utf-8") as log:
                log.write(f"{case.label}: {difference}\n")
            return {"rtl_status": "fail"}
        words += sum(value is not None for row in expected for value in row.values())
    return {"rtl_status": "pass", "rtl_words_checked": words}
