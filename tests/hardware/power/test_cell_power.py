"""Power of tiny netlists, worked out by hand: loads, delays, toggles, energies."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fake_tools import fake, first_on_path, one_line
from tiny_library import CLK, READY, RST, TOGGLER, cell, netlist, text, write

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import read_netlist
from pezoexplore.hardware.power.cell_power import energies
from pezoexplore.hardware.power.cellsim import cell_verilog
from pezoexplore.hardware.power.delays import find_loads
from pezoexplore.hardware.power.gatesim import WARM_CLOCKS, Workload, count_toggles, read_vcd
from pezoexplore.hardware.power.liberty import read_liberty

CLOCKS = 10
TOGGLES = {CLK: 20, RST: 0, READY: 0, 5: 10, 6: 10}
"""Of the toggler, over ten clocks."""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return read_liberty(write(tmp_path_factory.mktemp("library")))


def workload(beats=None, **changed):
    made = {"loads": (), "load_bits": 1, "stall": 0, "clocks": CLOCKS}
    beats = beats or [i % 2 for i in range(WARM_CLOCKS + CLOCKS)]
    return Workload(beats=tuple(beats), **made | changed)


def simulate(net, lines, folder, work=None):
    return count_toggles(net, lines, work or workload(), 10.0, folder / "sim", folder / "log")


def test_loads_slews_and_delays(library):
    # 5 -> inverter -> 7 -> inverter -> 8 -> XOR with 5.
    chain = (
        cell("INV", A=5, Y=7),
        cell("INV", A=7, Y=8),
        cell("XOR2", A=5, B=8, Y=9),
    )
    loads = find_loads(netlist(9, *TOGGLER, *chain), library, 0.05, 0.25)
    pf = {CLK: 0.25, 5: 0.45, 6: 0.15, 7: 0.15, 8: 0.35, 9: 0.0}
    assert {net: loads.pf[net] for net in pf} == pytest.approx(pf)
    assert loads.slew(CLK) == (0.25, 0.25)
    assert loads.slew(5) == (0.5, 0.5)
    assert loads.slew(8) == pytest.approx((0.55, 0.55))
    assert loads.delay_ns[7] == pytest.approx((0.25, 0.25))
    assert loads.delay_ns[9] == (1.0, 1.0)
    assert loads.longest_ns == pytest.approx(0.1 + 0.25 + 0.45 + 1.0)


def test_a_net_that_never_toggles_slows_nothing(tmp_path):
    text = write(tmp_path).read_text(encoding="utf-8")
    before, arc, after = text.partition('related_pin : "B"; timing_sense : negative_unate;')
    assert arc
    (tmp_path / "slow.lib").write_text(before + arc + after.replace('"0.2"', '"9.2"', 2))
    library = read_liberty(tmp_path / "slow.lib")
    net = netlist(5, *TOGGLER)
    assert find_loads(net, library, 0.0, 0.5).delay_ns[6] == pytest.approx((4.7, 4.7))
    assert find_loads(net, library, 0.0, 0.5, {RST}).delay_ns[6] == (0.2, 0.2)
    assert find_loads(net, library, 0.0, 0.5, {5, RST}).delay_ns[6] == pytest.approx((4.7, 4.7))


def test_energies_by_hand(library):
    net = netlist(5, *TOGGLER)
    found = energies(net, library, find_loads(net, library, 0.0, 0.5), TOGGLES, CLOCKS)
    # Clock: mean of 0.2 and 0.4 pJ twice; Q: 0.5; NOR: only A toggles, so 0.2.
    assert found.internal_pj == pytest.approx(2 * 0.3 + 0.5 + 0.2)
    assert found.switching_pj == pytest.approx(2.0 * (2 * 0.2 + 0.1 + 0.1))
    assert found.leakage_mw == pytest.approx(12e-6)
    assert found.power_mw(100.0) == pytest.approx(2.5e-12 * 100e6 * 1e3 + 12e-6)


def test_wires_add_to_what_is_switched(library):
    net = netlist(5, *TOGGLER)
    found = energies(net, library, find_loads(net, library, 0.1, 0.5), TOGGLES, CLOCKS)
    assert found.switching_pj == pytest.approx(2.0 * (2 * 0.3 + 0.2 + 0.2))


def test_inputs_share_an_output_s_energy_by_how_often_they_toggle(library):
    net = netlist(5, *TOGGLER)
    toggles = TOGGLES | {RST: 30}
    found = energies(net, library, find_loads(net, library, 0.0, 0.5), toggles, CLOCKS)
    assert found.internal_pj == pytest.approx(2 * 0.3 + 0.5 + (0.2 * 10 + 0.6 * 30) / 40)


def test_no_toggle_costs_no_energy(library):
    net = netlist(5, *TOGGLER)
    found = energies(net, library, find_loads(net, library, 0.0, 0.5), {}, CLOCKS)
    assert (found.internal_pj, found.switching_pj) == (0, 0)


def test_toggles_of_a_simulation(library, tmp_path):
    net = netlist(5, *TOGGLER)
    assert simulate(net, cell_verilog(net, library), tmp_path) == TOGGLES


GLITCHING = netlist(
    5,
    *TOGGLER,
    cell("INV", A=5, Y=7),
    cell("INV", A=7, Y=8),
    cell("XOR2", A=5, B=8, Y=9),
)
"""Net 8 follows net 5 with a delay: their XOR is 0 but for that time."""


@pytest.mark.parametrize(
    ("delays", "pulses"),
    [
        (None, 0),  # zero delays know no glitch
        ({}, 0),  # the library's XOR, at 1 ns, swallows a pulse of 0.6 ns
        ({9: (0.5, 0.5)}, 1),  # a faster one does not
    ],
)
def test_glitches_count_where_cells_let_them_through(library, tmp_path, delays, pulses):
    loads = find_loads(GLITCHING, library, 0.0, 0.5)
    used = None if delays is None else {**loads.delay_ns, **delays}
    found = simulate(GLITCHING, cell_verilog(GLITCHING, library, used), tmp_path)
    assert found[9] == 2 * pulses * CLOCKS
    assert found[8] == CLOCKS


def test_another_stream_s_words_are_no_workload(library, tmp_path):
    net = netlist(5, *TOGGLER)
    wrong = workload([0, 1, 0] + [0] * (WARM_CLOCKS + CLOCKS - 3))
    with pytest.raises(ToolError, match="beat 3 of the netlist is 1, of the stream 0") as caught:
        simulate(net, cell_verilog(net, library), tmp_path, wrong)
    one_line(caught.value)


def test_a_netlist_slower_than_its_clock_gives_no_figure(library, tmp_path):
    net = netlist(5, *TOGGLER)
    slow = {5: (0.1, 0.1), 6: (11.0, 11.0)}
    with pytest.raises(ToolError, match="of the netlist is"):
        simulate(net, cell_verilog(net, library, slow), tmp_path)


def test_a_stalling_netlist_is_waited_for(library, tmp_path):
    # Valid follows reset three clocks late; the data toggle from reset on.
    late = [cell("DFF", CK=CLK, D=10 + i, Q=11 + i) for i in range(3)]
    net = netlist(5, *TOGGLER, cell("INV", A=RST, Y=10), *late)
    ports = dict(net.ports)
    ports["out_valid"] = type(ports["clk"])("output", (13,))
    net = type(net)(ports, net.instances)
    beats = [(i + 1) % 2 for i in range(WARM_CLOCKS + CLOCKS)]
    found = simulate(net, cell_verilog(net, library), tmp_path, workload(beats, stall=3))
    assert found[5] == CLOCKS


def test_unknown_cells_and_latches_are_refused(library):
    for net, reason in [
        (netlist(5, cell("NAND9", A=5)), "cell NAND9: not in the library tiny"),
        (netlist(5, cell("INV", A=5, Y=6), cell("INV", A=6, Y=5)), "combinational loop"),
    ]:
        with pytest.raises(ToolError, match=reason):
            find_loads(net, library, 0.0, 0.5)
    flop = library.cells["DFF"]
    latch = replace(flop, state=replace(flop.state, kind="latch"))
    other = replace(library, cells={**library.cells, "DFF": latch})
    with pytest.raises(ToolError, match="cell DFF: only flip-flops are simulated"):
        cell_verilog(netlist(5, *TOGGLER), other)


TOGGLING, ZEROS, ONES = ([f(i) for i in range(WARM_CLOCKS + CLOCKS)] for f in
                         (lambda i: i % 2, lambda i: 0, lambda i: 1))  # fmt: skip


@pytest.mark.parametrize(
    ("state", "beats"),
    [
        ('next_state : "(E\' D) + (E IQ)"; clocked_on : "CK";', TOGGLING),
        ('next_state : "D"; clocked_on : "CK"; clear : "E"; preset : "0";', TOGGLING),
        ('next_state : "D"; clocked_on : "CK"; clear : "!E";', ZEROS),
        ('next_state : "D"; clocked_on : "CK"; preset : "!E";', ONES),
    ],
)
def test_enables_sets_and_clears(state, beats, tmp_path):
    """The toggler, its flip-flop with a further input E that is 0."""
    path = tmp_path / "x.lib"
    made = text().replace('next_state : "D"; clocked_on : "CK";', state)
    path.write_text(made.replace("pin(D) {", "pin(D, E) {"), encoding="utf-8")
    net = netlist(5, cell("DFF", CK=CLK, D=6, E="0", Q=5), TOGGLER[1])
    found = simulate(net, cell_verilog(net, read_liberty(path)), tmp_path, workload(beats))
    assert found[5] == (CLOCKS if beats is TOGGLING else 0)


def test_only_changes_between_0_and_1_are_toggles(tmp_path):
    path = tmp_path / "x.vcd"
    path.write_text(
        "$var wire 1 ! a $end\n$var wire 1 ! b $end\n$var wire 1 # c $end\n"
        "$enddefinitions $end\n#0\n$dumpvars\n0!\nx#\n$end\n#1\n1!\n0#\n#2\n1!\nx#\n"
        "#3\n0!\n1#\n#4\n0#\nx!\n",
        encoding="ascii",
    )
    assert read_vcd(path) == {"a": 2, "b": 2, "c": 1}


def test_toggles_of_many_signals_are_those_counted_line_by_line(tmp_path):
    rng = np.random.default_rng(0)
    codes = [chr(33 + i % 94) + chr(33 + i // 94) * (i > 93) for i in range(300)]
    lines = [f"$var wire 1 {code} n{i} $end" for i, code in enumerate(codes)]
    lines += ["$var reg 4 ~~~ vector $end", "$enddefinitions $end"]
    last, expected = [""] * 300, [0] * 300
    for time in range(2000):
        signal, value = int(rng.integers(300)), "01xz"[rng.choice(4, p=(0.45, 0.45, 0.05, 0.05))]
        expected[signal] += {last[signal], value} == {"0", "1"}
        last[signal] = value
        lines += [f"#{time}", f"{value}{codes[signal]}", f"b{time % 16:b} ~~~"]
    path = tmp_path / "x.vcd"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    found = {f"n{i}": count for i, count in enumerate(expected)} | {"vector": 0}
    assert sum(expected) > 500
    assert read_vcd(path) == read_vcd(path, at_once=7) == found


@pytest.mark.parametrize(("program", "body"), [("iverilog", "exit 1"), ("vvp", "exit 3")])
def test_a_simulator_that_fails(library, tmp_path, monkeypatch, program, body):
    fake(tmp_path / "bin", program, body)
    first_on_path(monkeypatch, tmp_path / "bin")
    net = netlist(5, *TOGGLER)
    with pytest.raises(ToolError, match=f"{program} failed on the netlist") as caught:
        simulate(net, cell_verilog(net, library), tmp_path)
    one_line(caught.value)


def test_a_simulator_that_leaves_nothing(library, tmp_path, monkeypatch):
    fake(tmp_path / "bin", "vvp", "exit 0")
    first_on_path(monkeypatch, tmp_path / "bin")
    net = netlist(5, *TOGGLER)
    with pytest.raises(ToolError, match="left no result"):
        simulate(net, cell_verilog(net, library), tmp_path)


def test_no_simulator(library, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    net = netlist(5, *TOGGLER)
    with pytest.raises(ToolError, match="iverilog: not found on PATH"):
        simulate(net, cell_verilog(net, library), tmp_path)


def test_a_netlist_as_yosys_writes_it(tmp_path):
    path = tmp_path / "net.json"
    module = {
        "ports": {"clk": {"direction": "input", "bits": [2]}},
        "cells": {
            "a": {"type": "INV", "connections": {"A": [2], "Y": [7]}, "parameters": {"P": "01"}},
            "b": {"type": "$scopeinfo", "connections": {}, "parameters": {}},
        },
    }
    path.write_text(json.dumps({"modules": {"top": module}}), encoding="utf-8")
    found = read_netlist(path, "top")
    assert found.nets == (2, 7)
    assert [i.kind for i in found.instances] == ["INV"]
    assert found.instances[0].parameters == {"P": "01"}
    with pytest.raises(ToolError, match="not the netlist of other"):
        read_netlist(path, "other")
