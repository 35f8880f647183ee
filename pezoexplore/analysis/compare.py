"""Reused uniform numbers against a Gaussian a lane: PeZO's claim on the rows of a sweep.

One Gaussian is the reference: of those near enough to the normal distribution the one that costs
the fewest LUTs (the smallest area, where there are no LUTs). Every other design is compared with it
on the same target, at the same lanes and width, accuracies seed by seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pezoexplore.analysis.differences import Difference, corrected, paired_difference
from pezoexplore.analysis.statistics import seeds_of
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.intervals import POINTS, in_words
from pezoexplore.markdown import markdown_table
from pezoexplore.streams.reuse import RULES

Row = Mapping[str, object]

COSTS = {
    "lut": "LUT",
    "ff": "FF",
    "bram": "BRAM",
    "area_um2": "area (um2)",
    "power_mw_est": "power (mW, est.)",
}
"""Columns compared, and how they are called; those that no row has are left out."""

PAPER = {"lut": -48.6, "ff": -12.7, "power_mw_est": -86.0}
"""Percent that the PeZO paper reports (arXiv 2504.20314): LUTs and flip-flops for random-number
generation, and power at most."""

PAPER_TEXT = (
    "PeZO (arXiv 2504.20314) reports -48.6 % LUTs and -12.7 % flip-flops for random-number "
    "generation, and up to -86 % power, with no loss of training performance."
)

COMPARABLE = (
    "The paper's baseline generator, device, clock and tables are not known, so its percentages "
    "and ours do not measure the same: comparable is only whether reuse of uniform numbers costs "
    "less than a Gaussian generator per lane, and whether accuracy holds. Ours are of the "
    "random-number hardware alone, including replay and handshake, at equal lanes and one beat per "
    "clock, after synthesis by open tools; the words of a pool are in block RAM, which LUTs and "
    "flip-flops do not include."
)

MAX_KL = 5e-4
"""Bits of divergence up to which a Gaussian may be the reference."""

WORST_DROP = -1.0
"""Percentage points above which the interval of a difference must lie for "not worse"."""

KINDS = {
    "baseline": "Gaussian",
    "reuse": "uniform, reused",
    "other": "uniform, fresh",
    "software": "software",
}


def kind_of(point: DesignPoint) -> str:
    """Return the role of a design in this comparison, one of ``KINDS``."""
    if not point.in_hardware:
        return "software"
    if not point.rules.fresh:
        return "reuse"
    return "baseline" if point.family.gaussian else "other"


@dataclass(frozen=True)
class Line:
    """A design on one target.

    Attributes:
        label: Short name.
        kind: One of ``KINDS``.
        row: Its row of results.
        kl: Divergence from the normal in bits; None for what is no hardware Gaussian.
        change: Percent by which each cost differs from the reference's.
        drop: Accuracy minus the reference's, paired by seed; None where one was not trained.
    """

    label: str
    kind: str
    row: Row
    kl: float | None
    change: Mapping[str, float]
    drop: Difference | None

    def value(self, column: str) -> float | None:
        """Return a number of the row."""
        return parse_number(self.row.get(column))

    @property
    def not_worse(self) -> bool | None:
        """Whether the interval of the difference lies above ``WORST_DROP``; None: not known."""
        if self.drop is None or self.drop.half is None:
            return None
        return self.drop.mean - self.drop.half > WORST_DROP


@dataclass(frozen=True)
class Comparison:
    """All designs on one target.

    Attributes:
        target: The target.
        reference: Label of the Gaussian that the others are compared with.
        alone: The cheapest near Gaussian with a generator for every lane, where the reference's
            generators serve several; else None.
        lines: The designs: baselines first, then reuse, then the others.
        costs: Columns that some row has a number in.
    """

    target: str
    reference: str
    alone: Line | None
    lines: Sequence[Line]
    costs: Sequence[str]

    @property
    def of_equal_width(self) -> list[Line]:
        """Designs of as many bits as the reference."""
        (width,) = {line.value("bit_width") for line in self.lines if line.label == self.reference}
        return [line for line in self.lines if line.value("bit_width") == width]

    def cheaper_than(self, kind: str) -> list[Line]:
        """Return designs with fewer LUTs than the cheapest of reuse `kind`, cheapest first."""
        of_kind = [line for line in self.lines if line.row.get("reuse") == kind]
        limits = [value for line in of_kind if (value := line.value("lut")) is not None]
        if not limits:
            return []
        found = [
            (value, line)
            for line in self.lines
            if (value := line.value("lut")) is not None and value < min(limits)
        ]
        return [line for _, line in sorted(found, key=lambda pair: pair[0])]


def compare_rows(rows: Sequence[Row], divergences: Mapping[str, float]) -> list[Comparison]:
    """Compare the designs of a sweep, target by target.

    Args:
        rows: Rows of results, typed or as written; those that are not finished are left out.
        divergences: Divergence from the normal in bits, by generator.

    Returns:
        A comparison a target that has a reference, in the order of the rows.
    """
    finished = [row for row in rows if row.get("status") == "ok"]
    targets = dict.fromkeys(str(row["target"]) for row in finished if row.get("target"))
    found = [
        _on_target(target, [row for row in finished if _is_on(row, target)], divergences)
        for target in targets
    ]
    return [item for item in found if item is not None]


def _is_on(row: Row, target: str) -> bool:
    return str(row.get("target") or "") == target or not DesignPoint.from_json(row).in_hardware


def _on_target(
    target: str, rows: Sequence[Row], divergences: Mapping[str, float]
) -> Comparison | None:
    near = [
        row
        for row in rows
        if kind_of(DesignPoint.from_json(row)) == "baseline"
        and divergences.get(DesignPoint.from_json(row).rng, 1.0) <= MAX_KL
    ]
    reference = _cheapest(near, divergences)
    if reference is None:
        return None
    lines = []
    for row in _once(rows):
        point = DesignPoint.from_json(row)
        baseline = kind_of(point) == "baseline"
        lines.append(
            Line(
                label=point.label(),
                kind=kind_of(point),
                row=row,
                kl=divergences.get(point.rng) if baseline else None,
                change=_changes(row, reference),
                drop=_drop(row, reference) if row is not reference else None,
            )
        )
    lines.sort(key=_order)
    costs = [name for name in COSTS if any(line.value(name) is not None for line in lines)]
    alone = None
    if DesignPoint.from_json(reference).group > 1:
        own = _cheapest([row for row in near if DesignPoint.from_json(row).group == 1], divergences)
        alone = next((line for line in lines if line.row is own), None)
    return Comparison(target, DesignPoint.from_json(reference).label(), alone, lines, costs)


def _order(line: Line) -> tuple[int, float, str]:
    """Return a sort key: by kind, then from the cheapest on."""
    cost = line.value("lut")
    return list(KINDS).index(line.kind), math.inf if cost is None else cost, line.label


def _once(rows: Sequence[Row]) -> list[Row]:
    """Return each point once: the software reference has a row per target."""
    return list({DesignPoint.from_json(row): row for row in reversed(rows)}.values())[::-1]


def _cheapest(near: Sequence[Row], divergences: Mapping[str, float]) -> Row | None:
    """Return the cheapest Gaussian by LUTs, else by area, else the nearest to the normal."""
    for column in ("lut", "area_um2"):
        priced = [(v, i) for i, row in enumerate(near) if (v := parse_number(row.get(column)))]
        if priced:
            return near[min(priced)[1]]
    return min(near, key=lambda row: divergences[DesignPoint.from_json(row).rng], default=None)


def _changes(row: Row, reference: Row) -> dict[str, float]:
    changes = {}
    for name in COSTS:
        value, base = parse_number(row.get(name)), parse_number(reference.get(name))
        if value is not None and base:
            changes[name] = 100 * (value / base - 1)
    return changes


def _drop(row: Row, reference: Row) -> Difference | None:
    first, second = seeds_of(row), seeds_of(reference)
    if len(first) < 2 or len(second) < 2:
        return None
    return paired_difference(first, second)


def table(found: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a comparison as text."""
    relative = [name for name in found.costs if any(name in line.change for line in found.lines)]
    header = ["design", "kind", "KL (bits)", *(COSTS[name] for name in found.costs)]
    header += [f"{_short(name)} %" for name in relative]
    header += ["accuracy (%)", "minus reference", "not worse", "point_id"]
    return header, [_cells(found, line, relative) for line in found.lines]


