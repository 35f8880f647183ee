"""From a point to its RTL: which files, which parameters, which ports."""

from __future__ import annotations

import re
import shutil
from math import inf

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.rtl.build import build, rtl_hash, source_names
from pezoexplore.hardware.verify.regress import MODULES, module_points
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.strategies.phased import Phased
from pezoexplore.streams.stream import Stream

SMALL = {"lanes": 3, "bit_width": 8, "scaling": "none"}
POINTS = [
    resolve(reuse="none", rng="xorshift32", **SMALL),
    resolve(reuse="none", rng="rademacher", reuse_period=2, **SMALL),
    resolve(reuse="pool", rng="clt", pool_size=9, **SMALL),
    resolve(reuse="pool", rng="box_muller", pool_size=9, reuse_period=2, **SMALL),
    resolve(reuse="bank", state_bits=10, leap=5, **SMALL),
    resolve(reuse="phased", state_bits=10, taps="shared", **SMALL | {"lanes": 9}),
]
every_point = pytest.mark.parametrize("point", POINTS, ids=DesignPoint.label)


@pytest.mark.parametrize(
    ("axes", "files"),
    [
        ({"reuse": "none", "rng": "lfsr"}, "stream_none generator uniform_word lfsr lfsr_taps"),
        (
            {"reuse": "none", "rng": "xorshift32", "reuse_period": 8},
            "stream_none generator uniform_word xorshift32 reseed_control",
        ),
        (
            {"reuse": "none", "rng": "treegrng"},
            "stream_none generator treegrng treegrng_table gaussian_source_table lut6",
        ),
        ({"reuse": "pool", "rng": "clt"}, "stream_pool row_memory"),
        (
            {"reuse": "pool", "rng": "rademacher", "reuse_period": 8},
            "stream_pool row_memory pool_filler generator uniform_word rademacher",
        ),
        (
            {"reuse": "bank"},
            "stream_bank bank_lane period_counter exponent_table row_memory lfsr lfsr_taps "
            "uniform_word",
        ),
        ({"rng": "lut_sr", "reuse": "none"}, "stream_lut_sr lut_sr lut_sr_table"),
        (
            {"rng": "lut_sr", "reuse": "pool", "reuse_period": 8},
            "stream_pool row_memory pool_filler generator lut_sr_state lut_sr_table",
        ),
        (
            {"reuse": "phased", "reuse_period": 8},
            "stream_phased generator uniform_word lfsr lfsr_taps exponent_table row_memory "
            "xor_luts reseed_control",
        ),
    ],
)
def test_source_names(axes, files):
    names = source_names(resolve(**axes))
    assert {name.partition(".")[0] for name in names} == set(files.split())
    assert len(set(names)) == len(names)


def test_source_names_hold_only_what_the_sources_use():
    for module in MODULES:
        for point in module_points(module):
            names = set(source_names(point))
            used = {f"stream_{'lut_sr' if point.in_shift_registers else point.reuse}.v"}
            used |= {"outer_product.v"} if point.layers else set()
            for name in names:
                text = re.sub(r"//[^\n]*", "", (rtl_dir() / name).read_text())
                instances = re.findall(r"^\s*(\w+) (?:#\(|u_\w+ \()", text, re.MULTILINE)
                used |= {f"{instance}.v" for instance in instances}
                used |= set(re.findall(r'`include "([^"]+)"', text))
            assert names <= used


@every_point
def test_the_hash_changes_with_the_files_of_the_point_only(point, tmp_path):
    before = rtl_hash(point, rtl_dir())
    copy = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), copy)
    assert rtl_hash(point, copy) == before
    for path in copy.iterdir():
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert (rtl_hash(point, copy) != before) == (path.name in source_names(point)), path.name
        path.write_bytes(content)


@pytest.mark.parametrize("use", [rtl_hash, lambda point, rtl: build(Stream(point), rtl)])
def test_a_missing_file_is_one_line_that_names_it(use, tmp_path):
    copy = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), copy)
    (copy / "xorshift32.v").unlink()
    with pytest.raises(ToolError) as caught:
        use(POINTS[0], copy)
    assert str(caught.value).startswith(f"{copy / 'xorshift32.v'}: no such file")
    assert "\n" not in str(caught.value)


