"""Synthesis: a Yosys that misbehaves, and netlists whose inputs stay."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections import Counter
from math import inf

import pytest
from fake_tools import one_line, write_yosys
from opensta_power import NETLIST_V, mapped_netlist

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.hardware.eda import cell_library, yosys
from pezoexplore.hardware.eda.cell_script import SYNTH, SYNTH_UNCHECKED
from pezoexplore.hardware.eda.commands import mapping
from pezoexplore.hardware.eda.native_yosys import end_idle
from pezoexplore.hardware.eda.netlist import INVERTER, absorbed_inverters, read_netlist
from pezoexplore.hardware.eda.synth import (
    KEEPS,
    NETLIST,
    cell_areas,
    cells_by_type,
    count_cells,
    engine_figures,
    synthesise,
)
from pezoexplore.hardware.eda.targets import LIBERTY, NO_MEMORY, TARGETS
from pezoexplore.hardware.eda.tools import osu018_liberty
from pezoexplore.hardware.eda.yosys import CHOICE, NATIVE, WASM, run_yosys
from pezoexplore.hardware.rtl.build import TOP, build
from pezoexplore.hardware.rtl.engine import engine_point
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

SMALL = {"lanes": 3, "bit_width": 4, "scaling": "none"}
XCUP = TARGETS["xcup"]
LANES = resolve(reuse="none", state_bits=4, **SMALL)
TINY = resolve(reuse="none", state_bits=4, **SMALL | {"lanes": 1})


@pytest.fixture(params=[NATIVE, WASM])
def fake_yosys(request, tmp_path, monkeypatch):
    """Put modules of a build's name before the real ones."""
    end_idle()
    monkeypatch.setenv(CHOICE, request.param)

    def make(body):
        write_yosys(tmp_path / "fake", body)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))

    yield make
    end_idle()


def failure(tmp_path, timeout_s=60.0, kind=ToolError):
    with pytest.raises(kind) as caught:
        synthesise(
            TINY, "xcup", rtl_dir(), tmp_path / "work", tmp_path / "log", timeout_s=timeout_s
        )
    return one_line(caught.value)


@pytest.mark.parametrize("build", [NATIVE, WASM])
def test_yosys_missing(build, tmp_path, monkeypatch):
    monkeypatch.setenv(CHOICE, build)
    monkeypatch.setattr(yosys, "build_version", lambda _: None)
    assert failure(tmp_path) == f"{build}: not installed; type: pip install {build}"


def test_yosys_fails(tmp_path, fake_yosys):
    fake_yosys("import sys; sys.exit('ERROR: no')")
    assert f"yosys failed (exit 1); see {tmp_path / 'log'}" in failure(tmp_path)
    assert "ERROR: no" in (tmp_path / "log").read_text()


def test_yosys_crashes(tmp_path, fake_yosys):
    fake_yosys("import os; os.abort()")
    assert "yosys failed (exit -6)" in failure(tmp_path)


def test_yosys_hangs(tmp_path, fake_yosys):
    fake_yosys("import time; time.sleep(600)")
    assert "no end after 2 s" in failure(tmp_path, 2.0, ToolTimeoutError)


@pytest.mark.parametrize("text", [None, "", "{}", '{"modules": 3}', "[1]", '{"modules": {}}'])
def test_a_netlist_that_is_not_there(text, tmp_path, fake_yosys):
    writes = f"open('netlist.json', 'w').write({text!r}); " if text is not None else ""
    fake_yosys(f"{writes}return")
    assert f"netlist.json: not the netlist of {TOP}" in failure(tmp_path)


def test_a_cell_without_a_rule_in_the_netlist(tmp_path, fake_yosys):
    cell = {"type": "URAM288", "connections": {}, "parameters": {}}
    text = json.dumps({"modules": {TOP: {"ports": {}, "cells": {"u": cell}}}})
    fake_yosys(f"open('netlist.json', 'w').write({text!r}); return")
    assert "URAM288" in failure(tmp_path)


def test_rtl_that_does_not_parse(tmp_path):
    copy = tmp_path / "rtl"
    copy.mkdir()
    for path in rtl_dir().iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "lfsr.v").write_text("module lfsr; oops\n")
    with pytest.raises(ToolError) as caught:
        synthesise(TINY, "xcup", copy, tmp_path / "work", tmp_path / "log")
    assert "yosys failed" in one_line(caught.value)
    assert "lfsr.v:1" in (tmp_path / "log").read_text()


