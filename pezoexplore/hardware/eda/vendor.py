"""Place and route by a vendor's tool, where it is installed: utilisation, clock and power.

The tool runs a script of ours, out of context: the stream keeps its ports, with a register on
each (:func:`registered_top`), so that all timed paths run from register to register. Counts and
power are those of the stream alone, by the tool's reports. The same files are a project to run
elsewhere.

- vivado: AMD UG835 (Tcl), UG906 (reports). Synthesis, place and route at :data:`GOAL_NS`, a clock
  that is hardly met, as the tool stops improving one that is; power without activities at the
  clock of the design file.
- quartus: Intel Quartus Prime (Tcl of ``quartus_sh``), likewise, ports as virtual pins.
- libero: Microchip Libero SoC (Tcl), likewise, three pins wherever it puts them. A part is die,
  package and speed, such as MPF300T-FCG1152-1.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pezoexplore.design.own_targets import VendorTool
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError, ToolError
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.vendor_reports import (
    INSTANCE,
    LIBERO_PROJECT,
    read_libero,
    read_quartus,
    read_vivado,
)
from pezoexplore.hardware.rtl.build import TOP, Build, build, ports_of
from pezoexplore.streams.stream import Stream

GOAL_NS = 1.5
"""Clock period that place and route works towards, ns."""

TIMEOUT_S = 4 * 3600.0
"""Time limit of a run, s."""

REGISTERED = "registered_top"
"""Name of the top with a register on every port of the stream."""

SCRIPT = "run.tcl"
"""Name of the script of a project."""


@dataclass(frozen=True)
class Flow:
    """How a vendor's tool is run.

    Attributes:
        program: Its program.
        options: What it needs to run :data:`SCRIPT`, that included.
        script: The script by project.
        constraints: Name of the file with the clock, as the script reads it.
        read: Reads its reports in the folder of a project; see :func:`vendor_figures`.
        licence: What an error for want of a licence holds.
        help: What to do about one.
    """

    program: str
    options: tuple[str, ...]
    script: Callable[[VendorTool, float], str]
    constraints: str
    read: Callable[[Path], dict[str, float]]
    licence: str
    help: str


def project_files(
    point: DesignPoint, target: VendorTool, clock_mhz: float, rtl_dir: Path
) -> dict[str, bytes]:
    """Return the files of a project, by name: RTL, constraints and script.

    Args:
        point: A hardware point.
        target: Tool and part.
        clock_mhz: Clock that power is reported at.
        rtl_dir: Folder of the hand-written Verilog.

    Raises:
        DesignError: The tool has no such part.
        ToolError: The folder lacks a file.
    """
    flow, made = FLOWS[target.tool], build(Stream(point), rtl_dir)
    texts = {
        f"{TOP}.v": made.top,
        f"{REGISTERED}.v": registered_top(point),
        flow.constraints: f"create_clock -name clk -period {GOAL_NS} [get_ports clk]\n",
        SCRIPT: flow.script(target, clock_mhz),
        **made.data,
    }
    return {name: text.encode() for name, text in texts.items()} | _sources(made)


def _sources(made: Build) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in made.sources}


def vendor_figures(
    point: DesignPoint,
    target: VendorTool,
    clock_mhz: float,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    version: str,
    *,
    timeout_s: float = TIMEOUT_S,
) -> dict[str, Any]:
    """Place and route a point with a vendor's tool.

    Args:
        point: A hardware point.
        target: Tool and part.
        clock_mhz: Clock that power is reported at.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in, emptied first.
        log_path: Log file for the output of the tool.
        version: Version of the tool.
        timeout_s: Time limit, s.

    Returns:
        Of ``lut``, ``muxf``, ``ff``, ``carry``, ``bram``, ``dsp`` and ``power_mw_est`` those that
        its reports have; ``fmax_mhz``, ``energy_per_number_pj_est`` and ``vendor_version``.

    Raises:
        ToolError: The tool is missing, has no licence or failed, or its reports are not understood.
        ToolTimeoutError: It timed out.
    """
    flow = FLOWS[target.tool]
    if shutil.which(flow.program) is None:
        raise ToolError(f"{flow.program}: not found on PATH; install {target.tool} or add it there")
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    for name, content in project_files(point, target, clock_mhz, rtl_dir).items():
        (work_dir / name).write_bytes(content)
    start = log_path.stat().st_size if log_path.exists() else 0
    code = run_tool([flow.program, *flow.options], work_dir, log_path, timeout_s)
    if code != 0:
        raise ToolError(_failure(flow, target, code, log_path, start))
    found: dict[str, Any] = dict(flow.read(work_dir))
    if "power_mw_est" in found:
        found["energy_per_number_pj_est"] = found["power_mw_est"] / (clock_mhz * point.lanes) * 1e3
    return found | {"vendor_version": f"{target.tool} {version}"}


def _failure(flow: Flow, target: VendorTool, code: int, log_path: Path, start: int) -> str:
    """Return why a run failed: its first error, and what to do."""
    with log_path.open("rb") as log:
        log.seek(start)
        lines = [line.decode(errors="replace").strip() for line in log]
    errors = [line for line in lines if re.match(r"ERROR:|Error\b|Fatal|Abnormal", line)]
    said = errors[0] if errors else f"exit {code}"
    for line in errors:
        if re.search(flow.licence, line):
            return f"{target.tool}: no licence for {target.part} ({line}); {flow.help}; {log_path}"
    return f"{target.tool} failed on {target.part} ({said}); see {log_path}"


def registered_top(point: DesignPoint) -> str:
    """Return the Verilog of a point's top with a register on every port but the clock.

    Those of the inputs form a chain from ``in``; the parity of those of the outputs is ``out``.

    Args:
        point: A hardware point.
    """
    pins, inputs, outputs = [".clk(clk)"], 0, 0
    for direction, name, bits in ports_of(point)[1:]:
        width = bits or 1
        if direction == "input":
            pins.append(f".{name}(before[{inputs + width - 1}:{inputs}])")
            inputs += width
        else:
            pins.append(f".{name}(shown[{outputs + width - 1}:{outputs}])")
            outputs += width
    whole = '(* dont_touch = "true", shreg_extract = "no", preserve, syn_preserve = 1 *)'
    return "\n".join(
        [
            f"module {REGISTERED} (input wire clk, input wire in, output wire out);",
            f"    {whole} reg [{inputs - 1}:0] before;",
            f"    {whole} reg [{outputs - 1}:0] after;",
            f"    wire [{outputs - 1}:0] shown;",
            "    always @(posedge clk) begin",
            f"        before <= {{before[{inputs - 2}:0], in}};",
            "        after <= shown;",
            "    end",
            "    assign out = ^after;",
            f'    (* keep_hierarchy = "yes", syn_hier = "hard" *) {TOP} {INSTANCE} (',
            ",\n".join(f"        {pin}" for pin in pins),
            "    );",
            "endmodule",
            "",
        ]
    )


def _vivado(target: VendorTool, clock_mhz: float) -> str:
    return f"""\
