"""`pezoexplore export`: a design as a bundle that needs nothing of pezoexplore."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.analysis.runs import RESULTS_NAME, read_rows, results_file
from pezoexplore.commands.cosim import DEFAULT_BITS
from pezoexplore.commands.points import one_point
from pezoexplore.commands.sweep import rtl_folder
from pezoexplore.commands.terminal import print_json, say
from pezoexplore.design.point import AXES, STREAM_AXES, DesignPoint, IllegalPointError
from pezoexplore.errors import DesignError
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.sweeps.rundir import RUN_NAME


@dataclass(frozen=True)
class ExportRequest:
    """What the command line asks for.

    Attributes:
        point_id: A design of the results; None to take the axes.
        axes: One value by axis, as text; None for one not given.
        results: Run directory or results.csv with the design's figures; None for none.
        engine: Whether the perturbation engine goes along.
        segments: Segments that it is built for.
        rtl_dir: Folder of the RTL; None for the bundled one.
        out: Folder of the bundle.
        as_json: Whether to print JSON.
    """

    point_id: str | None
    axes: Mapping[str, str | None]
    results: Path | None
    engine: bool
    segments: int
    rtl_dir: Path | None
    out: Path
    as_json: bool


def export(request: ExportRequest) -> int:
    """Write the bundle of a design.

    Returns:
        The exit status, 0.

    Raises:
        PezoError: The design, the results or the folder cannot be used.
    """
    point = _point(request)
    rows = _rows_of(request, point)
    order = Order(
        point=point,
        segments=request.segments if request.engine else None,
        rtl_dir=rtl_folder(request.rtl_dir),
        command=_command(request, point),
        rows=rows,
        measured_with=_versions(request.results),
    )
    files = bundle_files(order)
    write_bundle(files, request.out)
    if request.as_json:
        print_json({"axes": point.to_json(), "out": str(request.out), "files": sorted(files)})
    else:
        say(f"{point.label()}: {len(files)} files in {request.out}; `make` there checks them")
    return 0


def _point(request: ExportRequest) -> DesignPoint:
    given = [name for name, text in request.axes.items() if text is not None]
    if request.point_id is None:
        axes = dict(request.axes)
        if request.engine and axes["weight_bits"] is None and axes["activation_bits"] is None:
            axes |= DEFAULT_BITS
        return one_point(axes)[0]
    if given:
        raise DesignError(f"--{given[0].replace('_', '-')}: {request.point_id} has its own axes")
    if request.results is None:
        raise DesignError(f"{request.point_id}: name the run it is from with --results")
    for row in read_rows(request.results):
        if row["point_id"] == request.point_id and not row["status"].startswith("skipped:"):
            return _of_row(row, request.results)
    raise DesignError(f"{request.results}: has no design {request.point_id}")


def _of_row(row: Mapping[str, str], results: Path) -> DesignPoint:
    """The point of a row, which must be one that there is."""
    point = DesignPoint.from_json(row)
    try:
        if point.moved() == point:
            return point
    except (IllegalPointError, KeyError):
        pass
    raise DesignError(f"{results}: design {row['point_id']} has axes that no design has")


def _rows_of(request: ExportRequest, point: DesignPoint) -> Sequence[Mapping[str, str]]:
    """The point's rows of results, one a target."""
    if request.results is None:
        return []
    rows = [
        row
        for row in read_rows(request.results)
        if not row["status"].startswith("skipped:") and DesignPoint.from_json(row) == point
    ]
    if not rows:
        raise DesignError(f"{request.results}: has no results of {point.label()}")
    if request.point_id is not None:  # the same design may have been trained in several ways
        rows = [row for row in rows if row["point_id"] == request.point_id]
    return rows


def _command(request: ExportRequest, point: DesignPoint) -> str:
    """A command line that makes the same bundle, but for where its figures come from."""
    names = set(AXES if point.fixed_point else STREAM_AXES)
    if point.rng != "lfsr":
        names.discard("state_bits")  # the generator leaves no choice
    words = ["pezoexplore", "export"]
    for axis, value in point.to_json().items():
        if axis in names and value is not None:
            words += [f"--{axis.replace('_', '-')}", str(value)]
    if request.engine:
        words += ["--engine", "--segments", str(request.segments)]
    if request.results is not None:
        words += ["--results", "RUN_DIR"]
    return shlex.join([*words, "--out", "DIR"])


def _versions(results: Path | None) -> dict[str, str | None]:
    """Tool versions of a run, and the hash of its results."""
    if results is None:
        return {}
    path = results_file(results)
    found: dict[str, str | None] = {
        f"{RESULTS_NAME}, SHA-256": hashlib.sha256(path.read_bytes()).hexdigest()
    }
    try:
        run = json.loads((path.parent / RUN_NAME).read_text(encoding="utf-8"))
        tools = {str(name): version for name, version in run["tools"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return found  # results that lie alone
    return found | tools
