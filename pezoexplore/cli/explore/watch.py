"""`pezoexplore watch`: how far a running sweep is."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli.options import TableOrJson
from pezoexplore.cli.terminal import counted, duration, echo, print_json

if TYPE_CHECKING:
    from rich.console import Console, Group

    from pezoexplore.sweeps.watch import Ended, Snapshot

BUSY_TRIES = 20
"""Attempts to read a store that is being written, before the last state is shown again."""

BAR_WIDTH = 40


def watch(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Run directory of the sweep.")],
    interval: Annotated[float, typer.Option(min=0.05, help="Seconds between two readings.")] = 2.0,
    once: Annotated[
        bool, typer.Option("--once", help="Print the current state, and do not wait.")
    ] = False,
    web: Annotated[
        bool,
        typer.Option(
            "--web",
            help="Serve a page of the run to a browser on this machine, until Ctrl-C: progress, "
            "the front as it grows, failures with their logs.",
        ),
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page; 0: any that is free.")
    ] = 0,
    format_: Annotated[
        TableOrJson,
        typer.Option(
            "--format",
            help="json: print the current state, or the address of the page, as one document.",
        ),
    ] = TableOrJson.table,
) -> int:
    """Show how far a running sweep is, until it ends; its directory is only read.

    The exit status is 1 when the sweep was stopped, or ended with failures.
    """
    now = _look(run_dir)
    if web:
        return _serve(run_dir, port, interval, format_)
    if format_ is TableOrJson.json:
        print_json(asdict(now))
        return 0
    if once:
        for line in _lines(now):
            echo(line)
        return 0
    from rich.console import Console

    console = Console()
    if console.is_terminal:
        now = _follow_live(run_dir, now, interval, console)
    else:
        now = _follow(run_dir, now, interval)
    for line in _lines(now) if console.is_terminal else [_state(now)]:
        echo(line)
    return 0 if now.finished and not now.failures else 1


def _serve(path: Path, port: int, interval_s: float, format_: TableOrJson) -> int:
    """Serve the page of a run until Ctrl-C."""
    from pezoexplore.processes import Terminated
    from pezoexplore.report.live.server import LiveServer

    with LiveServer(path, port, interval_s) as server:
        if format_ is TableOrJson.json:
            print_json({"url": server.url, "run_dir": str(path)})
        else:
            echo(f"{server.url}\nOpen it in a browser on this machine; Ctrl-C stops it.")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except Terminated:
            raise
        except KeyboardInterrupt:
            return 0
    return 0


def _look(path: Path) -> Snapshot:
    from pezoexplore.sweeps.watch import Snapshot, look

    for _ in range(BUSY_TRIES):
        now = look(path)
        if now is not None:
            return now
    return Snapshot(running=True, finished=False, failures=0)


def _follow_live(path: Path, now: Snapshot, interval_s: float, console: Console) -> Snapshot:
    from rich.live import Live

    with Live(picture(now), console=console, transient=True) as live:
        while now.running:
            time.sleep(interval_s)
            now = _look(path)
            live.update(picture(now))
    return now


def _follow(path: Path, now: Snapshot, interval_s: float) -> Snapshot:
    """Print a line whenever something has changed."""
    printed = ""
    while now.running:
        if (line := _changed(now)) != printed:
            echo(_state(now))
            sys.stdout.flush()  # a reader of a pipe gets it at once
            printed = line
        time.sleep(interval_s)
        now = _look(path)
    return now


def _changed(now: Snapshot) -> str:
    """Return what a new line is printed for: all but the time left."""
    return f"{now.done} {now.total} {now.stages}"


def _state(now: Snapshot) -> str:
    """Return one line on how far the sweep is."""
    stored = sum(sum(counts.values()) for counts in now.stages.values())
    if not now.running:
        if now.finished:
            return f"finished: {counted(now.failures, 'failure')}, {counted(stored, 'result')}"
        there = f"{counted(stored, 'result')} stored"
        return f"stopped: {there}; rerun the sweep's command to resume"
    if now.total is None or now.done is None:
        return f"starting: {counted(stored, 'result')} stored"
    left = "" if now.left_s is None else f"{duration(now.left_s)} left"
    left = "writing the results" if now.done == now.total else left
    return f"[{now.done}/{now.total}] " + (
        ", ".join(filter(None, [_counts(now), left])) or "started"
    )


def _counts(now: Snapshot) -> str:
    parts = []
    for stage, counts in now.stages.items():
        bad = sum(number for status, number in counts.items() if status != "ok")
        parts.append(f"{stage} {counts.get('ok', 0)}" + (f" ({bad} failed)" if bad else ""))
    return ", ".join(parts)


def _lines(now: Snapshot) -> list[str]:
    """Return the whole state as lines of text."""
    lines = [_state(now)]
    for stage, counts in now.stages.items():
        lines.append(f"{stage}: " + ", ".join(f"{n} {status}" for status, n in counts.items()))
    lines += [f"last: {_words(ended)}" for ended in now.latest]
    return lines + [f"failed: {_words(ended)}" for ended in now.latest_failures]


def _words(ended: Ended) -> str:
    what = f"{ended.stage} {ended.label}: {ended.status}, {duration(ended.seconds)}"
    return f"{what}: {ended.result}" if ended.result else what


def picture(now: Snapshot) -> Group:
    """Return the whole state as a table of the terminal's width."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head = Table.grid()
    head.add_row(Text(_state(now), no_wrap=True))
    if now.total:
        head.add_row(ProgressBar(total=now.total, completed=now.done or 0, width=BAR_WIDTH))
    table = Table.grid(padding=(0, 2))
    for ended in (*now.latest, *(item for item in now.latest_failures if item not in now.latest)):
        style = "" if ended.status == "ok" else "red"
        cells = (ended.stage, ended.label, ended.status, duration(ended.seconds), ended.result)
        table.add_row(*(Text(cell, style=style, no_wrap=True) for cell in cells))
    return Group(head, table)
