"""Compare toggles of simulated AMD netlists with Icarus and Yosys' models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from opensta_power import mapped_netlist
from tiny_library import CLK, READY, RST, netlist

from pezoexplore.design.point import resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Bit, Instance, Netlist
from pezoexplore.hardware.power.fabric import FABRICS, PERIOD_NS, fabric_verilog, models
from pezoexplore.hardware.power.gatesim import WARM_CLOCKS, Workload, count_toggles
from pezoexplore.hardware.power.lutcycles import run_fabric
from pezoexplore.paths import rtl_dir

CLOCKS = 60

POINTS = {
    "phased": resolve(reuse="phased", taps="xor", state_bits=6, lanes=2, bit_width=3),
    "loads after reset": resolve(reuse="bank", bit_width=4, state_bits=5, lanes=4, reuse_period=4),
    "pool": resolve(reuse="pool", pool_size=20, lanes=3, rng="xorshift32"),
    "clt": resolve(rng="clt", reuse="none", lanes=2),
    "treegrng": resolve(rng="treegrng", reuse="none", lanes=2, reuse_period=4),
}


def icarus(net: Netlist, workload: Workload, folder: Path, delays: bool = False) -> dict[int, int]:
    fabric, lines = FABRICS["xcup"], fabric_verilog(net, delays=delays)
    work, log = folder / "sim", folder / "log"
    return count_toggles(
        net, lines, workload, PERIOD_NS, work, log, sources=[models(fabric)], options=fabric.options
    )


@pytest.mark.parametrize(
    "name", [n if n == "phased" else pytest.param(n, marks=pytest.mark.slow) for n in POINTS]
)
def test_real_netlists_toggle_as_on_icarus(name: str, tmp_path: Path) -> None:
    point = POINTS[name]
    net = mapped_netlist(point, "xcup", rtl_dir(), tmp_path / "yosys", tmp_path / "log")
    workload = Workload.of(point, CLOCKS)
    found = run_fabric(net, workload)
    assert found is not None and sum(found.toggles.values()) > 2 * CLOCKS
    assert found.toggles == icarus(net, workload, tmp_path)
    chained = any(instance.kind == "CARRY4" for instance in net.instances)
    assert (found.delayed is None) == chained
    if found.delayed is not None:
        assert found.delayed == icarus(net, workload, tmp_path, delays=True)


def part(kind: str, outputs: str, init: str = "", **pins: Bit | tuple[Bit, ...]) -> Instance:
    bits = {name: bit if isinstance(bit, tuple) else (bit,) for name, bit in pins.items()}
    return Instance(kind, bits, {"INIT": init} if init else {}, frozenset(outputs.split()))


CLOCK = 7
TOGGLER = (
    part("FDRE", "Q", C=CLOCK, CE="1", D=6, R=RST, Q=5),
    part("LUT1", "O", "01", I0=5, O=6),
    part("BUFG", "O", I=CLK, O=CLOCK),
)
"""Net 5 is 0 while reset and toggles at every clock afterwards; net 6 is its complement."""

TOGGLES = Workload((), 1, 0, CLOCKS, tuple(i % 2 for i in range(WARM_CLOCKS + CLOCKS)))


LFSR = (
    part("LUT2", "O", "0110", I0=25, I1=22, O=27),
    *(part("FDSE", "Q", C=CLOCK, CE="1", D=d, S=RST, Q=d - 1) for d in range(23, 28)),
)
"""Nets 22 to 26 shift, 27 is what comes in: 31 states."""


def drawn(seed: int, chains: tuple[int, ...] = (80, 90)) -> Netlist:
    """Return a netlist of all kinds of cells beside these; some states are never reset."""
    rng = np.random.default_rng(seed)
    known: list[Bit] = [5, 6, RST, READY, "0", "1", *range(22, 28), *range(22, 28), *range(10, 22)]
    cells: list[Instance] = []

    def pick(count: int) -> tuple[Bit, ...]:
        return tuple(known[i] for i in rng.integers(len(known), size=count))

    def bits(count: int, letters: str = "01") -> str:
        return "".join(rng.choice([*letters], size=count))

    for net in range(30, 60):
        count = int(rng.integers(1, 7))
        init = "x" * 2**count if rng.random() < 0.1 else bits(2**count, "01" * 30 + "x")
        inputs = {f"I{i}": bit for i, bit in enumerate(pick(count))}
        cells.append(part(f"LUT{count}", "O", init, O=net, **inputs))
        known.append(net)
    for net in range(60, 66):
        inputs = dict(zip(("I0", "I1", "S"), pick(3), strict=True))
        cells.append(part("MUXF7", "O", O=net, **inputs))
        cells.append(part("INV", "O", I=pick(1), O=net + 6))
        known += [net, net + 6]
    for net in chains:
        outputs = {"O": tuple(range(net, net + 4)), "CO": tuple(range(net + 4, net + 8))}
        start = pick(2) if net == 80 else (87, "0")
        inputs = dict(zip(("CI", "CYINIT"), start, strict=True))
        cells.append(part("CARRY4", "O CO", DI=pick(4), S=pick(4), **outputs, **inputs))
        known += [*outputs["O"], net + 4, net + 7]
    for net in range(10, 22):
        kind, reset = ("FDRE", "R") if rng.random() < 0.5 else ("FDSE", "S")
        held, enabled = rng.random(2) < 0.8
        control = {reset: RST if held else pick(1), "CE": "1" if enabled else pick(1)}
        cells.append(part(kind, "Q", bits(1, "01x"), C=CLOCK, D=pick(1), Q=net, **control))
    order = rng.permutation(len(cells))
    return netlist(5, *TOGGLER, *LFSR, *(cells[i] for i in order))


@pytest.mark.parametrize("seed", range(6))
def test_drawn_netlists_toggle_as_on_icarus(seed: int, tmp_path: Path) -> None:
    net = drawn(seed)
    found = run_fabric(net, TOGGLES)
    assert found is not None
    assert sum(count > 0 for count in found.toggles.values()) > 20
    assert found.toggles == icarus(net, TOGGLES, tmp_path)
    assert found.delayed is None


@pytest.mark.parametrize("seed", range(6))
def test_drawn_netlists_without_carry_chains_have_glitches_as_on_icarus(
    seed: int, tmp_path: Path
) -> None:
    net = drawn(seed, chains=())
    found = run_fabric(net, TOGGLES)
    assert found is not None and found.delayed is not None
    assert sum(found.delayed.values()) > sum(found.toggles.values())
    assert found.delayed == icarus(net, TOGGLES, tmp_path, delays=True)


@pytest.mark.parametrize(("length", "known"), [(18, True), (19, False)])
def test_a_netlist_that_does_not_settle_before_its_inputs_change_has_no_delays(
    length: int, known: bool
) -> None:
    line = [part("LUT1", "O", "10", I0=net, O=net + 1) for net in (5, *range(30, 29 + length))]
    line[0] = replace(line[0], pins=line[0].pins | {"O": (30,)})
    found = run_fabric(netlist(5, *TOGGLER, *line), TOGGLES)
    assert found is not None and (found.delayed is not None) == known


FLOP = part("FDRE", "Q", C=CLOCK, CE="1", D=6, R=RST, Q=8)


@pytest.mark.parametrize(
    "other",
    [
        part("RAM32M", "DOA", DOA=8),
        part("SRL16E", "Q", CLK=CLOCK, CE="1", D=6, Q=8),
        part("FDCE", "Q", C=CLOCK, CE="1", D=6, CLR=RST, Q=8),
        replace(FLOP, parameters={"IS_C_INVERTED": "1"}),
        replace(FLOP, pins=FLOP.pins | {"C": (6,)}),
        part("LUT2", "O", "0110", I0=5, I1=8, O=8),
        part("LUT1", "O", "10", I0=CLOCK, O=8),
        part("BUFG", "O", I=6, O=8),
    ],
    ids=["memory", "shift", "clear", "falling edge", "other clock", "loop", "data", "buffer"],
)
def test_other_netlists_are_left_to_icarus(other: Instance) -> None:
    assert run_fabric(netlist(5, *TOGGLER, other), TOGGLES) is None


def test_other_words_than_the_streams_are_an_error() -> None:
    with pytest.raises(ToolError, match="beat 0 of the netlist is 0, of the stream 1"):
        run_fabric(netlist(5, *TOGGLER), replace(TOGGLES, beats=(*TOGGLES.beats[1:], 0)))
