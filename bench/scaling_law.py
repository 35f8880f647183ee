"""Fit the scaling law of accuracy and dimensions to finished runs, and predict held-out ones.

    python bench/scaling_law.py [RUN ... --hold-out TASK[:STEPS] ...] [--figure FILE]

With run directories, each of one task with the Gaussian reference, it writes their drops to
pezoexplore/analysis/size/ladder.csv, in place of those of the same designs, task and steps; those
of the held-out tasks, or of one number of steps of a task, are left out of the fit. It prints the
law, measured against predicted drops, and the smallest states and pools that it calls enough
(Markdown tables of docs/scale.md); ``--figure`` draws all drops over D / H. Exit status 1 where a
held-out design that the law calls enough, by the upper end of its confidence interval, was measured
to lose more than a point, or one that it calls too narrow to lose less.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence, Set
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pezoexplore.analysis.differences import paired_difference
from pezoexplore.analysis.runs import read_run
from pezoexplore.analysis.size.scaling_law import (
    LADDER,
    Measured,
    Network,
    ScalingLaw,
    fit,
    read_ladder,
)
from pezoexplore.analysis.standing import baseline_of, is_baseline
from pezoexplore.analysis.statistics import seeds_of
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import IllegalPointError
from pezoexplore.report.plots import style
from pezoexplore.streams.stream import strategy
from pezoexplore.train.tasks.registry import get_task

CLOSE = 2.0
"""Points within which a prediction is called right, or within the measurement's interval."""

HELD_OUT = (
    "digits-mlp:160000",
    "mnist-mlp-25k:640000",
    "mnist-mlp-25k:1280000",
    "mnist-cnn-100k",
    "mnist-mlp-100k",
    "mnist-mlp-1m",
)

MARKERS = "osD^vP<>Xdph"
"""Markers of the figure, one for each task and number of steps."""

DROP, GAIN = 1.0, 85.0
SIZES = (2_410, 25_017, 99_198, 998_030, 22_700_000)
STEPS = 10**6
LANES = (31, 64)


def drops_of(folder: Path, held_out: Set[str]) -> Iterator[Measured]:
    """Yield the drops of a finished run of one task."""
    run = read_run(folder)
    if run.space is None or run.chance is None:
        sys.exit(f"{folder}: is no run directory of one task")
    task = run.space.task
    rows = [row for row in run.rows if row.get("status") == "ok"]
    reference = baseline_of(rows)
    if reference is None:
        sys.exit(f"{folder}: has no Gaussian reference")
    accuracy = parse_number(reference["accuracy_mean"])
    for row in rows:
        point = DesignPoint.from_json(row)
        span = parse_number(row.get("effective_span"))
        drop = paired_difference(seeds_of(reference), seeds_of(row))
        if is_baseline(point) or span is None or drop.half is None or accuracy is None:
            continue
        yield Measured(
            task=task,
            parameters=get_task(task).parameters,
            steps=run.space.train.steps,
            design=point.label(),
            span=int(span),
            gain=round(accuracy - run.chance, 2),
            drop=round(drop.mean, 2),
            half=round(drop.half, 2),
            seeds=drop.seeds,
            fitted=held_out.isdisjoint({task, f"{task}:{run.space.train.steps}"}),
        )


def merged(known: Sequence[Measured], new: Sequence[Measured]) -> list[Measured]:
    """Return an earlier ladder with new drops, a task and number of steps after the other."""
    found = {(item.task, item.steps, item.design): item for item in (*known, *new)}
    return sorted(found.values(), key=lambda item: (item.data, item.parameters, item.steps))


def write(measured: Sequence[Measured]) -> None:
    """Write the ladder that the package has."""
    with LADDER.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, [field.name for field in fields(Measured)], lineterminator="\n")
        out.writeheader()
        out.writerows(asdict(m) | {"fitted": "yes" if m.fitted else "no"} for m in measured)


