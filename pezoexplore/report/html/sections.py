"""The sections of the page that are text and tables."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pezoexplore.report.html.data import Report
from pezoexplore.report.html.failures import Failure
from pezoexplore.report.words import front_rows, headline

Kind = TypeVar("Kind")


def summary_html(report: Report) -> str:
    """Return the numbers of designs, and the cheapest and the most accurate one."""
    counts = [
        (f"{len(report.rows):,}", "designs"),
        (f"{sum(report.front):,}", "on the front"),
        (f"{report.failed:,}", "failed"),
        (f"{sum(report.skipped.values()):,}", "skipped"),
    ]
    tiles = "".join(
        f'<div class="tile"><b>{number}</b><span>{noun}</span></div>' for number, noun in counts
    )
    sentences = "".join(f"<p>{html.escape(line)}</p>" for line in headline(report))
    return f'<div class="tiles">{tiles}</div>{sentences}'


def notes_html(report: Report) -> str:
    """Return the list of what is missing from the report and why."""
    lines = "".join(f"<li>{html.escape(note)}</li>" for note in report.notes)
    return f'<ul class="notes">{lines}</ul>' if lines else ""


def front_html(report: Report) -> str:
    """Return the front as a table with intervals."""
    header, rows = front_rows(report)
    if not rows:
        return f"<p>{html.escape(f'The front is empty: {report.why_empty}.')}</p>"
    return table_html(header, rows, "numbers")


def failures_html(report: Report) -> str:
    """Return the failures with the ends of their logs, then the skipped points."""
    if not report.failed and not report.skipped:
        return "<p>Nothing failed, and nothing was skipped.</p>"
    parts = [_reasons(report.failures)] if report.failures else []
    parts += [_failure(failure) for failure in report.failures]
    more = report.failed - len(report.failures)
    if more > 0:
        parts.append(f"<p>And {more:,} more, each a row of the table above.</p>")
    if report.skipped:
        rows = [[f"{count:,}", reason] for reason, count in _most(report.skipped)]
        parts.append("<h3>Skipped</h3>" + table_html(["points", "because"], rows, "words"))
    return "".join(parts)


def _reasons(failures: Sequence[Failure]) -> str:
    counts = Counter((f"{item.status}:{item.stage}", item.reason) for item in failures)
    rows = [[f"{count:,}", *what] for what, count in _most(counts)]
    return table_html(["rows", "status", "because"], rows, "words")


def _failure(failure: Failure) -> str:
    where = f" @{failure.target}" if failure.target else ""
    head = f"{failure.label}{where} · {failure.status}:{failure.stage} · {failure.reason}"
    log = failure.log or "(no log)"
    return f"<details><summary>{html.escape(head)}</summary><pre>{html.escape(log)}</pre></details>"


def provenance_html(report: Report) -> str:
    """Return the provenance: command, versions, hashes, stages, the design."""
    run = report.run
    if not run:
        return f"<p>No run.json beside {html.escape(str(report.path.name))}.</p>"
    command = run.get("command")
    facts = {
        "command": " ".join(map(str, command)) if isinstance(command, list) else "",
        "RTL, SHA-256": run.get("rtl_sha256"),
        "weights of the model": report.parameters,
    }
    parts = [_facts("Run", facts)]
    for title, key in (("Tools", "tools"), ("Platform", "platform"), ("Seeds", "seeds")):
        if isinstance(found := run.get(key), Mapping):
            parts.append(_facts(title, found))
    stages = run.get("stages")
    if isinstance(stages, Mapping):
        rows = [
            [str(name), *(str(count.get(key, "")) for key in ("run", "from_store", "failed"))]
            for name, count in stages.items()
            if isinstance(count, Mapping)
        ]
        header = ["stage", "run", "from the store", "failed"]
        parts.append(f"<div><h3>Stages</h3>{table_html(header, rows, 'numbers')}</div>")
    design = (
        "<details><summary>The design, as resolved</summary>"
        f"<pre>{html.escape(report.design)}</pre></details>"
    )
    return f'<div class="facts">{"".join(parts)}</div>' + (design if report.design else "")


def _facts(title: str, facts: Mapping[str, object]) -> str:
    lines = "".join(
        f"<tr><th>{html.escape(str(name))}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in facts.items()
        if value not in (None, "")
    )
    return f"<div><h3>{html.escape(title)}</h3><table class='facts-table'>{lines}</table></div>"


def table_html(header: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    """Return a table of text cells."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    table = f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _most(counts: Mapping[Kind, int]) -> list[tuple[Kind, int]]:
    """Return the items by count, largest first; a stable sort."""
    return sorted(counts.items(), key=lambda item: -item[1])