def _cells(found: Comparison, line: Line, relative: Sequence[str]) -> list[str]:
    is_reference = line.label == found.reference
    cells = [
        line.label + " (reference)" * is_reference,
        KINDS[line.kind],
        "" if line.kl is None else f"{line.kl:.1e}",
    ]
    for name in found.costs:
        value = line.value(name)
        cells.append("" if value is None else f"{value:.6g}")
    for name in relative:
        cells.append("" if name not in line.change else f"{line.change[name]:+.1f}")
    mean, half = line.value("accuracy_mean"), line.value("accuracy_ci95")
    cells.append("" if mean is None or half is None else in_words(mean, half))
    cells.append("" if line.drop is None else _drop_words(line.drop))
    cells.append({None: "", True: "yes", False: "no"}[line.not_worse])
    return [*cells, str(line.row.get("point_id") or "")]


def sentences(found: Comparison) -> list[str]:
    """Summarise a comparison in sentences, next to the paper's figures."""
    text = [
        f"Reference: {found.reference}, the cheapest Gaussian with a divergence from the normal of "
        f"at most {MAX_KL:g} bits."
    ]
    if found.alone is not None:
        text[0] += (
            f" Its generators serve several lanes each; {found.alone.label} is the cheapest with "
            "one for every lane."
        )
    for reuse in (name for name, rules in RULES.items() if not rules.fresh):
        lines = [line for line in found.of_equal_width if line.row.get("reuse") == reuse]
        sure = [line for line in lines if line.not_worse]
        if lines:
            trained = any(line.drop is not None for line in lines)
            which = (
                "not worse" if sure else "none sure not to be worse" if trained else "not trained"
            )
            best = min(sure or lines, key=_order)
            bits = f"{best.value('bit_width'):g} bits"
            text.append(f"Cheapest {reuse} of {bits} ({which}): {_against(found, best)}")
    cheaper = found.cheaper_than("bank")
    if cheaper:
        listed = ", ".join(f"{line.label} ({line.value('lut'):g})" for line in cheaper)
        text.append(f"Fewer LUTs than the cheapest bank: {listed}.")
    return text


