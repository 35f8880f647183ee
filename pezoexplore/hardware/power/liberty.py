"""Reader of a Liberty file: area, energy and delay of standard cells.

Only what the power figures need is kept: areas, pin capacitances, functions, leakage, the tables of
internal energy, and the timing arcs that carry delays.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pezoexplore.hardware.eda.liberty_syntax import Group, LibertyError, at, number, read_library

SLEW, LOAD = "slew", "load"
"""Axes of a table: transition time of the input, ns; capacitance of the output, pF."""

_AXES = {
    "input_net_transition": SLEW,
    "input_transition_time": SLEW,
    "total_output_net_capacitance": LOAD,
}


@dataclass(frozen=True)
class Table:
    """Values over a grid, linear between its points and beyond its edges.

    Attributes:
        axes: ``SLEW`` or ``LOAD`` for each dimension; none for a single value.
        grid: Increasing points of each dimension, ns or pF.
        values: Row after row, the last dimension fastest.
    """

    axes: tuple[str, ...]
    grid: tuple[tuple[float, ...], ...]
    values: tuple[float, ...]

    def at(self, slew: float, load: float) -> float:
        """Return the value for an input's transition time (ns) and an output's load (pF)."""
        if not self.axes:
            return self.values[0]
        row, part = _place(self.grid[0], slew if self.axes[0] == SLEW else load)
        if len(self.axes) == 1:
            return _between(self.values[row], self.values[row + 1], part)
        column, across = _place(self.grid[1], slew if self.axes[1] == SLEW else load)
        width, values = len(self.grid[1]), self.values
        low, high = row * width + column, (row + 1) * width + column
        return _between(
            _between(values[low], values[low + 1], across),
            _between(values[high], values[high + 1], across),
            part,
        )


@dataclass(frozen=True)
class Energy:
    """Internal energy of a cell at a transition of a pin, pJ, without that of the load.

    Attributes:
        related: Input that causes it; empty for the pin itself.
        when: State of the other pins it holds for; empty for any.
        rise: At a rising edge of the pin.
        fall: At a falling edge.
    """

    related: str
    when: str
    rise: Table
    fall: Table


@dataclass(frozen=True)
class Arc:
    """Delay from an input to an output, and the output's transition time, ns.

    Attributes:
        related: The input.
        sense: ``positive_unate``, ``negative_unate`` or ``non_unate``.
        kind: ``timing_type``; empty for a combinational arc.
        delay: By edge of the output: rise, fall.
        slew: Output transition time by edge.
    """

    related: str
    sense: str
    kind: str
    delay: tuple[Table, Table]
    slew: tuple[Table, Table]


@dataclass(frozen=True)
class Pin:
    """A pin of a cell; capacitance in pF."""

    name: str
    direction: str
    capacitance: float
    function: str
    clock: bool
    energies: tuple[Energy, ...]
    arcs: tuple[Arc, ...]


@dataclass(frozen=True)
class Cell:
    """A standard cell.

    Attributes:
        name: Its name.
        area: In the library's unit, um2 as a rule.
        leakage_nw: Leakage power, nW.
        pins: By name.
        state: The ``ff`` or ``latch`` group; None for a combinational cell.
    """

    name: str
    area: float
    leakage_nw: float
    pins: Mapping[str, Pin]
    state: Group | None

    @cached_property
    def outputs(self) -> tuple[Pin, ...]:
        """Pins that it drives."""
        return tuple(pin for pin in self.pins.values() if pin.direction == "output")


@dataclass(frozen=True)
class Library:
    """A Liberty library.

    Attributes:
        name: Its name.
        voltage: Nominal supply, V.
        cells: By name.
    """

    name: str
    voltage: float
    cells: Mapping[str, Cell]


def read_liberty(path: Path) -> Library:
    """Read a Liberty file.

    Raises:
        LibertyError: The file cannot be read, breaks the syntax, or uses units other than ns, V, pF
            and nW.
    """
    group = read_library(path)
    with at(path):
        return _library(group)


def _library(group: Group) -> Library:
    units = {
        "time_unit": ("1ns", group.text("time_unit", "1ns")),
        "voltage_unit": ("1v", group.text("voltage_unit", "1V")),
        "leakage_power_unit": ("1nw", group.text("leakage_power_unit", "1nW")),
        "capacitive_load_unit": ("1 pf", " ".join(group.values.get("capacitive_load_unit", ()))),
    }
    for name, (known, found) in units.items():
        if re.sub(r"^1\.0*\b", "1", found.lower()) != known:
            raise LibertyError(f"{name} is {found!r}; only {known} is read")
    kinds = dict.fromkeys(g.kind for g in group.groups if g.kind.endswith("_template"))
    templates = {name: _axes(g) for kind in kinds for name, g in group.named(kind)}
    return Library(
        name=group.names[0],
        voltage=group.number("nom_voltage"),
        cells={name: _cell(name, g, templates) for name, g in group.named("cell")},
    )


def _axes(template: Group) -> tuple[str, ...]:
    """Return the axes of a template's tables; an empty name for an unsupported variable."""
    variables = (template.text(f"variable_{i}") for i in (1, 2, 3))
    return tuple(_AXES.get(name, "") for name in variables if name)


