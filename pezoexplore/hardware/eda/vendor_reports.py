"""Reports of vendors' tools after place and route: resources and clock of a stream.

The formats are tables of text that differ a little between versions: columns are found by their
headers, rows by their labels.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

from pezoexplore.errors import ToolError

INSTANCE = "stream"
"""Name of the instance of the stream in what is placed and routed."""

_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")

_VIVADO = {
    "lut": ("CLB LUTs", "Slice LUTs"),
    "ff": ("Register as Flip Flop",),
    "bram": ("Block RAM Tile",),
    "dsp": ("DSPs",),
}
"""Labels of a resource in Vivado's report of utilisation, of one family or another."""

_VIVADO_SUMS = {
    "muxf": ("F7 Muxes", "F8 Muxes", "F9 Muxes"),
    "carry": ("CARRY4", "CARRY8"),
}
"""Resources that are sums, of what a report has of them; carry cells stand among primitives."""


def read_vivado(folder: Path) -> dict[str, float]:
    """Read ``utilization.rpt``, ``timing.rpt`` and ``power.rpt`` of Vivado.

    Args:
        folder: Folder of the reports.

    Returns:
        ``lut``, ``ff``, ``bram``, ``dsp``, ``muxf``, ``carry``, ``fmax_mhz`` and, where the report
        has it, ``power_mw_est``.

    Raises:
        ToolError: A report is missing or not understood.
    """
    path = folder / "utilization.rpt"
    used = {
        row[0].rstrip("*"): value
        for row, columns in _rows(_text(path), "|")
        if "Used" in columns and (value := _number(row[columns.index("Used")])) is not None
    }
    found: dict[str, float] = {}
    for column, labels in _VIVADO.items():
        values = [used[label] for label in labels if label in used]
        if not values:
            raise ToolError(f"{path}: no line {' or '.join(labels)}")
        found[column] = values[0]
    for column, labels in _VIVADO_SUMS.items():
        found[column] = sum(used.get(label, 0.0) for label in labels)
    found = {name: value if name == "bram" else int(value) for name, value in found.items()}
    found["fmax_mhz"] = _vivado_clock(folder / "timing.rpt")
    power = _vivado_power(_text(folder / "power.rpt"))
    return found | ({} if power is None else {"power_mw_est": power})


def _vivado_clock(path: Path) -> float:
    """Return the highest clock: that of the period less the worst slack, MHz."""
    lines = _text(path).splitlines()
    slack = period = None
    for i, line in enumerate(lines[:-2]):
        words = line.split()
        if words[:1] == ["WNS(ns)"]:
            slack = _number(lines[i + 2].split()[0]) if lines[i + 2].split() else None
        if "Period(ns)" in line and words[:1] == ["Clock"]:
            named = next((r for r in lines[i + 2 :] if r.split()[:1] == ["clk"]), "")
            numbers = _NUMBER.findall(named.partition("}")[2])
            period = float(numbers[0]) if numbers else None
    if slack is None or period is None or not 0 < period - slack < 1e6:
        raise ToolError(f"{path}: no worst slack and period of the clock clk")
    return 1e3 / (period - slack)


def _vivado_power(text: str) -> float | None:
    """Return the dynamic power of the stream from the report by hierarchy, mW; None without it."""
    for row, columns in _rows(text, "|"):
        if columns[:2] == ["Name", "Power (W)"] and row[0].split()[:1] == [INSTANCE]:
            watts = _number(row[1])  # ``<0.001`` where it is less
            return None if watts is None else 1e3 * watts
    return None


_QUARTUS = {
    "lut": ("Combinational ALUTs", "Logic Cells"),
    "ff": ("Dedicated Logic Registers",),
    "bram": ("M20Ks", "M10Ks", "M9Ks"),
    "dsp": ("DSP Blocks", "DSP Elements"),
}
"""Headers of a resource in Quartus' table by entity, of one family or another."""


