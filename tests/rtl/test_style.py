"""One coding style throughout rtl/ and boards/."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pezoexplore.paths import boards_dir, rtl_dir

MADE_BY = "// Made by: python -m "
LICENCE = "// SPDX-License-Identifier: Apache-2.0"
MODULE_FILES = sorted(rtl_dir().glob("*.v")) + sorted(boards_dir().glob("*.v"))
TABLE_FILES = sorted(rtl_dir().glob("*.vh"))
RANGE = re.compile(r"\b\d|\bany\b|as the family allows|\bname of a file\b|a family of|lfsr, ")


def _offenders(check: Callable[[str], Iterator[str]], files: list[Path]) -> list[str]:
    """Return what a check finds in the text of each file, one line each."""
    return [f"{path.name}: {fault}" for path in files for fault in check(path.read_text("ascii"))]


def _code(text: str) -> str:
    """Return the text without comments and strings."""
    return re.sub(r'//[^\n]*|"[^"\n]*"', "", text)


def test_there_are_files():
    assert len(MODULE_FILES) > 10
    assert len(TABLE_FILES) > 2


def test_lines():
    def faults(text: str) -> Iterator[str]:
        if not text.startswith(LICENCE + "\n"):
            yield "no licence"
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield "does not end in one line break"
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > 100 or line != line.rstrip() or "\t" in line:
                yield f"line {number} is too long, ends in spaces or has a tab"

    assert _offenders(faults, [*MODULE_FILES, *TABLE_FILES]) == []


def test_head_and_tail():
    def faults(text: str) -> Iterator[str]:
        head, _, rest = text.partition("\n\n`resetall\n")
        _, rule, *prose = head.splitlines()
        if rule != "//" or not prose:
            yield "no prose on top"
        if not all(line == "//" or line.startswith("// ") for line in prose):
            yield "the prose on top is no comment"
        if not rest.startswith("`timescale 1ns/1ps\n`default_nettype none\n\n"):
            yield "wrong directives before the module"
        if not text.endswith("\nendmodule\n\n`resetall\n"):
            yield "wrong end"

    assert _offenders(faults, MODULE_FILES) == []


def test_one_module_named_as_the_file():
    names = {
        path.stem: re.findall(r"^\s*module\s+(\w+)", _code(path.read_text()), re.M)
        for path in MODULE_FILES
    }
    assert names == {name: [name] for name in names}


def test_parameters_state_their_range():
    def faults(text: str) -> Iterator[str]:
        lines = text.splitlines()
        for above, line in zip(["", *lines], lines, strict=False):
            if not re.match(r"\s+parameter\b", line):
                continue
            before = above.partition("//")[2] if above.strip().startswith("//") else ""
            comment = line.partition("//")[2] or before
            is_vector = "[" in line.partition("=")[0]
            if not comment or not (is_vector or RANGE.search(comment)):
                yield f"no range: {line}"

    assert _offenders(faults, MODULE_FILES) == []


def test_generate_blocks_are_labelled():
    def faults(text: str) -> Iterator[str]:
        for block in re.findall(r"\bgenerate\b(.*?)\bendgenerate\b", _code(text), re.S):
            bare = re.sub(r"\balways\b.*?(?=\n\s*\n|\n {8}\S|\Z)", "", block, flags=re.S)
            found = re.findall(r"\bbegin\b( : \w+)?", bare)
            if not found or not all(label.startswith(" : gen_") for label in found):
                yield f"labels: {found}"

    assert _offenders(faults, MODULE_FILES) == []


def test_registers_end_in_q():
    def faults(text: str) -> Iterator[str]:
        code = _code(text)
        memories = set(re.findall(r"\breg\b[^;]*?\b(\w+)\s*\[0:", code))
        assigned = set(re.findall(r"(\w+)(?:\[[^\]=]*\])?\s*<=[^;]*;", _clocked(code))) - memories
        yield from sorted(name for name in assigned if not name.endswith("_q"))
        declared = re.findall(
            r"^\s*(?:output\s+)?reg\b\s*(?:signed\s*)?(?:\[[^\]]*\])?\s*(\w+_q)\b", code, re.M
        )
        for name in sorted(set(declared) ^ {name for name in assigned if name.endswith("_q")}):
            yield f"{name} is declared or assigned, not both"

    assert _offenders(faults, MODULE_FILES) == []


def _clocked(code: str) -> str:
    """Return the clocked always blocks without conditions in parentheses: those compare."""
    parts = re.split(r"(?=\balways\b|\bassign\b|\bwire\b|\bgenerate\b|\binitial\b)", code)
    text = " ".join(part for part in parts if re.match(r"always @\(posedge a?clk\)", part))
    return re.sub(r"\bif\s*\([^;]*?\)(?=\s*\n|\s*begin)", "", text)


def test_tables_are_what_the_named_script_makes(tmp_path):
    for path in TABLE_FILES:
        first = path.read_text().splitlines()[:4]
        makers = [line.removeprefix(MADE_BY) for line in first if line.startswith(MADE_BY)]
        assert len(makers) == 1, path
        importlib.import_module(makers[0]).main(tmp_path)
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path


def test_every_wire_and_register_is_declared_before_it_is_used():
    """Icarus takes a later declaration; the standard and other tools do not."""
    late = []
    for path in MODULE_FILES:
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        for declared in re.finditer(r"\b(?:wire|reg)\b[^;=(]*?\b(\w+)\s*(?=[;=])", code):
            first = re.search(rf"\b{declared[1]}\b", code)
            if declared[1] != "unused" and first and first.start() < declared.start():
                late.append(f"{path.name}: {declared[1]}")
    assert late == []
