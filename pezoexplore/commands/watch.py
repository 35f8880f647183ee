"""`pezoexplore watch`: how far a running sweep is."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pezoexplore.commands.terminal import counted, duration, print_json, say
from pezoexplore.sweeps.watch import Ended, Snapshot, look

BUSY_TRIES = 20
"""Looks at a store that is being written, before what was seen last is shown again."""

BAR_WIDTH = 40


def watch(path: Path, interval_s: float, once: bool, as_json: bool) -> int:
    """Show a sweep's progress until it ends.

    Args:
        path: The run directory; it is only read.
        interval_s: Seconds between two looks.
        once: Whether to look once only.
        as_json: Whether to look once and print JSON.

    Returns:
        0; when it was watched to its end: 1 if it was stopped, or left failures.

    Raises:
        PezoError: There is no run directory.
    """
    now = _look(path)
    if as_json:
        print_json(asdict(now))
        return 0
    if once:
        for line in _lines(now):
            say(line)
        return 0
    console = Console()
    if console.is_terminal:
        now = _follow_live(path, now, interval_s, console)
    else:
        now = _follow(path, now, interval_s)
    for line in _lines(now) if console.is_terminal else [_state(now)]:
        say(line)
    return 0 if now.finished and not now.failures else 1


def _look(path: Path) -> Snapshot:
    for _ in range(BUSY_TRIES):
        now = look(path)
        if now is not None:
            return now
    return Snapshot(running=True, finished=False, failures=0)


def _follow_live(path: Path, now: Snapshot, interval_s: float, console: Console) -> Snapshot:
    with Live(picture(now), console=console, transient=True) as live:
        while now.running:
            time.sleep(interval_s)
            now = _look(path)
            live.update(picture(now))
    return now


def _follow(path: Path, now: Snapshot, interval_s: float) -> Snapshot:
    """A line whenever something has changed."""
    said = ""
    while now.running:
        if (line := _changed(now)) != said:
            say(_state(now))
            sys.stdout.flush()  # a pipe is to have it now, not at the end
            said = line
        time.sleep(interval_s)
        now = _look(path)
    return now


def _changed(now: Snapshot) -> str:
    """What a new line is worth: all but the time left."""
    return f"{now.done} {now.total} {now.stages}"


def _state(now: Snapshot) -> str:
    """One line on how far it is."""
    stored = sum(sum(counts.values()) for counts in now.stages.values())
    if not now.running:
        if now.finished:
            return f"finished: {counted(now.failures, 'failure')}, {counted(stored, 'result')}"
        there = f"{counted(stored, 'result')} there"
        return f"stopped: {there}; type the sweep's command again to go on"
    if now.total is None or now.done is None:
        return f"starting: {counted(stored, 'result')} there"
    left = "" if now.left_s is None else f"{duration(now.left_s)} left"
    left = "writing the results" if now.done == now.total else left
    return f"[{now.done}/{now.total}] " + (", ".join(filter(None, [_counts(now), left])) or "begun")


def _counts(now: Snapshot) -> str:
    parts = []
    for stage, counts in now.stages.items():
        bad = sum(number for status, number in counts.items() if status != "ok")
        parts.append(f"{stage} {counts.get('ok', 0)}" + (f" ({bad} failed)" if bad else ""))
    return ", ".join(parts)


def _lines(now: Snapshot) -> list[str]:
    """Everything, as text."""
    lines = [_state(now)]
    for stage, counts in now.stages.items():
        lines.append(f"{stage}: " + ", ".join(f"{n} {status}" for status, n in counts.items()))
    lines += [f"last: {_words(ended)}" for ended in now.latest]
    return lines + [f"trouble: {_words(ended)}" for ended in now.troubles]


def _words(ended: Ended) -> str:
    what = f"{ended.stage} {ended.label}: {ended.status}, {duration(ended.seconds)}"
    return f"{what}: {ended.result}" if ended.result else what


def picture(now: Snapshot) -> Group:
    """Everything, as a picture of the terminal's width."""
    head = Table.grid()
    head.add_row(Text(_state(now), no_wrap=True))
    if now.total:
        head.add_row(ProgressBar(total=now.total, completed=now.done or 0, width=BAR_WIDTH))
    table = Table.grid(padding=(0, 2))
    for ended in (*now.latest, *(item for item in now.troubles if item not in now.latest)):
        style = "" if ended.status == "ok" else "red"
        cells = (ended.stage, ended.label, ended.status, duration(ended.seconds), ended.result)
        table.add_row(*(Text(cell, style=style, no_wrap=True) for cell in cells))
    return Group(head, table)
