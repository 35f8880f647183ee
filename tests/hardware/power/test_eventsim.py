"""The compiled simulation with delays counts what Icarus counts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from opensta_power import mapped_netlist
from tiny_library import CLK, READY, RST, cell, netlist, write

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Netlist
from pezoexplore.hardware.eda.targets import LIBERTY
from pezoexplore.hardware.eda.tools import OSU018
from pezoexplore.hardware.power.cell_power import INPUT_SLEW_NS, WIRE_PF
from pezoexplore.hardware.power.cellsim import cell_verilog
from pezoexplore.hardware.power.cyclesim import run_cycles
from pezoexplore.hardware.power.delays import Edges, find_loads
from pezoexplore.hardware.power.eventsim import delayed_toggles
from pezoexplore.hardware.power.gatesim import WARM_CLOCKS, Workload, count_toggles
from pezoexplore.hardware.power.liberty import Library, read_liberty
from pezoexplore.paths import rtl_dir

CLOCKS = 60

POINTS = {
    "phased": resolve(reuse="phased", taps="xor", state_bits=6, lanes=2, bit_width=3),
    "loads after reset": resolve(
        reuse="bank", bit_width=4, state_bits=5, lanes=4, reuse_period=4, scaling="pow2"
    ),
    "clt": resolve(rng="clt", reuse="none", lanes=1),
    "pool, filled": resolve(reuse="pool", pool_size=20, lanes=2, bit_width=3, reuse_period=4),
    "box_muller": resolve(rng="box_muller", reuse="none", lanes=1),
}

Delays = Mapping[int, Edges]


def compiled(
    net: Netlist, library: Library, workload: Workload, delay_ns: Delays, period_ns: float
) -> dict[int, int] | None:
    settled = run_cycles(net, library, workload)
    assert settled is not None
    return delayed_toggles(net, library, workload, delay_ns, period_ns, settled)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) for n in POINTS])
def test_real_netlists_toggle_as_on_icarus(name: str, tmp_path: Path) -> None:
    point: DesignPoint = POINTS[name]
    net = mapped_netlist(point, "osu018", rtl_dir(), tmp_path / "yosys", tmp_path / "log")
    kinds = {instance.kind for instance in net.instances}
    library = read_liberty(tmp_path / "yosys" / LIBERTY, only=kinds)
    workload = Workload.of(point, CLOCKS)
    loads = find_loads(net, library, WIRE_PF, INPUT_SLEW_NS)
    lines, period_ns = cell_verilog(net, library, loads.delay_ns), 1.25 * loads.longest_ns
    expected = count_toggles(net, lines, workload, period_ns, tmp_path / "sim", tmp_path / "log")
    assert compiled(net, library, workload, loads.delay_ns, period_ns) == expected


GATES = {
    "AND2X2": "AB", "AOI21X1": "ABC", "AOI22X1": "ABCD", "BUFX2": "A", "INVX1": "A",
    "MUX2X1": "ABS", "NAND2X1": "AB", "NAND3X1": "ABC", "NOR2X1": "AB", "NOR3X1": "ABC",
    "OAI21X1": "ABC", "OAI22X1": "ABCD", "OR2X2": "AB", "XNOR2X1": "AB", "XOR2X1": "AB",
}  # fmt: skip
DELAYS = (0.001, 0.05, 0.05, 0.1, 0.101, 0.15)
"""Few, so that many transitions come at one time."""


def random_gates(seed: int, number: int) -> tuple[Netlist, dict[int, Edges]]:
    """Return a bit that toggles, and beside it gates that read a shift register of eight bits."""
    draw = random.Random(seed)
    state = range(10, 18)
    cells = [
        cell("NOR2X1", A=5, B=RST, Y=6), cell("DFFPOSX1", CLK=CLK, D=6, Q=5),
        cell("XOR2X1", A=17, B=15, Y=30), cell("NOR2X1", A=30, B=RST, Y=20),
        cell("DFFPOSX1", CLK=CLK, D=20, Q=10),
    ]  # fmt: skip
    for bit in state[1:]:
        cells += [
            cell("INVX1", A=bit - 1, Y=bit + 20), cell("NOR2X1", A=bit + 20, B=RST, Y=bit + 10),
            cell("DFFPOSX1", CLK=CLK, D=bit + 10, Q=bit),
        ]  # fmt: skip
    nets = [*state]
    for net in range(100, 100 + number):
        kind = draw.choice(sorted(GATES))
        pins = {pin: draw.choice(nets[-12:]) for pin in GATES[kind]}
        cells.append(cell(kind, **pins, Y=net))
        nets.append(net)
    draw.shuffle(cells)
    outputs = [i.pins.get("Y", i.pins.get("Q"))[0] for i in cells]
    delays = {net: (draw.choice(DELAYS), draw.choice(DELAYS)) for net in sorted(outputs)}
    return netlist(5, *cells), delays


TOGGLES = Workload((), 1, 0, CLOCKS, tuple(i % 2 for i in range(WARM_CLOCKS + CLOCKS)))


@pytest.mark.parametrize("seed", range(8))
def test_random_gates_with_many_transitions_at_one_time(seed: int, tmp_path: Path) -> None:
    net, delays = random_gates(seed, 80)
    library = read_liberty(OSU018, only={*GATES, "DFFPOSX1"})
    lines = cell_verilog(net, library, delays)
    expected = count_toggles(net, lines, TOGGLES, 20.0, tmp_path / "sim", tmp_path / "log")
    assert compiled(net, library, TOGGLES, delays, 20.0) == expected


@pytest.fixture(name="tiny")
def read_tiny(tmp_path: Path) -> Library:
    return read_liberty(write(tmp_path))


TOGGLER = (cell("NOR2", A=5, B=RST, Y=6), cell("DFF", CK=CLK, D=6, Q=5))
QUICK = {5: (0.1, 0.1), 6: (0.2, 0.2), 7: (0.1, 0.1)}


@pytest.mark.parametrize(("delay", "pulses"), [(0.1, 2), (0.099, 2), (0.101, 0)])
def test_a_pulse_shorter_than_the_delay_is_swallowed(
    delay: float, pulses: int, tiny: Library
) -> None:
    """Net 8 is 5 XOR 7, and 7 is not 5, 0.1 ns later."""
    more = (cell("INV", A=5, Y=7), cell("XOR2", A=5, B=7, Y=8))
    delays = QUICK | {8: (delay, delay)}
    found = compiled(netlist(5, *TOGGLER, *more), tiny, TOGGLES, delays, 2.0)
    assert found == {
        CLK: 2 * CLOCKS, RST: 0, READY: 0, 5: CLOCKS, 6: CLOCKS, 7: CLOCKS, 8: pulses * CLOCKS,
    }  # fmt: skip


def test_what_is_left_to_icarus(tiny: Library) -> None:
    net = netlist(5, *TOGGLER)
    assert compiled(net, tiny, TOGGLES, QUICK, 2.0) is not None
    assert compiled(net, tiny, TOGGLES, QUICK | {6: (0.2, 0.0004)}, 2.0) is None


def test_unknown_values(tiny: Library, tmp_path: Path) -> None:
    more = (
        cell("DFF", CK=CLK, D=7, Q=7),  # never known
        cell("NOR2", A=7, B=5, Y=8),  # 0 where 5 is 1, else unknown
        cell("NOR2", A=5, B="x", Y=9), cell("NOR2", A=8, B=5, Y=10),
    )  # fmt: skip
    net = netlist(5, *TOGGLER, *more)
    delays = QUICK | {8: (0.1, 0.3), 9: (0.1, 0.1), 10: (0.1, 0.1)}
    lines = cell_verilog(net, tiny, delays)
    expected = count_toggles(net, lines, TOGGLES, 2.0, tmp_path / "sim", tmp_path / "log")
    assert compiled(net, tiny, TOGGLES, delays, 2.0) == expected


def test_a_clock_too_fast_is_an_error(tiny: Library) -> None:
    with pytest.raises(ToolError, match=r"does not settle within 0\.3 ns"):
        compiled(netlist(5, *TOGGLER), tiny, TOGGLES, QUICK, 0.3)