Templates = Mapping[str, tuple[str, ...]]


def _cell(name: str, group: Group, templates: Templates) -> Cell:
    return Cell(
        name=name,
        area=group.number("area"),
        leakage_nw=group.number("cell_leakage_power"),
        pins={pin: _pin(pin, g, templates) for pin, g in group.named("pin")},
        state=group.first("ff") or group.first("latch"),
    )


def _pin(name: str, group: Group, templates: Templates) -> Pin:
    arcs = (g for g in group.all("timing") if g.first("cell_rise") and g.first("cell_fall"))
    return Pin(
        name=name,
        direction=group.text("direction"),
        capacitance=group.number("capacitance"),
        function=group.text("function"),
        clock=group.text("clock") == "true",
        energies=tuple(_energy(g, templates) for g in group.all("internal_power")),
        arcs=tuple(_arc(g, templates) for g in arcs),
    )


def _energy(group: Group, templates: Templates) -> Energy:
    both = group.first("power")
    rise, fall = (group.first(name) or both for name in ("rise_power", "fall_power"))
    return Energy(
        related=group.text("related_pin"),
        when=group.text("when"),
        rise=_table(rise, templates),
        fall=_table(fall, templates),
    )


def _arc(group: Group, templates: Templates) -> Arc:
    rise, fall, rise_slew, fall_slew = (
        _table(group.first(name), templates)
        for name in ("cell_rise", "cell_fall", "rise_transition", "fall_transition")
    )
    return Arc(
        related=group.text("related_pin"),
        sense=group.text("timing_sense"),
        kind=group.text("timing_type"),
        delay=(rise, fall),
        slew=(rise_slew, fall_slew),
    )


_NOTHING = Table((), (), (0.0,))


def _table(group: Group | None, templates: Templates) -> Table:
    if group is None:
        return _NOTHING
    values = _numbers(group.values.get("values", ()))
    axes = templates.get(group.names[0], ()) if group.names else ()
    # A dimension of one point is no dimension.
    kept = [
        (axis, grid)
        for i, axis in enumerate(axes)
        if len(grid := _numbers(group.values.get(f"index_{i + 1}", ()))) > 1
    ]
    size = 1
    for axis, grid in kept:
        if not axis:
            raise LibertyError(f"{group.kind}({group.names[0]}): a variable that is not read")
        size *= len(grid)
    if len(values) != size or len(kept) > 2:
        raise LibertyError(f"{group.kind}: {len(values)} values for a table of {size}")
    return Table(tuple(axis for axis, _ in kept), tuple(grid for _, grid in kept), values)


def _numbers(texts: Sequence[str]) -> tuple[float, ...]:
    return tuple(number(part) for text in texts for part in re.split(r"[\s,\\]+", text) if part)


def _place(grid: tuple[float, ...], value: float) -> tuple[int, float]:
    """Return the grid cell of a value (clamped at the edges) and the position in it, 0 to 1."""
    index = min(max(bisect_right(grid, value) - 1, 0), len(grid) - 2)
    return index, (value - grid[index]) / (grid[index + 1] - grid[index])


def _between(low: float, high: float, part: float) -> float:
    return low + (high - low) * part
