"""A stream behind AXI4-Lite: its registers have one source, and its bench finds what is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.tools import verilator_folder
from pezoexplore.hardware.eda.yosys import run_yosys
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.hardware.export.ipxact import FILE, SPACE
from pezoexplore.hardware.proof.mutants import mutants_of, ranked
from pezoexplore.hardware.rtl.stream_map import (
    SHAPE,
    data_words,
    registers,
    shape_value,
)
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

POINTS = {
    "one-word": resolve(reuse="phased", bit_width=8, lanes=4),
    "one-bit": resolve(reuse="phased", bit_width=1, state_bits=8, lanes=1),
    "bank": resolve(reuse="bank", bit_width=5, lanes=15, scaling="pow2", reuse_period=4),
    "wide-seeds": resolve(rng="treegrng", reuse="none", lanes=5, reuse_period=4),
    "lut_sr": resolve(rng="lut_sr", reuse="none", lanes=3, reuse_period=5),
    "pool": resolve(rng="trivium", reuse="pool", lanes=3, pool_size=20, reuse_period=4),
}


def files_of(point: DesignPoint, **more: object) -> dict[str, str]:
    options = {"segments": None, "rtl_dir": rtl_dir(), "command": "x", "axil": True} | more
    return bundle_files(Order(point, **options))  # type: ignore[arg-type]


def alone(folder: Path, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command from where pezoexplore cannot be imported."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"} | more
    return subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True,
        timeout=600,
    )  # fmt: skip


def bench(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the bench of the registers, without that of the stream."""
    path = folder / "test" / "run.py"
    text = path.read_text()
    path.write_text(text.replace('passed = simulate("pezo_top", "bench_stream")', "passed = True"))
    return alone(folder, sys.executable, "test/run.py")


@pytest.mark.parametrize(
    "name", [name if name == "bank" else pytest.param(name, marks=pytest.mark.slow)
             for name in POINTS]
)  # fmt: skip
def test_a_bus_master_reads_the_stream(name: str, tmp_path: Path) -> None:
    write_bundle(files_of(POINTS[name]), tmp_path)
    done = bench(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TESTS=4 PASS=4" in done.stdout


@pytest.mark.regression
def test_it_does_so_under_a_name_with_another_master_seed(tmp_path: Path) -> None:
    files = files_of(POINTS["bank"], name="my_rng", seed=7)
    assert "rtl/my_rng_axil.v" in files and "rtl/my_rng_axil_port.v" in files
    assert not [path for path, text in files.items() if "pezo_" in text]
    write_bundle(files, tmp_path)
    done = alone(tmp_path, sys.executable, "test/run.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TESTS=4 PASS=4" in done.stdout


EDITS = {
    "the last word does not take the beat": ("takes && at_last : m_axis", "1'b0 : m_axis"),
    "the first word takes the beat": ("? takes && at_last : m_axis", "? takes : m_axis"),
    "any read takes a word": ("read && from == DATA && shows", "read && shows"),
    "DATA takes without a beat": ("shows = to_bus_q && out_valid", "shows = to_bus_q"),
    "DATA takes from the stream": ("shows = to_bus_q && out_valid", "shows = out_valid"),
    "CONTROL leaves the word": ("(rst || control ||", "(rst ||"),
    "reset leaves the word": ("(rst || control ||", "(control ||"),
    "reset leaves OUTPUT": ("if (rst)\n            to_bus_q <= 1'b0;\n        else if", "if"),
    "beats leave while read": ("out_valid && !to_bus_q", "out_valid"),
    "a strobe does not count": ("at == OUTPUT && write_strobe[0]", "at == OUTPUT"),
    "half a command acts": ("is_command && write_strobe != 4'b1111", "1'b0"),
    "no strobe acts": ("write && any_strobe && !write_error", "write && !write_error"),
    "seeds are taken at any time": ("(is_seed && !load_ready)", "1'b0"),
    "pulses while seeds are missing": ("(at == CONTROL && load_ready)", "1'b0"),
    "start at any pulse": ("start  = control && write_data[0]", "start = control"),
    "unknown bits of CONTROL": ("(at == CONTROL && write_data[31:3] != 0)", "1'b0"),
    "replay for start": ("control && write_data[1]", "control && write_data[0]"),
    "a write anywhere": ("!(is_command || at == OUTPUT) ||", "1'b0 ||"),
    "a read anywhere": ("read_error = !(from", "read_error = 1'b0 && !(from"),
    "the exponent without sign": ("{{26{out_exponent[5]}}, out", "{26'b0, out"),
    "the exponent of m_axis": ("m_axis_tuser  = out_exponent", "m_axis_tuser  = 6'd0"),
    "the seed upside down": ("write_data[4:0];", "{write_data[0], write_data[4:1]};"),
    "no response": (".s_axil_bready(s_axil_bready)", ".s_axil_bready(1'b1)"),
    "address bits that count": ("at = {write_address[7:2], 2'b00}", "at = write_address"),
}


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(edit, marks=pytest.mark.regression if number != 9 else pytest.mark.slow)
        for number, edit in enumerate(EDITS)
    ],
)
def test_the_bench_finds_an_edit(edit: str, tmp_path: Path) -> None:
    write_bundle(files_of(POINTS["bank"]), tmp_path)
    path = tmp_path / "rtl" / "pezo_axil.v"
    text, (old, new) = path.read_text(), EDITS[edit]
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    done = bench(tmp_path)
    assert done.returncode != 0 and "FAIL" in done.stdout, done.stdout + done.stderr


