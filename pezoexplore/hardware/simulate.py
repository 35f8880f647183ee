"""Runs the cocotb bench of one build under Icarus, in a process of its own.

As a program (``python -m pezoexplore.hardware.simulate FOLDER``) it is the child: it compiles and
simulates what lies in FOLDER through cocotb-test and leaves ``results.xml`` there. As a module it
starts that child, with a time limit, and judges what it left.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from pezoexplore.errors import ToolError
from pezoexplore.hardware.process import run_tool

RESULTS = "results.xml"
HARNESS = "stream_harness"


def require_icarus() -> None:
    """Raise a ToolError when Icarus Verilog is not on PATH."""
    for program in ("iverilog", "vvp"):
        if shutil.which(program) is None:
            raise ToolError(f"{program}: not found on PATH; install it: apt-get install iverilog")


def simulate(folder: Path, log_path: Path, timeout_s: float) -> None:
    """Compile and run the bench in a folder that holds job.json and all its sources.

    Args:
        folder: Working folder; always compiled anew.
        log_path: Receives everything the tools print.
        timeout_s: Seconds until the simulator and its children are killed.

    Raises:
        ToolError: The simulator is missing, or did not compile, run or pass its own checks.
        ToolTimeoutError: It ran out of time.
    """
    require_icarus()
    for stale in (RESULTS, "trace.txt", f"{HARNESS}.vvp"):
        (folder / stale).unlink(missing_ok=True)
    command = [sys.executable, "-m", "pezoexplore.hardware.simulate", str(folder)]
    code = run_tool(command, cwd=folder, log_path=log_path, timeout_s=timeout_s)
    if code != 0:
        raise ToolError(f"the simulation failed (exit {code}); see {log_path}")
    tests, failures = _count(folder / RESULTS)
    if tests < 1 or failures > 0:
        raise ToolError(f"{failures} of {tests} cocotb tests failed; see {log_path}")


def _count(results: Path) -> tuple[int, int]:
    """Tests run and failed, from cocotb's results file."""
    try:
        cases = list(ET.parse(results).iter("testcase"))
    except (OSError, ET.ParseError) as error:
        raise ToolError(f"{results}: the simulator left no results ({error})") from error
    failed = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    return len(cases), len(failed)


def _child(folder: Path) -> None:
    """Run cocotb-test in this process; it exits through SystemExit when anything fails."""
    from cocotb_test.simulator import run

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    os.environ["COCOTB_RESULTS_FILE"] = str(folder / RESULTS)
    run(
        simulator="icarus",
        toplevel=HARNESS,
        module="bench_stream",
        verilog_sources=[str(folder / name) for name in job["sources"]],
        includes=[str(folder)],
        defines=job["defines"],
        python_search=[str(folder)],
        sim_build=str(folder),
        force_compile=True,
        waves=bool(job["waves"]),
        extra_env={"PYTHONDONTWRITEBYTECODE": "1"},
    )


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
