"""Templates of the bundle's files and of the HTML report, and the parts of them that are kept.

A line ``//@if WORDS`` or ``#@if WORDS`` begins a part that is omitted unless WORDS hold, ``//@end``
or ``#@end`` ends it. WORDS are tags joined by ``|`` (or) and ``&`` (and, binding tighter), each
optionally negated with ``!``. ``@name@`` stands for a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_MARK = re.compile(r"^\s*(?://|#)@(?:if (?P<words>\S+)|end)$")
_NAME = re.compile(r"@(?P<name>\w+)@(?P<end>\n?)")


def fill(text: str, tags: Collection[str] = (), values: Mapping[str, str] | None = None) -> str:
    """Fill a template.

    Args:
        text: The template.
        tags: Tags that hold.
        values: Replacement of each ``@name@``, inserted as it is; a line that becomes empty is
            removed. Other names are kept.
    """
    known = values or {}

    def replaced(match: re.Match[str]) -> str:
        value = known.get(match["name"])
        if value is None:
            return match[0]
        return value and value + match["end"]

    return _NAME.sub(replaced, _chosen(text, tags))


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
