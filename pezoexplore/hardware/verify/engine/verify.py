"""Verification of a point's engine: its RTL under cocotb against the trainer's arithmetic."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.engine import EngineBuild, Shape, build_engine
from pezoexplore.hardware.verify.coverage import write_events
from pezoexplore.hardware.verify.engine.checker import check_engine
from pezoexplore.hardware.verify.engine.events import engine_goals
from pezoexplore.hardware.verify.engine.scenarios import SEGMENTS, STEPS, make_engine_script
from pezoexplore.hardware.verify.engine.script import BEATS, PRESSURES, pressure_lines
from pezoexplore.hardware.verify.simulate import PUBLIC, simulate
from pezoexplore.hardware.verify.trace import MismatchError, compare_trace
from pezoexplore.paths import bench_dir
from pezoexplore.streams.stream import Stream

HARNESS = "engine_harness"
BENCH = "bench_engine"

BENCH_FILES = (f"{HARNESS}.v", f"{BENCH}.py", "bench_stream.py", PUBLIC)
"""Files of the testbench folder that a simulation needs."""

TIMEOUT_S = 600.0
"""Time limit of a simulation, s."""


def verify_engine(
    point: DesignPoint,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    steps: int = STEPS,
    waves: bool = False,
    timeout_s: float = TIMEOUT_S,
    simulator: str = "icarus",
    coverage: bool = False,
) -> dict[str, Any]:
    """Simulate a point's engine and compare all its responses.

    Args:
        point: A point with integer weights.
        rtl_dir: Folder of the Verilog under test.
        work_dir: Folder to build in; replaced.
        log_path: Log file for the output of the tools, and the first difference.
        steps: Training steps, about half of the simulation.
        waves: Leave a wave file in `work_dir`: FST, from Verilator VCD.
        timeout_s: Time limit of the simulation, s.
        simulator: ``icarus`` or ``verilator``.
        coverage: Write the coverage to `work_dir`; see :mod:`..coverage`.

    Returns:
        ``rtl_status`` (``pass`` or ``fail``) and, when it passes, ``rtl_words_checked``.

    Raises:
        ToolError: The tools are missing; a build or run that fails is a ``fail``, not an error.
        ToolTimeoutError: The simulation timed out.
    """
    shutil.rmtree(work_dir, ignore_errors=True)
    shape = Shape.of(point, SEGMENTS)
    script = make_engine_script(point, shape, steps)
    built = build_engine(point, SEGMENTS, rtl_dir)
    job = {
        "operations": len(script.operations),
        "beats": len(script.beats),
        "coverage": coverage,
    }
    patience = clocks_enough(point, BEATS)
    prepare(built, work_dir, len(script.operations), len(script.beats), patience, job, waves)
    (work_dir / "ops.hex").write_text("".join(op.line() for op in script.operations))
    (work_dir / "beats.hex").write_text("\n".join(script.beats) + "\n")
    simulate(work_dir, log_path, timeout_s, simulator)

    def compare(trace: bytes) -> dict[str, int]:
        words = check_engine(script, trace.decode("ascii").splitlines())
        if steps >= STEPS and (missing := set(engine_goals(shape)) - script.events):
            raise MismatchError(f"the script does not cover: {'; '.join(sorted(missing))}")
        return {"rtl_words_checked": words}

    found = compare_trace(work_dir, log_path, compare)
    if coverage and found["rtl_status"] == "pass":
        write_events(work_dir, engine_goals(shape), script.events)
    return found


def clocks_enough(point: DesignPoint, beats: int) -> int:
    """Return a number of clocks that no operation of a sound engine takes.

    The longest are a skip over all of a training step's passes, and the wait for a pool's refill.

    Args:
        point: A point with integer weights.
        beats: Beats of a pass.
    """
    strategy = Stream(point.hardware()).strategy
    stalled = max(strategy.reset_stall, strategy.reseed_stall)
    return 8000 + 64 * (beats + stalled)


def prepare(
    built: EngineBuild,
    folder: Path,
    operations: int,
    beats: int,
    patience: int,
    job: Mapping[str, Any],
    waves: bool = False,
) -> None:
    """Write everything a simulation of an engine reads, except what it plays.

    Args:
        built: The RTL.
        folder: The folder.
        operations: Most operations that are played at a time.
        beats: Most beats that they send.
        patience: Clocks after which an operation is taken to have no end.
        job: What the bench does; the rest of ``job.json`` is added.
        waves: Whether to keep a wave file.
    """
    sources = built.write(folder)
    for name in BENCH_FILES:
        shutil.copyfile(bench_dir() / name, folder / name)
    (folder / "pressure.hex").write_text("\n".join(pressure_lines()) + "\n", encoding="ascii")
    slots = built.parameters["LANES"] * built.parameters["SLOT_BITS"]
    full_job = {
        **job,
        "toplevel": HARNESS,
        "bench": BENCH,
        "sources": [f"{HARNESS}.v", *sources],
        "defines": [
            f"DATA_BITS={slots}",
            f"OPS={operations}",
            f"BEATS={max(beats, 1)}",
            f"PRESSURES={PRESSURES}",
            f"PATIENCE={patience}",
        ],
        "parameters": {name: f"{value:#x}" for name, value in built.parameters.items()},
        "stream_parameters": {
            name: value if isinstance(value, str) else f"{value:#x}"
            for name, value in built.stream.parameters.items()
        },
        "waves": waves,
    }
    (folder / "job.json").write_text(json.dumps(full_job), encoding="utf-8")
