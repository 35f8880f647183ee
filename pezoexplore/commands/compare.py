"""`pezoexplore compare`: Gaussian generators a lane against reused uniform numbers, as a sweep."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from rich.console import Console

from pezoexplore.analysis import compare as report
from pezoexplore.commands.sweep import SweepRequest, run_design, stage_names
from pezoexplore.commands.terminal import counted, print_json, say, tell
from pezoexplore.commands.workers import Workers
from pezoexplore.design.lattice.counting import select
from pezoexplore.design.loading import load_design
from pezoexplore.design.point import GAUSSIAN_HARDWARE, DesignPoint
from pezoexplore.design.space import DesignSpace
from pezoexplore.design.yaml_tree import PlainDumper
from pezoexplore.sweeps.rows import Row, typed_row
from pezoexplore.sweeps.stage import SELECTABLE
from pezoexplore.sweeps.sweep import SweepResult

NAME = "compare"
PAGE = "compare.md"

POOL_WORDS = 4095
"""Words of the pools: 2**12 - 1."""

REFILL_STEPS = 64
"""Steps after which the second pool is filled anew."""


@dataclass(frozen=True)
class CompareRequest:
    """What the command line asks for.

    Attributes:
        command: The command line, for run.json.
        lanes: Numbers a clock.
        bit_width: Bits a number.
        seeds: Runs a design.
        targets: Hardware targets, comma-separated.
        task: Training task; None for the default.
        overrides: ``key=value`` texts as after ``-s``.
        stages: Stages to run, comma-separated; None for all.
        out: The run directory; None for ``reports/compare``.
        jobs: Worker processes.
        rtl_dir: Folder of the RTL; None for the bundled one.
        as_json: Whether to print JSON.
        workers: What runs the stages, and which finished runs are shared.
    """

    command: Sequence[str]
    lanes: int
    bit_width: int
    seeds: int
    targets: str
    task: str | None
    overrides: Sequence[str]
    stages: str | None
    out: Path | None
    jobs: int
    rtl_dir: Path | None
    as_json: bool
    workers: Workers = field(default_factory=Workers)


def compare(request: CompareRequest) -> int:
    """Sweep the designs of the comparison, then say how they compare.

    Returns:
        0 when all of them finished, 1 when something failed.

    Raises:
        PezoError: An option, a tool or the run directory cannot be used.
    """
    space = _space(request)
    out = request.out or Path("reports") / NAME
    result = _sweep(request, space, out)
    rows = [typed_row(row) for row in result.rows]
    found = report.compare_rows(rows, _divergences(result.rows))
    for failure in result.failures:
        tell(f"{failure.status}: {failure.stage} {failure.point.label()}: {failure.reason}")
    if not found:
        tell("nothing to compare: no Gaussian finished; see --stages")
        return 1
    files = _write(request, found, out)
    if request.as_json:
        print_json(_document(request, found, files))
    else:
        _show(found, files)
    return 0 if result.ok else 1


def designs(lanes: int, bits: int) -> list[dict[str, object]]:
    """The designs compared, each a mapping of axes; some may not be legal for a width.

    Args:
        lanes: Numbers a clock.
        bits: Bits a number.
    """
    shape = {"lanes": lanes, "bit_width": bits}
    found: list[dict[str, object]] = [{"rng": "gaussian", "reuse": "none"}]
    found += [{"rng": rng, "reuse": "none", **shape} for rng in GAUSSIAN_HARDWARE]
    found += [{"rng": rng, "reuse": "none", **shape} for rng in ("xorshift32", "lut_opt")]
    pool = {"rng": "xorshift32", "reuse": "pool", "pool_size": POOL_WORDS, **shape}
    found += [pool, {**pool, "reuse_period": REFILL_STEPS}]
    found += [{"reuse": "bank", "state_bits": max(state, bits), **shape} for state in (8, 12)]
    for taps, state, leap in (("xor", 24, 1), ("shared", 24, 1), ("shared", 16, 4)):
        found.append({"reuse": "phased", "taps": taps, "state_bits": state, "leap": leap, **shape})
    one_bit = {"lanes": lanes, "bit_width": 1}
    found.append({"reuse": "phased", "taps": "xor", "state_bits": 24, **one_bit})
    return found


def _space(request: CompareRequest) -> DesignSpace:
    """The design file of the comparison, with the settings asked for."""
    content = {
        "name": NAME,
        "include": designs(request.lanes, request.bit_width),
        "train": {"seeds": request.seeds},
        "hardware": {"targets": [name.strip() for name in request.targets.split(",")]},
    }
    if request.task is not None:
        content["task"] = request.task
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.yaml"
        path.write_text(yaml.dump(content, Dumper=PlainDumper), encoding="utf-8")
        return load_design(path, request.overrides)


def _sweep(request: CompareRequest, space: DesignSpace, out: Path) -> SweepResult:
    sweep_request = SweepRequest(
        command=request.command,
        design=None,
        axes={},
        overrides=(),
        stages=request.stages or ",".join(SELECTABLE),
        out=out,
        jobs=request.jobs,
        rtl_dir=request.rtl_dir,
        junit=None,
        sample=None,
        sample_seed=0,
        adaptive_seeds=None,
        dry_run=False,
        as_json=request.as_json,
        workers=request.workers,
    )
    request.workers.check()
    wanted = stage_names(sweep_request.stages)
    return run_design(sweep_request, select(space), wanted, out)


def _divergences(rows: Sequence[Row]) -> dict[str, float]:
    """Divergence from the normal of each Gaussian that finished."""
    from pezoexplore.streams.divergence import divergence
    from pezoexplore.streams.stream import Stream

    points: dict[str, DesignPoint] = {}
    for row in rows:
        if row["status"] == "ok" and row["rng"] in GAUSSIAN_HARDWARE:
            points[row["rng"]] = DesignPoint.from_json(row)
    return {rng: divergence(Stream(point)) for rng, point in points.items()}


def _write(request: CompareRequest, found: Sequence[report.Comparison], out: Path) -> list[Path]:
    from pezoexplore.report.plots.compare_plot import draw_comparison

    plots = [path for item in found for path in draw_comparison(item, out)]
    shape = f"{counted(request.lanes, 'lane')} of {counted(request.bit_width, 'bit')}"
    title = f"Gaussian generators against reuse, {shape}"
    command = _command(request)
    image = next((path.name for path in plots if path.suffix == ".png"), "")
    page = out / PAGE
    page.write_text(report.markdown(found, title, command, image), encoding="utf-8", newline="\n")
    return [page, *plots]


def _command(request: CompareRequest) -> str:
    """A command line that gives the same page, wherever and however it is run."""
    words: list[object] = [
        "pezoexplore",
        NAME,
        "--lanes",
        request.lanes,
        "--bit-width",
        request.bit_width,
    ]
    words += ["--seeds", request.seeds, "--target", request.targets]
    for option, text in (("--task", request.task), ("--stages", request.stages)):
        words += [] if text is None else [option, text]
    for override in request.overrides:
        words += ["-s", override]
    return shlex.join(map(str, words))


def _document(
    request: CompareRequest, found: Sequence[report.Comparison], files: Sequence[Path]
) -> Mapping[str, object]:
    return {
        "lanes": request.lanes,
        "bit_width": request.bit_width,
        "seeds": request.seeds,
        "paper": {"source": "arXiv 2504.20314", "change_percent": report.PAPER},
        "comparable": report.COMPARABLE,
        "targets": [report.document(item) for item in found],
        "files": [str(path) for path in files],
    }


def _show(found: Sequence[report.Comparison], files: Sequence[Path]) -> None:
    from pezoexplore.report.tables import print_table

    console = Console()
    for item in found:
        print_table(f"target {item.target}", *report.table(item), console)
        for sentence in report.sentences(item):
            say(sentence)
        say("")
    say(report.PAPER_TEXT)
    say(report.COMPARABLE)
    for path in files:
        say(f"written: {path}")
