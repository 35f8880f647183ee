"""Draw docs/architecture.svg from the table of rooms in docs/architecture.md.

Called by docs/make_reference.py. A room stands above every room that it imports; an arrow is left
out if a longer way implies it.
"""

from __future__ import annotations

import html
import re
import textwrap
from pathlib import Path

PAGE = Path(__file__).with_name("architecture.md")
PICTURE = PAGE.with_suffix(".svg")

WIDTH, BOX, HEIGHT, ROW, MARGIN = 1180, 214, 58, 104, 20
STYLE = (
    "text{font-family:Verdana,DejaVu Sans,sans-serif;fill:#222222}"
    ".name{font-size:13px;font-weight:bold}.holds{font-size:10px;fill:#555555}"
    "rect{stroke:#555555;fill:#f4f4f4}.hardware rect{fill:#e3eef6}"
    "path{stroke:#8a8a8a;fill:none;marker-end:url(#tip)}"
)

ACROSS = {
    "finetune": 0.1, "hardware/rtl": 0.48, "train": 0.7, "analysis": 0.9, "hardware/eda": 0.48,
    "hardware/power": 0.42, "hardware/verify": 0.66, "hardware/proof": 0.1, "hardware/board": 0.9,
    "hardware/export": 0.49, "sweeps": 0.85, "regression": 0.12, "search": 0.6, "run": 0.66,
    "cli": 0.36, "api": 0.84,
}  # fmt: skip
"""Centres, as a share of the width, that keep arrows clear of boxes; others spread evenly."""

Rooms = dict[str, tuple[str, str, frozenset[str]]]
"""Name, summary and imports of each room, by its first path."""


def rooms() -> Rooms:
    """Return the rooms of the table, bottom first."""
    rows = re.findall(r"^\| (`.+?) \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    found = {}
    for paths, holds, imports in rows:
        names = re.findall(r"`([^`]+)`", paths)
        summary = re.sub(r"[`*]|\(.*?\)", "", holds).split(";")[0].split(": ")[0]
        title = names[0] + " …" * (len(names) > 1)
        found[names[0]] = (title, summary, frozenset(re.findall(r"`([^`]+)`", imports)))
    return found


def arrows(table: Rooms) -> list[tuple[str, str]]:
    """Return pairs of importing and imported rooms that no other arrows imply."""
    reach: dict[str, set[str]] = {}
    for room, (_, _, imports) in table.items():  # bottom first: the imported rooms are known
        reach[room] = set(imports).union(*(reach[name] for name in imports))
    return [
        (room, name)
        for room, (_, _, imports) in table.items()
        for name in imports
        if not any(name in reach[other] for other in imports)
    ]


def places(table: Rooms) -> dict[str, tuple[float, int]]:
    """Return the centre across (pixels) and the level (0: bottom) of each room."""
    level: dict[str, int] = {}
    for room, (_, _, imports) in table.items():
        level[room] = max((level[name] + 1 for name in imports), default=0)
    found = {}
    for row in range(max(level.values()) + 1):
        members = [room for room in table if level[room] == row]
        for index, room in enumerate(members):
            found[room] = (WIDTH * ACROSS.get(room, (index + 0.5) / len(members)), row)
    return found


def picture() -> str:
    """Return the drawing as SVG."""
    table = rooms()
    where = places(table)
    rows = 1 + max(row for _, row in where.values())
    height = 2 * MARGIN + rows * ROW - (ROW - HEIGHT)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>Rooms of pezoexplore; arrows point to what a room imports</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#8a8a8a;stroke:none"/>'
        "</marker></defs>",
        f'<rect width="{WIDTH}" height="{height}" style="fill:white;stroke:none"/>',
    ]

    def top(room: str) -> int:
        return MARGIN + (rows - 1 - where[room][1]) * ROW

    for room, name in sorted(arrows(table)):
        start, end = (where[room][0], top(room) + HEIGHT), (where[name][0], top(name))
        bend = (end[1] - start[1]) / 2
        lines.append(
            f'<path d="M{start[0]:.0f} {start[1]}C{start[0]:.0f} {start[1] + bend:.0f} '
            f'{end[0]:.0f} {end[1] - bend:.0f} {end[0]:.0f} {end[1]}"/>'
        )
    for room, (title, summary, _) in table.items():
        centre, up = where[room][0], top(room)
        kind = ' class="hardware"' if room.startswith("hardware") else ""
        lines.append(
            f'<g{kind}><rect x="{centre - BOX / 2:.0f}" y="{up}" width="{BOX}" '
            f'height="{HEIGHT}" rx="4"/>'
        )
        texts = [("name", 18, title)]
        wrapped = textwrap.wrap(summary, 36)[:2]
        texts += [("holds", 34 + 14 * index, line) for index, line in enumerate(wrapped)]
        for style, down, text in texts:
            lines.append(
                f'<text class="{style}" x="{centre:.0f}" y="{up + down}" '
                f'text-anchor="middle">{html.escape(text)}</text>'
            )
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"
