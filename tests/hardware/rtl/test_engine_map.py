"""One register map for RTL, C and documentation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from pezoexplore.hardware.rtl.engine_map import (
    BY_NAME,
    MAX_SEGMENTS,
    MODES,
    REGISTERS,
    SEGMENT_BYTES,
    c_header,
    main,
    page,
    verilog_header,
)
from pezoexplore.paths import rtl_dir

DOCS = Path(__file__).parents[3] / "docs"


def test_registers_and_fields_do_not_overlap():
    last = SEGMENT_BYTES * (MAX_SEGMENTS - 1)
    taken = [r.address for r in REGISTERS if r.name not in ("SCALE", "END")]
    for name in ("SCALE", "END"):
        first = BY_NAME[name].address
        taken += range(first, first + last + 1, SEGMENT_BYTES)
    assert len(set(taken)) == len(taken)
    assert all(address % 4 == 0 and address < 256 for address in taken)
    for register in REGISTERS:
        bits = [b for f in register.fields for b in range(f.low, f.low + f.bits)]
        assert len(set(bits)) == len(bits)
        assert all(bit < 32 for bit in bits)


def test_a_field_goes_to_its_place_and_back():
    shape = BY_NAME["SHAPE"]
    word = shape.field("LANES", 256) | shape.field("DRAWS", 3)
    assert (shape.read("LANES", word), shape.read("DRAWS", word)) == (256, 3)
    assert shape.read("SOURCES", word) == 0


def test_the_committed_files_are_the_table(tmp_path):
    main(tmp_path)
    made = (tmp_path / "perturb_engine_map.vh").read_text(encoding="utf-8")
    assert made == verilog_header() == (rtl_dir() / "perturb_engine_map.vh").read_text()
    assert c_header() == (DOCS / "pezo_engine.h").read_text(encoding="utf-8")
    assert page() == (DOCS / "reference" / "registers.md").read_text(encoding="utf-8")


def test_the_page_has_every_register_and_field():
    text = page()
    for register in REGISTERS:
        assert f"| 0x{register.address:02X}" in text
        assert f"| `{register.name}` | {register.access} | {register.meaning} |" in text
        assert all(f"| `{field.name}` | bits {field.where} |" in text for field in register.fields)


def test_c_takes_the_header(tmp_path):
    """Every constant has the value of the table."""
    program = ['#include <stdio.h>\n#include "pezo_engine.h"\nint main(void) {']
    program += [f'printf("%u\\n", PEZO_{register.name});' for register in REGISTERS]
    program += [f'printf("%u\\n", PEZO_MODE_{mode.upper()});' for mode in MODES]
    program += ['printf("%u\\n", PEZO_SHAPE_DRAWS_MASK >> PEZO_SHAPE_DRAWS_SHIFT);', "}"]
    (tmp_path / "main.c").write_text("\n".join(program) + "\n")
    shutil.copyfile(DOCS / "pezo_engine.h", tmp_path / "pezo_engine.h")
    command = ["gcc", "-Wall", "-Werror", "-o", "main", "main.c"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True)
    values = [r.address for r in REGISTERS] + list(MODES.values()) + [3]
    assert [int(line) for line in done.stdout.split()] == values


def test_the_verilog_has_every_register():
    found = dict(re.findall(r"localparam \[7:0\] (\w+) = 8'h(\w\w);", verilog_header()))
    assert {name: int(value, 16) for name, value in found.items()} == {
        register.name: register.address for register in REGISTERS
    }
