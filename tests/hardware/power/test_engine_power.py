"""Power of engines on real tools: mapped netlists that are simulated, and checked as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_tools import one_line
from tiny_library import CLK, RST, netlist

from pezoexplore.design.point import resolve
from pezoexplore.energies import multiply_pj
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Instance
from pezoexplore.hardware.eda.synth import engine_figures
from pezoexplore.hardware.power.engine_power import Steps, engine_power
from pezoexplore.hardware.power.fabric import (
    FABRICS,
    MULTIPLIER,
    PERIOD_NS,
    fabric_pj,
    fabric_verilog,
    models,
)
from pezoexplore.hardware.power.gatesim import WARM_CLOCKS, Workload, count_toggles
from pezoexplore.hardware.power.power import power_point
from pezoexplore.hardware.rtl.engine import SEGMENTS, Shape, engine_point
from pezoexplore.hardware.verify.engine.script import LATENCY
from pezoexplore.hardware.verify.engine.typical import PASSES, typical_script, typical_settings
from pezoexplore.paths import rtl_dir

SMALL = {"weight_bits": 4, "activation_bits": 4, "lanes": 1, "bit_width": 2}
ONE_STATE = {"reuse": "phased", "taps": "xor", "state_bits": 6}
BEATS = 24


def mapped(folder, target, **axes):
    """Return an engine's point and netlist."""
    point = engine_point(resolve(**SMALL | axes))
    where = (rtl_dir(), folder / "yosys", folder / "log")
    return point, engine_figures(point, target, *where)[1]


