"""A cell library of the user's own as a target: its flip-flop, its gate, and what it lacks.

A Liberty file names its cells as its makers like. The register that stands around a design when its
highest clock is determined, and the NAND that is one gate equivalent, are found by their functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import product
from pathlib import Path
from types import MappingProxyType

from pezoexplore.design.own_targets import CellLibrary, DesignTarget, VendorTool
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.boolean import parse_function
from pezoexplore.hardware.eda.cell_script import DRIVE, cell_script
from pezoexplore.hardware.eda.liberty_syntax import (
    Group,
    LibertyError,
    read_library,
    units_of,
    unpacked,
)
from pezoexplore.hardware.eda.targets import AREAS, TARGETS, Target, Timer


@dataclass(frozen=True)
class Register:
    """A flip-flop of a library.

    Attributes:
        cell: Its name.
        area: Its area.
        clock: Pin of the clock, rising edge.
        data: Pin of the data.
        output: Pin of the state or of its inverse.
        ties: Value of each other input, so that it does nothing.
    """

    cell: str
    area: float
    clock: str
    data: str
    output: str
    ties: tuple[tuple[str, str], ...]

    @property
    def verilog(self) -> str:
        """The cell as :class:`Timer` wants it."""
        pins = {self.clock: "clk", self.data: "{d}", self.output: "{q}"} | dict(self.ties)
        return f"{self.cell} {{name}} ({', '.join(f'.{p}({n})' for p, n in pins.items())});"


@dataclass(frozen=True)
class LibraryTarget:
    """A user's library, read.

    Attributes:
        target: The target that it makes.
        sha256: Hash of the content of its files, those of other corners included.
        missing: Columns that it cannot fill, each with the reason.
    """

    target: Target
    sha256: str
    missing: Mapping[str, str] = field(default_factory=dict)


def find_target(target: DesignTarget) -> Target:
    """Return a target of a design file.

    Raises:
        ToolError: A file of a cell library cannot be used, or Yosys does not map for the target.
    """
    if isinstance(target, VendorTool):
        raise ToolError(f"target {target.name}: only {target.tool} maps a design to it")
    return TARGETS[target] if isinstance(target, str) else read_own(target).target


def read_own(own: CellLibrary) -> LibraryTarget:
    """Read a user's library; files that have not changed are read once.

    Raises:
        ToolError: A file cannot be read or is no library, or has no flip-flop that can be used.
    """
    every = [*own.liberty, *(path for corner in own.corners for path in corner)]
    hashes = [hashlib.sha256(unpacked(Path(path))).hexdigest() for path in every]
    shape = repr((len(own.liberty), [len(corner) for corner in own.corners], hashes))
    sha256 = hashes[0] if len(every) == 1 else hashlib.sha256(shape.encode()).hexdigest()
    return _read(own, sha256)


@lru_cache(maxsize=4)
def _read(own: CellLibrary, sha256: str) -> LibraryTarget:
    try:
        return _target(own, sha256)
    except LibertyError as error:
        raise ToolError(f"target {own.name}: {error}") from error


def _target(own: CellLibrary, sha256: str) -> LibraryTarget:
    libraries = [read_library(Path(path)) for path in own.liberty]
    cells = {name: cell for library in libraries for name, cell in library.named("cell")}
    usable = {name: cell for name, cell in cells.items() if _is_usable(name, cell, own.dont_use)}
    register = _register(own, usable)
    gate = _gate(own, usable)
    missing = _missing(usable, gate, register)
    for library in libraries:
        # OpenSTA does not take a library without thresholds, and times nothing without a model.
        if library.text("delay_model") != "table_lookup":
            missing.setdefault("fmax_mhz", "its delay_model is not table_lookup")
        if "input_threshold_pct_rise" not in library.values:
            missing.setdefault("fmax_mhz", "no input_threshold_pct_rise and the like in it")
    (home,) = (library for library in libraries if cells[register.cell] in library.groups)
    load = dict(cells[register.cell].named("pin"))[register.data].number("capacitance")
    drive = f"set_driving_cell {register.cell}\nset_load {load * units_of(home).pf * 1e3:.6g}\n"
    files = _named("cells", own.liberty)
    target = Target(
        name=own.name,
        title=f"cell library {libraries[0].names[0]}",
        script=cell_script(files, own.dont_use),
        columns=("ff", *(name for name in AREAS if name not in missing)),
        cells=MappingProxyType({n: {"ff": 1} if c.first("ff") else {} for n, c in cells.items()}),
        liberty=files,
        corners=tuple(_named(f"corner{n}", paths) for n, paths in enumerate(own.corners, 1)),
        gate=gate,
        sha256=sha256[:12],
        files=MappingProxyType({DRIVE: drive}),
        timer=Timer(tool="opensta", column="opensta_version", register=register.verilog),
    )
    return LibraryTarget(target, sha256, missing)


def _named(stem: str, paths: tuple[str, ...]) -> Mapping[str, Path]:
    """Return files by the names they get where Yosys and OpenSTA run."""
    return MappingProxyType({f"{stem}_{i}.lib": Path(path) for i, path in enumerate(paths, 1)})


def _is_usable(name: str, cell: Group, dont_use: tuple[str, ...]) -> bool:
    excluded = any(fnmatchcase(name, pattern) for pattern in dont_use)
    return not excluded and cell.text("dont_use").lower() != "true"


def _register(own: CellLibrary, cells: Mapping[str, Group]) -> Register:
    """Return the named flip-flop, or of those without scan the one with fewest inputs, smallest."""
    if own.flip_flop is not None and own.flip_flop not in cells:
        raise LibertyError(f"flip_flop {own.flip_flop}: no such cell in it that may be used")
    named = cells if own.flip_flop is None else {own.flip_flop: cells[own.flip_flop]}
    found = [register for name, cell in named.items() if (register := _as_register(name, cell))]
    if not found and own.flip_flop is not None:
        raise LibertyError(
            f"flip_flop {own.flip_flop}: not a flip-flop on the rising edge with one data input"
        )
    if not found:
        raise LibertyError(
            "no flip-flop on the rising edge with one data input in it; add the file that has one"
        )
    return min(found, key=lambda register: (len(register.ties), register.area, register.cell))


def _as_register(name: str, cell: Group) -> Register | None:
    """Return a cell as a register; None if it is something else."""
    state = cell.first("ff")
    if state is None or cell.first("test_cell") or len(list(cell.all("ff"))) > 1:
        return None
    clock, data = (_literal(state.text(key)) for key in ("clocked_on", "next_state"))
    if clock is None or data is None or not clock[1]:
        return None
    ties = {}
    for key in ("clear", "preset"):
        if key in state.values:
            control = _literal(state.text(key))
            if control is None:
                return None
            ties[control[0]] = f"1'b{int(not control[1])}"
    pins = dict(cell.named("pin"))
    inputs = {pin for pin, group in pins.items() if group.text("direction") == "input"}
    outputs = [
        pin
        for pin, group in pins.items()
        if (out := _literal(group.text("function"))) is not None and out[0] in state.names
    ]
    if not outputs or inputs != {clock[0], data[0], *ties}:
        return None
    return Register(
        cell=name,
        area=cell.number("area"),
        clock=clock[0],
        data=data[0],
        output=outputs[0],
        ties=tuple(ties.items()),
    )


def _literal(text: str) -> tuple[str, bool] | None:
    """Return the one pin of a function and whether it is not inverted; None for other functions."""
    if not text:
        return None
    function = parse_function(text)
    if function.kind == "pin":
        return function.name, True
    inner = function.parts[0] if function.kind == "not" else function
    return (inner.name, False) if inner.kind == "pin" else None


def _gate(own: CellLibrary, cells: Mapping[str, Group]) -> str:
    """Return the named gate or the smallest NAND of two inputs; empty if there is none."""
    if own.gate is not None:
        if own.gate not in cells or cells[own.gate].number("area") <= 0:
            raise LibertyError(f"gate {own.gate}: no such cell with an area in it")
        return own.gate
    found = [
        (area, name)
        for name, cell in cells.items()
        if (area := cell.number("area")) > 0 and _is_nand2(cell)
    ]
    return min(found)[1] if found else ""


def _is_nand2(cell: Group) -> bool:
    texts = [text for _, pin in cell.named("pin") if (text := pin.text("function"))]
    if len(texts) != 1 or cell.first("ff") is not None or cell.first("latch") is not None:
        return False
    function = parse_function(texts[0])
    pins = sorted(function.pins())
    return len(pins) == 2 and all(
        function.probability(dict(zip(pins, map(float, values), strict=True))) == 1 - all(values)
        for values in product((0, 1), repeat=2)
    )


def _missing(cells: Mapping[str, Group], gate: str, register: Register) -> dict[str, str]:
    """Return the columns that cells without some of their data leave empty, with the reason."""
    missing = {}
    if not any(cell.number("area") > 0 for cell in cells.values()):
        missing["area_um2"] = "its cells have no area"
    if not gate:
        missing["gate_equivalents"] = "no two-input NAND in it; name a cell with `gate`"
    if not any(_timed(pin) for pin in _pins(cells)):
        missing["fmax_mhz"] = missing["power_mw_est"] = "no tables of delays in it"
        return missing
    data = dict(cells[register.cell].named("pin"))[register.data]
    if not any(arc.text("timing_type").startswith("setup") for arc in data.all("timing")):
        missing["fmax_mhz"] = f"no setup time of its flip-flop {register.cell}"
    if not any(pin.first("internal_power") for pin in _pins(cells)):
        missing["power_mw_est"] = "no internal_power in it"
    return missing


def _pins(cells: Mapping[str, Group]) -> Iterator[Group]:
    return (pin for cell in cells.values() for pin in cell.all("pin"))


def _timed(pin: Group) -> bool:
    return any(arc.first("cell_rise") and arc.first("cell_fall") for arc in pin.all("timing"))
