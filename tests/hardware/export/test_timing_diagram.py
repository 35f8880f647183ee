"""The timing diagram shows what the RTL does, clock by clock."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.hardware.export.timing_diagram import BEAT, FILE, Clock, clocks, timing_diagram
from pezoexplore.hardware.export.verilog_ports import ports_in
from pezoexplore.hardware.verify.contract import LOAD, READY, REPLAY, RESEED, RST, START
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

POINTS = {
    "phased": resolve(reuse="phased", bit_width=4, state_bits=8, lanes=5),
    "one bit": resolve(rng="rademacher", reuse="none", lanes=1),
    "bank": resolve(reuse="bank", bit_width=5, lanes=5, scaling="pow2", reuse_period=4),
    "pool": resolve(rng="trivium", reuse="pool", lanes=3, pool_size=20, reuse_period=4),
    "lut_sr": resolve(rng="lut_sr", reuse="none", lanes=3, reuse_period=4),
}
INPUTS = {"rst": RST, "start": START, "replay": REPLAY, "out_ready": READY}
LOADS = {"reseed": RESEED, "load_valid": LOAD}
SVG = "{http://www.w3.org/2000/svg}"


def bench(point: DesignPoint, played: list[Clock]) -> str:
    """Return a bench that drives each clock's inputs and prints the outputs of its end."""
    loads = [*LOADS, "load_ready", "load_data"] * point.reseeds
    names = [*INPUTS, *loads, "out_valid", "out_data"]
    names += ["out_exponent"] * (point.scaling == "pow2")
    inputs = INPUTS | (LOADS if point.reseeds else {})
    width = {"load_data": point.state_bits or 0, "out_data": point.lanes * point.bits}
    lines = ["`timescale 1ns/1ps", "module bench;", "reg clk = 0;", "always #5 clk = ~clk;"]
    for name in names:
        kind = "reg" if name in (*inputs, "load_data") else "wire"
        bits = 6 if name == "out_exponent" else width.get(name, 1)
        lines.append(f"{kind} [{bits - 1}:0] {name};")
    pins = ", ".join(f".{name}({name})" for name in names)
    lines += [f"pezo_top dut (.clk(clk), {pins});", "initial begin"]
    shown = "load_ready" if point.reseeds else "1'bx"
    exponent = "out_exponent" if point.scaling == "pow2" else "6'd0"
    for clock in played:
        sets = [f"{name} = {int(clock.control & bit != 0)};" for name, bit in inputs.items()]
        if clock.load is not None:
            sets.append(f"load_data = {width['load_data']}'h{clock.load:x};")
        show = f'$display("%b %b %h %h", {shown}, out_valid, out_data, {exponent});'
        lines.append(f"{' '.join(sets)} @(negedge clk); {show} @(posedge clk); #1;")
    return "\n".join([*lines, "$finish;", "end", "endmodule", ""])


@pytest.mark.parametrize("name", POINTS)
def test_the_rtl_does_what_the_diagram_shows(name: str, tmp_path: Path) -> None:
    point = POINTS[name]
    played = clocks(Stream(point))
    write_bundle(bundle_files(Order(point, None, rtl_dir(), "x")), tmp_path)
    (tmp_path / "bench.v").write_text(bench(point, played))
    rtl = sorted(str(path) for path in (tmp_path / "rtl").glob("*.v"))
    build = ["iverilog", "-g2005", "-I", str(tmp_path / "rtl"), "-s", "bench", "-o", "x"]
    subprocess.run([*build, "bench.v", *rtl], cwd=tmp_path, check=True)
    out = subprocess.run(
        ["vvp", "-n", "x"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    seen = [line.split() for line in out.splitlines() if len(line.split()) == 4]
    assert len(seen) == len(played)
    words = 0
    for number, (clock, (asks, valid, data, exponent)) in enumerate(zip(played, seen, strict=True)):
        cells = clock.cells
        if cells.get("load_ready") is not None:
            assert str(cells["load_ready"]) == asks, number
        assert str(cells["out_valid"]) == valid, number
        shown = cells.get("out_data")
        assert (shown is not None) == (valid == "1"), number
        if isinstance(shown, tuple):
            assert data.endswith(shown[1].removeprefix("…")), number
            words += 1
        shown = cells.get("out_exponent")
        assert not isinstance(shown, tuple) or shown[1] == exponent, number
    assert words >= 10


def notes(point: DesignPoint) -> list[str]:
    return [clock.note for clock in clocks(Stream(point)) if clock.note]


def test_it_has_start_back_pressure_replay_and_a_reseed_with_its_words() -> None:
    kinds = ["rst", "start", "not ready", "replay"]
    assert notes(POINTS["phased"]) == kinds
    point = POINTS["lut_sr"]
    assert notes(point) == [*kinds, "reseed", "load"]
    played = clocks(Stream(point))
    loads = [clock.load for clock in played if clock.load is not None]
    assert loads == Stream(point).strategy.load_words(1)
    beats = [clock.cells[BEAT] for clock in played if BEAT in clock.cells]
    assert (0, 1) in [cell[0] for cell in beats[-6:] if isinstance(cell, tuple)]
    last = beats[-1]
    assert isinstance(last, tuple) and last[1] == "1, 1"


@pytest.mark.parametrize("name", POINTS)
def test_the_picture_has_a_row_for_every_port_and_stays_in_its_frame(name: str) -> None:
    point = POINTS[name]
    files = bundle_files(Order(point, None, rtl_dir(), "x", name="my"))
    root = ET.fromstring(files[FILE])
    assert f"]({FILE})" in files["DATASHEET.md"]
    title = root.find(f"{SVG}title")
    assert title is not None and "my_top" in (title.text or "")
    texts = root.findall(f".//{SVG}text")
    shown = {text.text for text in texts}
    assert {port.name for port in ports_in(files["rtl/my_top.v"])} <= shown
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text in texts:
        assert 0 <= float(text.attrib["x"]) <= width and 0 <= float(text.attrib["y"]) <= height
    ends = [text for text in texts if text.attrib["text-anchor"] == "end"]
    assert len({text.attrib["y"] for text in ends}) == len(ends)
    assert width < 1600


def test_a_long_wait_is_cut_and_says_by_how_much() -> None:
    stream = Stream(POINTS["lut_sr"])
    assert stream.strategy.reset_stall > 10
    assert f">+{stream.strategy.reset_stall - 6}<" in timing_diagram(stream)
