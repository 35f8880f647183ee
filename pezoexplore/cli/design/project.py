"""`pezoexplore project`: a design as a project of a vendor's tool, to run where that is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import Format, RtlDir, TableOrJson, there
from pezoexplore.cli.terminal import echo, print_json
from pezoexplore.design.own_targets import VENDORS, vendor_tool
from pezoexplore.design.point import STREAM_AXES


@axis_options(STREAM_AXES)
def project(
    axes: Axes,
    tool: Annotated[str, typer.Option(help=f"The tool: {', '.join(VENDORS)}.")],
    part: Annotated[str, typer.Option(help="The part, as the tool calls it.")],
    out: Annotated[Path, typer.Option(help="Folder of the project: new, or of an earlier one.")],
    point: Annotated[
        str | None,
        typer.Argument(
            metavar="[POINT_ID]",
            help="A design of --results; default: the design that the axis options describe.",
            autocompletion=completion.points,
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(help="Run directory or results.csv with that design.", callback=there),
    ] = None,
    clock_mhz: Annotated[
        float, typer.Option(min=0.001, max=1e5, help="Clock that power is reported at, MHz.")
    ] = 200.0,
    rtl_dir: RtlDir = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Write one design as a project of a vendor's tool, to run where the tool is.

    A script places and routes the stream out of context and writes the reports that calibrate
    reads back.
    """
    from pezoexplore.cli.design.export import point_of

    own = vendor_tool(tool, part)
    design = point_of(axes, point, results)
    from pezoexplore import paths
    from pezoexplore.hardware.eda.vendor import FLOWS, SCRIPT
    from pezoexplore.hardware.eda.vendor_project import write_project

    names = write_project(design, own, clock_mhz, paths.rtl_folder(rtl_dir), out)
    command = " ".join([FLOWS[own.tool].program, *FLOWS[own.tool].options, SCRIPT])
    if format_ is TableOrJson.json:
        document = {"axes": design.to_json(), "out": str(out), "files": names, "run": command}
        print_json(document)
    else:
        echo(f"{design.label()}: {len(names)} files in {out}; type there: {command}")
    return 0