STORE = """
    reg [31:0] store [0:1023];
    (* keep *) reg [31:0] word;
    always @(posedge clk) begin
        if (start) store[word[9:0]] <= {word[30:0], replay};
        word <= store[word[9:0]];
    end
endmodule
"""


@pytest.mark.slow
def test_edited_rtl_may_have_a_memory_where_ours_has_none(tmp_path):
    copy = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), copy)
    text = (copy / "stream_none.v").read_text(encoding="utf-8")
    (copy / "stream_none.v").write_text(text.replace("endmodule\n", STORE), encoding="utf-8")
    counts = synthesise(TINY, "xcup", copy, tmp_path / "work", tmp_path / "log")
    assert counts["bram"] == 1
    assert "mapped again" in (tmp_path / "log").read_text(encoding="utf-8")


def ways(point, rtl, folder):
    """Return the LUTs of a point, those of both ways, and the folder of the netlist taken."""
    found = synthesise(point, "xcup", rtl, folder / "work", folder / "log")
    return found["lut"], found["lut_kept"], found["lut_free"], folder / "work"


def test_functions_kept_whole_count_both_ways(tmp_path):
    point = resolve(reuse="phased", taps="shared", state_bits=8, bit_width=4, lanes=5)
    lut, kept, free, work = ways(point, rtl_dir(), tmp_path)
    assert lut == kept < free
    assert lut == count_cells(cells_by_type(read_netlist(work / NETLIST, TOP)), XCUP)["lut"]


@pytest.mark.slow
def test_the_netlist_with_fewer_luts_is_taken(tmp_path):
    """A generator mapped on its own takes a LUT more for each replayed bit."""
    rtl = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), rtl)
    text = (rtl / "generator.v").read_text(encoding="utf-8")
    (rtl / "generator.v").write_text(text.replace("\nmodule ", f"\n{KEEPS}\nmodule ", 1))
    lut, kept, free, work = ways(LANES, rtl, tmp_path)
    assert lut == free < kept
    assert lut == count_cells(cells_by_type(read_netlist(work / NETLIST, TOP)), XCUP)["lut"]
    netlist = mapped_netlist(LANES, "xcup", rtl, tmp_path / "power", tmp_path / "log")
    assert lut == count_cells(cells_by_type(netlist), XCUP)["lut"], "power is of the same netlist"


@pytest.mark.slow
def test_a_design_that_keeps_nothing_is_mapped_once(tmp_path):
    lut, kept, free, work = ways(TINY, rtl_dir(), tmp_path)
    assert lut == kept == free
    assert not (work / "free").exists()
    on_ice40 = synthesise(TINY, "ice40", rtl_dir(), tmp_path / "work", tmp_path / "log")
    assert not {"lut_kept", "lut_free"} & set(on_ice40)


MULTIPLIER = """
    (* keep *) reg [33:0] product;
    always @(posedge clk) product <= product[33:17] * {product[15:0], start};
endmodule
"""


@pytest.mark.slow
def test_a_cell_whose_model_was_not_read_is_mapped_again(tmp_path):
    copy = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), copy)
    text = (copy / "stream_none.v").read_text(encoding="utf-8")
    (copy / "stream_none.v").write_text(text.replace("endmodule\n", MULTIPLIER), encoding="utf-8")
    counts = synthesise(TINY, "xcup", copy, tmp_path / "work", tmp_path / "log")
    assert counts["dsp"] == 1
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert log.index("selection is not empty: t:$mul") < log.index("mapped again")


@pytest.mark.parametrize("target", ["xcup", "xc7"])
def test_libraries_of_a_design_without_memories(target, tmp_path):
    """One is read, and what no rule counts is dropped before a pass copies it."""
    built = build(Stream(TINY), rtl_dir())
    commands = mapping(built, target, tmp_path / "work", script=TARGETS[target].without_memory)
    places = [place for place, command in enumerate(commands) if command.startswith("read_verilog")]
    assert [commands[place] for place in places[:-1]] == [
        "read_verilog -lib -specify +/xilinx/cells_sim.v"
    ]
    kept, drop = commands[places[-1] - 2 : places[-1]]
    assert {f"={cell}" for cell in (*TARGETS[target].cells, *TARGETS[target].free)} < set(
        kept.split()
    )
    assert drop.startswith("delete ")
    first = next(place for place, command in enumerate(commands) if "synth_xilinx" in command)
    assert first > places[-1]
    assert not any("-run :" in command for command in commands), "the first label reads all"


