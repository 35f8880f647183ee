"""`pezoexplore sweep --dry-run`: the points, and what became of every other combination."""

from __future__ import annotations

from rich.console import Console

from pezoexplore.commands.terminal import counted, print_json, say
from pezoexplore.design.expand import Collapse, Exclusion, Expansion, Skip
from pezoexplore.design.loading import LoadedDesign
from pezoexplore.design.restrict import LeftOut
from pezoexplore.explore.rows import point_id
from pezoexplore.report.tables import print_dry_run


def show_plan(loaded: LoadedDesign, expansion: Expansion, as_json: bool) -> int:
    """Print the points a sweep would run, and what was collapsed, skipped or excluded and why.

    Returns:
        The exit status, 0.
    """
    if as_json:
        print_json(_document(loaded, expansion))
        return 0
    print_dry_run(
        expansion.points,
        [skip_line(skip) for skip in expansion.skipped],
        [_collapse_line(item) for item in expansion.collapsed],
        Console(),
    )
    for exclusion in expansion.exclusions:
        say(f"excluded: {_exclusion_line(exclusion)}")
    for rule in expansion.idle_excludes:
        say(f"excluded: nothing by {rule}: no combination matches it")
    for left in loaded.left_out:
        say(f"left out: {_left_out_line(left)}")
    total = expansion.listed + sum(left.count for left in loaded.left_out)
    say(f"{counted(total, 'combination')} listed, {counted(len(expansion.points), 'point')} to run")
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


def _document(loaded: LoadedDesign, expansion: Expansion) -> dict[str, object]:
    space = loaded.space
    train = space.train.model_dump(mode="json")
    hardware = space.hardware.model_dump(mode="json")
    return {
        "design": space.name,
        "points": [
            {
                "point_id": point_id(point.axes(), space.task, train, hardware),
                "label": point.label(),
                **point.axes(),
            }
            for point in expansion.points
        ],
        "collapsed": [
            {"point": item.point.label(), "count": item.count, "example": item.example}
            for item in expansion.collapsed
        ],
        "skipped": [
            {"reason": item.reason, "count": item.count, "example": item.example}
            for item in expansion.skipped
        ],
        "excluded": [
            {"rule": item.rule, "count": item.count, "example": item.example}
            for item in expansion.exclusions
        ],
        "idle_excludes": expansion.idle_excludes,
        "left_out": [
            {"include": item.include, "count": item.count, "example": item.example}
            for item in loaded.left_out
        ],
    }
