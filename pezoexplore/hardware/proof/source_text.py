"""Verilog text as tokens: changes are found by these, whatever the comments and the layout are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|`(?:timescale|include|default_nettype)[^\n]*|`\w+|\(\*\s.*?\*\))
      | (?P<text>"[^"\n]*")
      | (?P<sized>\d+'s?[bdh][0-9a-f_]+)
      | (?P<number>\d+)
      | (?P<name>[A-Za-z_$][\w$]*)
      | (?P<sign><<<|>>>|<<|>>|<=|>=|===|!==|==|!=|&&|\|\||\+:|-:|\*\*|.)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

_KEYWORDS = frozenset(
    ("assign", "case", "for", "if", "input", "localparam", "output", "reg", "wire")
)
_NO_SPACE_AFTER = frozenset("([{!~.#@$")
_NO_SPACE_BEFORE = frozenset(")]},;")


@dataclass(frozen=True)
class Token:
    """A token of Verilog.

    Attributes:
        kind: ``text``, ``sized``, ``number``, ``name`` or ``sign``.
        text: The token.
        start: Index of its first character in the file.
        end: Index behind its last.
    """

    kind: str
    text: str
    start: int
    end: int


def tokens(source: str) -> list[Token]:
    """Return the tokens of a text; comments, white space, directives and attributes are none."""
    found = []
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup or ""
        if kind != "blank":
            found.append(Token(kind, match[0], match.start(), match.end()))
    return found


def layout(texts: Sequence[str]) -> str:
    """Return tokens as one line that depends on nothing but the tokens."""
    line, before = "", ""
    for text in texts:
        named = before[-1:].isalnum() or before[-1:] == "_"
        called = text in ("[", "(") and named and before not in _KEYWORDS
        tight = text in _NO_SPACE_BEFORE or before in _NO_SPACE_AFTER or called
        line += text if tight or not line else f" {text}"
        before = text
    return line


def replaced(source: str, old: str, new: str) -> str:
    """Replace the one occurrence of some tokens.

    Args:
        source: Text of a file.
        old: Tokens, in any layout.
        new: What takes their place, as it is.

    Raises:
        ValueError: The file does not have these tokens exactly once.
    """
    there = tokens(source)
    texts, wanted = [token.text for token in there], [token.text for token in tokens(old)]
    count = len(wanted)
    found = [n for n in range(len(texts) - count + 1) if texts[n : n + count] == wanted]
    if len(found) != 1 or not wanted:
        raise ValueError(f"`{layout(wanted)}` is there {len(found)} times, not once")
    first, last = there[found[0]], there[found[0] + count - 1]
    return source[: first.start] + new + source[last.end :]
