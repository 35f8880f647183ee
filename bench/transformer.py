"""Print the tables and draw the figure of docs/transformer.md, from data and finished runs.

    python bench/transformer.py [RUN ...] [--figure FILE]

With run directories of ``make transformer`` or of sweeps like it, their rows are put into
bench/data/transformer.csv, in place of those of the same task and design. It prints a Markdown
table for each task: accuracy on the test sentences, loss, and the difference from Gaussian numbers,
paired by seed, with 95 % intervals; ``--figure`` draws the accuracies.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pezoexplore.analysis.differences import paired_difference
from pezoexplore.analysis.runs import read_run
from pezoexplore.analysis.statistics import seeds_of
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.intervals import half_width
from pezoexplore.report.plots import style

DATA = Path(__file__).resolve().parent / "data" / "transformer.csv"

TRAINED = {
    "lora": "adapter of rank 8",
    "last_layers": "last two layers",
    "all_weights": "all weights",
}
"""Trained weights of a task, in words, by the start of its name."""

WEIGHTS = {"lora": 25_346, "last_layers": 3_549_698, "all_weights": 22_566_146}
"""Number of trained weights, likewise."""

GAUSSIAN = "none gaussian"
NAMES = {
    "backprop": "gradients by backprop",
    GAUSSIAN: "Gaussian numbers",
    "phased/sparse lut_opt16 1b x31": "phased/sparse, lut_opt of 16 bits, 1 bit",
    "phased/sparse lut_opt16 8b x31": "phased/sparse, lut_opt of 16 bits, 8 bits",
    "pool xorshift32 8b x31 N=4095": "pool of 4,095, 8 bits",
}
"""Names of the designs by label, in the order of tables and figure."""

PROBE = 75.2
"""Accuracy of the linear probe on the test sentences, percent."""


@dataclass(frozen=True)
class Arm:
    """A design on a task.

    Attributes:
        task: Name of the task in :mod:`pezoexplore.finetune.reviews`.
        design: Label of the point.
        steps: Steps of a run.
        rate: Learning rate, chosen on the validation sentences.
        loss: Mean loss on the test sentences.
        accuracies: Accuracy of each seed on the test sentences, percent, with ``;`` between.
    """

    task: str
    design: str
    steps: int
    rate: float
    loss: float
    accuracies: str

    @property
    def seeds(self) -> list[float]:
        """Return the accuracy of each seed, percent."""
        return [float(each) for each in self.accuracies.split(";")]

    @property
    def mean(self) -> float:
        """Return the mean accuracy, percent."""
        return sum(self.seeds) / len(self.seeds)


def arms_of(folder: Path) -> Iterator[Arm]:
    """Yield the arms of a finished run of one task."""
    run = read_run(folder)
    if run.space is None:
        raise SystemExit(f"{folder}: is no run directory of one task")
    for row in run.rows:
        loss, rate = parse_number(row["test_loss_mean"]), parse_number(row["learning_rate"])
        if row["status"] == "ok" and loss is not None and rate is not None:
            yield Arm(
                task=run.space.task.partition(":")[2],
                design=DesignPoint.from_json(row).label(),
                steps=run.space.train.steps,
                rate=rate,
                loss=loss,
                accuracies=";".join(f"{each:.2f}" for each in seeds_of(row)),
            )


def read() -> list[Arm]:
    """Return the arms of the CSV file."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return [
            Arm(
                task=row["task"],
                design=row["design"],
                steps=int(row["steps"]),
                rate=float(row["rate"]),
                loss=float(row["loss"]),
                accuracies=row["accuracies"],
            )
            for row in csv.DictReader(file)
        ]


def write(arms: Sequence[Arm]) -> None:
    """Write the CSV file, in the order of tables."""
    order = [*NAMES]
    tasks = [*WEIGHTS]
    ordered = sorted(
        arms,
        key=lambda arm: (tasks.index(_kind(arm)), arm.task, order.index(arm.design)),
    )
    with DATA.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, [field.name for field in fields(Arm)], lineterminator="\n")
        out.writeheader()
        out.writerows(asdict(arm) for arm in ordered)


