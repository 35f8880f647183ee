"""The register map of the perturbation engine: one table for RTL, drivers and documentation.

``python -m pezoexplore.hardware.rtl.engine_map [DIR]`` writes the Verilog header that rtl/ commits;
:func:`c_header` and :func:`page` give the same table to docs/make_reference.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pezoexplore.hardware.rtl import register_map
from pezoexplore.hardware.rtl.register_map import Field, Register
from pezoexplore.paths import rtl_dir

ADDRESS_BITS = 8
"""Bits of a byte address of the register file."""

MAX_SEGMENTS = 16
"""Most parts of a model, of one scale each, that an engine can be built for."""

SEGMENT_BYTES = 8
"""Bytes from the registers of one segment to those of the next."""

ID_VALUE = 0x50455A4F
VERSION_VALUE = 0x0001_0001


MODES = {"restore": 0, "plus": 1, "minus": 2, "update": 3}
"""What a pass sends on: w, saturate(w + p), saturate(w - p), the updated weights."""

REGISTERS = (
    Register("ID", 0x00, "r", 'The letters "PEZO".'),
    Register("VERSION", 0x04, "r", "Version of the map: major in the upper half, minor below."),
    Register(
        "SHAPE",
        0x08,
        "r",
        "What the engine was built for.",
        (
            Field("LANES", 0, 9, "weights per beat"),
            Field("WEIGHT_BITS", 9, 5, "bits of a weight"),
            Field("SOURCES", 14, 6, "number streams"),
            Field("SEGMENTS", 20, 5, "scales a pass can have"),
            Field("DRAWS", 25, 2, "roundings at random a weight takes"),
            Field("HAS_RESEED", 27, 1, "whether RESEED works"),
        ),
    ),
    Register(
        "STATUS",
        0x0C,
        "r",
        "State of the engine.",
        (
            Field("BUSY", 0, 1, "a pass or a skip is under way"),
            Field("SKIPPING", 1, 1, "numbers are being discarded"),
            Field("NUMBERS", 2, 1, "every stream shows a beat"),
            Field("LOADING", 3, 1, "the selected streams wait for words in SEED"),
            Field("UNLOADED", 4, 1, "a stream waits for words: CONTROL takes restore alone"),
        ),
    ),
    Register(
        "CONTROL",
        0x10,
        "w",
        "Begins a pass, which ends with the beat that has TLAST.",
        (
            Field("MODE", 0, 2, "0 restore, 1 plus, 2 minus, 3 update"),
            Field("REPLAY", 2, 1, "1: the numbers of the step again; 0: a new step (not restore)"),
        ),
    ),
    Register("STEP", 0x14, "rw", "The step M, 16 bits, two's complement."),
    Register("STEP_SHIFT", 0x18, "rw", "S: an update moves by round(M u / 2**S); 0 to 31."),
    Register("PHASE", 0x1C, "r", "Beat of stream 0, since reset or reseed, that shows next."),
    Register(
        "SELECT",
        0x20,
        "rw",
        "Which streams SKIP, RESEED and SEED are for, a bit each; none is legal.",
    ),
    Register("SKIP", 0x24, "rw!", "Discards so many beats of them; reads what is left."),
    Register("RESEED", 0x28, "w", "1: they wait for new seeds. 2: they return to those of reset."),
    Register("SEED", 0x2C, "w", "Loads a word into them: these 32 bits, SEED_HIGH above."),
    Register("SEED_HIGH", 0x30, "w", "Pushes 32 bits of what SEED loads, the highest first."),
    Register(
        "SCALE",
        0x40,
        "rw",
        "s of a segment: p = round(v 2**s); signed, by segment.",
        stride=SEGMENT_BYTES,
    ),
    Register(
        "END",
        0x44,
        "rw",
        "First weight behind a segment, by segment; the last has none.",
        stride=SEGMENT_BYTES,
    ),
)
"""The whole map. SCALE and END of segment k are 8 k bytes further on."""

BY_NAME = {register.name: register for register in REGISTERS}


def verilog_header() -> str:
    """Return rtl/perturb_engine_map.vh: addresses and constants as localparams."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// Register map of the perturbation engine.",
        "// Made by: python -m pezoexplore.hardware.rtl.engine_map",
        f"localparam [31:0] ID_VALUE = 32'h{ID_VALUE:08x};",
        f"localparam [31:0] VERSION_VALUE = 32'h{VERSION_VALUE:08x};",
        *register_map.verilog_lines(REGISTERS, ADDRESS_BITS),
    ]
    return "\n".join(lines) + "\n"


def c_header() -> str:
    """Return the map for host software in C."""
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Register map of the perturbation engine; see docs/engine.md. */",
        "/* Made by: python docs/make_reference.py */",
        "#ifndef PEZO_ENGINE_H",
        "#define PEZO_ENGINE_H",
        "",
        f"#define PEZO_ID_VALUE 0x{ID_VALUE:08X}u",
        f"#define PEZO_VERSION_VALUE 0x{VERSION_VALUE:08X}u",
        f"#define PEZO_SEGMENT_BYTES {SEGMENT_BYTES}u",
    ]
    lines += [f"#define PEZO_MODE_{name.upper()} {value}u" for name, value in MODES.items()]
    lines += register_map.c_lines(REGISTERS, "PEZO_")
    return "\n".join([*lines, "", "#endif", ""])


_PAGE = """# Registers of the perturbation engine

AXI4-Lite, 32 bits, byte addresses; the low two bits are ignored. Their use is explained in
[The perturbation engine](../engine.md); in C the map is [pezo_engine.h](../pezo_engine.h).

- `r` can be read; `rw` keeps what is written, each byte by its strobe; `w` acts on a write of the
  whole word and reads as zero; `rw!` acts and can be read.
- While `BUSY`, and where a value or a strobe is not allowed, a write is answered by SLVERR and does
  nothing; so is an address that cannot be written or is not in the table. A write without strobes
  to a register that can be written does nothing and is no error.
- While `UNLOADED`, CONTROL takes a pass in restore alone, and SKIP is refused where a selected
  stream waits for words: either would wait for numbers while `BUSY` refuses the words.
- With no bit of SELECT set, SKIP is `BUSY` for its clocks and discards nothing, and RESEED = 1 does
  nothing; both are answered by OKAY. SEED is refused, for no stream waits for a word.
- RESEED = 2 works for every point: all streams return to where reset left them.
"""


def page() -> str:
    """Return the page of the documentation that holds the map."""
    return f"{_PAGE}\n{markdown()}\n"


def markdown() -> str:
    """Return the map as a table."""
    return register_map.markdown(REGISTERS)


def main(folder: Path) -> None:
    """Write the Verilog header into a folder."""
    path = folder / "perturb_engine_map.vh"
    path.write_text(verilog_header(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else rtl_dir())