@pytest.mark.parametrize(
    ("rng", "reuse"),
    [
        pytest.param("lfsr", "phased", marks=pytest.mark.regression),
        *(
            pytest.param(rng, reuse, marks=pytest.mark.regression)
            for rng, reuse in (("xorshift32", "none"), ("clt", "none"), ("lfsr", "bank"))
        ),
    ],
)
def test_no_memory_to_map_makes_a_netlist_of_the_same_cells(rng, reuse, tmp_path, monkeypatch):
    point = resolve(rng=rng, reuse=reuse, bit_width=4, lanes=3, reuse_period=4)
    cells = []
    for target in (XCUP, dataclasses.replace(XCUP, without_memory=())):
        monkeypatch.setattr(cell_library, "TARGETS", {"xcup": target})
        mapped_netlist(point, "xcup", rtl_dir(), tmp_path / "work", tmp_path / "log")
        text = (tmp_path / "work" / NETLIST_V).read_text(encoding="utf-8")
        cells.append(Counter(re.findall(r"^  ([A-Z]\w+) ", text, re.MULTILINE)))
        script = (tmp_path / "work" / "synth.ys").read_text(encoding="utf-8")
        assert (NO_MEMORY in script) == bool(target.without_memory)
    assert cells[0] == cells[1]
    assert cells[0]["FDRE"] > 4


@pytest.mark.parametrize(
    "axes",
    [
        {"reuse": "phased", "taps": "shared", "state_bits": 8},
        pytest.param({"reuse": "pool", "pool_size": 40}, marks=pytest.mark.slow),
        pytest.param({"reuse": "none", "rng": "treegrng"}, marks=pytest.mark.slow),
    ],
)
def test_checks_that_are_left_out_change_no_netlist(axes, tmp_path, monkeypatch):
    point, cells = resolve(**{**SMALL, **axes}), TARGETS["osu018"]
    rest = cells.script[len(SYNTH_UNCHECKED) :]
    assert cells.script == (*SYNTH_UNCHECKED, *rest)
    netlists = []
    for script in (cells.script, (SYNTH, *rest)):
        target = dataclasses.replace(cells, script=script)
        monkeypatch.setattr(cell_library, "TARGETS", {"osu018": target})
        synthesise(point, "osu018", rtl_dir(), tmp_path / "work", tmp_path / "log")
        netlists.append((tmp_path / "work" / NETLIST).read_text(encoding="utf-8"))
    assert netlists[0] == netlists[1]


REAL = [
    resolve(reuse="none", rng="xorshift32", reuse_period=4, **SMALL),
    resolve(reuse="bank", state_bits=8, reuse_period=inf, **SMALL),
    resolve(reuse="bank", state_bits=4, reuse_period=4, **SMALL | {"scaling": "pow2"}),
    resolve(reuse="phased", state_bits=8, reuse_period=inf, **SMALL),
    resolve(reuse="pool", pool_size=40, reuse_period=inf, **SMALL),
]


@pytest.mark.slow
@pytest.mark.parametrize("point", REAL, ids=DesignPoint.label)
def test_control_inputs_stay(point, tmp_path):
    """Ports of the netlist are those of the point, and every control bit drives a cell."""
    work = tmp_path / "work"
    counts = synthesise(point, "xcup", rtl_dir(), work, tmp_path / "log")
    assert set(counts) == {*XCUP.columns, "lut_kept", "lut_free", "yosys_version"}
    assert counts["lut"] > 0
    top = json.loads((work / NETLIST).read_text())["modules"][TOP]
    inputs = {"clk", "rst", "start", "replay", "out_ready"}
    outputs = {"out_valid", "out_data"} | ({"out_exponent"} if point.scaling == "pow2" else set())
    if point.reseeds:
        inputs |= {"reseed", "load_valid", "load_data"}
        outputs |= {"load_ready"}
    directions = {name: port["direction"] for name, port in top["ports"].items()}
    assert directions == dict.fromkeys(inputs, "input") | dict.fromkeys(outputs, "output")
    driving = {
        bit
        for cell in top["cells"].values()
        for name, bits in cell["connections"].items()
        if cell["port_directions"][name] == "input"
        for bit in bits
    }
    for name in inputs:
        assert driving.issuperset(top["ports"][name]["bits"]), f"{name} drives nothing"
    assert all(bit not in ("x", "z") for bit in top["ports"]["out_data"]["bits"])
    assert not any(isinstance(bit, str) for bit in top["ports"]["out_data"]["bits"])