def _kind(arm: Arm) -> str:
    """Return the key of an arm's task in :data:`WEIGHTS`."""
    return next(name for name in WEIGHTS if arm.task.startswith(name))


def _tasks(arms: Sequence[Arm]) -> dict[str, list[Arm]]:
    """Return the arms by task, in order."""
    found: dict[str, list[Arm]] = {}
    for arm in arms:
        found.setdefault(arm.task, []).append(arm)
    return found


def table(arms: Sequence[Arm]) -> str:
    """Return the Markdown table of a task."""
    lines = ["| design | rate | test accuracy | test loss | minus Gaussian |"]
    lines.append("| --- | --- | --- | --- | --- |")
    reference = next((arm for arm in arms if arm.design == GAUSSIAN), None)
    for arm in arms:
        gap = ""
        if reference is not None and arm is not reference:
            found = paired_difference(arm.seeds, reference.seeds)
            gap = f"{found.mean:+.2f} ± {found.half:.2f}"
        lines.append(
            f"| {NAMES[arm.design]} | {np.format_float_positional(arm.rate)} "
            f"| {arm.mean:.2f} ± {half_width(arm.seeds):.2f} % | {arm.loss:.3f} | {gap} |"
        )
    return "\n".join(lines)


def draw(arms: Sequence[Arm], file: Path) -> None:
    """Draw the accuracies of all tasks, a row a design."""
    rows = list(_rows(arms))
    with style.house_style():
        height = 0.2 + 0.19 * len(rows)
        figure = Figure(figsize=(style.WIDTH, height + 0.65))
        axes = style.axes_at(figure, 3.1, 0.45, 3.95, height)
        for place, (name, arm) in enumerate(rows):
            if arm is None:
                axes.text(
                    -0.01, place, name, transform=axes.get_yaxis_transform(), ha="right",
                    va="center", fontsize=style.TICK, weight="bold",
                )  # fmt: skip
                continue
            half = half_width(arm.seeds)
            colour = style.LINE_COLOURS[[*NAMES].index(arm.design)]
            axes.plot(arm.seeds, [place] * len(arm.seeds), ".", color=style.FAINT, ms=3)
            axes.errorbar(arm.mean, place, xerr=half, fmt="o", color=colour, ms=4.5, capsize=2)
        axes.set_yticks(
            [place for place, (_, arm) in enumerate(rows) if arm],
            [name for name, arm in rows if arm],
        )
        axes.set_ylim(len(rows) - 0.4, -0.8)
        axes.axvline(PROBE, color=style.INK, lw=0.8, ls=(0, (4, 2)))
        axes.annotate(
            "linear probe", (PROBE, 1), xycoords=("data", "axes fraction"), ha="center",
            xytext=(0, 2), textcoords="offset points", fontsize=style.NOTE,
        )  # fmt: skip
        axes.set_xlabel("accuracy on 3,000 test sentences (%): seeds, mean and 95 % interval")
        axes.grid(visible=False, axis="y")
        style.save(figure, file)


def _rows(arms: Sequence[Arm]) -> Iterator[tuple[str, Arm | None]]:
    """Yield the rows of the figure: a heading for each task, and its arms."""
    for task, of in _tasks(arms).items():
        start = "the probe" if task.endswith("_from_probe") else "zero"
        kind = _kind(of[0])
        yield f"{TRAINED[kind]}, head from {start}, {of[0].steps:,} steps", None
        for arm in of:
            yield NAMES[arm.design], arm


def main() -> None:
    """Print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--figure", type=Path, metavar="FILE")
    given = parser.parse_args()
    if given.runs:
        known = {(arm.task, arm.design): arm for arm in (read() if DATA.is_file() else [])}
        known |= {(arm.task, arm.design): arm for run in given.runs for arm in arms_of(run)}
        write([*known.values()])
    arms = read()
    for task, of in _tasks(arms).items():
        weights, steps = WEIGHTS[_kind(of[0])], {arm.steps for arm in of}
        print(f"\n`{task}`: {weights:,} weights, {', '.join(map(str, steps))} steps\n")
        print(table(of))
    if given.figure is not None:
        draw(arms, given.figure)


if __name__ == "__main__":
    main()
