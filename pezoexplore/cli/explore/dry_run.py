"""`pezoexplore sweep --dry-run`: the points, and what happened to every other combination."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pezoexplore.cli.terminal import counted, echo, print_json
from pezoexplore.design.lattice.expand import Collapse, expand
from pezoexplore.report.tables import print_dry_run
from pezoexplore.sweeps.rows import point_ids

if TYPE_CHECKING:
    from pezoexplore.design.lattice.counting import Selection
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.restrict import LeftOut

SHOWN_POINTS = 1000
"""Most points that are listed."""

LISTED = 100_000
"""Most combinations of a design whose collapsed ones are listed point by point."""


def show_dry_run(chosen: Selection, left_out: Sequence[LeftOut], as_json: bool) -> int:
    """Print the points a sweep would run, and what was collapsed, skipped or excluded and why.

    Of more than ``SHOWN_POINTS`` points only the first are printed, and the collapsed combinations
    of a large design are counted, not listed.

    Returns:
        The exit status, 0.
    """
    counts = chosen.counts
    small = counts.listed <= LISTED
    collapsed = expand(chosen.space).collapsed if small and counts.collapsed else ()
    points = list(itertools.islice(chosen, SHOWN_POINTS))
    if as_json:
        print_json(_document(chosen, left_out, points, collapsed))
        return 0
    lines = [
        f"{item.point.label()} is meant by {_count(item.count, 'more combination', item.example)}"
        for item in collapsed
    ]
    if counts.collapsed and not small:
        lines = [f"{counted(counts.collapsed, 'combination')} mean a point that another one means"]
    skips = [
        f"{counted(skip.count, 'combination')}: {skip.reason} (such as {skip.example})"
        for skip in counts.skipped
    ]
    print_dry_run(points, skips, lines, total=len(chosen))
    for line in _left_out_lines(chosen, left_out):
        echo(line)
    if len(points) < len(chosen):
        echo(f"the first {len(points)} of {len(chosen)} points are shown")
    total = counts.listed + sum(left.count for left in left_out)
    drawn = "" if chosen.drawn is None else f" of {counts.points}"
    tasks = chosen.space.tasks
    on = f", each on {', '.join(tasks)}" if len(tasks) > 1 else ""
    echo(
        f"{counted(total, 'combination')} listed, {counted(len(chosen), 'point')}{drawn} to run{on}"
    )
    return 0


def _count(number: int, noun: str, example: str, where: str = "") -> str:
    return f"{counted(number, noun)}{where} (such as {example})"


def _left_out_lines(chosen: Selection, left_out: Sequence[LeftOut]) -> Iterable[str]:
    """Yield what exclude and the axis options left out, one line each."""
    for item in chosen.counts.exclusions:
        yield f"excluded: {_count(item.count, 'combination', item.example, f' by {item.rule}')}"
    for rule in chosen.counts.unused_excludes:
        yield f"excluded: nothing by {rule}: no combination matches it"
    for left in left_out:
        where = f" of include[{left.include}] by the axis options"
        yield f"left out: {_count(left.count, 'combination', left.example, where)}"


def _document(
    chosen: Selection,
    left_out: Sequence[LeftOut],
    points: Sequence[DesignPoint],
    collapsed: Sequence[Collapse],
) -> dict[str, object]:
    space, counts = chosen.space, chosen.counts
    identities = {task: point_ids(space, task) for task in space.tasks}
    return {
        "design": space.name,
        "combinations": counts.listed,
        "points_to_run": len(chosen),
        "points_in_all": counts.points,
        "collapsed_combinations": counts.collapsed,
        "points": [
            {
                "point_id": identity(point),
                "label": point.label(),
                **({"task": task} if len(identities) > 1 else {}),
                **point.to_json(),
            }
            for point in points
            for task, identity in identities.items()
        ],
        "collapsed": [
            {"point": item.point.label(), "count": item.count, "example": item.example}
            for item in collapsed
        ],
        "skipped": [
            {"reason": item.reason, "count": item.count, "example": item.example}
            for item in counts.skipped
        ],
        "excluded": [
            {"rule": item.rule, "count": item.count, "example": item.example}
            for item in counts.exclusions
        ],
        "idle_excludes": counts.unused_excludes,
        "left_out": [
            {"include": item.include, "count": item.count, "example": item.example}
            for item in left_out
        ],
    }
