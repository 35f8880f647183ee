"""Vendors' tools that are none: scripts that answer as the real ones do, reports written anew."""

from __future__ import annotations

from pathlib import Path

from fake_tools import fake

LICENCE = (
    "ERROR: [Common 17-345] A valid license was not found for feature 'Synthesis' and/or device "
    "'xcku5p'. Please run the Vivado License Manager for assistance."
)
CRASH = "Abnormal program termination (11)"
SYNTAX = "ERROR: [Synth 8-2716] syntax error near ')' [pezo_top.v:7]"
QUARTUS_LICENCE = "Error (292028): Can't find valid feature line for core pezo in current license."


def utilization(lut: str = "CLB LUTs", luts: int = 1350, *, prohibited: bool = True) -> str:
    """Return Vivado's report of utilisation, of UltraScale+ or 7 series, old or new."""
    more = " Prohibited |" if prohibited else ""

    def row(name: str, used: object) -> str:
        fixed = f"     0 |{'          0 |' if prohibited else ''}"
        return f"| {name:<26} | {used:>4} |{fixed} 216960 | 0 |"

    carry = "CARRY8" if lut.startswith("CLB") else "CARRY4"
    rule = "+----+----+"
    logic = [row(f"{lut}*", luts), row("  LUT as Logic", luts), row("  LUT as Memory", 0)]
    if carry == "CARRY8":
        logic += [row("CLB Registers", 262), row("  Register as Flip Flop", 262), row("CARRY8", 4)]
    else:
        logic += [row("Slice Registers", 262), row("  Register as Flip Flop", 262)]
    logic += [row("F7 Muxes", 3), row("F8 Muxes", 1)]
    header = f"|          Site Type         | Used | Fixed |{more} Available | Util% |"
    primitives = [
        "| Ref Name | Used | Functional Category |",
        "| FDRE     |  262 |            Register |",
        f"| {carry} |    4 |               CLB   |",
    ]
    parts = [
        "Copyright 1986-2023 Xilinx, Inc. All Rights Reserved.",
        "| Tool Version : Vivado v.2023.2 (lin64)",
        "",
        "1. CLB Logic",
        "------------",
        rule,
        header,
        rule,
        *logic,
        rule,
        "* Warning! The Final LUT count, after physical optimizations, may be lower.",
        "2. BLOCKRAM",
        rule,
        header,
        rule,
        row("Block RAM Tile", 3.5),
        row("  RAMB36/FIFO*", 3),
        rule,
        "3. ARITHMETIC",
        rule,
        header,
        rule,
        row("DSPs", 0),
        rule,
        "7. Primitives",
        rule,
        primitives[0],
        rule,
        *primitives[1:],
        rule,
    ]
    return "\n".join(parts) + "\n"


def timing(slack: str = "-0.500", period: str = "1.500") -> str:
    """Return Vivado's timing summary."""
    return f"""\
------------------------------------------------------------------------------------------------
| Design Timing Summary
| ---------------------
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)
    -------      -------  ---------------------  -------------------      -------      -------
     {slack}      -81.000                    256                  512        0.020        0.000


Timing constraints are not met.

| Clock Summary
Clock  Waveform(ns)       Period(ns)      Frequency(MHz)
-----  ------------       ----------      --------------
clk    {{0.000 0.750}}      {period}          666.667
"""


def power(watts: str = "0.012") -> str:
    """Return Vivado's report of power."""
    return f"""\
1. Summary
----------

+--------------------------+--------------+
| Total On-Chip Power (W)  | 0.467        |
| Dynamic (W)              | 0.020        |
| Device Static (W)        | 0.447        |
+--------------------------+--------------+

3.1 By Hierarchy
----------------

+----------------+-----------+
| Name           | Power (W) |
+----------------+-----------+
| registered_top |     0.020 |
|   stream       |     {watts} |
+----------------+-----------+
"""


FIT = """\
+-----------------------------------------------------------------------------+
; Fitter Resource Utilization by Entity                                       ;
+----------------------------+---------------------+--------------------------+
; Compilation Hierarchy Node ; Combinational ALUTs ; Dedicated Logic Registers ; M10Ks ; DSP Blocks ; Full Hierarchy Name ; Entity Name ;
+----------------------------+---------------------+--------------------------+
; |registered_top            ; 1,400 (20)          ; 300 (38)                  ; 7     ; 0          ; |registered_top     ; registered_top ;
;    |pezo_top:stream|       ; 1,380 (0)           ; 262 (0)                   ; 7     ; 0          ; |registered_top|pezo_top:stream ; pezo_top ;
+----------------------------+---------------------+--------------------------+
"""  # noqa: E501

