"""Cell libraries of the user's own: what is found in them, what is said of the rest."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fake_tools import one_line
from library_styles import FLOPS, library, put, with_extras

from pezoexplore.design.own_targets import CellLibrary
from pezoexplore.design.point import resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.cell_library import find_target, read_own
from pezoexplore.hardware.eda.synth import map_point, synthesise
from pezoexplore.hardware.eda.timing import highest_clock
from pezoexplore.hardware.power.power import COLUMNS, power_point
from pezoexplore.paths import rtl_dir

QFLOW = Path("/usr/share/qflow/tech")
POINT = resolve(reuse="phased", taps="xor", state_bits=6, lanes=2, bit_width=3, scaling="none")


def own(*paths: Path, **more) -> CellLibrary:
    return CellLibrary(name="mine", liberty=tuple(map(str, paths)), **more)


def register(target: CellLibrary) -> str:
    timer = find_target(target).timer
    assert timer is not None
    return timer.register.format(name="r", d="a", q="b")


@pytest.mark.parametrize("file", ["osu018/osu018_stdcells.lib", "osu035/osu035_stdcells.lib",
                                  "osu050/osu05_stdcells.lib"])  # fmt: skip
def test_real_libraries_need_no_names(file):
    target = own(QFLOW / file)
    assert register(target) == "DFFPOSX1 r (.CLK(clk), .D(a), .Q(b));"
    assert find_target(target).gate == "NAND2X1"
    assert not read_own(target).missing


TIES = {"reset": ", .RN(1'b1)", "both": ", .RN(1'b1), .SN(1'b1)"}


@pytest.mark.parametrize("flop", FLOPS)
def test_forms_of_a_flip_flop(flop, tmp_path):
    target = own(put(tmp_path, with_extras(library(flop=flop))))
    assert register(target) == f"FDX r (.CK(clk), .D(a), .Q(b){TIES.get(flop, '')});"
    assert find_target(target).gate == "ND2X"


def test_names_may_be_given_and_cells_excluded(tmp_path):
    text = library().replace("cell (FDX)", "cell (FDBIG)")
    whole = put(tmp_path, f"{library().rstrip()[:-1]}{text[text.index('cell (FDBIG)') :]}")
    assert register(own(whole)).startswith("FDBIG "), "of equals the first"
    assert register(own(whole, flip_flop="FDX")).startswith("FDX ")
    assert register(own(whole, dont_use=("FDB*",))).startswith("FDX ")
    assert find_target(own(whole, gate="NR2X")).gate == "NR2X"
    script = " ".join(find_target(own(whole, dont_use=("FDB*", "XO2X"))).script)
    assert script.count("-dont_use FDB* -dont_use XO2X") == 2


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"flip_flop": "FD"}, "flip_flop FD: no such cell in it that may be used"),
        ({"flip_flop": "ND2X"}, "flip_flop ND2X: not a flip-flop on the rising edge"),
        ({"gate": "FILLX9"}, "gate FILLX9: no such cell with an area"),
        ({"dont_use": ("FD*",)}, "no flip-flop on the rising edge with one data input"),
    ],
)
def test_what_cannot_be_used_is_one_line(more, reason, tmp_path):
    with pytest.raises(ToolError, match=f"target mine: .*{reason}") as caught:
        read_own(own(put(tmp_path, with_extras(library())), **more))
    one_line(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read"), (b"cell(X) {}", "a cell group"), (b"\x1f\x8bno", "cannot be read")],
)
def test_a_file_that_is_none_is_named(content, reason, tmp_path):
    path = tmp_path / "x.lib"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ToolError, match=rf"x\.lib: .*{reason}") as caught:
        read_own(own(path))
    one_line(caught.value)


def test_what_a_library_lacks_is_said(tmp_path):
    text = library()
    no_delay = text.replace("cell_rise", "retain_rise")
    for made, columns in (
        (library(energies=False), {"power_mw_est"}),
        (no_delay, {"fmax_mhz", "power_mw_est"}),
        (text.replace("setup_rising", "hold_rising"), {"fmax_mhz"}),
        (text.replace("input_threshold", "threshold"), {"fmax_mhz"}),
        (text.replace("delay_model : table_lookup", "a : b"), {"fmax_mhz"}),
        (text.replace("!(A B)", "A B"), {"gate_equivalents"}),
        (text.replace("area :", "room :"), {"area_um2", "gate_equivalents"}),
    ):
        target = own(put(tmp_path, made))
        found = read_own(target)
        assert set(found.missing) == columns
        assert all(found.missing.values())
        assert not set(found.target.columns) & columns


def test_the_hash_is_of_the_content(tmp_path):
    plain = put(tmp_path, library())
    packed = tmp_path / "packed.lib.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    elsewhere = put(tmp_path, library(), "other.lib")
    base = read_own(own(plain)).sha256
    assert base == read_own(own(packed)).sha256 == read_own(own(elsewhere)).sha256
    assert base != read_own(own(plain, corners=((str(plain),),))).sha256
    put(tmp_path, library().replace("area : 2.0", "area : 2.5"))
    assert base != read_own(own(plain)).sha256


@pytest.fixture
def parts(tmp_path) -> list[Path]:
    """Return the library in two files, one packed."""
    head, *cells = library(flop="both").split("cell (")
    gates, flop = cells[:-1], cells[-1]
    first = put(tmp_path, "cell (".join([head, *gates]) + "}\n", "gates.lib")
    second = tmp_path / "flops.lib.gz"
    second.write_bytes(gzip.compress(f"{head}cell ({flop}".encode()))
    return [first, second]


@pytest.mark.slow
def test_several_files_packed_ones_and_corners(parts, tmp_path):
    """All figures, of a library whose only flip-flop has set and reset."""
    slow = put(tmp_path, library(flop="both").replace("1.5;", "1.2;"), "slow.lib")
    slow.write_text(slow.read_text().replace('time_unit : "1ns"', 'time_unit : "10ns"'))
    target = own(*parts, corners=((str(slow),),))
    work, log = tmp_path / "work", tmp_path / "log"
    counts = synthesise(POINT, target, rtl_dir(), work, log)
    assert counts["gate_equivalents"] == pytest.approx(counts["area_um2"] / 4)
    assert counts["area_um2"] > 20 * counts["ff"] > 0
    assert counts["liberty_sha256"] == read_own(target).sha256[:12]
    clocks = highest_clock(POINT, target, rtl_dir(), work, log)
    assert clocks["fmax_mhz_high"] == clocks["fmax_mhz"]
    assert clocks["fmax_mhz_low"] == pytest.approx(clocks["fmax_mhz"] / 10, rel=1e-3)
    found = power_point(POINT, target, 100.0, rtl_dir(), work, log, clocks=64)
    assert all((found[column] or 0) > 0 for column in COLUMNS)


@pytest.mark.slow
@pytest.mark.parametrize(("style", "flop"), [("small", "plain"), ("plain", "inverted")])
def test_units_change_nothing_and_inverted_states_are_known(style, flop, tmp_path):
    """The netlist's words are compared with the stream's before a power is returned."""
    figures = []
    for name in ("plain", style):
        target = own(put(tmp_path, library(name, flop), f"{name}.lib"))
        work, log = tmp_path / "work", tmp_path / "log"
        clocks = highest_clock(POINT, target, rtl_dir(), work, log)
        power = power_point(POINT, target, 100.0, rtl_dir(), work, log, clocks=64)
        figures.append([clocks["fmax_mhz"], *(power[column] for column in COLUMNS)])
    assert figures[0] == pytest.approx(figures[1], rel=2e-3)


@pytest.mark.regression
def test_osu018_named_by_hand_is_the_target_osu018(tmp_path):
    mine = own(QFLOW / "osu018/osu018_stdcells.lib")
    found = [synthesise(POINT, t, rtl_dir(), tmp_path / "w", tmp_path / "l") for t in
             (mine, "osu018")]  # fmt: skip
    assert found[0] == found[1]
    powers = [
        power_point(POINT, t, 100.0, rtl_dir(), tmp_path / "w", tmp_path / "l", clocks=64)
        for t in (mine, "osu018")
    ]
    assert powers[0] == powers[1]


@pytest.mark.slow
@pytest.mark.parametrize("form", ['"({} + 4) / 2 * 2 - 4"', '"{}"'])
def test_areas_as_expressions_map_to_the_same_cells_and_clock(form, tmp_path):
    changed = re.sub(r"area : ([\d.]+)", lambda found: f"area : {form.format(found[1])}", library())
    assert changed != library()
    found = []
    for name, text in (("plain", library()), ("changed", changed)):
        target = own(put(tmp_path, text, f"{name}.lib"))
        count = synthesise(POINT, target, rtl_dir(), tmp_path / "w", tmp_path / "l")
        count.pop("liberty_sha256", None)
        clock = highest_clock(POINT, target, rtl_dir(), tmp_path / "w", tmp_path / "l")
        found.append((count, clock))
    assert found[0] == found[1]


@pytest.mark.slow
def test_cells_that_are_not_to_be_used_are_not(tmp_path):
    path = put(tmp_path, library())
    kinds = []
    for patterns in ((), ("XO*", "NR2?")):
        target = own(path, dont_use=patterns)
        found, _ = map_point(POINT, target, rtl_dir(), tmp_path / "w", tmp_path / "log")
        kinds.append({instance.kind for instance in found.instances})
    assert kinds[0] & {"XO2X", "NR2X"}
    assert not kinds[1] & {"XO2X", "NR2X"}


@pytest.mark.slow
def test_a_cell_without_energies_leaves_power_empty_and_says_so(tmp_path):
    text = library()
    at = text.index("internal_power", text.index("cell (FDX)"))
    target = own(put(tmp_path, text[:at] + text[at:].replace("internal_power", "other_power")))
    found = power_point(POINT, target, 100.0, rtl_dir(), tmp_path / "w", tmp_path / "log")
    assert found == dict.fromkeys(COLUMNS)
    assert "no power: styles has no internal_power of FDX" in (tmp_path / "log").read_text()


def test_rules_count_beside_the_content(tmp_path):
    target = own(put(tmp_path, library()))
    assert target.rules() != replace(target, dont_use=("INVX",)).rules()
