"""The files of a bundle, and its folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pezoexplore import __version__
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.files import write_atomically
from pezoexplore.hardware.eda.module_counts import ModuleCounts
from pezoexplore.hardware.export.axil import (
    AXIL_FILES,
    AXIL_TOP,
    axil_bench,
    axil_header,
    axil_section,
    axil_top,
)
from pezoexplore.hardware.export.axis import AXIS_TOP, axis_top
from pezoexplore.hardware.export.constraints import CLOCK_MHZ, constraints
from pezoexplore.hardware.export.core import core_file
from pezoexplore.hardware.export.datasheet import datasheet
from pezoexplore.hardware.export.engine_vectors import engine_vectors
from pezoexplore.hardware.export.ipxact import FILE, Placed, component, placed
from pezoexplore.hardware.export.lockup import lockup_text
from pezoexplore.hardware.export.model import (
    C_NAME,
    PYTHON_NAME,
    c_model,
    python_model,
    tags,
    template,
)
from pezoexplore.hardware.export.naming import PREFIX, renamed
from pezoexplore.hardware.export.package_ip import SCRIPT, package_script
from pezoexplore.hardware.export.reset import (
    ARST_TEXT,
    ARST_TOP,
    RESETN_TOP,
    SYNCHRONISER,
    Reset,
    arst_top,
    resetn_top,
)
from pezoexplore.hardware.export.timing_diagram import FILE as TIMING
from pezoexplore.hardware.export.timing_diagram import timing_diagram
from pezoexplore.hardware.export.vectors import stream_vectors
from pezoexplore.hardware.rtl import engine_map, stream_map
from pezoexplore.hardware.rtl.build import TOP, build, rtl_hash, source_paths
from pezoexplore.hardware.rtl.engine import build_engine
from pezoexplore.paths import license_file
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.streams.stream import Stream
from pezoexplore.templates import fill

MANIFEST = "bundle.json"
PROGRAM = "pezoexplore export"
"""Value of ``program`` in the manifest of a bundle."""

_DEFAULT_GENERATOR = ("generator.v", "uniform_word.v", "lfsr.v", "lfsr_taps.vh")
_BY_DEFAULT = {"stream_pool.v": ("pool_filler.v", *_DEFAULT_GENERATOR)} | dict.fromkeys(
    ("stream_none.v", "pool_filler.v", "generator.v"), _DEFAULT_GENERATOR
)
"""Files of what a module holds with the parameters that it has by default.

