"""One coding style throughout rtl/."""

from __future__ import annotations

import importlib
import re

import pytest

from pezoexplore.paths import rtl_dir

MADE_BY = "// Made by: python -m "
LICENCE = "// SPDX-License-Identifier: Apache-2.0"
MODULE_FILES = sorted(rtl_dir().glob("*.v"))
TABLE_FILES = sorted(rtl_dir().glob("*.vh"))
RANGE = re.compile(r"\b\d|\bany\b|as the family allows|\bname of a file\b|a family of|lfsr, ")

every_module = pytest.mark.parametrize("path", MODULE_FILES, ids=lambda path: path.name)
every_table = pytest.mark.parametrize("path", TABLE_FILES, ids=lambda path: path.name)
every_file = pytest.mark.parametrize(
    "path", [*MODULE_FILES, *TABLE_FILES], ids=lambda path: path.name
)


def _code(text: str) -> str:
    """The text without comments and strings."""
    return re.sub(r'//[^\n]*|"[^"\n]*"', "", text)


def test_there_are_files():
    assert len(MODULE_FILES) > 10
    assert len(TABLE_FILES) > 2


@every_file
def test_lines(path):
    text = path.read_text(encoding="ascii")
    assert text.startswith(LICENCE + "\n")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for number, line in enumerate(text.splitlines(), 1):
        assert len(line) <= 100, f"line {number} is too long"
        assert line == line.rstrip(), f"line {number} ends in spaces"
        assert "\t" not in line, f"line {number} has a tab"


@every_module
def test_head_and_tail(path):
    text = path.read_text()
    head, _, rest = text.partition("\n\n`resetall\n")
    prose = head.splitlines()[2:]
    assert head.splitlines()[1] == "//"
    assert prose, "no prose on top"
    assert all(line == "//" or line.startswith("// ") for line in prose)
    assert rest.startswith("`timescale 1ns/1ps\n`default_nettype none\n\n")
    assert text.endswith("\nendmodule\n\n`resetall\n")


@every_module
def test_one_module_named_as_the_file(path):
    assert re.findall(r"^\s*module\s+(\w+)", _code(path.read_text()), re.M) == [path.stem]


@every_module
def test_parameters_tell_their_range(path):
    lines = path.read_text().splitlines()
    for above, line in zip(["", *lines], lines, strict=False):
        if not re.match(r"\s+parameter\b", line):
            continue
        own = line.partition("//")[2]
        before = above.partition("//")[2] if above.strip().startswith("//") else ""
        assert own or before, f"no comment: {line}"
        is_vector = "[" in line.partition("=")[0]
        assert is_vector or RANGE.search(own or before), f"no range: {line}"


@every_module
def test_generate_blocks_are_labelled(path):
    code = _code(path.read_text())
    for block in re.findall(r"\bgenerate\b(.*?)\bendgenerate\b", code, re.S):
        bare = re.sub(r"\balways\b.*?(?=\n\s*\n|\n {8}\S|\Z)", "", block, flags=re.S)
        found = re.findall(r"\bbegin\b( : \w+)?", bare)
        assert found
        assert all(label.startswith(" : gen_") for label in found), found


@every_module
def test_registers_end_in_q(path):
    code = _code(path.read_text())
    memories = set(re.findall(r"\breg\b[^;]*?\b(\w+)\s*\[0:", code))
    assigned = set(re.findall(r"(\w+)(?:\[[^\]=]*\])?\s*<=[^;]*;", _clocked(code))) - memories
    wrong = {name for name in assigned if not name.endswith("_q")}
    assert not wrong
    declared = re.findall(
        r"^\s*(?:output\s+)?reg\b\s*(?:signed\s*)?(?:\[[^\]]*\])?\s*(\w+_q)\b", code, re.M
    )
    assert set(declared) == {name for name in assigned if name.endswith("_q")}


def _clocked(code: str) -> str:
    """The clocked always blocks, conditions in parentheses left out: they hold comparisons."""
    parts = re.split(r"(?=\balways\b|\bassign\b|\bwire\b|\bgenerate\b|\binitial\b)", code)
    text = " ".join(part for part in parts if re.match(r"always @\(posedge a?clk\)", part))
    return re.sub(r"\bif\s*\([^;]*?\)(?=\s*\n|\s*begin)", "", text)


@every_table
def test_tables_are_what_the_named_script_makes(path, tmp_path):
    first = path.read_text().splitlines()[:4]
    makers = [line.removeprefix(MADE_BY) for line in first if line.startswith(MADE_BY)]
    assert len(makers) == 1
    importlib.import_module(makers[0]).main(tmp_path)
    assert path.read_bytes() == (tmp_path / path.name).read_bytes()
