"""RTL coverage of a regression: a table of modules, and the uncovered points with reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pezoexplore.hardware.verify.coverage import KINDS, Coverage, Spot, reason

HEADER = ["module", "lines", "line %", "toggles", "toggle %", "functional", "no reason"]

MOST_LINES = 8
"""Most source lines listed one by one under a reason."""

_HEAD = """# Coverage of the RTL

Made by `{command}`:
lines (including branches) and toggles as counted by Verilator, functional points as counted by the
testbenches, over {points}. Toggles count each bit of each signal in each direction; a bit that
exists in only some designs counts once. Signals wider than 1,024 bits have no toggles.
`no reason` counts the points that no simulation covers and that have no reason in
`pezoexplore/hardware/verify/bench/uncovered.yaml`.
"""

Reasons = Mapping[str, Mapping[str, str]]


def coverage_rows(coverage: Coverage, known: Reasons) -> list[list[str]]:
    """Return a row per module under ``HEADER``; a cell is empty if nothing is to be covered."""
    counts = [coverage.counts(kind) for kind in KINDS]
    open_ = Counter(s.module for s in coverage.missing() if reason(s, known) is None)
    rows = []
    for module in coverage.modules():
        lines, toggles, events = (found.get(module) for found in counts)
        row = [module, *_share(lines), *_share(toggles), _ratio(events)]
        rows.append([*row, str(open_[module])])
    return rows


def _ratio(count: tuple[int, int] | None) -> str:
    return "" if count is None else f"{count[0]}/{count[1]}"


def _share(count: tuple[int, int] | None) -> list[str]:
    if count is None:
        return ["", ""]
    return [_ratio(count), f"{100 * count[0] / count[1]:.1f}"]


def coverage_page(coverage: Coverage, known: Reasons, command: str, points: str) -> str:
    """Return the whole coverage report in Markdown.

    Args:
        coverage: Coverage of the regression.
        known: Reasons; see :func:`pezoexplore.hardware.verify.coverage.reasons`.
        command: Command line that produced it.
        points: Number of designs, in words.
    """
    rows = [HEADER, ["---"] * len(HEADER), *coverage_rows(coverage, known)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    parts = [_HEAD.format(command=command, points=points), table, "\n## What is not covered"]
    missing = coverage.missing()
    for module in dict.fromkeys(spot.module for spot in missing):
        parts.append(f"\n### {module}\n")
        parts += _left([spot for spot in missing if spot.module == module], known)
    if not missing:
        parts.append("\nNothing.")
    return "\n".join(parts) + "\n"


def _left(spots: Iterable[Spot], known: Reasons) -> list[str]:
    """Return a Markdown list item for each reason, with the spots that it covers."""
    grouped: dict[str, list[Spot]] = {}
    for spot in spots:
        grouped.setdefault(reason(spot, known) or "No reason is given.", []).append(spot)
    return [f"- {why} {_names(found)}" for why, found in sorted(grouped.items())]


def _names(spots: list[Spot]) -> str:
    """Return the names of spots: toggles counted by signal, lines and events one by one."""
    signals = Counter(re.split(r"[\[:]", s.named)[0] for s in spots if s.kind == "toggle")
    lines = [f"line `{spot.text}`" for spot in spots if spot.kind == "line"]
    names = lines if len(lines) <= MOST_LINES else [f"{len(lines)} lines and branches"]
    names += [f"event `{spot.text}`" for spot in spots if spot.kind == "event"]
    names += [f"`{name}` ({count})" for name, count in sorted(signals.items())]
    return "; ".join(names)