The design itself may not need them; tools that elaborate each module by itself, as ``read_verilog``
of Yosys does, stop where one is missing.
"""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Order:
    """An export order.

    Attributes:
        point: A hardware point, with its training axes.
        segments: Segments of the perturbation engine to export with it; None for none.
        rtl_dir: Folder of the hand-written Verilog.
        command: Command line that exports the same bundle, without the folder.
        rows: Rows of results of the point, as written, one per target; may be empty.
        measured_with: Tool versions of those results.
        name: Prefix of its modules, files and symbols; None for none.
        axis: Whether a top with the port names of AXI4-Stream comes along.
        axil: Whether a top with registers on AXI4-Lite comes along.
        reset: Reset of the top; another than the cores' has a top around them come along.
        seed: Master seed, 0 to 2**64 - 1.
        clock_mhz: Clock of the constraints.
        modules: Resources by module for the datasheet, a table for each target.
        lockup_recovery: Whether generators leave the state of zeros by themselves.
    """

    point: DesignPoint
    segments: int | None
    rtl_dir: Path
    command: str
    rows: Sequence[Row] = ()
    measured_with: Mapping[str, str | None] | None = None
    name: str | None = None
    axis: bool = False
    axil: bool = False
    reset: Reset = Reset.active_high
    seed: int = MASTER_SEED
    clock_mhz: float = CLOCK_MHZ
    modules: Sequence[ModuleCounts] = ()
    lockup_recovery: bool = False


def bundle_files(order: Order) -> dict[str, str]:
    """Return the contents of all files of a bundle, by path with ``/``; equal for equal designs.

    Raises:
        DesignError: The point has no RTL, or no engine although one is requested.
        ToolError: An RTL file is missing, or Yosys, which measures the cost of a recovery.
    """
    point = order.point
    if not point.in_hardware:
        raise DesignError(f"{point.label()}: has no hardware to export")
    stream = Stream(point, order.seed)
    held = {*tags(stream), *(["engine"] if order.segments is not None else [])}
    held |= {"axis"} if order.axis else set()
    held |= {"axil"} if order.axil else set()
    held |= {"resetn"} if order.reset is Reset.active_low else set()
    kind = _kind(order)
    held |= {"arst", f"arst_{kind}"} if order.reset.is_asynchronous else set()
    files = _rtl(order) | {
        f"sw/{C_NAME}": c_model(stream),
        f"sw/{PYTHON_NAME}": python_model(stream),
        "litex/pezo_litex.py": _litex(point, held),
        "vectors/stream.txt": stream_vectors(stream),
        TIMING: timing_diagram(stream),
        "LICENSE": license_file().read_text(encoding="utf-8"),
        "Makefile": template("Makefile"),
    }
    for name in ("run.py", "bench_stream.py", "check_model.py", "check_model.c"):
        files[f"test/{name}"] = fill(template(name), held)
    if order.segments is not None:
        files |= {
            "sw/pezo_engine.h": engine_map.c_header(),
            "REGISTERS.md": f"# Registers of pezo_engine\n\n{engine_map.markdown()}\n",
            "test/bench_engine.py": template("bench_engine.py"),
            **engine_vectors(
                point,
                order.segments,
                order.seed,
                ARST_TOP if order.reset.is_asynchronous else f"{PREFIX}_{kind}",
            ),
        }
    if order.axil:
        files["sw/pezo_axil.h"] = axil_header(point)
        files["test/bench_axil.py"] = axil_bench(stream)
    digest = rtl_hash(point.hardware(), order.rtl_dir)
    recovery = order.lockup_recovery
    files["DATASHEET.md"] = datasheet(
        stream,
        order.rows,
        order.segments,
        _provenance(order, digest),
        order.modules,
        axil_section(point) if order.axil else (),
        lockup_text(Stream(point.hardware(), order.seed), order.rtl_dir) if recovery else None,
        ARST_TEXT if order.reset.is_asynchronous else None,
    )
    files["README.md"] = fill(
        template("README.md"), held, {"title": point.label(), "seed": str(order.seed)}
    )
    if order.name is not None:
        files = renamed(files, order.name)
    prefix = order.name or PREFIX
    title = f"{point.label()}, master seed {order.seed}" if order.seed else point.label()
    if order.reset.is_asynchronous:
        kind = ARST_TOP.removeprefix(f"{PREFIX}_")
    top = f"{prefix}_{kind}"
    verilog, registers = files[f"rtl/{top}.v"], _registers(order)
    files[FILE] = component(title, files, top, registers)
    files[SCRIPT] = package_script(title, files, verilog, top, registers)
    synchroniser = SYNCHRONISER if order.name is None else f"{order.name}_{SYNCHRONISER}"
    limits = constraints(
        verilog, top, order.clock_mhz, synchroniser if order.reset.is_asynchronous else None
    )
    files |= {f"constraints/{file}": text for file, text in limits.items()}
    files[f"{prefix}.core"] = core_file(title, files, top, order.name)
    files[MANIFEST] = _manifest(order, digest, files)
    return files


def _kind(order: Order) -> str:
    """Return the kind of the bundle's top, not counted that an asynchronous reset is around it."""
    kinds = {"engine": order.segments is not None, "axil": order.axil, "axis": order.axis}
    kinds["resetn"] = order.reset is Reset.active_low
    return next((kind for kind, there in kinds.items() if there), "top")


def _registers(order: Order) -> list[Placed]:
    """Return the registers of the bundle's top."""
    if (segments := order.segments) is not None:
        return placed(engine_map.REGISTERS, {"SCALE": segments, "END": segments - 1})
    return placed(stream_map.registers(order.point), {}) if order.axil else []


