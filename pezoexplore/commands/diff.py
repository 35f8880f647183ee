"""`pezoexplore diff`: what moved between two runs, and whether anything got worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from pezoexplore.analysis.diff import (
    IMPROVEMENT,
    MOVED,
    NOISE,
    PROVENANCE,
    REGRESSION,
    Change,
    Comparison,
    compare_runs,
)
from pezoexplore.analysis.runs import Row, StoredRun, read_run
from pezoexplore.analysis.statistics import Difference
from pezoexplore.commands.terminal import counted, print_json, say
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.report.tables import print_table

_WORDS = {REGRESSION: "worse", IMPROVEMENT: "better", MOVED: "moved", NOISE: "within noise"}


@dataclass(frozen=True)
class DiffRequest:
    """What the command line asks for.

    Attributes:
        before: First run directory or results.csv.
        after: The second.
        points: `point_id` of the designs to look at; empty for all.
        tolerances: ``COLUMN=PERCENT`` texts.
        everything: Whether to list every change, those within noise too.
        as_json: Whether to print JSON.
    """

    before: Path
    after: Path
    points: Sequence[str]
    tolerances: Sequence[str]
    everything: bool
    as_json: bool


def show_diff(request: DiffRequest) -> int:
    """Print what moved.

    Returns:
        0 when nothing got worse beyond noise, else 1.

    Raises:
        DesignError: A run cannot be read, or they cannot be compared.
    """
    before, after = read_run(request.before), read_run(request.after)
    warnings = _settings(before.space, after.space)
    first, second = (_chosen(run, request.points) for run in (before, after))
    if request.points and not (first or second):
        raise DesignError(f"--point {request.points[0]}: neither run has it")
    found = compare_runs(first, second, _tolerances(request.tolerances))
    if not found.matched:
        raise DesignError(f"{before.path} and {after.path} have no design in common")
    if request.as_json:
        print_json(_document(found, before, after, warnings))
    else:
        _print(found, warnings, request.everything)
    return 1 if found.regressed else 0


def _chosen(run: StoredRun, points: Sequence[str]) -> list[Row]:
    return [row for row in run.rows if not points or row["point_id"] in points]


def _tolerances(texts: Sequence[str]) -> dict[str, float]:
    found = {}
    for text in texts:
        name, _, percent = text.partition("=")
        number = parse_number(percent.removesuffix("%"))
        if number is None or number < 0:
            raise DesignError(f"--tolerance {text}: allowed: COLUMN=PERCENT, such as lut=1%")
        found[name.strip()] = number / 100
    return found


def _settings(one: DesignSpace | None, other: DesignSpace | None) -> list[str]:
    """Settings that differ, a line each; another task cannot be compared.

    Raises:
        DesignError: The tasks differ.
    """
    if one is None or other is None:
        return []
    if one.task != other.task:
        raise DesignError(
            f"the runs are of different tasks, {one.task} and {other.task}: their accuracies are "
            "different quantities"
        )
    first, second = one.train.determining(), other.train.determining()
    return [
        f"train.{name} differs: {first[name]} and {second[name]}"
        for name in first
        if first[name] != second[name]
    ]


def _print(found: Comparison, warnings: Sequence[str], everything: bool) -> None:
    for warning in warnings:
        say(warning)
    shown = [
        change
        for change in found.changes
        if everything or (change.kind != NOISE and change.column not in PROVENANCE)
    ]
    if shown:
        header = ["design", "column", "before", "after", "difference", "verdict"]
        print_table("What moved", header, [_cells(change) for change in shown], Console())
        say("")
    for title, labels in (("added", found.added), ("removed", found.removed)):
        for label in labels:
            say(f"{title}: {label}")
    for line in _summary(found):
        say(line)


def _cells(change: Change) -> list[str]:
    if change.difference is not None:
        moved = _difference(change.difference)
    else:
        numbers = [parse_number(cell) for cell in (change.before, change.after)]
        moved = ""
        if numbers[0] is not None and numbers[1] is not None:
            moved = f"{numbers[1] - numbers[0]:+.6g}"
    before, after = (_short(cell) for cell in (change.before, change.after))
    return [change.label, change.column, before, after, moved, change.kind]


def _short(cell: str) -> str:
    return cell if len(cell) <= 24 else f"{cell[:12]}..."


def _difference(difference: Difference) -> str:
    if difference.half is None:
        return f"{difference.mean:+.2f}"
    return f"{difference.mean:+.2f} ± {difference.half:.2f}"


def _summary(found: Comparison) -> list[str]:
    kinds = Counter(change.kind for change in found.changes if change.column not in PROVENANCE)
    lines = [
        f"{counted(found.matched, 'design')} in both, {len(found.added)} added, "
        f"{len(found.removed)} removed"
    ]
    for name in PROVENANCE:
        number = sum(change.column == name for change in found.changes)
        if number:
            lines.append(f"{name} differs on {number} of them")
    if found.overall is not None and found.overall.mean:
        lines.append(
            f"accuracy over all designs: {_difference(found.overall)} points over "
            f"{found.overall.seeds} seeds ({found.overall_kind})"
        )
    parts = [f"{number} {_WORDS[kind]}" for kind, number in kinds.items()]
    verdict = "regression" if found.regressed else "no regression"
    lines.append(f"verdict: {verdict} ({', '.join(parts) or 'nothing moved'})")
    return lines


def _document(
    found: Comparison, before: StoredRun, after: StoredRun, warnings: Sequence[str]
) -> dict[str, object]:
    return {
        "ok": not found.regressed,
        "before": str(before.path),
        "after": str(after.path),
        "matched": found.matched,
        "added": found.added,
        "removed": found.removed,
        "settings": warnings,
        "overall": None
        if found.overall is None
        else asdict(found.overall) | {"kind": found.overall_kind},
        "changes": [asdict(change) for change in found.changes],
    }
