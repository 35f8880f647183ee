"""`pezoexplore diff`: what moved between two runs, and whether anything got worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.options import Format, TableOrJson, there
from pezoexplore.cli.terminal import counted, echo, print_json, print_table
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.analysis.diff import Change, Comparison
    from pezoexplore.analysis.differences import Difference
    from pezoexplore.analysis.runs import Row, StoredRun


def diff(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_A", help="Run directory or results.csv, the earlier.", callback=there
        ),
    ],
    after: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_B", help="Run directory or results.csv, the later.", callback=there
        ),
    ],
    point: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POINT_ID",
            help="Compare only this design; may be repeated.",
            autocompletion=completion.points,
        ),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=PERCENT",
            help="Largest increase of a resource that does not count as a regression.",
        ),
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing",
            help="Designs and measurements that the later run lacks are no regression.",
        ),
    ] = False,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Also list changes within noise, hashes and each missing measurement."
        ),
    ] = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Show what moved between two runs; the exit status is 1 when anything got worse.

    Resources are exact, so any increase is a regression. Accuracies are compared over the seeds
    that both runs have, with one test over all designs. A constraint that a design no longer meets
    is a regression, within noise or not. A design that finished and no longer does is a regression,
    as is a design or a measurement that the later run lacks; designs of the later run only are
    listed.
    """
    from pezoexplore.analysis.diff import compare_runs
    from pezoexplore.analysis.runs import different_settings, read_run

    first, second = read_run(before), read_run(after)
    warnings = different_settings(first.space, second.space)
    several = len({*first.tasks, *second.tasks}) > 1
    chosen = [_chosen(run, point or [], several) for run in (first, second)]
    if point and not any(chosen):
        raise DesignError(f"--point {point[0]}: neither run has it")
    found = compare_runs(
        chosen[0],
        chosen[1],
        _tolerances(tolerance or []),
        allow_missing=allow_missing,
        constraints=(second if second.space is not None else first).goals().constraints,
    )
    if not found.matched:
        raise DesignError(f"{first.path} and {second.path} have no design in common")
    if format_ is TableOrJson.json:
        print_json(_document(found, first, second, warnings))
    else:
        _print(found, warnings, everything)
    return 1 if found.regressed else 0


def _chosen(run: StoredRun, points: Sequence[str], several: bool) -> list[Row]:
    """Return the rows of these points, or all; where there are several tasks, each with its own."""
    of: Row = {"task": run.tasks[0]} if several and len(run.tasks) == 1 else {}
    return [{**row, **of} for row in run.rows if not points or row["point_id"] in points]


def _tolerances(texts: Sequence[str]) -> dict[str, float]:
    from pezoexplore.design.conditions import parse_number

    found = {}
    for text in texts:
        name, _, percent = text.partition("=")
        number = parse_number(percent.removesuffix("%"))
        if number is None or number < 0:
            raise DesignError(f"--tolerance {text}: allowed: COLUMN=PERCENT, such as lut=1%")
        found[name.strip()] = number / 100
    return found


def _print(found: Comparison, warnings: Sequence[str], everything: bool) -> None:
    from pezoexplore.analysis.diff import NOISE, PROVENANCE, VANISHED

    for warning in warnings:
        echo(warning)
    shown = [
        change
        for change in found.changes
        if everything or (change.kind not in (NOISE, VANISHED) and change.column not in PROVENANCE)
    ]
    if shown:
        header = ["design", "column", "before", "after", "difference", "verdict", "point_id"]
        print_table("What moved", header, [_cells(change) for change in shown])
        echo("")
    for title, labels in (("added", found.added), ("removed", found.removed)):
        for label in labels:
            echo(f"{title}: {label}")
    for column, lacking in found.vanished.items():
        echo(f"vanished: {column} of {counted(len(lacking), 'design')} (such as {lacking[0]})")
    for line in _summary(found):
        echo(line)


def _cells(change: Change) -> list[str]:
    from pezoexplore.design.conditions import parse_number

    if change.difference is not None:
        moved = f"{_difference(change.difference)} ({counted(change.difference.seeds, 'seed')})"
    else:
        numbers = [parse_number(cell) for cell in (change.before, change.after)]
        moved = ""
        if numbers[0] is not None and numbers[1] is not None:
            moved = f"{numbers[1] - numbers[0]:+.6g}"
    before, after = (_short(cell) for cell in (change.before, change.after))
    return [change.label, change.column, before, after, moved, change.kind, change.point_id]


def _short(cell: str) -> str:
    return cell if len(cell) <= 24 else f"{cell[:12]}..."


def _difference(difference: Difference) -> str:
    from pezoexplore.intervals import POINTS, in_words

    return in_words(difference.mean, difference.half, POINTS, sign="+")


def _summary(found: Comparison) -> list[str]:
    from pezoexplore.analysis.diff import (
        IMPROVEMENT,
        MOVED,
        NOISE,
        PROVENANCE,
        REGRESSION,
        VANISHED,
    )

    words = {REGRESSION: "worse", IMPROVEMENT: "better", NOISE: "within noise"}
    words |= {VANISHED: "vanished", MOVED: "moved"}
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
    parts = [f"{number} {words[kind]}" for kind, number in kinds.items()]
    if found.removed:
        parts.append(f"{counted(len(found.removed), 'design')} removed")
    verdict = "regression" if found.regressed else "no regression"
    if found.allow_missing and (found.removed or found.vanished):
        verdict += ", what is missing being allowed"
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
        "vanished": {column: len(labels) for column, labels in found.vanished.items()},
        "allow_missing": found.allow_missing,
        "settings": warnings,
        "overall": None
        if found.overall is None
        else asdict(found.overall) | {"kind": found.overall_kind},
        "changes": [asdict(change) for change in found.changes],
    }
