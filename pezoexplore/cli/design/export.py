"""`pezoexplore export`: a design as a bundle that needs nothing of pezoexplore."""

from __future__ import annotations

import hashlib
import json
import math
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import Format, RtlDir, TableOrJson, there
from pezoexplore.cli.terminal import echo, print_json
from pezoexplore.design.own_targets import TARGETS
from pezoexplore.design.point import AXES, STREAM_AXES
from pezoexplore.errors import DesignError, IllegalPointError
from pezoexplore.hardware.export.constraints import CLOCK_MHZ
from pezoexplore.hardware.export.reset import Reset

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.hardware.eda.module_counts import ModuleCounts


@axis_options(AXES)
def export(
    axes: Axes,
    out: Annotated[
        Path, typer.Option(help="Folder of the bundle: new, or that of an earlier bundle.")
    ],
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
        typer.Option(
            help="Run directory or results.csv with the figures of the datasheet.", callback=there
        ),
    ] = None,
    engine: Annotated[
        bool, typer.Option("--engine", help="Include the perturbation engine around the stream.")
    ] = False,
    layers: Annotated[
        str | None,
        typer.Option(
            help="With --rank: shapes of the model's tensors, in order, such as 32x64,32,10x32,10."
        ),
    ] = None,
    segments: Annotated[
        int,
        typer.Option(
            min=1, max=16, help="Number of layers of the model: the engine has a scale for each."
        ),
    ] = 2,
    name: Annotated[
        str | None,
        typer.Option(
            help="Prefix of all modules, files and symbols, so that several bundles stand in one "
            "design: my_rng makes the top my_rng_top."
        ),
    ] = None,
    axis: Annotated[
        bool, typer.Option("--axis", help="Include a top with the port names of AXI4-Stream.")
    ] = False,
    axil: Annotated[
        bool,
        typer.Option(
            "--axil",
            help="Include a top with registers on AXI4-Lite, through which a host controls the "
            "stream and reads numbers; they also leave by AXI4-Stream.",
        ),
    ] = False,
    reset: Annotated[
        Reset,
        typer.Option(
            help="Reset of the top: synchronous rst, active high, or rst_n, active low, of a top "
            "around it; asynchronous arst or arst_n, released with the clock, of a top around it. "
            "With --engine, --axis or --axil it is aresetn: synchronous, or with async-active-low "
            "asynchronous."
        ),
    ] = Reset.active_high,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            max=2**64 - 1,
            help="Master seed: the bundle shows what a training run of this seed takes.",
        ),
    ] = 0,
    lockup_recovery: Annotated[
        bool,
        typer.Option(
            "--lockup-recovery",
            help="Have generators leave the state of zeros, in which they lock up, by themselves; "
            "the datasheet then has the cost, for which Yosys is run.",
        ),
    ] = False,
    clock_mhz: Annotated[
        float, typer.Option(min=1e-3, max=1e5, help="Clock of the XDC and SDC constraints, MHz.")
    ] = CLOCK_MHZ,
    modules: Annotated[
        list[str] | None,
        typer.Option(
            "--modules",
            metavar="TARGET",
            help="Resources of every module on a target, for the datasheet: runs Yosys. May be "
            "given again.",
            autocompletion=completion.targets,
        ),
    ] = None,
    rtl_dir: RtlDir = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Write one design as a bundle that needs nothing of pezoexplore.

    RTL with the parameters frozen, FuseSoC core and IP-XACT files, constraints, test vectors and a
    cocotb bench, models of the stream in C and Python, and a datasheet. The same design gives the
    same bytes.
    """
    if math.isnan(clock_mhz):
        raise DesignError("--clock-mhz nan: no number; allowed: 0.001 to 100000")
    design = _with_layers(point_of(axes, point, results, engine=engine), layers, engine)
    from pezoexplore import paths
    from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
    from pezoexplore.hardware.export.naming import check_name

    rtl = paths.rtl_folder(rtl_dir)
    order = Order(
        point=design,
        segments=segments if engine else None,
        rtl_dir=rtl,
        command=_command(
            design,
            segments if engine else None,
            results is not None,
            name,
            axis,
            axil,
            reset,
            seed,
            clock_mhz,
            modules or (),
            lockup_recovery,
        ),
        rows=[] if results is None else _rows_of(design, point, results),
        measured_with={} if results is None else _versions(results),
        name=None if name is None else check_name(name),
        axis=axis,
        axil=axil,
        reset=reset,
        seed=seed,
        clock_mhz=clock_mhz,
        modules=_modules(design, modules or (), rtl, lockup_recovery),
        lockup_recovery=lockup_recovery,
    )
    files = bundle_files(order)
    write_bundle(files, out)
    if format_ is TableOrJson.json:
        print_json(
            {"axes": design.to_json(), "seed": seed, "out": str(out), "files": sorted(files)}
        )
    else:
        echo(f"{design.label()}: {len(files)} files in {out}; `make` there checks them")
    return 0


def _with_layers(design: DesignPoint, layers: str | None, engine: bool) -> DesignPoint:
    """Return a design with the shapes of its tensors, if it has outer products.

    Raises:
        DesignError: It has no RTL, or the shapes do not fit.
    """
    if not design.outer_products:
        if layers:
            raise DesignError("--layers: directions of --rank full have none")
        return design
    if engine:
        raise DesignError(f"--rank {design.rank}: there is no --engine for outer products")
    from pezoexplore.streams.strategies.outer_product import without_rtl, without_stream

    if reason := without_stream(design):
        raise DesignError(f"--rank {design.rank}: {reason}")
    if not layers:
        raise DesignError(f"--rank {design.rank}: needs --layers, such as 32x64,32,10x32,10")
    try:
        shaped = design.moved(layers=layers)
    except IllegalPointError as error:
        raise DesignError(f"--{error}") from None
    if reason := without_rtl(shaped):
        raise DesignError(f"--rank {design.rank}: {reason}")
    return shaped


def point_of(
    axes: Axes, point_id: str | None, results: Path | None, *, engine: bool = False
) -> DesignPoint:
    """Return the design that the axis options describe, or that of a row of the results.

    Args:
        axes: Values of the axis options.
        point_id: Identity of the row; None for the options.
        results: The results; needed for a row.
        engine: Whether the design gets the integer weights of the engine, if it has none.

    Raises:
        DesignError: There is no such design, or options and row are mixed.
    """
    from pezoexplore.design.one_point import ENGINE_BITS, one_point

    given = [name for name, text in axes.items() if text is not None]
    if point_id is None:
        floats = not axes.get("weight_bits") and not axes.get("activation_bits")
        return one_point(axes | ENGINE_BITS if engine and floats else axes)[0]
    if given:
        raise DesignError(f"--{given[0].replace('_', '-')}: {point_id} has its own axes")
    if results is None:
        raise DesignError(f"{point_id}: name the run it is from with --results")
    from pezoexplore.analysis.runs import is_design, read_rows

    for row in read_rows(results):
        if row["point_id"] == point_id and is_design(row):
            return _of_row(row, results)
    raise DesignError(f"{results}: has no design {point_id}")


def _of_row(row: Mapping[str, str], results: Path) -> DesignPoint:
    """Return the point of a row, which must be a legal one."""
    from pezoexplore.design.point import DesignPoint

    point = DesignPoint.from_json(row)
    try:
        if point.moved() == point:
            return point
    except (IllegalPointError, KeyError):
        pass
    raise DesignError(f"{results}: design {row['point_id']} has axes that no design has")


def _rows_of(
    point: DesignPoint, point_id: str | None, results: Path
) -> Sequence[Mapping[str, str]]:
    """Return the rows of a design, one per target."""
    from pezoexplore.analysis.runs import is_design, read_rows
    from pezoexplore.design.point import DesignPoint

    rows = [
        row
        for row in read_rows(results)
        if is_design(row) and DesignPoint.from_json(row) == replace(point, layers=None)
    ]
    if not rows:
        raise DesignError(f"{results}: has no results of {point.label()}")
    if point_id is not None:  # the same design may have been trained in several ways
        rows = [row for row in rows if row["point_id"] == point_id]
    return rows


def _command(
    point: DesignPoint,
    segments: int | None,
    with_results: bool,
    prefix: str | None,
    axis_top: bool,
    axil_top: bool,
    reset: Reset,
    seed: int,
    clock_mhz: float,
    modules: Sequence[str],
    lockup_recovery: bool,
) -> str:
    """Return a command line that writes the same bundle, but for the source of its figures."""
    names = {*(AXES if point.fixed_point else STREAM_AXES), "rank", "layers"}
    names -= set(point.family.fixed_axes) & {"state_bits"}  # the generator leaves no choice
    words = ["pezoexplore", "export"]
    for axis, value in point.to_json().items():
        if axis in names and value is not None:
            words += [f"--{axis.replace('_', '-')}", str(value)]
    if segments is not None:
        words += ["--engine", "--segments", str(segments)]
    if prefix is not None:
        words += ["--name", prefix]
    if axis_top:
        words.append("--axis")
    if axil_top:
        words.append("--axil")
    if reset is not Reset.active_high:
        words += ["--reset", reset.value]
    if seed:
        words += ["--seed", str(seed)]
    if lockup_recovery:
        words.append("--lockup-recovery")
    if clock_mhz != CLOCK_MHZ:
        words += ["--clock-mhz", f"{clock_mhz:.12g}"]
    words += [word for target in modules for word in ("--modules", target)]
    if with_results:
        words += ["--results", "RUN_DIR"]
    return shlex.join([*words, "--out", "DIR"])


def _modules(
    point: DesignPoint, targets: Sequence[str], rtl_dir: Path, lockup_recovery: bool
) -> tuple[ModuleCounts, ...]:
    """Return the resources by module on targets, of RTL that recovers from zeros or does not.

    Raises:
        DesignError: There is no such target, or it is given twice.
        PezoError: Yosys is missing or failed; the folder of its log is kept.
    """
    if not targets:
        return ()
    from pezoexplore.hardware.eda.module_counts import count_modules

    for target in targets:
        if target not in TARGETS or targets.count(target) > 1:
            known = f"allowed: {', '.join(TARGETS)}, each once"
            raise DesignError(f"--modules {target}: {known}")
    if not point.in_hardware:
        return ()  # bundle_files says why
    hardware, folder = point.hardware(), Path(tempfile.mkdtemp(prefix="pezoexplore-"))
    log, options = folder / "yosys.log", {"lockup_recovery": lockup_recovery}
    found = tuple(
        count_modules(hardware, target, rtl_dir, folder / target, log, **options)
        for target in targets
    )
    shutil.rmtree(folder)
    return found


def _versions(results: Path) -> dict[str, str | None]:
    """Return the tool versions of a run, and the hash of its results."""
    from pezoexplore.analysis.runs import RESULTS_NAME, results_file
    from pezoexplore.sweeps.rundir import RUN_NAME

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
