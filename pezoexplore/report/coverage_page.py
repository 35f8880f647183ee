"""What a regression covered: a table by module, and what is left with its reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pezoexplore.hardware.verify.coverage import KINDS, Coverage, Spot, reason

HEADER = ["module", "lines", "line %", "toggles", "toggle %", "functional", "no reason"]

MOST_LINES = 8
"""Lines of one reason that are named each."""

_HEAD = """# Coverage of the RTL

Made by `{command}`:
lines (branches among them) and toggles as Verilator counts them, functional points as the benches
do, over {points}. Toggles count each bit of each signal in each direction; a bit that only some
designs have counts once. Not counted by Verilator: signals wider than 256 bits. `no reason` is how
much is covered neither by a simulation nor by a reason in
`pezoexplore/hardware/verify/bench/uncovered.yaml`.
"""

Reasons = Mapping[str, Mapping[str, str]]


def coverage_rows(coverage: Coverage, known: Reasons) -> list[list[str]]:
    """Rows under ``HEADER``, one a module; a cell is empty where there is nothing to cover."""
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
    """The whole report in Markdown.

    Args:
        coverage: What was covered.
        known: Reasons; see :func:`pezoexplore.hardware.verify.coverage.reasons`.
        command: The command line that made it.
        points: How many designs, in words.
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
    """Lines of a list: each reason with what it is for."""
    grouped: dict[str, list[Spot]] = {}
    for spot in spots:
        grouped.setdefault(reason(spot, known) or "No reason is given.", []).append(spot)
    return [f"- {why} {_names(found)}" for why, found in sorted(grouped.items())]


def _names(spots: list[Spot]) -> str:
    """Toggles by signal, with how many; anything else as it is, but for very many lines."""
    signals = Counter(re.split(r"[\[:]", s.named)[0] for s in spots if s.kind == "toggle")
    lines = [f"line `{spot.text}`" for spot in spots if spot.kind == "line"]
    names = lines if len(lines) <= MOST_LINES else [f"{len(lines)} lines and branches"]
    names += [f"event `{spot.text}`" for spot in spots if spot.kind == "event"]
    names += [f"`{name}` ({count})" for name, count in sorted(signals.items())]
    return "; ".join(names)
