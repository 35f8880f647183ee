"""Hardware targets of a design file: those that come along, and the user's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from pezoexplore.design.kinds import Json, Kind, choice, nearest, refusal, shown
from pezoexplore.design.setting_kinds import NAME
from pezoexplore.errors import DesignError

TARGETS = ("xcup", "xc7", "ice40", "ecp5", "ice40up", "gowin", "gatemate", "osu018")
"""FPGA families and cell libraries; :mod:`pezoexplore.hardware.eda.targets` defines each."""


@dataclass(frozen=True)
class CellLibrary:
    """A cell library of the user's own, as a target.

    Attributes:
        name: Name of the target.
        liberty: Its Liberty files, gzip or plain; one corner.
        corners: Files of other corners of the same cells, for the range of the highest clock.
        dont_use: Cells that are not used; ``*`` and ``?`` as in file names.
        flip_flop: The cell that stands for the registers around the design when its highest clock
            is determined; None to find one.
        gate: The cell whose area is one gate equivalent; None to find a two-input NAND.
    """

    name: str
    liberty: tuple[str, ...]
    corners: tuple[tuple[str, ...], ...] = ()
    dont_use: tuple[str, ...] = ()
    flip_flop: str | None = None
    gate: str | None = None

    def rules(self) -> list[object]:
        """Return what a result depends on beside the content of the files, as JSON."""
        return [sorted(self.dont_use), self.flip_flop, self.gate]


VENDORS = ("vivado", "quartus", "libero")
"""Vendors' tools; :mod:`pezoexplore.hardware.eda.vendor` defines each."""


@dataclass(frozen=True)
class VendorTool:
    """A part for which a vendor's tool places and routes, as a target.

    Attributes:
        name: Name of the target.
        tool: One of ``VENDORS``.
        part: The part, as the tool calls it.
    """

    name: str
    tool: str
    part: str

    def rules(self) -> list[object]:
        """Return what a result depends on, as JSON."""
        return [self.tool, self.part]


OwnTarget = CellLibrary | VendorTool
"""A target that a design file describes."""

DesignTarget = str | OwnTarget
"""A target of a design file."""

_FORM = "{name: NAME, liberty: FILE} or {name: NAME, tool: TOOL, part: PART}"


def target_name(target: DesignTarget) -> str:
    """Return the name of a target, as in the column ``target``."""
    return target if isinstance(target, str) else target.name


def put_beside(targets: object, folder: Path) -> None:
    """Make the paths of cell libraries, which are relative to their design file, whole.

    Args:
        targets: ``hardware: targets`` of a design file, not yet validated; changed in place.
        folder: Folder of the file.
    """
    for target in targets if isinstance(targets, list) else [targets]:
        if isinstance(target, dict):
            for key in ("liberty", "corners"):
                if key in target:
                    target[key] = _beside(target[key], folder)


def _beside(value: object, folder: Path) -> object:
    if isinstance(value, list):
        return [_beside(item, folder) for item in value]
    return str(folder.absolute() / value) if isinstance(value, str) and value else value


def _read(value: object) -> DesignTarget:
    if isinstance(value, CellLibrary | VendorTool):
        return value
    if isinstance(value, str):
        return str(_NAMES.read(value))
    if not isinstance(value, Mapping):
        raise ValueError
    form: type[CellLibrary | VendorTool] = VendorTool if "tool" in value else CellLibrary
    keys = [field.name for field in fields(form)]
    for key in value:
        if key not in keys:
            raise refusal(
                f"a target of your own has no key {shown(key)}{nearest(str(key), keys)}; "
                f"allowed: {', '.join(keys)}"
            )
    given: dict[str, Any] = {key: item for key, item in value.items() if item is not None}
    for key in ("name", "part" if form is VendorTool else "liberty"):
        if key not in given:
            raise refusal(f"a target of your own has no {key}; allowed: {_FORM}")
    name = str(NAME.read(given["name"]))
    if name in TARGETS:
        raise refusal(f"{name} comes with the package; give a target of your own another name")
    if form is VendorTool:
        return VendorTool(name, str(_VENDOR.read(given["tool"])), str(PART.read(given["part"])))
    given |= {"name": name, "liberty": _texts(given["liberty"], f"{name}: liberty")}
    corners = given.get("corners", [])
    if not isinstance(corners, list | tuple):
        corners = [corners]
    given["corners"] = tuple(_texts(corner, f"{name}: corners") for corner in corners)
    given["dont_use"] = _texts(given.get("dont_use", []), f"{name}: dont_use", empty=True)
    for key in ("flip_flop", "gate"):
        if key in given:
            (given[key],) = _texts([given[key]], f"{name}: {key}")
    return CellLibrary(**given)


def _part(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(_PART, value):
        raise ValueError
    return value


_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

PART = Kind("a part such as xcku5p-ffvb676-2-e", {"type": "string", "pattern": f"^{_PART}$"}, _part)
"""A part of an FPGA vendor; it becomes a word of a script."""

_VENDOR = choice(VENDORS)


def vendor_tool(tool: str, part: str) -> VendorTool:
    """Return a vendor's tool from the options ``--tool`` and ``--part``.

    Raises:
        DesignError: There is no such tool, or that is no part.
    """
    for option, kind, text in (("--tool", _VENDOR, tool), ("--part", PART, part)):
        try:
            kind.read(text)
        except PydanticCustomError as error:
            raise DesignError(f"{option}: {error}") from None
    return VendorTool("project", tool, part)


def _texts(value: object, what: str, *, empty: bool = False) -> tuple[str, ...]:
    """Return one text or a list of texts as a tuple."""
    listed = value if isinstance(value, list | tuple) else [value]
    texts = tuple(t for t in listed if isinstance(t, str) and t and "\0" not in t)
    if len(texts) < len(listed) or not (texts or empty):
        raise refusal(f"{what}: got {shown(value)}; allowed: a text or a list of texts")
    return texts


_NAMES = choice(TARGETS, more=f", or one of your own: {_FORM}")
_TEXTS: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

_OWN: Json = {
    "type": "object",
    "properties": {
        "name": NAME.schema | {"description": "Name of the target."},
        "liberty": _TEXTS | {"description": "Liberty files of one corner, gzip or plain."},
        "corners": {
            "type": "array",
            "items": _TEXTS,
            "description": "Files of other corners, for fmax_mhz_low and fmax_mhz_high.",
        },
        "dont_use": _TEXTS | {"description": "Cells not to use; * and ? as in file names."},
        "flip_flop": {"type": "string", "description": "Register around the timed design."},
        "gate": {"type": "string", "description": "Cell of one gate equivalent."},
    },
    "required": ["name", "liberty"],
    "additionalProperties": False,
}

_TOOL: Json = {
    "type": "object",
    "properties": {
        "name": NAME.schema | {"description": "Name of the target."},
        "tool": _VENDOR.schema | {"description": "Tool that places and routes."},
        "part": PART.schema | {"description": "Part, as the tool calls it."},
    },
    "required": ["name", "tool", "part"],
    "additionalProperties": False,
}

TARGET = Kind(_NAMES.allowed, {"anyOf": [_NAMES.schema, _OWN, _TOOL]}, _read)
"""A target: one of the package's, a cell library of the user's or a part of a vendor's."""
