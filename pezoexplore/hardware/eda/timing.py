"""The highest clock of a point on one target.

Every input and output of the design gets a register, as in a surrounding system, and all timed
paths are from register to register: state to state, state to word, input to state. The registers
form chains with two pins, so that no pads are needed, of which few devices have enough, or just
two. The cells of the design are those that :mod:`pezoexplore.hardware.eda.synth` counts.

- ice40, ice40up, ecp5, gowin, gatemate: nextpnr places and routes for a named device. The result
  depends on a random seed, so it is repeated for ``SEEDS``; the median counts, and the lowest and
  highest are reported too.
- osu018: OpenSTA, typical corner (1.8 V, 25 C), before layout: wires have no capacitance. So for a
  cell library of the user's; the lowest and highest are then those of its corners.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pezoexplore.design.own_targets import DesignTarget, target_name
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.cell_library import find_target
from pezoexplore.hardware.eda.commands import mapping, write_libraries
from pezoexplore.hardware.eda.netlist import structural_verilog
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.shared_netlist import Shared, map_shared
from pezoexplore.hardware.eda.synth import FLATTEN, TIMEOUT_S
from pezoexplore.hardware.eda.targets import Target, Timer
from pezoexplore.hardware.eda.tools import opensta_version, package_version
from pezoexplore.hardware.eda.yosys import WASM, run_yosys
from pezoexplore.hardware.rtl.build import TOP, build, ports_of
from pezoexplore.streams.stream import Stream

SEEDS = (1, 2, 3, 4, 5)
"""Seeds of place and route."""

TIMED = "timed_top"
"""Name of the top module with the added registers."""

_RUN_NEXTPNR = "import sys, {module} as m; sys.exit(m.run_{program}(sys.argv[1:]))"

_PERIOD_NS = 10.0

_STA = f"""\
set_cmd_units -time ns
read_verilog {TIMED}.v
link_design {TIMED}
create_clock -name clk -period {_PERIOD_NS} [get_ports clk]
report_checks -path_delay max
set slack_file [open slack.txt w]
puts $slack_file [worst_slack]
close $slack_file
"""


def highest_clock(
    point: DesignPoint,
    target: DesignTarget,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    timeout_s: float = TIMEOUT_S,
    shared: Shared | None = None,
) -> dict[str, Any]:
    """Find the highest clock of a point.

    Args:
        point: A hardware point.
        target: A target of a design file that has a timer.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in, emptied first.
        log_path: Log file for the output of the tools.
        timeout_s: Time limit of each tool run (each seed), s.
        shared: Netlist that other stages need too, of a cell library; see
            :func:`pezoexplore.hardware.eda.shared_netlist.map_shared`.

    Returns:
        ``fmax_mhz``, the tool's version and, for place and route and for a cell library with
        corners, ``fmax_mhz_low`` and ``fmax_mhz_high``.

    Raises:
        ToolError: A tool is missing or failed; the design does not fit the device.
        ToolTimeoutError: A tool timed out.
    """
    what = find_target(target)
    timer = what.timer
    if timer is None:
        raise ToolError(f"target {target_name(target)}: no tool here finds its highest clock")
    version = opensta_version() if timer.tool == "opensta" else package_version(timer.tool)
    if version is None:
        install = "apt-get install" if timer.tool == "opensta" else "pip install"
        raise ToolError(f"{timer.tool}: not installed; type: {install} {timer.tool}")
    top = timed_top(point, timer)
    if timer.of_cells:
        netlist, _ = map_shared(point, target, rtl_dir, work_dir, log_path, shared, WASM)
        work_dir.mkdir(parents=True, exist_ok=True)
        write_libraries(target, work_dir)
        top = structural_verilog(netlist, TOP) + top
        found = _of_cells(what, top, work_dir, log_path, timeout_s)
    else:
        commands = mapping(build(Stream(point), rtl_dir), target, work_dir)
        found = _placed(timer, commands, top, work_dir, log_path, timeout_s)
    return {**found, timer.column: version}


def _of_cells(
    what: Target, top: str, work_dir: Path, log_path: Path, timeout_s: float
) -> dict[str, Any]:
    """Return the highest clocks of a netlist of library cells, with those of the corners."""
    (work_dir / f"{TIMED}.v").write_text(top, encoding="utf-8")
    libraries = (what.liberty, *what.corners)
    clocks = [_opensta(library, work_dir, log_path, timeout_s) for library in libraries]
    corners = {"fmax_mhz_low": min(clocks), "fmax_mhz_high": max(clocks)} if what.corners else {}
    return {"fmax_mhz": clocks[0], **corners}


def _placed(
    timer: Timer,
    commands: Sequence[str],
    top: str,
    work_dir: Path,
    log_path: Path,
    timeout_s: float,
) -> dict[str, Any]:
    """Return the highest clocks of a design that Yosys maps, after place and route."""
    for name, text in timer.files.items():
        (work_dir / name).write_text(text, encoding="utf-8")
    (work_dir / f"{TIMED}.v").write_text(top, encoding="utf-8")
    commands = [*commands, f"read_verilog {TIMED}.v", f"hierarchy -top {TIMED}", *FLATTEN]
    run_yosys([*commands, f"write_json {TIMED}.json"], work_dir, log_path, timeout_s)
    clocks = [_nextpnr(timer, seed, work_dir, log_path, timeout_s) for seed in SEEDS]
    return {
        "fmax_mhz": statistics.median(clocks),
        "fmax_mhz_low": min(clocks),
        "fmax_mhz_high": max(clocks),
    }


def timed_top(point: DesignPoint, timer: Timer) -> str:
    """Return the Verilog of a point's top with a register on every port but the clock.

    The registers of the inputs form a chain that starts at the port ``in``; those of the outputs
    are kept although nothing reads them.

    Args:
        point: A hardware point.
        timer: Contains the flip-flop of the target.
    """
    pins, inputs, outputs = [".clk(clk)"], 0, 0
    for direction, name, bits in ports_of(point)[1:]:
        width = bits or 1
        if direction == "input":
            pins.append(f".{name}(before[{inputs + width}:{inputs + 1}])")
            inputs += width
        else:
            pins.append(f".{name}(after[{outputs + width - 1}:{outputs}])")
            outputs += width
    chain = [
        timer.register.format(name=f"input_{i}", d=f"before[{i}]", q=f"before[{i + 1}]")
        for i in range(inputs)
    ]
    ends = [
        timer.register.format(name=f"output_{i}", d=f"after[{i}]", q="") for i in range(outputs)
    ]
    return "\n".join(
        [
            *(
                [
                    f"module {TIMED} (input wire clk_pad, input wire in_pad);",
                    "    wire clk, in;",
                    *(
                        "    " + timer.pad.format(name=f"pad_{name}", pin=f"{name}_pad", q=name)
                        for name in ("clk", "in")
                    ),
                ]
                if timer.pad
                else [f"module {TIMED} (input wire clk, input wire in);"]
            ),
            f"    wire [{inputs}:0] before;",
            f"    wire [{outputs - 1}:0] after;",
            "    assign before[0] = in;",
            *(f"    (* keep *) {register}" for register in chain + ends),
            f"    {TOP} design (",
            ",\n".join(f"        {pin}" for pin in pins),
            "    );",
            "endmodule",
            "",
        ]
    )


def _nextpnr(timer: Timer, seed: int, work_dir: Path, log_path: Path, timeout_s: float) -> float:
    """Return the highest clock after place and route with one seed, MHz."""
    program = timer.tool.removeprefix("yowasp-").replace("-", "_")
    code = _RUN_NEXTPNR.format(module=f"yowasp_{program}", program=program)
    report = f"report_{seed}.json"
    options = ["--json", f"{TIMED}.json", "--seed", str(seed), "--report", report, "--quiet"]
    # Otherwise nextpnr fails if its default clock is not reached.
    command = [sys.executable, "-c", code, *timer.options, *options, "--timing-allow-fail"]
    before = log_path.stat().st_size if log_path.exists() else 0
    exit_code = run_tool(command, cwd=work_dir, log_path=log_path, timeout_s=timeout_s)
    if exit_code != 0:
        reason = _first_error(log_path, before) or f"exit {exit_code}"
        raise ToolError(f"{program} on {timer.device} failed ({reason}); see {log_path}")
    path = work_dir / report
    try:
        clocks = json.loads(path.read_text(encoding="utf-8"))["fmax"]
        (clock,) = clocks.values()
        achieved = float(clock["achieved"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(f"{path}: not a report on one clock ({error!r})") from error
    return _checked(1e3 / achieved if achieved > 0 else math.nan, path)


def _first_error(log_path: Path, start: int) -> str:
    """Return the first error of nextpnr after a position in the log; empty if there is none."""
    with log_path.open("rb") as log:
        log.seek(start)
        lines = log.read().decode(errors="replace").splitlines()
    errors = (line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: "))
    return next(errors, "").rstrip(".")


def _opensta(library: Iterable[str], work_dir: Path, log_path: Path, timeout_s: float) -> float:
    """Return the highest clock of a netlist of library cells, MHz."""
    script = "".join(f"read_liberty {name}\n" for name in library) + _STA
    (work_dir / "timing.tcl").write_text(script, encoding="utf-8")
    (work_dir / "slack.txt").unlink(missing_ok=True)
    command = ["sta", "-no_init", "-no_splash", "-exit", "timing.tcl"]
    code = run_tool(command, cwd=work_dir, log_path=log_path, timeout_s=timeout_s)
    if code != 0:
        raise ToolError(f"sta failed (exit {code}); see {log_path}")
    path = work_dir / "slack.txt"
    try:
        slack_ns = float(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ToolError(f"sta found no slack; see {log_path}") from error
    return _checked(_PERIOD_NS - slack_ns, path)


def _checked(delay_ns: float, path: Path) -> float:
    """Convert the shortest period to a clock in MHz; raise ToolError for an invalid period."""
    if not 1e-3 < delay_ns < 1e6:
        raise ToolError(f"{path}: no delay of a register to register path")
    return 1e3 / delay_ns
