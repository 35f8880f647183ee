"""Draw a progress bar on a terminal; imported only where one is shown."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

_SPEED_OVER_S = 600.0
"""Seconds over which the time left is estimated: stages differ in length."""

_NAMED = 2
"""Runs named of those that run right now."""


class _Now(ProgressColumn):
    """Show what runs right now; where that is not known, what ended last."""

    def render(self, task: Task) -> Text:
        running = task.fields["running"]()
        more = f" and {len(running) - _NAMED} more" if len(running) > _NAMED else ""
        return Text(", ".join(running[:_NAMED]) + more if running else task.description)


def progress_bar(noun: str) -> Progress | None:
    """Return a bar on stderr that counts what the noun names; None where that is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return None
    return Progress(
        BarColumn(bar_width=16),
        TextColumn("{task.fields[count]} " + noun + ","),
        TimeElapsedColumn(),
        TextColumn("gone,"),
        TimeRemainingColumn(),
        TextColumn("left;"),
        _Now(table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        console=console,
        transient=True,
        expand=True,
        speed_estimate_period=_SPEED_OVER_S,
    )