# Run in this folder: vivado -mode batch -source {SCRIPT}
read_verilog [glob *.v]
read_xdc clock.xdc
synth_design -top {REGISTERED} -part {target.part} -mode out_of_context -include_dirs .
opt_design
place_design
phys_opt_design
route_design
report_utilization -cells [get_cells {INSTANCE}] -file utilization.rpt
report_timing_summary -no_detailed_paths -file timing.rpt
create_clock -name clk -period {1e3 / clock_mhz:.6g} [get_ports clk]
report_power -file power.rpt
"""


def _quartus(target: VendorTool, clock_mhz: float) -> str:
    return f"""\
# Run in this folder: quartus_sh -t {SCRIPT}
package require ::quartus::project
package require ::quartus::flow
project_new pezo -overwrite
set_global_assignment -name DEVICE {target.part}
set_global_assignment -name TOP_LEVEL_ENTITY {REGISTERED}
set_global_assignment -name PROJECT_OUTPUT_DIRECTORY output
set_global_assignment -name SEARCH_PATH .
foreach file [glob *.v] {{ set_global_assignment -name VERILOG_FILE $file }}
set_global_assignment -name SDC_FILE clock.sdc
foreach port {{in out}} {{ set_instance_assignment -name VIRTUAL_PIN ON -to $port }}
execute_flow -compile
project_close
"""


_FAMILIES = {
    "MPFS": "PolarFireSoC",
    "MPF": "PolarFire",
    "M2GL": "IGLOO2",
    "M2S": "SmartFusion2",
}
"""Families of Libero by how their dies begin, the longest first."""


def _libero(target: VendorTool, clock_mhz: float) -> str:
    """Return the script; power is not reported, so the clock of the design file has no say."""
    del clock_mhz
    die, _, rest = target.part.upper().partition("-")
    package, _, speed = rest.partition("-")
    family = next((name for start, name in _FAMILIES.items() if die.startswith(start)), None)
    if family is None or not package or speed not in ("1", "STD"):
        raise DesignError(
            f"part {target.part}: libero wants die, package and speed, such as MPF300T-FCG1152-1 "
            f"or -STD, a die of {', '.join(_FAMILIES.values())}"
        )
    folder = LIBERO_PROJECT
    return f"""\