def read_quartus(folder: Path) -> dict[str, float]:
    """Read ``output/pezo.fit.rpt`` and ``output/pezo.sta.rpt`` of Quartus Prime.

    Args:
        folder: Folder of the project.

    Returns:
        ``lut``, ``ff``, ``bram``, ``dsp`` as far as the family has them, and ``fmax_mhz``, the
        lowest of the timing models.

    Raises:
        ToolError: A report is missing or not understood.
    """
    path = folder / "output" / "pezo.fit.rpt"
    found: dict[str, float] = {}
    for row, columns in _rows(_text(path), ";"):
        if "Compilation Hierarchy Node" in columns and row[0].endswith(f":{INSTANCE}|"):
            for column, headers in _QUARTUS.items():
                at = next((columns.index(h) for h in headers if h in columns), None)
                value = None if at is None else _number(row[at])
                if value is not None:
                    found[column] = int(value)
            break
    if not {"lut", "ff"} <= found.keys():
        raise ToolError(f"{path}: no row of the instance {INSTANCE} with logic and registers")
    path = folder / "output" / "pezo.sta.rpt"
    clocks = [
        _number(row[columns.index("Fmax")])
        for row, columns in _rows(_text(path), ";")
        if "Fmax" in columns and "clk" in row
    ]
    known = [clock for clock in clocks if clock]
    if not known:
        raise ToolError(f"{path}: no Fmax of the clock clk")
    return found | {"fmax_mhz": min(known)}


LIBERO_PROJECT = "libero"
"""Name of the project of Libero, and of its folder."""

_LIBERO = {"lut": "Fabric 4LUT", "ff": "Fabric DFF", "bram": "LSRAM", "dsp": "Math"}
"""How the header of a resource begins in Libero's table by module."""


def read_libero(folder: Path) -> dict[str, float]:
    """Read the table of resources by module and the timing report of Libero SoC.

    LUTs and flip-flops in front of memory and multiplier blocks, "Interface", are not counted, nor
    are blocks of uSRAM.

    Args:
        folder: Folder of the script.

    Returns:
        ``lut``, ``ff``, ``bram``, ``dsp`` and ``fmax_mhz``, by the worst corner.

    Raises:
        ToolError: A report is missing or not understood.
    """
    reports = sorted((folder / LIBERO_PROJECT / "designer").glob("*"))
    if len(reports) != 1:
        raise ToolError(f"{folder / LIBERO_PROJECT}: no folder designer with one design")
    (place,) = reports
    path = place / f"{place.name}_compile_netlist_hier_resources.csv"
    rows = list(csv.DictReader(_text(path).splitlines(), skipinitialspace=True))
    found = {
        column: sum(_of_column(row, header) for row in rows if _in_stream(row))
        for column, header in _LIBERO.items()
        if any(name and name.strip().startswith(header) for row in rows for name in row)
    }
    if not {"lut", "ff"} <= found.keys() or not any(map(_in_stream, rows)):
        raise ToolError(f"{path}: no row of the instance {INSTANCE} with logic and registers")
    return found | {"fmax_mhz": _libero_clock(place / f"{place.name}_max_timing_multi_corner.xml")}


def _in_stream(row: Mapping[str, str]) -> bool:
    """Return whether a row holds cells of the stream: those of modules in it have their own."""
    *modules, last = (row.get("Module Name") or "").strip().strip("/").split("/")
    return last == "Primitives" and INSTANCE in modules


def _of_column(row: Mapping[str, str], header: str) -> int:
    texts = [text for name, text in row.items() if name and name.strip().startswith(header)]
    return int(_number(texts[0].strip()) or 0) if texts and texts[0] else 0


def _libero_clock(path: Path) -> float:
    """Return the highest clock: that of the period less the worst slack, MHz."""
    try:
        root = ElementTree.fromstring(_text(path))
    except ElementTree.ParseError as error:
        raise ToolError(f"{path}: no XML ({error})") from error
    for table in root.iter("table"):
        rows = [
            [" ".join("".join(cell.itertext()).split()) for cell in row.iter("cell")]
            for row in (*table.iter("header"), *table.iter("row"))
        ]
        for row in rows[1:]:
            cells = dict(zip(rows[0], row, strict=False))
            slack = _number(cells.get("Worst Slack (ns)", ""))
            period = _number(cells.get("Required Period (ns)", ""))
            named = cells.get("Clock Domain") == "clk"
            if named and slack is not None and period is not None and period > slack:
                return 1e3 / (period - slack)
    raise ToolError(f"{path}: no worst slack and period of the clock clk")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ToolError(f"{path}: no such report ({error.strerror})") from error


def _rows(text: str, bar: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the rows of all tables, each with the header of its table; cells stripped."""
    columns: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if not (stripped.startswith(bar) and stripped.endswith(bar) and len(stripped) > 1):
            if not stripped.startswith("+"):
                columns = []
            continue
        cells = [cell.strip() for cell in stripped[1:-1].split(bar)]
        if len(cells) != len(columns):
            columns = cells  # a title, if there is one, comes before the header
        else:
            yield cells, columns


def _number(text: str) -> float | None:
    """Return the first number of a cell, such as ``1,234`` or ``12 (3)``; None without one."""
    found = _NUMBER.match(text)
    return float(found.group().replace(",", "")) if found else None