@every_point
def test_write_gives_the_files_to_compile_top_first(point, tmp_path):
    names = build(Stream(point), rtl_dir()).write(tmp_path / "new")
    assert names[0] == "pezo_top.v"
    assert all(name.endswith(".v") for name in names)
    there = {path.name for path in (tmp_path / "new").iterdir()}
    assert set(names) | set(source_names(point)) <= there
    for name in source_names(point):
        assert (tmp_path / "new" / name).read_bytes() == (rtl_dir() / name).read_bytes()


@every_point
def test_the_wrapper_sets_every_parameter(point):
    made = build(Stream(point), rtl_dir())
    shown = dict(re.findall(r"\.([A-Z_]+)\(([^()]*)\)", made.top))
    assert set(shown) == set(made.parameters)
    for name, value in made.parameters.items():
        text = shown[name]
        if isinstance(value, str):
            assert text == f'"{value}"'
        elif "'h" in text:
            width, _, digits = text.partition("'h")
            assert int(digits, 16) == value < 2 ** int(width)
        else:
            assert int(text) == value
    assert (made.parameters["LANES"], made.parameters["BIT_WIDTH"]) == (point.lanes, point.bits)
    assert made.parameters["HAS_RESEED"] == point.reseeds


@pytest.mark.parametrize("period", [4, inf])
@pytest.mark.parametrize("scaling", ["none", "pow2"])
def test_the_top_has_the_ports_that_the_point_needs(period, scaling):
    point = resolve(reuse="bank", bit_width=8, lanes=5, reuse_period=period, scaling=scaling)
    top = build(Stream(point), rtl_dir()).top
    ports = set(re.findall(r"^\s+(?:in|out)put wire (?:\[\d+:0\] )?(\w+)", top, re.M))
    expected = {"clk", "rst", "start", "replay", "out_valid", "out_ready", "out_data"}
    expected |= {"reseed", "load_valid", "load_ready", "load_data"} if period == 4 else set()
    expected |= {"out_exponent"} if scaling == "pow2" else set()
    assert ports == expected
    assert "output wire [39:0] out_data" in top


def test_constant_scaling_has_the_rtl_of_none():
    point = resolve(reuse="bank", bit_width=8, scaling="constant")
    assert (
        build(Stream(point), rtl_dir()).parameters
        == build(Stream(point.hardware()), rtl_dir()).parameters
    )


@pytest.mark.parametrize(
    ("taps", "lanes", "wired"),
    [("shifted", 7, 0), ("xor", 7, 0), ("shared", 7, 21), ("sparse", 16, 12 + 2 * 16)],
)
def test_columns_are_the_masks_of_the_stream(taps, lanes, wired):
    axes = {"taps": taps, "state_bits": 12, "bit_width": 6, "lanes": lanes, "scaling": "none"}
    point = resolve(reuse="phased", **axes)
    parameters = build(Stream(point), rtl_dir()).parameters
    terms, data, shares = parameters["TERMS"], lanes * 6, parameters["SHARES"]
    assert terms == (1 if taps == "shifted" else 6)
    columns = [parameters["COLUMNS"] >> (k * data) & (2**data - 1) for k in range(terms * 12)]
    source = list(range(data))
    for share in range(shares):
        distance = parameters["DISTANCES"] >> (16 * share) & 0xFFFF
        for i in range(data):
            if parameters["PLACES"] >> (share * data + i) & 1:
                assert source[i] == i, "wired twice"
                assert not any(column >> i & 1 for column in columns), "has a function of its own"
                source[i] = (i + distance) % data
    assert sum(i != of for i, of in enumerate(source)) == wired
    for i, mask in enumerate(mask for lane in Phased(point, 0).masks for mask in lane):
        found = [k % 12 for k, column in enumerate(columns) if column >> source[i] & 1]
        assert sum(1 << bit for bit in found) == mask
        assert len(set(found)) == len(found)


def test_pool_file_holds_the_rows_of_the_stream():
    point = POINTS[2]
    rows = build(Stream(point), rtl_dir()).data["rows.hex"].split()
    words = Stream(point).beats(0, 0, point.rows)
    assert [[int(row, 16) >> (8 * lane) & 255 for lane in range(3)] for row in rows] == [
        [int(word) % 256 for word in beat] for beat in words
    ]
