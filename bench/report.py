"""The report of a run of 2,000 points: time, size of the page, response to a brush.

    python bench/report.py [--points 2000] [--out DIR]

Limits: `pezoexplore report` under 10 s, the page under 10 MB, the response to a brush under 100 ms.
The rival of the brush is the same page with every view restyled by Plotly, parallel coordinates
included, which is how linked Plotly figures are usually written.

The run is synthetic: real design points in a real run directory, with accuracies and resources from
a formula. The browser is Debian's chromium, headless, with WebGL in software.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from modelled import Modelled, Synth

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import IllegalPointError, ToolError
from pezoexplore.report.sensitivity import write_sensitivity
from pezoexplore.sweeps.outputs import RunInfo, SkippedPoint
from pezoexplore.sweeps.rundir import STORE_NAME
from pezoexplore.sweeps.stage import canonical_json, determinants, sha256
from pezoexplore.sweeps.store import Record, Store
from pezoexplore.sweeps.sweep import run_sweep

DESIGN = """\
name: two-thousand
task: digits-mlp
space: {rng: [lfsr]}
objectives: {maximize: [accuracy_mean], minimize: [lut, ff, bram]}
constraints: ["accuracy_mean >= 80"]
"""
AXES = {
    "rng": ("lfsr", "xorshift32", "clt", "treegrng"),
    "reuse": ("none", "pool", "bank", "phased"),
    "pool_size": (127, 1023, 4095),
    "reuse_period": (1, 16, 64, math.inf),
    "bit_width": (4, 6, 8, 12),
    "state_bits": (8, 12, 16, 24),
    "lanes": (4, 8, 31),
    "leap": (1, 11),
    "taps": ("xor", "shared"),
}
CHROMIUM = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"),
    *("--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def points(count: int) -> tuple[list[DesignPoint], list[SkippedPoint]]:
    """Return design points evenly spaced among all legal combinations, and some illegal ones."""
    found: dict[DesignPoint, None] = {}
    skipped = []
    for values in itertools.product(*AXES.values()):
        axes = dict(zip(AXES, values, strict=True))
        try:
            found[resolve(**axes)] = None
        except IllegalPointError as error:
            skipped.append(
                SkippedPoint({**axes, "reuse_period": str(axes["reuse_period"])}, str(error))
            )
    everything = list(found)
    return [everything[index * len(everything) // count] for index in range(count)], skipped[:20]


def records(stages: list[Modelled], chosen: list[DesignPoint], folder: Path) -> Iterator[Record]:
    """Yield the records that a sweep would have stored."""
    for stage, point in itertools.product(stages, chosen):
        content = determinants(stage, point)
        try:
            payload = canonical_json(stage.run(point, folder))
        except ToolError:
            continue
        yield Record(sha256(content), stage.name, content, "ok", payload, "", 0.1, "")


def make_run(folder: Path, count: int) -> None:
    """Write a run directory as a sweep of this many points would."""
    space = DesignSpace.model_validate(
        {"name": "two-thousand", "space": {"rng": ["lfsr"]},
         "objectives": {"maximize": ["accuracy_mean"], "minimize": ["lut", "ff", "bram"]},
         "constraints": ["accuracy_mean >= 80"]}
    )  # fmt: skip
    stages = [*(Modelled(name=name) for name in ("health", "train", "rtl")), Synth()]
    chosen, skipped = points(count - 20)
    folder.mkdir(parents=True)
    with Store(folder / STORE_NAME) as store:
        store.put(*{record.key: record for record in records(stages, chosen, folder)}.values())
    info = RunInfo(command=("pezoexplore", "sweep", "made-up.yaml"), design=DESIGN,
                   tools={"bench": "1"}, platform={"system": "made up"})  # fmt: skip
    result = run_sweep(space, chosen, stages, out_dir=folder, info=info, jobs=1, skipped=skipped)
    write_sensitivity(result.rows, folder)
    print(
        f"made up: {len(result.rows)} rows, {len(result.front)} on the front, "
        f"{len(result.failures)} failures"
    )


def time_report(folder: Path, *options: str) -> None:
    """Return the seconds of the command, best of three, and the size of the page."""
    walls, processors = [], []
    for _ in range(3):
        start, before = time.perf_counter(), processor()
        command = [sys.executable, "-m", "pezoexplore", "report", str(folder), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        walls.append(time.perf_counter() - start)
        processors.append(processor() - before)
    size = (folder / "report.html").stat().st_size / 1e6
    print(
        f"report {' '.join(options)}: {min(walls):.1f} s ({min(processors):.1f} s of processor), "
        f"page {size:.1f} MB",
        flush=True,
    )


def processor() -> float:
    """Return the processor seconds of all children, including running ones (a browser)."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = ended.ru_utime + ended.ru_stime
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            used = child.cpu_times()
            total += used.user + used.system
    return total


