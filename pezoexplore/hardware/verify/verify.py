"""Verification of a point: its RTL under cocotb and Icarus against the software stream."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.build import build
from pezoexplore.hardware.verify.checker import check
from pezoexplore.hardware.verify.coverage import write_events
from pezoexplore.hardware.verify.events import StreamEvents, stream_goals
from pezoexplore.hardware.verify.script import Script
from pezoexplore.hardware.verify.simulate import HARNESS, PUBLIC, simulate
from pezoexplore.hardware.verify.stimulus import TARGET_WORDS, make_script
from pezoexplore.hardware.verify.trace import BYTE_LINES, MismatchError, compare_trace
from pezoexplore.paths import bench_dir
from pezoexplore.streams.packing import hex_lines
from pezoexplore.streams.stream import Stream

BENCH_FILES = (f"{HARNESS}.v", "bench_stream.py", PUBLIC)
"""Files of the testbench folder that a simulation needs."""

TIMEOUT_S = 300.0
"""Time limit of a simulation, s."""


def verify_point(
    point: DesignPoint,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    words: int = TARGET_WORDS,
    waves: bool = False,
    timeout_s: float = TIMEOUT_S,
    simulator: str = "icarus",
    coverage: bool = False,
) -> dict[str, Any]:
    """Simulate a point's stream top and compare every beat with the software stream.

    Args:
        point: A hardware point.
        rtl_dir: Folder of the Verilog under test.
        work_dir: Folder to build in; replaced.
        log_path: Log file for the output of the tools, and the first difference.
        words: Approximate number of words to compare.
        waves: Leave a wave file in `work_dir`: FST, from Verilator VCD.
        timeout_s: Time limit of the simulation, s.
        simulator: ``icarus`` or ``verilator``.
        coverage: Write the coverage to `work_dir`; see :mod:`.coverage`.

    Returns:
        ``rtl_status`` (``pass`` or ``fail``), ``rtl_words_checked`` and ``reseed_stall_beats``;
        the last two are missing from a failure.

    Raises:
        ToolError: The tools are missing; a build or run that fails is a ``fail``, not an error.
        ToolTimeoutError: The simulation timed out.
    """
    shutil.rmtree(work_dir, ignore_errors=True)
    stream = Stream(point)
    script = make_script(stream, words)
    _prepare(stream, script, rtl_dir, work_dir, waves, coverage)
    events = StreamEvents(stream) if coverage else None
    simulate(work_dir, log_path, timeout_s, simulator)
    found = compare_trace(work_dir, log_path, lambda trace: _checked(stream, script, trace, events))
    if events is not None and found["rtl_status"] == "pass":
        write_events(work_dir, stream_goals(stream), events.events())
    return found


def _checked(
    stream: Stream, script: Script, trace: bytes, events: StreamEvents | None
) -> dict[str, Any]:
    """Compare a trace; raise MismatchError if it differs or leaves control inputs out."""
    found = check(stream, script, trace, events)
    if script.missing:
        crosses = "; ".join(f"{name} at {state}" for state, name in script.missing)
        raise MismatchError(f"the script does not cover: {crosses}")
    return found


def _prepare(
    stream: Stream,
    script: Script,
    rtl_dir: Path,
    work_dir: Path,
    waves: bool,
    coverage: bool,
) -> None:
    """Write everything the simulation reads into its folder."""
    point, built = stream.point, build(stream, rtl_dir)
    sources = built.write(work_dir)
    for name in BENCH_FILES:
        shutil.copyfile(bench_dir() / name, work_dir / name)
    loaded = {
        epoch: stream.strategy.load_words(epoch) for epoch in {e for e, _ in script.plan.words}
    }
    loads = [loaded[epoch][number] for epoch, number in script.plan.words]
    defines = [
        f"CYCLES={len(script.controls)}",
        f"LOADS={len(loads)}",
        f"DATA_BITS={point.lanes * point.bits}",
        f"LOAD_BITS={point.load_bits}",
    ]
    defines += ["PEZO_RESEED"] if point.reseeds else []
    defines += ["PEZO_EXPONENT"] if point.scaling == "pow2" else []
    (work_dir / "script.hex").write_bytes(BYTE_LINES[script.controls].tobytes())
    (work_dir / "loads.hex").write_text(hex_lines([*loads, 0]), encoding="ascii")
    job = {
        "sources": [f"{HARNESS}.v", *sources],
        "defines": defines,
        "parameters": {
            name: {k: _text(v) for k, v in parameters.items()}
            for name, parameters in {"u_stream": built.parameters, **built.words_parameters}.items()
        },
        "waves": waves,
        "coverage": coverage,
        "cycles": len(script.controls),
        "deposits": [{"cycle": d.cycle, "registers": d.registers} for d in script.deposits],
    }
    (work_dir / "job.json").write_text(json.dumps(job), encoding="utf-8")


def _text(value: int | str) -> str:
    """Return a parameter as the bench compares it; hexadecimal: some have thousands of digits."""
    return value if isinstance(value, str) else f"{value:#x}"
