"""Simulation of mutants of the RTL: which of them the testbenches detect.

A mutant is simulated at small design points that use its file, then at those of the regression
(:mod:`pezoexplore.hardware.verify.regress`) as `pezoexplore verify` does, until one fails. A point
of which Icarus makes the same program is passed over (trivial compiler equivalence, M. Papadakis et
al., ICSE 2015). The benches are those of :func:`verify_point` and :func:`verify_engine`: nothing
else has a say.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.proof.mutants import Mutant, mutants_of
from pezoexplore.hardware.rtl import build as rtl
from pezoexplore.hardware.rtl import engine
from pezoexplore.hardware.verify.directed.verify import DIRECTED, verify_module
from pezoexplore.hardware.verify.engine.regress import engine_points
from pezoexplore.hardware.verify.engine.scenarios import SEGMENTS
from pezoexplore.hardware.verify.engine.verify import verify_engine
from pezoexplore.hardware.verify.regress import MODULES, module_points
from pezoexplore.hardware.verify.stimulus import TARGET_WORDS
from pezoexplore.hardware.verify.verify import verify_point
from pezoexplore.streams.generators.registry import families
from pezoexplore.streams.stream import Stream

WORDS = 1000
"""Words compared at a small point; the script of a stream has more at any rate."""

MORE_WORDS = 300_000
"""Words compared at all points of the regression together, 100,000 at most at each of them."""

TIMEOUT_S = 300.0
"""Time limit of a simulation, s; most take one."""

_Axes = dict[str, str | int | float]

_SMALL: _Axes = {"scaling": "none", "lanes": 3, "bit_width": 8}
_NONE: _Axes = _SMALL | {"reuse": "none"}
_POOL: _Axes = {"lanes": 3, "bit_width": 8, "reuse": "pool", "rng": "xorshift32", "pool_size": 40}
_LFSR: _Axes = {"lanes": 3, "bit_width": 4, "state_bits": 6}


@dataclass(frozen=True)
class Verdict:
    """The outcome of a mutant.

    Attributes:
        verdict: ``killed``, ``survived``, or ``invalid``: none noticed, but Icarus refuses it.
        point: Label of the point whose bench noticed; empty if none did.
        simulated: Points whose simulation passed although the program differs.
    """

    verdict: str
    point: str = ""
    simulated: tuple[DesignPoint, ...] = ()


@lru_cache(maxsize=1)
def small_points() -> tuple[DesignPoint, ...]:
    """Return the points of streams that are simulated first."""
    found = [
        resolve(**{**_NONE, **axes, "rng": item.name}) for item in families() for axes in item.small
    ]
    found += [
        resolve(**_NONE | {"rng": "rademacher", "rank": rank, "layers": layers})
        for rank, layers in (("1", "3x4,3,2x3,2"), ("1", "4x3"), ("2", "5x6,5"), ("4", "9x9,2"))
    ]
    for scaling in ("pow2", "none"):
        found += [
            resolve(**_POOL, scaling=scaling, reuse_period=4),
            resolve(**_POOL, scaling=scaling),
            resolve(**_LFSR, reuse="bank", scaling=scaling, reuse_period=4),
            resolve(**_LFSR, reuse="bank", scaling=scaling),
            resolve(**_LFSR, reuse="phased", taps="shifted", scaling=scaling, reuse_period=4),
            resolve(**_LFSR, reuse="phased", taps="shared", scaling=scaling),
            resolve(**_LFSR, reuse="phased", taps="xor", scaling=scaling),
            resolve(reuse="phased", taps="sparse", state_bits=12, lanes=5, scaling=scaling),
        ]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def points_for(file: str) -> tuple[tuple[DesignPoint, int], ...]:
    """Return the points at which a file's mutants are simulated, in order, and the words of each.

    Small points first, then the regression; an engine has its own measure of words.
    """
    if file in engine.ENGINE_FILES:
        return tuple((point, 0) for point in sorted(engine_points(), key=_engine_size))
    regression = dict.fromkeys(point for module in MODULES for point in module_points(module))
    small = [point for point in small_points() if file in rtl.source_names(point)]
    large = [point for point in regression if file in rtl.source_names(point)]
    words = min(TARGET_WORDS, max(4 * WORDS, MORE_WORDS // max(1, len(large))))
    return (*((point, WORDS) for point in small), *((point, words) for point in large))


def library_mutants(
    rtl_dir: Path, listed: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> dict[str, list[Mutant]]:
    """Return every mutant of every file, by name of the file.

    Args:
        rtl_dir: Folder of the Verilog.
        listed: Mutated statements of an earlier list, by file: see :func:`mutants_of`.

    Raises:
        ToolError: A file cannot be read, or the folder lacks one.
    """
    defaults, found = _defaults(rtl_dir), {}
    for path in sorted(rtl_dir.glob("*.v*")):
        try:
            source = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ToolError(f"{path}: cannot be read ({error.strerror or error})") from error
        taken = sorted(defaults.get(path.stem, ()))
        found[path.name] = mutants_of(path.name, source, taken, listed.get(path.name, ()))
    return found


def simulate_mutant(mutant: Mutant, rtl_dir: Path, work_dir: Path, log_path: Path) -> Verdict:
    """Simulate a mutant at the points of its file until one fails.

    Args:
        mutant: One of :func:`library_mutants` of the same folder.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in.
        log_path: Receives what the tools print.

    Raises:
        ToolError: The tools are missing, or the RTL fails without any mutation.
    """
    copy = mutated_copy(mutant, rtl_dir, work_dir / "rtl")
    refused = False
    passed: list[DesignPoint] = []
    for point, words in points_for(mutant.file):
        program = _program(point, copy, work_dir / "build", log_path)
        refused |= program is None
        if program is None or program == _sound_program(point, rtl_dir, work_dir):
            continue
        if not _passes(point, words, copy, work_dir / "build", log_path):
            _require_sound(point, words, rtl_dir, work_dir)
            return Verdict("killed", point.label(), tuple(passed))
        passed.append(point)
    module = Path(mutant.file).stem
    if (
        module in DIRECTED
        and not refused
        and not _passes_directed(module, copy, work_dir, log_path)
    ):
        return Verdict("killed", f"{module}, directed tests", tuple(passed))
    return Verdict("invalid" if refused else "survived", simulated=tuple(passed))


def mutated_copy(mutant: Mutant, rtl_dir: Path, folder: Path) -> Path:
    """Copy the RTL into a folder, emptied first, with a mutant in it; return the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(rtl_dir, folder, ignore=lambda _, names: [mutant.file])
    source = (rtl_dir / mutant.file).read_text(encoding="utf-8")
    (folder / mutant.file).write_text(mutant.apply(source), encoding="utf-8")
    return folder