def _against(found: Comparison, line: Line) -> str:
    """Return a design against the reference and against a Gaussian generator for every lane."""
    words = [f"{change:+.1f} % {_short(name)}" for name, change in line.change.items()]
    if line.drop is not None:
        others = sum(other.drop is not None for other in found.lines)
        wide = in_words(line.drop.mean, corrected(line.drop, others).half, POINTS, sign="+")
        words.append(
            f"accuracy {_drop_words(line.drop)} points ({wide} corrected for {others} comparisons)"
        )
    text = f"{line.label} against the reference: {', '.join(words) or 'nothing measured'}"
    if found.alone is not None:
        changes = _changes(line.row, found.alone.row)
        more = [f"{change:+.1f} % {_short(name)}" for name, change in changes.items()]
        if more:
            text += f"; against {found.alone.label}: {', '.join(more)}"
    return f"{text}."


def _drop_words(drop: Difference) -> str:
    return in_words(drop.mean, drop.half or 0, POINTS, sign="+")


def _short(column: str) -> str:
    return COSTS[column].partition(" (")[0]


def markdown(comparisons: Sequence[Comparison], title: str, command: str, image: str) -> str:
    """Return the comparison as a page.

    Args:
        comparisons: One a target.
        title: Title of the comparison, one line.
        command: The command line that made it.
        image: Name of the plot beside the page; empty for none.
    """
    parts = [f"# {title}", f"Made by `{command}`.", PAPER_TEXT, COMPARABLE, _HOW]
    for found in comparisons:
        header, rows = table(found)
        parts += [f"## Target {found.target}", markdown_table(header, rows)]
        parts += ["\n".join(f"- {sentence}" for sentence in sentences(found))]
    if image:
        parts.append(f"![What reuse saves, and what it does to accuracy]({image})")
    return "\n\n".join(parts) + "\n"


_HOW = (
    "Percentages are against the reference. *minus reference* is the difference of accuracies, "
    "paired by seed, with its 95 % interval; *not worse* tells whether that interval lies above "
    f"{WORST_DROP:g} point. KL is the divergence of the words from the discretised normal."
)


def document(found: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values."""
    return {
        "target": found.target,
        "reference": found.reference,
        "designs": [
            {
                "design": line.label,
                "point_id": line.row.get("point_id"),
                "kind": line.kind,
                "kl_bits": line.kl,
                **{name: line.value(name) for name in (*COSTS, "accuracy_mean", "accuracy_ci95")},
                "change_percent": dict(line.change),
                "accuracy_difference": None if line.drop is None else line.drop.mean,
                "accuracy_difference_ci95": None if line.drop is None else line.drop.half,
                "seeds": None if line.drop is None else line.drop.seeds,
                "not_worse": line.not_worse,
            }
            for line in found.lines
        ],
        "sentences": sentences(found),
    }
