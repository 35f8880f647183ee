"""`pezoexplore sweep --dry-run`: the points, and what happened to every other combination."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pezoexplore.cli.terminal import counted, echo, print_json, print_table
from pezoexplore.design.conditions import cell_text
from pezoexplore.design.lattice.expand import Collapse, expand
from pezoexplore.design.point import AXES
from pezoexplore.run import Request, check_task, load
from pezoexplore.sweeps.rows import point_ids

if TYPE_CHECKING:
    from rich.console import Console

    from pezoexplore.design.lattice.counting import Selection
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.restrict import LeftOut

SHOWN_POINTS = 1000
"""Most points that are listed."""

LISTED = 100_000
"""Most combinations of a design whose collapsed ones are listed point by point."""


def show_dry_run(request: Request, as_json: bool) -> int:
    """Print the points a sweep would run, and what was collapsed, skipped or excluded and why.

    Of more than ``SHOWN_POINTS`` points only the first are printed, and the collapsed combinations
    of a large design are counted, not listed.

    Returns:
        The exit status, 0.
    """
    loaded, chosen = load(request)
    check_task(loaded.space, loaded.folder)
    counts, left_out = chosen.counts, loaded.left_out
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
    print_points(points, skips, lines, total=len(chosen))
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


def points_table(points: Sequence[DesignPoint]) -> tuple[list[str], list[list[str]]]:
    """Return the header and rows of the table of points that a sweep would run, in order.

    Args:
        points: n points.

    Returns:
        The header (one column per axis) and n rows; cells of axes without effect are empty.
    """
    rows = []
    for point in points:
        axes = point.axes()
        cells = (axes[name] for name in AXES)
        rows.append(["" if cell is None else cell_text(cell) for cell in cells])
    return list(AXES), rows


def print_points(
    points: Sequence[DesignPoint],
    skipped: Sequence[str] = (),
    collapsed: Sequence[str] = (),
    console: Console | None = None,
    total: int | None = None,
) -> None:
    """Print the points that a sweep would run, then the collapsed and skipped ones with reasons.

    Args:
        points: The distinct points, in display order.
        skipped: A line per reason to skip, such as ``12 points: leap 12 shares a factor``.
        collapsed: A line per kind of collapse.
        console: Destination; standard output if None.
        total: Number of distinct points; None if all are shown.
    """
    from rich.console import Console

    console = console or Console()
    title = counted(len(points) if total is None else total, "distinct point")
    header, rows = points_table(points)
    if console.is_terminal and len(rows) > 1:
        header, rows, common = _without_common(header, rows)
        title += f"; the same in those shown: {common}" * bool(common)
    notes = [f"collapsed: {line}" for line in collapsed]
    notes += [f"skipped: {line}" for line in skipped]
    print_table(title, header, rows, notes, console)


def _without_common(
    header: list[str], rows: list[list[str]]
) -> tuple[list[str], list[list[str]], str]:
    """Split off the columns whose cells are all equal, and return those as text."""
    cells = list(zip(*rows, strict=True))
    vary = [index for index, column in enumerate(cells) if len(set(column)) > 1]
    common = [
        f"{name} {column[0]}"
        for name, column in zip(header, cells, strict=True)
        if len(set(column)) == 1 and column[0]
    ]
    kept = [[row[index] for index in vary] for row in rows]
    return [header[index] for index in vary], kept, ", ".join(common)


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