# Run in this folder: libero SCRIPT:{SCRIPT}
file delete -force {folder}
new_project -location ./{folder} -name {folder} -hdl VERILOG -family {family} -die {die} \\
    -package {package} -speed {"-1" if speed == "1" else "STD"}
foreach file [glob *.v *.vh] {{ import_files -hdl_source $file }}
file mkdir {folder}/synthesis
foreach file [glob -nocomplain *.hex] {{ file copy -force $file {folder}/synthesis }}
import_files -sdc clock.sdc
build_design_hierarchy
set_root {REGISTERED}
foreach tool {{SYNTHESIZE PLACEROUTE VERIFYTIMING}} {{
    organize_tool_files -tool $tool -file ./{folder}/constraint/clock.sdc \\
        -module {REGISTERED} -input_type constraint
}}
configure_tool -name VERIFYTIMING -params FORMAT:XML -params MAX_TIMING_MULTI_CORNER:1
foreach tool {{SYNTHESIZE PLACEROUTE VERIFYTIMING}} {{ run_tool -name $tool }}
close_project -save 1
"""


FLOWS: Mapping[str, Flow] = MappingProxyType(
    {
        "vivado": Flow(
            program="vivado",
            options=("-mode", "batch", "-nojournal", "-nolog", "-notrace", "-source", SCRIPT),
            script=_vivado,
            constraints="clock.xdc",
            read=read_vivado,
            licence=r"(?i)\blicense\b|Common 17-345",
            help="set XILINXD_LICENSE_FILE, or name a part that needs none",
        ),
        "quartus": Flow(
            program="quartus_sh",
            options=("-t", SCRIPT),
            script=_quartus,
            constraints="clock.sdc",
            read=read_quartus,
            licence=r"(?i)\blicense\b|\b(292028|119013)\b",
            help="set LM_LICENSE_FILE, or name a part that needs none",
        ),
        "libero": Flow(
            program="libero",
            options=(f"SCRIPT:{SCRIPT}",),
            script=_libero,
            constraints="clock.sdc",
            read=read_libero,
            licence=r"(?i)\blicen[sc]e\b",
            help="set LM_LICENSE_FILE, or name a part that your licence has",
        ),
    }
)
"""Every vendor's tool by name; :data:`pezoexplore.design.own_targets.VENDORS` has the same."""