@pytest.mark.parametrize(
    "axes",
    [
        {"reuse": "phased", "taps": "shared", "state_bits": 8, "bit_width": 4},
        *(
            pytest.param(axes, marks=pytest.mark.slow)
            for axes in (
                {"reuse": "bank", "state_bits": 4, "bit_width": 4},
                {"reuse": "phased", "taps": "xor", "state_bits": 8, "bit_width": 1},
                *(
                    {"rng": rng, "reuse": "none", "bit_width": bits}
                    for rng, bits in [
                        *(("lfsr", 3), ("xorshift32", 4), ("rademacher", 1), ("ternary", 2)),
                        *(("lut_opt", 1), ("lut_opt", 8), ("ca", 4), ("sobol", 4), ("trivium", 4)),
                    ]
                ),
            )
        ),
    ],
)
def test_words_need_no_inverter(axes, tmp_path):
    """The sign bit of a word is inverted by the logic that computes it."""
    synthesise(
        resolve(lanes=3, scaling="none", **axes),
        "xcup",
        rtl_dir(),
        tmp_path / "work",
        tmp_path / "log",
    )
    netlist = read_netlist(tmp_path / "work" / NETLIST, TOP)
    shown = set(netlist.ports["out_data"].bits)
    inverters = [i for i in netlist.instances if i.kind == INVERTER]
    assert not [i for i in inverters if shown & {*i.pins["O"]}]


@pytest.mark.slow
def test_registers_of_a_tiny_point(tmp_path):
    """A 4-bit state and the copy that replay brings back: eight flip-flops, no more."""
    counts = synthesise(TINY, "xcup", rtl_dir(), tmp_path / "work", tmp_path / "log")
    assert counts["ff"] == 8
    assert counts["bram"] == counts["dsp"] == counts["carry"] == 0


@pytest.mark.parametrize(
    "target",
    ["ice40", "osu018", *(pytest.param(name, marks=pytest.mark.slow) for name in ("xc7", "ecp5"))],
)
def test_the_netlist_has_the_cells_that_are_counted(target, tmp_path):
    """Instances in the Verilog, found by their lines, against the statistics Yosys wrote."""
    counts = synthesise(LANES, target, rtl_dir(), tmp_path / "work", tmp_path / "log")
    netlist = mapped_netlist(LANES, target, rtl_dir(), tmp_path / "work", tmp_path / "log")
    text = (tmp_path / "work" / NETLIST_V).read_text(encoding="utf-8")
    assert text.count("endmodule") == 1
    assert not re.search(r"assign\s*\{", text)
    assert re.search(r"output \\out_data\[11\] ;", text)
    kinds = re.findall(r"^  ([A-Z]\w+) (?:#\(|\S+ +\()", text, flags=re.MULTILINE)
    areas = cell_areas(osu018_liberty(), gate="NAND2X1") if target == "osu018" else {}
    cells = Counter(kinds)
    cells["INV"] -= len(absorbed_inverters(netlist))
    again = count_cells(+cells, TARGETS[target], areas)
    assert again == {name: counts[name] for name in again}
    assert again["ff"] == 24, "three states of four bits, and their copies for replay"


def test_area_is_what_yosys_says_it_is(tmp_path):
    work, log = tmp_path / "work", tmp_path / "log"
    counts = synthesise(LANES, "osu018", rtl_dir(), work, log)
    commands = [f"read_liberty -lib {LIBERTY}", "read_verilog netlist.v"]
    mapped_netlist(LANES, "osu018", rtl_dir(), work, log)
    run_yosys([*commands, f"tee -q -o area.txt stat -liberty {LIBERTY}"], work, log, 60.0)
    said = re.search(r"Chip area for module.*: ([\d.]+)", (work / "area.txt").read_text())
    assert counts["area_um2"] == pytest.approx(float(said[1]))


@pytest.mark.regression
def test_an_engine_is_counted_with_its_streams_and_multipliers(tmp_path):
    point = resolve(reuse="phased", taps="xor", lanes=2, bit_width=1, state_bits=8)
    where = (rtl_dir(), tmp_path / "work", tmp_path / "log")
    found, _ = engine_figures(engine_point(point), "xcup", *where)
    assert (found["engine_streams"], found["engine_dsp"]) == (1, 2)
    # The output register of a lane of 16 bits, and the beat behind it.
    assert found["engine_ff"] > 2 * 2 * 16
    assert found["engine_lut"] > 10 * synthesise(point.hardware(), "xcup", *where)["lut"]