STA = """\
+--------------------------------------------------+
; Slow 1100mV 85C Model Fmax Summary               ;
+------------+-----------------+------------+------+
; Fmax       ; Restricted Fmax ; Clock Name ; Note ;
+------------+-----------------+------------+------+
; 312.5 MHz  ; 312.5 MHz       ; clk        ;      ;
+------------+-----------------+------------+------+

+--------------------------------------------------+
; Slow 1100mV 0C Model Fmax Summary                ;
+------------+-----------------+------------+------+
; Fmax       ; Restricted Fmax ; Clock Name ; Note ;
+------------+-----------------+------------+------+
; 298.51 MHz ; 298.51 MHz      ; clk        ;      ;
+------------+-----------------+------------+------+
"""

LIBERO_LICENCE = "Error: The license for family PolarFire, die MPF300T was not found."

LIBERO_RESOURCES = """\
Module Name,Fabric 4LUT,Fabric DFF,Interface 4LUT,Interface DFF,Single-Ended I/O,Differential I/O,\
uSRAM,LSRAM,Math (18x18)
/registered_top/Primitives,20,38,0,0,3,0,0,0,0
/registered_top/stream/Primitives,0,0,0,0,0,0,0,0,0
/registered_top/stream/u_stream/Primitives,1200,250,36,36,0,0,1,2,0
/registered_top/stream/u_stream/gen_lane[0].u_generator/Primitives,180,12,0,0,0,0,0,0,1
"""


def libero_timing(slack: str = "-0.500", clock: str = "clk") -> str:
    """Return the timing report of Libero over all corners."""

    def row(tag: str, *cells: str) -> str:
        return f"<{tag}>{''.join(f'<cell>{cell}</cell>' for cell in cells)}</{tag}>"

    header = row("header", "Clock Domain", "Required Period (ns)", "Required Frequency (MHz)",
                 "Worst Slack (ns)", "Operating Conditions")  # fmt: skip
    rows = row("row", clock, "1.500", "666.667", slack, "slow_lv_ht")
    return f"""\
<doc>
<section><name>Summary</name>
<table>{row("row", "Design", "registered_top")}{row("row", "Family", "PolarFire")}</table>
<table>{header}{rows}</table>
</section>
</doc>
"""


_VERSIONS = {
    "libero": ("libero", "--never", ""),
    "vivado": ("vivado", "-version", "vivado v2023.2 (64-bit)\nTool Version Limit: 2023.10"),
    "quartus": (
        "quartus_sh", "--version", "Quartus Prime Shell\nVersion 22.1std.0 Build 915",
    ),
}  # fmt: skip


def write_reports(tool: str, folder: Path) -> None:
    """Write the reports of a run that went well."""
    folder.mkdir(parents=True, exist_ok=True)
    if tool == "vivado":
        texts = {"utilization": utilization(), "timing": timing(), "power": power()}
        for name, text in texts.items():
            (folder / f"{name}.rpt").write_text(text)
    elif tool == "libero":
        place = folder / "libero" / "designer" / "registered_top"
        place.mkdir(parents=True, exist_ok=True)
        table = "registered_top_compile_netlist_hier_resources.csv"
        (place / table).write_text(LIBERO_RESOURCES)
        (place / "registered_top_max_timing_multi_corner.xml").write_text(libero_timing())
    else:
        (folder / "output").mkdir(exist_ok=True)
        (folder / "output" / "pezo.fit.rpt").write_text(FIT)
        (folder / "output" / "pezo.sta.rpt").write_text(STA)


def fake_vendor(tool: str, folder: Path, does: str = "good") -> None:
    """Write a program that answers as a vendor's: well, or with an error.

    Args:
        tool: ``vivado``, ``quartus`` or ``libero``.
        folder: Where to.
        does: ``good``, ``hang``, or the words of an error.
    """
    program, option, version = _VERSIONS[tool]
    reports = folder / "reports"
    write_reports(tool, reports)
    body = f'if [ "$1" = {option} ]; then printf "%s\\n" "{version}"; exit 0; fi\n'
    body += 'for last; do :; done\nlast=${last#SCRIPT:}\n[ -f "$last" ] || exit 9\n'
    if does == "good":
        body += f"cp -r {reports}/. .\necho done"
    elif does == "hang":
        body += "sleep 600"
    else:
        body += f'echo "Starting"; echo "{does}"; echo "ERROR: later"; exit 1'
    fake(folder, program, body)
