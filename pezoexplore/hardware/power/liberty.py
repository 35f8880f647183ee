"""Reader of a cell library: area, energy and delay of standard cells, in um2, pJ, ns, pF and nW.

Only what the power figures need is kept: areas, pin capacitances, functions, leakage, the tables of
internal energy, and the timing arcs that carry delays.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from pezoexplore.hardware.eda.liberty_syntax import (
    Group,
    LibertyError,
    Units,
    at,
    number,
    read_library,
    units_of,
)

SLEW, LOAD, OTHER = "slew", "load", "other"
"""Axes: transition time of the input, ns; capacitance of the output, or of another output, pF."""

_AXES = {
    "input_net_transition": SLEW,
    "input_transition_time": SLEW,
    "total_output_net_capacitance": LOAD,
    "related_out_total_output_net_capacitance": OTHER,
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
        supply: The supply pin it is drawn from, whose energies add to those of others; empty for
            the only one.
    """

    related: str
    when: str
    rise: Table
    fall: Table
    supply: str = ""


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
        leakage_nw: Leakage power, nW; None if the library does not say it.
        pins: By name.
        state: The ``ff`` or ``latch`` group; None for a combinational cell.
    """

    name: str
    area: float
    leakage_nw: float | None
    pins: Mapping[str, Pin]
    state: Group | None

    @cached_property
    def outputs(self) -> tuple[Pin, ...]:
        """Pins that it drives."""
        return tuple(pin for pin in self.pins.values() if pin.direction == "output")

    @cached_property
    def has_energies(self) -> bool:
        """Whether the library has its internal energies."""
        return any(pin.energies for pin in self.pins.values())


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


def read_liberty(*paths: Path, only: Collection[str] | None = None) -> Library:
    """Read the Liberty files of a cell library.

    Args:
        paths: The files.
        only: Cells to read; None for all.

    Raises:
        LibertyError: A file cannot be read, breaks the syntax, or has tables over variables that
            are not read; or none has the supply voltage.
    """
    cells: dict[str, Cell] = {}
    voltages, names = [], []
    for path in paths:
        group = read_library(path)
        with at(path):
            units = units_of(group)
            reader = _Reader(units, _templates(group))
            found = dict(group.named("cell"))
            wanted = found if only is None else found.keys() & only
            cells |= {name: reader.cell(name, found[name]) for name in sorted(wanted)}
            voltages += [volts * units.volts for volts in _voltages(group)]
        names.append(group.names[0] if group.names else "")
    if not voltages:
        raise LibertyError(f"{paths[0]}: no nom_voltage and no voltage of operating conditions")
    return Library(names[0], voltages[0], cells)


def _voltages(library: Group) -> Iterator[float]:
    """Yield the supply voltage as far as it is there, in the library's unit."""
    if library.number("nom_voltage") > 0:
        yield library.number("nom_voltage")
    chosen = library.text("default_operating_conditions")
    for group in library.all("operating_conditions"):
        if chosen in ("", *group.names) and group.number("voltage") > 0:
            yield group.number("voltage")


@dataclass(frozen=True)
class _Template:
    """Axes of tables, an empty name for a variable that is not read, and their default grids."""

    axes: tuple[str, ...]
    grids: tuple[tuple[str, ...], ...]


Templates = Mapping[tuple[bool, str], _Template]
"""Templates by whether they are of energies, and name."""


def _templates(library: Group) -> Templates:
    found = {}
    for kind in dict.fromkeys(g.kind for g in library.groups if g.kind.endswith("_template")):
        for name, group in library.named(kind):
            axes = tuple(_AXES.get(v, "") for i in (1, 2, 3) if (v := group.text(f"variable_{i}")))
            grids = tuple(group.values.get(f"index_{i + 1}", ()) for i in range(len(axes)))
            found[kind == "power_lut_template", name] = _Template(axes, grids)
    return found


