"""The report of a run of 2,000 points: how long it takes, how large it is, how fast it answers.

    python bench/report.py [--points 2000] [--out DIR]

Targets: `pezoexplore report` under 10 s, the page under 10 MB, a brush answered in under 100 ms.
The rival of the brush is the same page with every view restyled by Plotly, parallel coordinates
included, which is how linked Plotly figures are usually written.

The run is made up: real design points in a real run directory, whose accuracies and resources come
from a formula. The browser is Debian's chromium, headless, drawing WebGL in software.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pezoexplore.commands.sensitivity import write_sensitivity
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import IllegalPointError, ToolError
from pezoexplore.explore.outputs import RunInfo, SkippedPoint
from pezoexplore.explore.rundir import STORE_NAME
from pezoexplore.explore.stage import Payload, Stage, canonical_json, determinants, sha256
from pezoexplore.explore.store import Record, Store
from pezoexplore.explore.sweep import run_sweep

PARAMETERS, STEPS = 2410, 4000
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
FAILING = 97
"""One point in so many fails its RTL stage."""

CHROMIUM = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"),
    *("--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@dataclass(frozen=True, kw_only=True)
class Modelled(Stage):
    """A stage whose result is a formula of the point."""

    def key(self, point: DesignPoint) -> Payload:
        """Axes, as the real stages have them."""
        seen = {"health": point.perturbation(), "train": point}.get(self.name, point.hardware())
        return {"axes": seen.axes(), "parameters": PARAMETERS}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """The formula; a few points fail."""
        if self.name == "rtl" and _noise(point, "fails") % FAILING == 0:
            raise ToolError("iverilog failed (exit 1); see the log")
        return getattr(self, f"_{self.name}")(point)

    def _health(self, point: DesignPoint) -> Payload:
        span = min(PARAMETERS, 2 ** (point.state_bits or 8) * (point.lanes + 1) // 8)
        span = min(span, point.pool_size or span) if not point.reseeds else PARAMETERS
        return {"effective_span": span, "effective_dim": 0.6 * span,
                "lane_correlation": 0.02, "stream_lag1": 0.01,
                "stream_kurtosis": 1.8, "stream_mean": 0.0, "stream_std": 1.0}  # fmt: skip

    def _train(self, point: DesignPoint) -> Payload:
        reach = self._health(point)["effective_span"] / PARAMETERS
        best = 60 + 35 * reach**0.2 - 12 / point.bits
        seeds = [round(best + _noise(point, str(seed)) % 200 / 100 - 1, 2) for seed in range(5)]
        curve = [
            [step, round(best * (1 - math.exp(-step / 900)), 2), 1.5]
            for step in range(200, STEPS + 1, 200)
        ]
        return {"accuracy_mean": statistics.fmean(seeds), "accuracy_per_seed": seeds,
                "accuracy_ci95": 1.24 * statistics.stdev(seeds), "learning_rate": 0.01,
                "epsilon": 0.001, "validation_curve": curve}  # fmt: skip

    def _rtl(self, point: DesignPoint) -> Payload:
        return {"rtl_status": "pass", "rtl_words_checked": 100_000}

    def _synth(self, point: DesignPoint) -> Payload:
        each = {"lfsr": 3, "xorshift32": 34, "clt": 400, "treegrng": 46}[point.rng]
        state = point.state_bits or 0
        lut = {"none": each * point.lanes, "bank": 11 * point.lanes, "pool": 14 + each}.get(
            point.reuse, 4 * point.lanes + state
        ) + _noise(point, "lut") % 12  # fmt: skip
        bram = 0 if point.reuse != "pool" else math.ceil((point.pool_size or 0) * point.bits / 18e3)
        stored = point.lanes if point.reuse in ("none", "bank") else 2
        return {"lut": lut, "ff": state * stored, "bram": bram / 2,
                "muxf": 0, "carry": lut // 9, "dsp": 0, "yosys_version": "made up"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Synth(Modelled):
    """Resources belong to a target."""

    name: str = field(default="synth", init=False)
    target: str | None = "xcup"


def _noise(point: DesignPoint, salt: str) -> int:
    """A number that depends on nothing but the point and the salt."""
    text = canonical_json(point.axes()) + salt
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def points(count: int) -> tuple[list[DesignPoint], list[SkippedPoint]]:
    """Design points evenly spaced among all legal combinations, and some that are not legal."""
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
    """What a sweep would have left in the store."""
    for stage, point in itertools.product(stages, chosen):
        content = determinants(stage, point)
        try:
            payload = canonical_json(stage.run(point, folder))
        except ToolError:
            continue
        yield Record(sha256(content), stage.name, content, "ok", payload, "", 0.1, "")


def make_run(folder: Path, count: int) -> None:
    """A run directory as a sweep of this many points leaves it."""
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
    """Seconds of the command, best of three, and the size of the page."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        command = [sys.executable, "-m", "pezoexplore", "report", str(folder), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    size = (folder / "report.html").stat().st_size / 1e6
    print(f"report {' '.join(options)}: {min(seconds):.1f} s, page {size:.1f} MB", flush=True)


def time_brush(page_file: Path) -> None:
    """Milliseconds from the end of a drag until every view shows the selection."""
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
        ours = []
        for turn in range(12):
            left, top = box["x"] + 0.04 * box["width"], box["y"] + 0.04 * box["height"]
            page.evaluate("delete document.body.dataset.answerMs")
            page.mouse.move(left, top)
            page.mouse.down()
            across = 0.3 + 0.05 * turn
            page.mouse.move(left + across * box["width"], top + 0.5 * box["height"], steps=4)
            page.mouse.up()
            page.wait_for_selector("body[data-answer-ms]")
            ours.append(float(page.evaluate("document.body.dataset.answerMs")))
            page.wait_for_timeout(300)
        selected = page.evaluate("document.body.dataset.selected")
        rival = [page.evaluate(RIVAL, turn) for turn in range(2, 8)]
        browser.close()
    # The first brush compiles shaders.
    middle, worst = statistics.median(ours[2:]), max(ours[2:])
    print(
        f"brush ({selected} selected at last): median {middle:.0f} ms, worst {worst:.0f} ms, first "
        f"{ours[0]:.0f} ms; all by Plotly's restyle {statistics.median(rival):.0f} ms: "
        f"{statistics.median(rival) / middle:.1f} times ours"
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
    """Make the run, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--out", type=Path, help="Keep the run here; used again if it is there.")
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