def write_sources(point: DesignPoint, rtl_dir: Path, folder: Path) -> tuple[list[str], str]:
    """Write the RTL of a point to a folder; return the files to compile, and the top module."""
    if point.fixed_point:
        return engine.build_engine(point, SEGMENTS, rtl_dir).write(folder), engine.TOP
    return rtl.build(Stream(point), rtl_dir).write(folder), rtl.TOP


def _engine_size(point: DesignPoint) -> int:
    shape = engine.Shape.of(point, SEGMENTS)
    return shape.lanes * shape.sources


def _defaults(rtl_dir: Path) -> dict[str, set[str]]:
    """Return the parameters, by module, that some instance leaves at their defaults."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(rtl_dir.glob("*.v"))]
    texts += [rtl.build(Stream(point), rtl_dir).top for point in small_points()]
    found: dict[str, set[str]] = {}
    for text in texts:
        for module in rtl_dir.glob("*.v"):
            declared = set(
                re.findall(r"parameter\s+(?:\[.*?\]\s*)?(\w+)\s*=", module.read_text("utf-8"))
            )
            for given in re.findall(rf"^\s*{module.stem}\s+(#\(.*?;|\w+\s+\()", text, re.M | re.S):
                left = {name for name in declared if f".{name}(" not in given}
                found.setdefault(module.stem, set()).update(left)
    return found


def _program(point: DesignPoint, rtl_dir: Path, folder: Path, log_path: Path) -> str | None:
    """Return Icarus's program of a point's top, addresses normalised; None when it refuses."""
    shutil.rmtree(folder, ignore_errors=True)
    names, top = write_sources(point, rtl_dir, folder)
    command = ["iverilog", "-g2012", "-s", top, "-o", "top.vvp", *names]
    try:
        if run_tool(command, cwd=folder, log_path=log_path, timeout_s=TIMEOUT_S) != 0:
            return None
    except ToolTimeoutError:
        return None
    text = (folder / "top.vvp").read_text(encoding="utf-8", errors="replace")
    known: dict[str, str] = {}
    return re.sub(r"0x[0-9a-f]{6,}", lambda m: known.setdefault(m[0], f"@{len(known)}"), text)


@lru_cache(maxsize=512)
def _sound_program(point: DesignPoint, rtl_dir: Path, work_dir: Path) -> str:
    log = work_dir / "sound.log"
    program = _program(point, rtl_dir, work_dir / "sound", log)
    if program is None:
        raise ToolError(f"{rtl_dir}: the RTL of {point.label()} does not compile; see {log}")
    return program


def _passes(point: DesignPoint, words: int, rtl_dir: Path, work_dir: Path, log_path: Path) -> bool:
    """Return whether a point's bench passes; a simulation that crashes twice or hangs does not."""
    for _ in range(2):  # a crash may have nothing to do with the mutant
        try:
            if point.fixed_point:
                found = verify_engine(point, rtl_dir, work_dir, log_path, timeout_s=TIMEOUT_S)
            else:
                found = verify_point(
                    point, rtl_dir, work_dir, log_path, words=words, timeout_s=TIMEOUT_S
                )
        except ToolTimeoutError:
            return False
        except ToolError:
            continue
        return bool(found["rtl_status"] == "pass")
    return False


def _passes_directed(module: str, rtl_dir: Path, work_dir: Path, log_path: Path) -> bool:
    """Return whether a module's directed tests pass; those that hang or end early do not."""
    try:
        found = verify_module(module, rtl_dir, work_dir / "directed", log_path, TIMEOUT_S)
    except ToolError:
        return False
    return bool(found["rtl_status"] == "pass")


@lru_cache(maxsize=512)
def _is_sound(point: DesignPoint, words: int, rtl_dir: Path, work_dir: Path) -> bool:
    return _passes(point, words, rtl_dir, work_dir / "sound", work_dir / "sound.log")


def _require_sound(point: DesignPoint, words: int, rtl_dir: Path, work_dir: Path) -> None:
    """Raise a ToolError unless the RTL without a mutant passes: else a kill means nothing."""
    if not _is_sound(point, words, rtl_dir, work_dir):
        raise ToolError(f"{rtl_dir}: fails at {point.label()} as it is: run `pezoexplore verify`")