def power(folder, point, net, target="ice40", clock_mhz=100.0, beats=BEATS):
    where = (folder / "sim", folder / "log")
    found = engine_power(net, point, target, clock_mhz, *where, beats=beats)
    return found["engine_power_mw_est"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return mapped(tmp_path_factory.mktemp("engine"), "ice40", **ONE_STATE)


@pytest.mark.regression
def test_an_engine_takes_more_than_its_stream_and_scales_with_the_clock(engine, tmp_path):
    point, net = engine
    found = power(tmp_path, point, net)
    assert power(tmp_path, point, net, clock_mhz=200.0) == pytest.approx(2 * found)
    where = (rtl_dir(), tmp_path / "work", tmp_path / "log")
    assert 0 < power_point(point.hardware(), "ice40", 100.0, *where)["power_mw_est"] < found


@pytest.mark.slow
def test_whole_clocks_of_three_passes_are_measured(engine, tmp_path):
    point, net = engine
    shape, fabric = Shape.of(point, SEGMENTS), FABRICS["ice40"]
    script = typical_script(point, shape, BEATS)
    clocks = (PASSES - 1) * (BEATS + LATENCY)
    toggles = count_toggles(
        net,
        fabric_verilog(net, delays=True),
        Steps(script, shape, clocks, 9999),
        PERIOD_NS,
        tmp_path / "sim",
        tmp_path / "log",
        sources=[models(fabric)],
        options=fabric.options,
    )

    def of(port):
        return [toggles[bit] for bit in net.ports[port].bits]

    assert of("aclk") == [2 * clocks]
    assert of("s_axil_awvalid") + of("s_axil_arvalid") == [0, 0], "no cycle of the register port"
    sent = np.array([int(line[-1], 16) for line in script.beats]).reshape(PASSES, BEATS)[1:]
    changes = (sent[:, 1:] ^ sent[:, :-1])[..., None] >> np.arange(4) & 1
    within = changes.sum(axis=(0, 1))
    found = np.array(of("s_axis_tdata")[:4])
    assert ((within <= found) & (found <= within + 2 * PASSES)).all(), "and between the passes"


def test_a_netlist_is_the_engine_or_gives_no_figure(tmp_path):
    point, net = mapped(tmp_path, "osu018", **ONE_STATE)
    assert power(tmp_path, point, net, "osu018") > 0
    with pytest.raises(
        ToolError, match=r"the netlist of the engine: line .* expected b "
    ) as caught:
        power(tmp_path, replace(point, leap=5), net, "osu018")
    one_line(caught.value)
    sent = net.ports["m_axis_tdata"].bits[0]
    place = next(i for i, part in enumerate(net.instances) if sent in part.pins.get("Q", ()))
    stuck = replace(net.instances[place], pins={**net.instances[place].pins, "D": ("0",)})
    broken = (*net.instances[:place], stuck, *net.instances[place + 1 :])
    with pytest.raises(ToolError, match="the netlist of the engine"):
        power(tmp_path, point, replace(net, instances=broken), "osu018")


@pytest.mark.regression
@pytest.mark.parametrize(
    ("target", "axes"),
    [
        pytest.param(
            "ice40",
            {"reuse": "pool", "pool_size": 37, "bit_width": 4, "reuse_period": 1},
            marks=pytest.mark.slow,
        ),
        *(
            pytest.param(target, axes, marks=pytest.mark.regression)
            for target, axes in (
                ("xc7", ONE_STATE | {"lanes": 2}),
                ("xcup", ONE_STATE | {"weight_bits": 8}),
                ("xcup", ONE_STATE | {"lanes": 5, "bit_width": 1}),
                ("ice40", {"reuse": "bank", "bit_width": 6, "lanes": 2, "reuse_period": 1}),
                ("ice40", ONE_STATE | {"rounding": "stochastic", "reuse_period": 1}),
            )
        ),
    ],
)
def test_netlists_of_every_kind_are_the_software_engine(target, axes, tmp_path):
    point, net = mapped(tmp_path, target, **axes)
    assert power(tmp_path, point, net, target) > 0


def test_the_workload_is_a_training_step():
    point = engine_point(resolve(**SMALL | ONE_STATE))
    shape = Shape.of(point, SEGMENTS)
    large = replace(shape, weight_bits=16, lanes=3)
    settings = typical_settings(large, 10)
    assert settings.ends == [15]
    assert [2.0**s * 2 ** (large.value_bits - 1) for s in settings.scales] == [64, 32]
    script = typical_script(point, shape, BEATS)
    assert len(script.beats) == PASSES * BEATS
    assert [line for line in script.expected if line[0] == "t"] == [
        f"t {BEATS - 1 + LATENCY}"
    ] * PASSES
    drawn = np.array([int(line[-1], 16) for line in typical_script(point, shape, 4000).beats])
    signed = (drawn ^ 8) - 8
    assert abs(signed.mean()) < 0.1
    assert signed.std() == pytest.approx(2.0, rel=0.05)
    assert (signed.min(), signed.max()) == (-8, 7)


def product(**changed):
    """Return a multiplier as Yosys makes it: three bits, sign extended, by two."""
    pins = {
        "A": (5, 6, *(7,) * 28),
        "B": (8, *(9,) * 17),
        "P": (*range(10, 15), *range(20, 63)),
        "C": ("0",) * 48,
        "OPMODE": ("1", "0", "1", *"000000"),
    }
    return Instance(MULTIPLIER, pins | changed, {"MREG": "0" * 32}, frozenset("P"))


def test_a_multiplier_by_hand(tmp_path):
    fabric, clocks = FABRICS["xcup"], 10
    # Flip-flops that toggle at every clock: 3 times -2, or 0 times 0.
    at_rest = {"C": (CLK,), "CE": ("1",), "R": (RST,)}
    flops = []
    for q, d in ((5, 105), (6, 106), (9, 109)):
        flops.append(Instance("FDRE", at_rest | {"D": (d,), "Q": (q,)}, {}, frozenset("Q")))
        flops.append(Instance("LUT1", {"I0": (q,), "O": (d,)}, {"INIT": "01"}, frozenset("O")))
    fixed = {"A": (5, 6, *("0",) * 28), "B": ("0", *(9,) * 17)}
    net = netlist(10, *flops, product(**fixed))
    data = replace(net.ports["out_data"], bits=tuple(range(10, 15)))
    net = replace(net, ports={**net.ports, "out_data": data})
    beats = tuple((-6 & 31) * (i % 2) for i in range(WARM_CLOCKS + clocks))
    found = count_toggles(
        net,
        fabric_verilog(net, delays=True),
        Workload((), 1, 0, clocks, beats),
        20.0,
        tmp_path / "sim",
        tmp_path / "log",
        sources=[models(fabric)],
        options=fabric.options,
    )
    assert [found[bit] for bit in range(10, 15)] == [0, 10, 0, 10, 10]
    assert found[30] == 10, "the sign goes on, but nothing reads it"
    expected = 3 * (fabric.register_pj + fabric.output_pj + fabric.clock_pj)
    expected += 3 * fabric.output_pj + multiply_pj(2, 1)
    assert fabric_pj(net, fabric, found, clocks) == pytest.approx(expected)


@pytest.mark.parametrize("changed", [{"C": ("1",) * 48}, {"OPMODE": ("1",) * 9}])
def test_a_multiplier_that_does_more_is_refused(changed):
    with pytest.raises(ToolError, match="of DSP48E2 only a plain product is modelled"):
        fabric_verilog(netlist(10, product(**changed)), delays=True)
    registered = replace(product(), parameters={"MREG": "0" * 31 + "1"})
    with pytest.raises(ToolError, match="of DSP48E2 only a plain product is modelled"):
        fabric_verilog(netlist(10, registered), delays=True)
