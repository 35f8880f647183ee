"""Templates of the bundle's files, and the parts of them that a design needs.

A line ``//@if WORDS`` or ``#@if WORDS`` begins a part that is omitted unless WORDS hold for the
design, ``//@end`` or ``#@end`` ends it. WORDS are tags joined by ``|`` (or) and ``&`` (and, binding
tighter), each optionally negated with ``!``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

_MARK = re.compile(r"^\s*(?://|#)@(?:if (?P<words>\S+)|end)$")
_FOLDER = Path(__file__).parent / "templates"


def fill(name: str, tags: Collection[str] = (), values: Mapping[str, str] | None = None) -> str:
    """Fill a template of the bundle.

    Args:
        name: The template.
        tags: Properties of the design.
        values: Replacement of each ``@name@``; a line that becomes empty is removed.
    """
    text = _chosen((_FOLDER / name).read_text(encoding="utf-8"), tags)
    for key, value in (values or {}).items():
        text = text.replace(f"@{key}@" if value else f"@{key}@\n", value)
    return text


def _chosen(text: str, tags: Collection[str]) -> str:
    kept: list[str] = []
    inside: list[bool] = []
    for line in text.splitlines(keepends=True):
        mark = _MARK.match(line)
        if mark is None:
            kept += [line] * all(inside)
        elif mark["words"] is None:
            inside.pop()
        else:
            inside.append(_holds(mark["words"], tags))
    return "".join(kept)


def _holds(words: str, tags: Collection[str]) -> bool:
    return any(
        all((tag.removeprefix("!") in tags) is not tag.startswith("!") for tag in both.split("&"))
        for both in words.split("|")
    )