def time_brush(page_file: Path) -> None:
    """Return the milliseconds from the end of a drag until every view shows the selection."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM)
        )
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.goto(page_file.as_uri())
        page.wait_for_selector("body[data-ready]", timeout=60_000)
        page.wait_for_timeout(1500)
        box = page.locator("#plane .nsewdrag").first.bounding_box()
        assert box is not None
        ours, used = [], []
        for turn in range(12):
            left, top = box["x"] + 0.04 * box["width"], box["y"] + 0.04 * box["height"]
            page.evaluate("delete document.body.dataset.answerMs")
            page.mouse.move(left, top)
            page.mouse.down()
            across = 0.3 + 0.05 * turn
            page.mouse.move(left + across * box["width"], top + 0.5 * box["height"], steps=4)
            page.wait_for_timeout(500)
            before = processor()
            page.mouse.up()
            page.wait_for_selector("body[data-answer-ms]")
            used.append(1000 * (processor() - before))
            ours.append(float(page.evaluate("document.body.dataset.answerMs")))
            page.wait_for_timeout(300)
        selected = page.evaluate("document.body.dataset.selected")
        rival = [page.evaluate(RIVAL, turn) for turn in range(2, 8)]
        browser.close()
    # The first brush compiles shaders.
    middle, worst, other = statistics.median(ours[2:]), max(ours[2:]), statistics.median(rival)
    print(
        f"brush ({selected} selected at last): median {middle:.0f} ms, worst {worst:.0f} ms, first "
        f"{ours[0]:.0f} ms; {statistics.median(used[2:]):.0f} ms of processor, drawing included; "
        f"all by Plotly: {other:.0f} ms, {other / middle:.1f} times ours"
    )


RIVAL = """async (every) => {
  const start = performance.now(), of = (id) => document.getElementById(id);
  const picks = (id, trace) => of(id).data[trace].x.map((_, i) => i).filter((i) => i % every === 0);
  const paint = (values) => values.map((_, i) => (i % every ? "#e4e6e9" : "#0072b2"));
  const numbers = of("lines").data[0].line.color.map((_, i) => (i % every ? 0 : 1));
  await Promise.all([
    Plotly.restyle(of("plane"), {selectedpoints: [picks("plane", 0), picks("plane", 1)]}, [0, 1]),
    Plotly.restyle(of("cube"),
      {"marker.color": [paint(of("cube").data[0].x), paint(of("cube").data[1].x)]}, [0, 1]),
    Plotly.restyle(of("lines"), {"line.color": [numbers]}, [0]),
  ]);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""


def main() -> None:
    """Write the run, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument(
        "--out", type=Path, help="Folder for the run; an existing run is used again."
    )
    options = parser.parse_args()
    folder = options.out or Path(tempfile.mkdtemp()) / "run"
    try:
        if not (folder / "results.csv").exists():
            make_run(folder, options.points)
        time_report(folder, "--no-figures")
        time_report(folder)
        time_brush(folder / "report.html")
    finally:
        if options.out is None:
            shutil.rmtree(folder.parent)


if __name__ == "__main__":
    main()