def _litex(point: DesignPoint, held: Collection[str]) -> str:
    """Return the LiteX module of a stream."""
    values = {
        "lanes": str(point.lanes),
        "word_bits": str(point.bits),
        "state_bits": str(point.load_bits),
        "exponent_layout": ', ("exponent", 6)' if point.scaling == "pow2" else "",
    }
    return fill(template("litex.py"), held, values)


def _rtl(order: Order) -> dict[str, str]:
    """Return tops, hand-written sources and memory contents."""
    point = order.point
    recovery = order.lockup_recovery
    stream = build(Stream(point.hardware(), order.seed), order.rtl_dir, lockup_recovery=recovery)
    texts, sources = {f"{TOP}.v": stream.top, **stream.data}, list(stream.sources)
    if order.axis:
        texts[f"{AXIS_TOP}.v"] = axis_top(point.hardware())
    if order.reset is Reset.active_low:
        texts[f"{RESETN_TOP}.v"] = resetn_top(point.hardware())
    if order.axil:
        texts[f"{AXIL_TOP}.v"] = axil_top(point.hardware())
        sources += source_paths(AXIL_FILES, order.rtl_dir)
    if order.segments is not None:
        engine = build_engine(
            point, order.segments, order.rtl_dir, order.seed, lockup_recovery=recovery
        )
        texts["pezo_engine.v"] = engine.top
        sources += engine.sources
    if order.reset.is_asynchronous:
        inner = f"{PREFIX}_{_kind(order)}"
        texts[f"{ARST_TOP}.v"] = arst_top(point, inner, texts[f"{inner}.v"], order.reset)
        texts[f"{SYNCHRONISER}.v"] = template(f"{SYNCHRONISER}.v")
    needed = {name for path in sources for name in _BY_DEFAULT.get(path.name, ())}
    sources += source_paths(sorted(needed - texts.keys()), order.rtl_dir)
    texts |= {path.name: path.read_text(encoding="utf-8") for path in sources}
    return {f"rtl/{name}": texts[name] for name in sorted(texts)}


def _provenance(order: Order, digest: str) -> dict[str, str]:
    found = {
        "made by": f"pezoexplore {__version__}",
        "command": order.command,
        "SHA-256 of the hand-written RTL of the stream": digest,
    }
    for tool, version in (order.measured_with or {}).items():
        if version is not None:
            found[f"results made with {tool}"] = version
    return found


def _manifest(order: Order, digest: str, files: Mapping[str, str]) -> str:
    content = {
        "program": PROGRAM,
        "version": __version__,
        "command": order.command,
        "axes": order.point.to_json(),
        "seed": order.seed,
        **({"lockup_recovery": True} if order.lockup_recovery else {}),
        "rtl_sha256": digest,
        "files": {path: _sha256(files[path]) for path in sorted(files)},
    }
    return json.dumps(content, indent=2) + "\n"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_bundle(files: Mapping[str, str], folder: Path) -> None:
    """Write the files of a bundle into a folder, replacing those of an earlier bundle.

    Args:
        files: Contents by path, as from :func:`bundle_files`.
        folder: Created if missing. Files that belong to no bundle are kept.

    Raises:
        DesignError: The folder holds something else, or cannot be written.
    """
    try:
        earlier = _earlier_files(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for path in earlier:
            path.unlink(missing_ok=True)
        # The manifest comes first, so that an incomplete folder is recognised as a bundle.
        for name in sorted(files, key=lambda name: name != MANIFEST):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, files[name], durable=False)
    except OSError as error:
        raise DesignError(f"--out {folder}: cannot be written: {error.strerror or error}") from None


def _earlier_files(folder: Path) -> list[Path]:
    """Return the files of an earlier bundle in a folder, which must be one or empty."""
    if folder.exists() and not folder.is_dir():
        raise DesignError(f"--out {folder}: is a file; name a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return []
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        ours = content["program"] == PROGRAM
        names = [PurePosixPath(name) for name in content["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        ours, names = False, []
    if not ours:
        raise DesignError(
            f"--out {folder}: holds files that are not an exported bundle; name a new or empty "
            "folder"
        )
    inside = [name for name in names if not name.is_absolute() and ".." not in name.parts]
    return [folder / name for name in inside]