@dataclass(frozen=True)
class _Reader:
    """Reads the cells of one file.

    Attributes:
        units: Its units.
        templates: Its templates.
    """

    units: Units
    templates: Templates

    def cell(self, name: str, group: Group) -> Cell:
        """Read a cell."""
        return Cell(
            name=name,
            area=group.number("area"),
            leakage_nw=self._leakage(group),
            pins={pin: self._pin(pin, g) for pin, g in group.named("pin")},
            state=group.first("ff") or group.first("latch"),
        )

    def _leakage(self, cell: Group) -> float | None:
        """Return leakage: the cell's, or the sum over its supplies of each one's mean, nW."""
        if "cell_leakage_power" in cell.values:
            return cell.number("cell_leakage_power") * self.units.nw
        supplies: dict[str, list[Group]] = {}
        for group in cell.all("leakage_power"):
            supplies.setdefault(group.text("related_pg_pin"), []).append(group)
        means = [
            _mean([g.number("value") for g in groups if not g.text("when")])
            or _mean([g.number("value") for g in groups])
            for groups in supplies.values()
        ]
        return sum(means) * self.units.nw if means else None

    def _pin(self, name: str, group: Group) -> Pin:
        arcs = (g for g in group.all("timing") if g.first("cell_rise") and g.first("cell_fall"))
        return Pin(
            name=name,
            direction=group.text("direction"),
            capacitance=group.number("capacitance") * self.units.pf,
            function=group.text("function"),
            clock=group.text("clock") == "true",
            energies=tuple(e for g in group.all("internal_power") for e in self._energies(g)),
            arcs=tuple(arc for g in arcs for arc in self._arcs(g)),
        )

    def _energies(self, group: Group) -> Iterator[Energy]:
        """Yield an energy for each pin that the group names, which may be none."""
        both = group.first("power")
        rise, fall = (group.first(name) or both for name in ("rise_power", "fall_power"))
        for related in group.text("related_pin").split() or [""]:
            yield Energy(
                related=related,
                when=group.text("when"),
                rise=self._table(rise, self.units.pj),
                fall=self._table(fall, self.units.pj),
                supply=group.text("related_pg_pin"),
            )

    def _arcs(self, group: Group) -> Iterator[Arc]:
        rise, fall, rise_slew, fall_slew = (
            self._table(group.first(name), self.units.ns)
            for name in ("cell_rise", "cell_fall", "rise_transition", "fall_transition")
        )
        for related in group.text("related_pin").split():
            yield Arc(
                related=related,
                sense=group.text("timing_sense"),
                kind=group.text("timing_type"),
                delay=(rise, fall),
                slew=(rise_slew, fall_slew),
            )

    def _table(self, group: Group | None, unit: float) -> Table:
        """Return a table; of the load of another output, its first point is taken."""
        if group is None:
            return _NOTHING
        values = _numbers(group.values.get("values", ()))
        named = group.names[0] if group.names else ""
        template = self.templates.get((group.kind.endswith("power"), named), _Template((), ()))
        kept, size = [], 1
        steps: list[tuple[int, bool]] = []
        for i, axis in enumerate(template.axes):
            grid = _numbers(group.values.get(f"index_{i + 1}", template.grids[i]))
            size *= max(len(grid), 1)
            # A dimension of one point is no dimension.
            if len(grid) > 1 and not axis:
                raise LibertyError(f"{group.kind}({named}): a variable that is not read")
            steps.append((max(len(grid), 1), axis == OTHER))
            if len(grid) > 1 and axis != OTHER:
                scale = self.units.ns if axis == SLEW else self.units.pf
                kept.append((axis, tuple(point * scale for point in grid)))
        if len(values) != size or len(kept) > 2:
            raise LibertyError(f"{group.kind}: {len(values)} values for a table of {size}")
        return Table(
            tuple(axis for axis, _ in kept),
            tuple(grid for _, grid in kept),
            tuple(value * unit for value in _first(values, steps)),
        )


def _first(values: Sequence[float], steps: Sequence[tuple[int, bool]]) -> Sequence[float]:
    """Return the values at the first point of some dimensions.

    Args:
        values: Row after row, the last dimension fastest.
        steps: Points of each dimension, and whether only the first is wanted.
    """
    if not any(single for _, single in steps):
        return values
    shaped = np.reshape(values, [points for points, _ in steps])
    return shaped[tuple(0 if single else slice(None) for _, single in steps)].ravel().tolist()


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


_NOTHING = Table((), (), (0.0,))


def _numbers(texts: Sequence[str]) -> tuple[float, ...]:
    return tuple(number(part) for text in texts for part in re.split(r"[\s,\\]+", text) if part)


def _place(grid: tuple[float, ...], value: float) -> tuple[int, float]:
    """Return the grid cell of a value (clamped at the edges) and the position in it, 0 to 1."""
    index = min(max(bisect_right(grid, value) - 1, 0), len(grid) - 2)
    return index, (value - grid[index]) / (grid[index + 1] - grid[index])


def _between(low: float, high: float, part: float) -> float:
    return low + (high - low) * part
