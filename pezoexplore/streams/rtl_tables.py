"""Writes the tables that the RTL commits: ``python -m pezoexplore.streams.rtl_tables [DIR]``."""

from __future__ import annotations

import sys
from pathlib import Path

from pezoexplore.paths import rtl_dir
from pezoexplore.streams import gaussian_tables
from pezoexplore.streams.families import (
    icdf,
    lfsr,
    lut_opt,
    lut_sr,
    sobol,
    table_hadamard,
    walsh,
    xormix,
)


def tables() -> dict[str, str]:
    """Return the contents of every generated file of rtl/, by name."""
    return {
        "lfsr_taps.vh": lfsr.verilog_table(),
        "lut_opt_table.vh": _LUT_OPT
        + "".join(
            gaussian_tables.source_function(f"lut_opt_next_{bits}", taps)
            for bits, taps in lut_opt.TAPS.items()
        ),
        "lut_sr_table.vh": _LUT_SR + gaussian_tables.source_function("lut_sr_next", lut_sr.TAPS),
        "icdf_table.vh": icdf.verilog_table(),
        "sobol_table.vh": sobol.verilog_table(),
        "table_hadamard_table.vh": table_hadamard.verilog_table(),
        "walsh_table.vh": walsh.verilog_table(),
        "xormix_table.vh": xormix.verilog_table(),
    }


_LUT_OPT = """// SPDX-License-Identifier: Apache-2.0
// Next state, by state bits: each bit the XOR of two to four bits.
// Made by: python -m pezoexplore.streams.rtl_tables
"""

_LUT_SR = """// SPDX-License-Identifier: Apache-2.0
// The map T: each bit the XOR of three or four bits.
// Made by: python -m pezoexplore.streams.rtl_tables
"""


def main(folder: Path) -> None:
    """Write all tables into a folder."""
    for name, text in tables().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else rtl_dir())
