"""`pezoexplore sweep --dry-run`: the points, and what became of every other combination."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.console import Console

from pezoexplore.commands.terminal import counted, print_json, say
from pezoexplore.design.lattice.counting import Selection
from pezoexplore.design.lattice.expand import Collapse, Exclusion, Skip, expand
from pezoexplore.design.loading import LoadedDesign
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.restrict import LeftOut
from pezoexplore.report.tables import print_dry_run
from pezoexplore.sweeps.rows import point_ids

SHOWN_POINTS = 1000
"""Most points that are listed."""

LISTED = 100_000
"""Most combinations of a design whose collapsed ones are listed point by point."""


def show_plan(loaded: LoadedDesign, chosen: Selection, as_json: bool) -> int:
    """Print the points a sweep would run, and what was collapsed, skipped or excluded and why.

    Of more than ``SHOWN_POINTS`` points only the first are printed, and what a large design
    collapses is counted, not listed.

    Returns:
        The exit status, 0.
    """
    counts = chosen.counts
    small = counts.listed <= LISTED
    collapsed = expand(loaded.space).collapsed if small and counts.collapsed else ()
    points = list(itertools.islice(chosen, SHOWN_POINTS))
    if as_json:
        print_json(_document(loaded, chosen, points, collapsed))
        return 0
    lines = [_collapse_line(item) for item in collapsed]
    if counts.collapsed and not small:
        lines = [f"{counted(counts.collapsed, 'combination')} mean a point that another one means"]
    skips = [skip_line(skip) for skip in counts.skipped]
    print_dry_run(points, skips, lines, Console(), total=len(chosen))
    for exclusion in counts.exclusions:
        say(f"excluded: {_exclusion_line(exclusion)}")
    for rule in counts.idle_excludes:
        say(f"excluded: nothing by {rule}: no combination matches it")
    for left in loaded.left_out:
        say(f"left out: {_left_out_line(left)}")
    if len(points) < len(chosen):
        say(f"the first {len(points)} of {len(chosen)} points are shown")
    total = counts.listed + sum(left.count for left in loaded.left_out)
    drawn = "" if chosen.drawn is None else f" of {counts.points}"
    say(f"{counted(total, 'combination')} listed, {counted(len(chosen), 'point')}{drawn} to run")
    return 0


def skip_line(skip: Skip) -> str:
    """Why combinations are skipped, in one line."""
    return f"{counted(skip.count, 'combination')}: {skip.reason} (such as {skip.example})"


def _collapse_line(item: Collapse) -> str:
    also = counted(item.count, "more combination")
    return f"{item.point.label()} is meant by {also} (such as {item.example})"


def _exclusion_line(item: Exclusion) -> str:
    return f"{counted(item.count, 'combination')} by {item.rule} (such as {item.example})"


def _left_out_line(item: LeftOut) -> str:
    combinations = counted(item.count, "combination")
    return f"{combinations} of include[{item.include}] by the axis options (such as {item.example})"


def _document(
    loaded: LoadedDesign,
    chosen: Selection,
    points: Sequence[DesignPoint],
    collapsed: Sequence[Collapse],
) -> dict[str, object]:
    space, counts = loaded.space, chosen.counts
    identity = point_ids(space)
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
                **point.to_json(),
            }
            for point in points
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
        "idle_excludes": counts.idle_excludes,
        "left_out": [
            {"include": item.include, "count": item.count, "example": item.example}
            for item in loaded.left_out
        ],
    }