def compare(law: ScalingLaw, measured: Sequence[Measured]) -> bool:
    """Print measured against predicted drops; return whether no held-out drop contradicts it."""
    print("\n| task | steps | design | D | drop (points) | law | fitted |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for item in measured:
        print(
            f"| `{item.task}` | {item.steps:,} | {item.design} | {item.span:,} "
            f"| {item.drop:+.2f} ± {item.half:.2f} | {predicted(law, item):+.2f} "
            f"| {'yes' if item.fitted else 'no'} |"
        )
    held_out = [item for item in measured if not item.fitted]
    close = sum(abs(predicted(law, item) - item.drop) <= max(CLOSE, item.half) for item in held_out)
    contradicted = sum(contradicts(law, item) for item in held_out)
    print(
        f"\nof {len(held_out)} held-out drops {close} are within {CLOSE:g} points or their interval"
    )
    print(f"of the prediction; {contradicted} contradict it about a loss of at most {DROP:g} point")
    return not contradicted


def predicted(law: ScalingLaw, item: Measured) -> float:
    """Return the drop that the law predicts of a design, points."""
    return law.drop(item.span, network_of(item), item.gain)


def network_of(item: Measured) -> Network:
    """Return the network that a design trained."""
    return Network(item.parameters, item.steps, item.data)


def contradicts(law: ScalingLaw, item: Measured) -> bool:
    """Return whether the interval of a drop lies on the other side of the limit than the law."""
    needed = law.needed_upper(network_of(item), DROP, item.gain)
    enough = item.span >= min(needed, item.steps)  # no design reaches more dimensions than steps
    return item.drop - item.half > DROP if enough else item.drop + item.half < DROP


def draw(law: ScalingLaw, measured: Sequence[Measured], file: Path) -> None:
    """Draw all drops, as shares of what the reference gains, over their dimensions by H."""
    colours = dict(zip(law.data, style.LINE_COLOURS, strict=False))
    with style.house_style():
        figure = Figure(figsize=(style.WIDTH, 3.6))
        axes = style.axes_at(figure, 0.7, 0.6, 3.7, 2.6)
        across = np.geomspace(0.005, 2000, 300)
        for data, k in zip(law.data, law.numbers[len(law.data) : -2], strict=True):
            axes.plot(across, 100 / (1 + across**k), color=colours[data], lw=1)
        rungs = sorted({(m.data, m.parameters, m.steps, m.task, m.fitted) for m in measured})
        for (data, parameters, steps, task, fitted), marker in zip(rungs, MARKERS, strict=False):
            of = [m for m in measured if (m.task, m.steps) == (task, steps)]
            axes.errorbar(
                [m.span / law.needed(network_of(m), m.gain / 2, m.gain) for m in of],
                [100 * m.drop / m.gain for m in of],
                [100 * m.half / m.gain for m in of],
                fmt=marker, color=colours[data], mfc="white" if fitted else colours[data],
                ms=4, elinewidth=0.7, label=f"{data}, {parameters:,}, {steps:,}",
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("symlog", linthresh=1, linscale=0.5)
        axes.set_ylim(-15, 130)
        axes.set_yticks(
            [-10, -3, -1, 0, 1, 3, 10, 30, 100],
            ["-10", "-3", "-1", "0", "1", "3", "10", "30", "100"],
        )
        axes.set_xlabel("dimensions that updates reach, in units of H")
        axes.set_ylabel("drop, % of what Gaussian numbers gain")
        axes.legend(
            loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=7,
            title="data, weights, steps\n(filled: held out of the fit)", title_fontsize=7,
        )  # fmt: skip
        style.save(figure, file)


def smallest(law: ScalingLaw, parameters: int, lanes: int) -> list[str]:
    """Return the least dimensions, state bits, and words of a pool that the law calls enough."""
    needed = law.needed_upper(Network(parameters, STEPS), DROP, GAIN)

    def enough(**axes: object) -> bool:
        try:
            point = resolve(lanes=lanes, **axes)
        except IllegalPointError:
            return False
        return strategy(point).effective_span(parameters, STEPS) >= needed

    bits = (
        str(b)
        for b in range(6, 33)
        if enough(rng="lfsr", reuse="phased", taps="xor", bit_width=1, state_bits=b)
    )
    words = (
        f"{2**b - 1:,}"
        for b in range(7, 27)
        if enough(rng="xorshift32", reuse="pool", bit_width=8, pool_size=2**b - 1)
    )
    return [f"{needed:,.0f}", next(bits, "none"), next(words, "none")]


def main() -> int:
    """Fit and print; 1 where what was held out contradicts the law."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--hold-out", nargs="*", default=HELD_OUT, metavar="TASK[:STEPS]")
    parser.add_argument("--figure", type=Path, metavar="FILE")
    given = parser.parse_args()
    if given.runs:
        new = [item for run in given.runs for item in drops_of(run, {*given.hold_out})]
        write(merged(read_ladder(), new))
    measured = read_ladder()
    law = fit(measured)
    errors = law.covariance.diagonal() ** 0.5
    names = [f"{name} ({data})" for name in ("ln a", "k") for data in law.data] + ["b", "c"]
    pairs = zip(names, law.numbers, errors, strict=True)
    print(", ".join(f"{name} = {number:.3f} ± {1.96 * error:.3f}" for name, number, error in pairs))
    holds = compare(law, measured)
    if given.figure is not None:
        draw(law, measured, given.figure)
    print("\n| weights | lanes | D | state bits of phased | words of a pool |")
    print("| --- | --- | --- | --- | --- |")
    for parameters in SIZES:
        for lanes in LANES:
            print(f"| {parameters:,} | {lanes} | {' | '.join(smallest(law, parameters, lanes))} |")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
