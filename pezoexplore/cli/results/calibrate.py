"""`pezoexplore calibrate`: what a vendor's tool counts, beside what Yosys counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli.options import Format, TableOrJson, there
from pezoexplore.cli.terminal import echo, print_json, print_table
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.analysis.calibrate import Pair
    from pezoexplore.hardware.eda.vendor_project import Project


def calibrate(
    results: Annotated[
        Path,
        typer.Argument(help="Run directory or results.csv with Yosys' counts.", callback=there),
    ],
    reports: Annotated[
        list[Path], typer.Argument(metavar="REPORT...", help="Folders of projects that were run.")
    ],
    target: Annotated[
        str | None,
        typer.Option(help="Target of the results to compare with; default: by the part."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a CSV with both tools' columns, a row a report.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Show what a vendor's tool counts beside what Yosys counts, and the factor between them.

    Reports are read from the folders that project wrote, once their script has run. A factor above
    1 means that the vendor's tool takes more; it comes as geometric mean with its spread, the
    geometric standard deviation over the designs.
    """
    from pezoexplore.analysis.calibrate import RESOURCES, factors
    from pezoexplore.analysis.runs import read_rows
    from pezoexplore.files import write_atomically
    from pezoexplore.hardware.eda.vendor_project import read_project

    rows, projects = list(read_rows(results)), [read_project(report) for report in reports]
    pairs = [_paired(project, rows, target, results) for project in projects]
    found = factors(pairs)
    lines = [_line(project, item) for project, item in zip(projects, pairs, strict=True)]
    if out is not None:
        write_atomically(out, _csv(lines))
    if format_ is TableOrJson.json:
        print_json({"designs": lines, "factors": [asdict(item) for item in found]})
        return 0
    header = ["design", "target", *(n for r in RESOURCES for n in (f"{r} vendor", f"{r} yosys"))]
    shown = [
        [item.point.label(), item.target]
        + [_cell(side.get(r)) for r in RESOURCES for side in (item.vendor, item.yosys)]
        for item in pairs
    ]
    print_table("Resources by both tools", header, shown)
    cells = [
        [f.resource, str(f.designs), f"{f.mean:.3f}", "" if f.spread is None else f"{f.spread:.3f}",
         f"{f.low:.3f} to {f.high:.3f}"]
        for f in found
    ]  # fmt: skip
    print_table("Vendor over Yosys", ["resource", "designs", "factor", "spread", "range"], cells)
    if out is not None:
        echo(f"columns of both: {out}")
    return 0


def _paired(
    project: Project, rows: Sequence[dict[str, str]], target: str | None, results: Path
) -> Pair:
    from pezoexplore.analysis.calibrate import pair

    name = target or project.target
    if name is None:
        raise DesignError(
            f"{project.folder}: no target of Yosys is known to have the cells of "
            f"{project.tool.part}; name one with --target"
        )
    found = pair(project.point, project.figures, rows, name)
    if found is None:
        raise DesignError(
            f"{results}: has no resources of {project.point.label()} on target {name} "
            f"({project.folder})"
        )
    return found


def _line(project: Project, item: Pair) -> dict[str, object]:
    """Return the columns of both tools, and the factors."""
    from pezoexplore.analysis.calibrate import RESOURCES

    line: dict[str, object] = {
        "design": item.point.label(),
        "target": item.target,
        "tool": project.tool.tool,
        "part": project.tool.part,
    }
    for name in RESOURCES:
        line |= {
            f"{name}_vendor": item.vendor.get(name),
            f"{name}_yosys": item.yosys.get(name),
            f"{name}_factor": item.factor(name),
        }
    return line | {f"{name}_vendor": item.vendor.get(name) for name in ("fmax_mhz", "power_mw_est")}


def _csv(lines: Sequence[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: _cell(v) for k, v in line.items()} for line in lines)
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
