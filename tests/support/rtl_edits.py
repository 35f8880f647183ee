"""One small defect a module, and small points that use each module: for the tests with teeth."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.proof.source_text import replaced
from pezoexplore.hardware.rtl.build import source_names
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.registry import families

_SMALL = {"scaling": "none", "lanes": 3, "bit_width": 8}
_NONE = _SMALL | {"reuse": "none"}
_LFSR = {"state_bits": 12, "leap": 11}

POINTS: dict[str, DesignPoint] = {
    "lfsr": resolve(**_NONE, **_LFSR),
    "lfsr16": resolve(**_NONE, state_bits=16),
    "xorshift32": resolve(**_NONE, rng="xorshift32"),
    "rademacher": resolve(**_NONE, rng="rademacher"),
    "clt": resolve(**_NONE, rng="clt"),
    "treegrng": resolve(**_NONE, rng="treegrng"),
    "box_muller": resolve(**_NONE, rng="box_muller"),
    "xoshiro128pp": resolve(**_NONE | {"lanes": 5}, rng="xoshiro128pp", reuse_period=4),
    "ca": resolve(**_NONE, rng="ca"),
    "trivium": resolve(**_NONE, rng="trivium"),
    "ternary": resolve(**_NONE, rng="ternary"),
    "icdf": resolve(**_NONE, rng="icdf"),
    "table_hadamard": resolve(**_NONE | {"lanes": 5}, rng="table_hadamard"),
    "lut_opt": resolve(**_NONE | {"lanes": 7}, rng="lut_opt"),
    "sobol": resolve(**_NONE, rng="sobol"),
    "lut_sr": resolve(**_NONE | {"lanes": 5}, rng="lut_sr", reuse_period=4),
    "xormix": resolve(**_NONE | {"lanes": 7}, rng="xormix"),
    "walsh": resolve(**_NONE | {"lanes": 5}, rng="walsh", reuse_period=4),
    "none": resolve(**_NONE, rng="xorshift32", reuse_period=4),
    "pool": resolve(**_SMALL, reuse="pool", rng="xorshift32", pool_size=40, reuse_period=4),
    "pool_inf": resolve(**_SMALL, reuse="pool", rng="clt", pool_size=40),
    "bank": resolve(**_SMALL, **_LFSR, reuse="bank", reuse_period=4),
    "phased": resolve(**_SMALL, **_LFSR, reuse="phased", taps="shifted", reuse_period=4),
    "phased_xor": resolve(**_SMALL, **_LFSR, reuse="phased", taps="xor"),
    "outer": resolve(**_NONE, rng="rademacher", rank="1", layers="3x4,3,2x3,2", reuse_period=4),
}


@dataclass(frozen=True)
class Edit:
    """A defect.

    Attributes:
        module: The module of the regression that it breaks.
        file: The file of rtl/ it is in.
        old: Tokens that are replaced, in any layout; the file has them once.
        new: What replaces them.
        spares: Points that contain the file but not what is edited.
    """

    module: str
    file: str
    old: str
    new: str
    spares: Callable[[DesignPoint], bool] = lambda point: False

    def apply(self, folder: Path) -> Path:
        """Copy rtl/ into a folder and make the edit; return the copy."""
        copy = folder / "rtl"
        shutil.copytree(rtl_dir(), copy)
        self.edit(copy)
        return copy

    def edit(self, copy: Path) -> None:
        """Make the edit in a copy of rtl/."""
        text = (copy / self.file).read_text(encoding="utf-8")
        edited = replaced(text, self.old, self.new)
        assert edited != text
        (copy / self.file).write_text(edited, encoding="utf-8")

    def breaks(self, point: DesignPoint) -> bool:
        """Whether a point must fail."""
        return self.file in source_names(point) and not self.spares(point)


def _one_xormix(point: DesignPoint) -> bool:
    """Return whether a point has a single nonlinear stream of xormix."""
    return point.group * point.bits <= 32


def _flipped_entry(module: str, table: str) -> Edit:
    """One entry, at index 0, of a truth table that a script made."""
    file = f"{module}_table.vh"
    found = re.search(rf"{table} = 64'h[0-9a-f]{{16}};", (rtl_dir() / file).read_text())
    assert found is not None, f"{file} has no table {table}"
    old = found[0]
    return Edit(module, file, old, f"{old[:-2]}{int(old[-2], 16) ^ 1:x};")


EDITS: dict[str, Edit] = {
    "lfsr tap": Edit(
        "lfsr", "lfsr_taps.vh", "32'h00000e08", "32'h00000a08", lambda p: p.state_bits != 12
    ),
    "lfsr leap": Edit(
        "lfsr", "lfsr.v", "= updated[LEAP];", "= updated[1];", lambda p: (p.leap or 1) == 1
    ),
    "xorshift32 shift": Edit(
        "xorshift32", "xorshift32.v", "{right[26:0], 5'b0}", "{right[25:0], 6'b0}"
    ),
    "rademacher tap": Edit("rademacher", "rademacher.v", "32'h80200003", "32'h80200001"),
    "xoshiro128pp rotation": Edit(
        "xoshiro128pp", "xoshiro128pp.v", "{first[24:0], first[31:25]}",
        "{first[23:0], first[31:24]}",
    ),
    "ca rule": Edit("ca", "ca.v", "32'h00040100", "32'h00040101"),
    "trivium tap": Edit("trivium", "trivium.v", "a[68 -: UPDATES]", "a[67 -: UPDATES]"),
    "ternary sign": Edit("ternary", "ternary.v", "state[31] & state[30]", "state[31]"),
    "icdf octave": Edit("icdf", "icdf.v", "!u[4] & (u[5] | !u[6])", "!u[4] & u[5]"),
    "table_hadamard index": Edit(
        "table_hadamard", "table_hadamard.v", "state[5:0]", "state[6:1]"
    ),
    "lut_opt lane": Edit("lut_opt", "lut_opt.v", "state[STATE_BITS-1-i*", "state[STATE_BITS-2-i*"),
    "walsh distance": Edit("walsh", "walsh.v", "state >> 13", "state >> 12"),
    "walsh mask": Edit("walsh", "walsh_table.vh", "32'h00000a61", "32'h00000a21"),
    "xormix salt": Edit(
        "xormix", "xormix_table.vh", "32'h46d9b8ac", "32'h46d9b8ad", _one_xormix
    ),
    "xormix next stream": Edit(
        "xormix", "xormix.v", "(s + 1) % STREAMS", "s % STREAMS", _one_xormix
    ),
    "sobol index": Edit("sobol", "sobol.v", "32'hf0f0f0f0", "32'hf0f0f0e0"),
    "lut_sr register": Edit("lut_sr", "lut_sr.v", "{one_q[14:0],", "{one_q[13:0], 1'b0,"),
    "lut_sr mended": Edit("stream_lut_sr", "stream_lut_sr.v", "{4'd0, accepted_q} + 5'd1", "5'd1"),
    "clt entry": _flipped_entry("clt", "ONES_2"),
    "treegrng entry": _flipped_entry("treegrng", "LEVEL6"),
    "box_muller entry": _flipped_entry("box_muller", "RADIUS_4"),
    "stream_none replay": Edit(
        "stream_none", "stream_none.v", "(replay && !loading && !first)\n            state_q",
        "(replay && !start && !loading && !first)\n            state_q",
    ),
    "stream_none group": Edit(
        "stream_none", "stream_none.v", "unit*GROUP*BIT_WIDTH +: GROUP",
        "unit*BIT_WIDTH +: GROUP", lambda p: p.generators == 1 or p.group == 1,
    ),
    "stream_pool last row": Edit(
        "stream_pool", "stream_pool.v", "LAST_ROW = ROWS - 1", "LAST_ROW = ROWS - 2"
    ),
    "stream_pool reset while a word is due": Edit(
        "stream_pool",
        "stream_pool.v",
        ".load_data(rst ? SEED : load_data)",
        ".load_data(waiting_q ? load_data : SEED)",
        spares=lambda point: not point.reseeds,
    ),
    "stream_pool kept": Edit("stream_pool", "stream_pool.v", "? kept_q", "? row_q"),
    "stream_bank rotation": Edit(
        "stream_bank", "stream_bank.v", "((lane+1)%LANES)", "((lane+2)%LANES)",
        lambda p: p.lanes == 1,
    ),
    "stream_phased period": Edit(
        "stream_phased", "stream_phased.v", "state == LAST", "stepped == LAST"
    ),
    "outer_product factor": Edit(
        "outer_product", "outer_product.v", "factor[k] = word[LANES-1]", "factor[k] = word[0]"
    ),
    "outer_product start": Edit(
        "outer_product", "outer_product.v", "start && beat_q == 0", "start"
    ),
    "stream_phased sign": Edit(
        "stream_phased", "stream_phased.v", "SIGN = 1 << (BIT_WIDTH - 1)", "SIGN = 1"
    ),
    "reseed count": Edit("stream_none", "reseed_control.v", "left_q == 0", "left_q == 1"),
}  # fmt: skip

for _item in families():
    if _item.defect is not None and _item.name not in {edit.module for edit in EDITS.values()}:
        POINTS[_item.name] = resolve(**_NONE | dict(_item.small[0]), rng=_item.name)
        EDITS[f"{_item.name} defect"] = Edit(_item.name, *_item.defect)