EQUIVALENT = {
    "wire [7 - 1 : 0] number = {6'b0, word_q}": "word_q has two bits: the one cut off is zero",
}
"""Mutants that change nothing, with the reason."""


@pytest.mark.regression
def test_the_bench_finds_mutants(tmp_path: Path) -> None:
    files = files_of(POINTS["bank"])
    source = files["rtl/pezo_axil.v"]
    drawn = ranked(mutants_of("pezo_axil.v", source), seed=0)[:40]
    survived = []
    for number, mutant in enumerate(drawn):
        folder = tmp_path / str(number)
        write_bundle(files | {"rtl/pezo_axil.v": mutant.apply(source)}, folder)
        if bench(folder).returncode == 0:
            survived.append(mutant.mutant)
    assert set(survived) <= EQUIVALENT.keys()


@pytest.mark.parametrize("name", POINTS)
def test_the_top_is_clean(name: str, tmp_path: Path) -> None:
    write_bundle(files_of(POINTS[name]), tmp_path)
    rtl = sorted(path.name for path in (tmp_path / "rtl").glob("*.v"))
    verilator = verilator_folder()
    assert verilator is not None
    icarus = ["iverilog", "-g2005", "-Wall", "-tnull", "-s", "pezo_axil", *rtl]
    done = alone(tmp_path / "rtl", *icarus)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    lint = ["verilator", "--lint-only", "-Wall", "--top-module", "pezo_axil", *rtl]
    done = alone(tmp_path / "rtl", *lint, PATH=f"{verilator}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0 and "%Warning" not in done.stderr, done.stderr


@pytest.mark.regression
@pytest.mark.parametrize("name", ["bank", pytest.param("lut_sr", marks=pytest.mark.regression)])
def test_yosys_maps_the_top(name: str, tmp_path: Path) -> None:
    write_bundle(files_of(POINTS[name]), tmp_path)
    commands = ["read_verilog -defer *.v", "synth_ice40 -top pezo_axil", "check -assert",
                "select -assert-none t:$_DLATCH* t:$dlatch"]  # fmt: skip
    run_yosys(commands, tmp_path / "rtl", tmp_path / "log", 100)
    log = (tmp_path / "rtl" / "yosys.log").read_text()
    assert "Warning" not in log, log[-2000:]


@pytest.mark.parametrize("name", POINTS)
def test_every_form_of_the_map_is_the_table(name: str) -> None:
    point, files = POINTS[name], files_of(POINTS[name])
    table = {each.name: each.address for each in registers(point)}
    assert len(set(table.values())) == len(table)
    assert all(address % 4 == 0 and address < 256 for address in table.values())
    verilog = files["rtl/pezo_axil.v"]
    found = dict(re.findall(r"localparam \[7:0\] (\w+) = 8'h(\w\w);", verilog))
    assert {key: int(value, 16) for key, value in found.items()} == table
    header = files["sw/pezo_axil.h"]
    defined = dict(re.findall(r"#define PEZO_AXIL_(\w+) 0x(\w+)u", header))
    assert {key: int(defined[key], 16) for key in table} == table
    root = etree.fromstring(files[FILE].encode())
    named = root.xpath(".//i:register", namespaces={"i": SPACE})
    offsets = {each[0].text: int(each.find(f"{{{SPACE}}}addressOffset").text[2:], 16)
               for each in named}  # fmt: skip
    assert offsets == table
    for register in registers(point):
        assert f"| 0x{register.address:02X} | `{register.name}` |" in files["DATASHEET.md"]
        for field in register.fields:
            mask = int(defined[f"{register.name}_{field.name}_MASK"], 16)
            assert mask == ((1 << field.bits) - 1) << field.low
            assert f"| `{field.name}` | bits {field.where} |" in files["DATASHEET.md"]


def test_a_map_has_the_registers_that_its_design_needs() -> None:
    names = {key: {each.name for each in registers(point)} for key, point in POINTS.items()}
    assert not names["one-word"] & {"EXPONENT", "SEED", "SEED_HIGH"}
    assert {"EXPONENT", "SEED"} <= names["bank"] and "SEED_HIGH" not in names["bank"]
    assert {"SEED", "SEED_HIGH"} <= names["wide-seeds"]
    assert [data_words(POINTS[key]) for key in ("one-word", "one-bit", "bank")] == [1, 1, 3]
    shape = shape_value(POINTS["lut_sr"])
    held = {field.name: SHAPE.read(field.name, shape) for field in SHAPE.fields}
    assert held == {
        "LANES": 3, "WORD_BITS": 8, "HALF": 1, "HAS_EXPONENT": 0, "HAS_RESEED": 1,
        "STATE_BITS": POINTS["lut_sr"].state_bits,
    }  # fmt: skip


@pytest.mark.parametrize("name", POINTS)
def test_c_takes_the_header(name: str, tmp_path: Path) -> None:
    write_bundle(files_of(POINTS[name]), tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "pezo_axil.h"\n#include "pezo_stream.h"\nint main(void) { return '
        "PEZO_AXIL_LANES != PEZO_LANES || PEZO_AXIL_WORD_BITS != PEZO_BIT_WIDTH; }\n"
    )
    options = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-Isw"]
    done = alone(tmp_path, "gcc", *options, "-o", "main", "main.c")
    assert done.returncode == 0, done.stderr
    assert alone(tmp_path, tmp_path / "main").returncode == 0


@pytest.mark.regression
@pytest.mark.parametrize(
    "name",
    ["one-word", *(pytest.param(n, marks=pytest.mark.regression) for n in ("bank", "wide-seeds"))],
)
def test_the_driver_reads_the_stream_of_the_simulated_core(name: str, tmp_path: Path) -> None:
    point = POINTS[name]
    write_bundle(files_of(point, name="my"), tmp_path)
    rtl = sorted(path.name for path in (tmp_path / "rtl").glob("*.v"))
    driver = Path(__file__).parent / "axil_driver.cpp"
    folder = verilator_folder()
    assert folder is not None
    flags = f"-I{tmp_path / 'sw'} -O0"
    if Stream(point).strategy.loads_after_reset:
        flags += " -DLOADS_AFTER_RESET"
    options = ["--cc", "--exe", "--build", "--top-module", "my_axil", "-CFLAGS", flags]
    options += ["-MAKEFLAGS", f"CFG_CXXFLAGS_PCH_I=-include PYTHON3={sys.executable}"]
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    made = alone(tmp_path / "rtl", "verilator", *options, *rtl, driver, PATH=path)
    assert made.returncode == 0, made.stdout + made.stderr
    out = alone(tmp_path / "rtl", tmp_path / "rtl" / "obj_dir" / "Vmy_axil").stdout
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["check", "0"] and "other -1" in out
    stream = Stream(point)
    wanted = [(0, i) for i in (*range(7), *range(3, 8))]
    wanted += [(1, i) for i in range(4)] if point.reseeds else []
    shown = [list(map(int, line[1:])) for line in lines if line[0] == "beat"]
    assert len(shown) == len(wanted)
    for (exponent, *words), (epoch, beat) in zip(shown, wanted, strict=True):
        assert np.array_equal(words, stream.beats(epoch, beat, 1)[0])
        exponents = stream.exponents(epoch, beat, 1)
        assert exponent == (0 if exponents is None else int(exponents[0]))
