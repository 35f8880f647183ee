"""The simulation without delays in NumPy counts what Icarus counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from opensta_power import mapped_netlist
from tiny_library import CLK, RST, cell, netlist, write

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Netlist
from pezoexplore.hardware.eda.targets import LIBERTY
from pezoexplore.hardware.power.cellsim import cell_verilog
from pezoexplore.hardware.power.cyclesim import run_cycles
from pezoexplore.hardware.power.gatesim import WARM_CLOCKS, Workload, count_toggles
from pezoexplore.hardware.power.liberty import Library, read_liberty
from pezoexplore.paths import rtl_dir

CLOCKS = 60

POINTS = {
    "phased": resolve(reuse="phased", taps="xor", state_bits=6, lanes=2, bit_width=3),
    "loads after reset": resolve(
        reuse="bank", bit_width=4, state_bits=5, lanes=4, reuse_period=4, scaling="pow2"
    ),
    "pool": resolve(reuse="pool", pool_size=20, lanes=3, rng="xorshift32"),
    "pool, filled": resolve(reuse="pool", pool_size=20, lanes=2, bit_width=3, reuse_period=4),
    "treegrng": resolve(rng="treegrng", reuse="none", lanes=2, reuse_period=4),
}


def icarus(net: Netlist, library: Library, workload: Workload, folder: Path) -> dict[int, int]:
    lines = cell_verilog(net, library)
    return count_toggles(net, lines, workload, 1.0, folder / "sim", folder / "log")


@pytest.mark.parametrize(
    "name", [n if n == "phased" else pytest.param(n, marks=pytest.mark.slow) for n in POINTS]
)
def test_real_netlists_toggle_as_on_icarus(name: str, tmp_path: Path) -> None:
    point: DesignPoint = POINTS[name]
    net = mapped_netlist(point, "osu018", rtl_dir(), tmp_path / "yosys", tmp_path / "log")
    kinds = {instance.kind for instance in net.instances}
    library = read_liberty(tmp_path / "yosys" / LIBERTY, only=kinds)
    workload = Workload.of(point, CLOCKS)
    found = run_cycles(net, library, workload)
    assert found is not None and sum(found.toggles.values()) > 2 * CLOCKS
    assert found.toggles == icarus(net, library, workload, tmp_path)


TOGGLER = (
    cell("NOR2", A=5, B=RST, Y=6),
    cell("DFF", CK=CLK, D=6, Q=5),
)
"""Net 5 is 0 while reset and toggles at every clock afterwards."""

TOGGLES = Workload((), 1, 0, CLOCKS, tuple(i % 2 for i in range(WARM_CLOCKS + CLOCKS)))


@pytest.fixture(name="tiny")
def read_tiny(tmp_path: Path) -> Library:
    return read_liberty(write(tmp_path))


def test_a_netlist_by_hand(tiny: Library) -> None:
    found = run_cycles(netlist(5, *TOGGLER), tiny, TOGGLES)
    assert found is not None
    assert found.toggles == {CLK: 2 * CLOCKS, RST: 0, 4: 0, 5: CLOCKS, 6: CLOCKS}


def test_what_nobody_sets_stays_unknown_and_does_not_toggle(tiny: Library, tmp_path: Path) -> None:
    unknown = (
        cell("DFF", CK=CLK, D=8, Q=7), cell("INV", A=7, Y=8),  # 7 is never known
        cell("NOR2", A=7, B=5, Y=9),  # 0 where 5 is 1, else unknown
        cell("XOR2", A=5, B=5, Y=10), cell("XOR2", A=7, B=7, Y=11), cell("INV", A="x", Y=12),
        cell("INV", A="1", Y=13),
    )  # fmt: skip
    net = netlist(5, *TOGGLER, *unknown)
    found = run_cycles(net, tiny, TOGGLES)
    assert found is not None and not any(found.toggles[bit] for bit in range(7, 14))
    assert found.toggles == icarus(net, tiny, TOGGLES, tmp_path)


@pytest.mark.parametrize(
    "more",
    [
        (cell("INV", A=CLK, Y=7),),
        (cell("NOR2", A=7, B=8, Y=9), cell("INV", A=9, Y=8)),
        (cell("INV", A=5, Y=7), cell("DFF", CK=7, D=5, Q=8)),
    ],
    ids=["a gate on the clock", "a loop", "another clock"],
)
def test_more_than_gates_and_flip_flops_is_left_to_icarus(more: tuple, tiny: Library) -> None:
    assert run_cycles(netlist(5, *TOGGLER, *more), tiny, TOGGLES) is None


@pytest.mark.parametrize("form", ['clear : "D";', 'clocked_on : "!CK";'])
def test_so_are_other_flip_flops(form: str, tmp_path: Path) -> None:
    path = write(tmp_path)
    text = path.read_text().replace('clocked_on : "CK";', f'clocked_on : "CK"; {form}')
    text = text.replace('clocked_on : "CK"; clocked_on', "clocked_on")
    path.write_text(text)
    assert run_cycles(netlist(5, *TOGGLER), read_liberty(path), TOGGLES) is None


def test_another_stream_is_an_error(tiny: Library) -> None:
    net = netlist(5, *TOGGLER)
    with pytest.raises(ToolError, match="beat 3 of the netlist is 1, of the stream 0"):
        run_cycles(net, tiny, replace(TOGGLES, beats=(0, 1, 0, 0)))
    with pytest.raises(ToolError, match="delivered 76 beats of 99"):
        run_cycles(net, tiny, replace(TOGGLES, beats=(0, 1) * 49 + (0,)))
    with pytest.raises(ToolError, match="beat 0 of the netlist has unknown bits"):
        run_cycles(netlist(6, cell("INV", A="x", Y=6)), tiny, TOGGLES)
