"""Mutants of the RTL: one small change of one line of Verilog each, made from the source text.

The source is mutated and not a netlist (as Yosys' ``mutate`` does), for three reasons: one mutant
is judged at many parameter sets, the benches read parameters back and set registers by name, and a
survivor must be readable as the line that nobody checks. The operators are the usual ones of
mutation testing (Y. Jia, M. Harman, IEEE Trans. Software Engineering 37(5), 2011): operators,
constants and widths changed, conditions negated, signals stuck or inverted, assignments left out.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
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

_BINARY = {
    "&&": "||", "||": "&&", "&": "|", "|": "&", "^": "|", "+": "-", "-": "+", "*": "+",
    "%": "*", "==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "<<": ">>",
    ">>": "<<", ">>>": ">>", "+:": "-:", "-:": "+:",
}  # fmt: skip
_UNARY = {"!": "", "~": "", "-": "", "&": "|", "|": "&", "^": "&"}
_OPEN, _CLOSE = "([{", ")]}"
_FLIPS = 4  # bits of a long constant that are candidates
_DECLARING = ("wire", "reg", "localparam", "input", "output")


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: Name of the file of rtl/.
        line: Line the change begins on, from 1; for people, and not part of the identity.
        operator: What kind of change.
        source: The line as it is (lines, joined, where the change spans several).
        mutant: What becomes of it.
        occurrence: Which of the equal changes of equal lines of the file, from 0.
        start: Place of the changed text in the file.
        end: Place behind it.
        text: What takes its place.
    """

    file: str
    line: int
    operator: str
    source: str
    mutant: str
    occurrence: int
    start: int
    end: int
    text: str

    @property
    def identity(self) -> tuple[str, str, str, int]:
        """What names the mutant even when lines move."""
        return self.file, self.source, self.mutant, self.occurrence

    def apply(self, source: str) -> str:
        """The whole file, changed."""
        return source[: self.start] + self.text + source[self.end :]


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class _Change:
    operator: str
    start: int
    end: int
    text: str


_Walk = Generator[_Change, None, int]
"""Changes of a statement; returns the place of the next."""


def mutants_of(file: str, source: str, defaults: Sequence[str] = ()) -> list[Mutant]:
    """Every mutant of a file, in the order of its text.

    Left alone are lint-only wires (``unused...``), names, labels, attributes, sensitivity lists,
    replication counts, and defaults of parameters that no instance relies on.

    Args:
        file: Its name.
        source: Its text.
        defaults: Parameters whose defaults some instance takes.
    """
    found: list[Mutant] = []
    seen: Counter[tuple[str, str]] = Counter()
    for change in sorted(set(_Reader(source, defaults).changes()), key=lambda c: (c.start, c.end)):
        first = source.rfind("\n", 0, change.start) + 1
        last = source.find("\n", change.end)
        before, after = source[first : change.start], source[change.end : last]
        shown = _joined(before + source[change.start : change.end] + after)
        changed = _joined(before + change.text + after)
        if shown == changed:
            continue
        occurrence = seen[shown, changed]
        seen[shown, changed] += 1
        line = source.count("\n", 0, change.start) + 1
        found.append(
            Mutant(file, line, change.operator, shown, changed, occurrence, change.start,
                   change.end, change.text)
        )  # fmt: skip
    return found


def ranked(mutants: Sequence[Mutant], seed: int) -> list[Mutant]:
    """The mutants in an order drawn by a seed; an edit elsewhere moves none past another."""

    def draw(mutant: Mutant) -> bytes:
        return hashlib.sha256(repr((seed, mutant.identity)).encode()).digest()

    return sorted(mutants, key=draw)


def quotas(counts: dict[str, int], total: int, least: int = 8) -> dict[str, int]:
    """How many mutants each file gives: a few of every file, the rest as modules have them.

    Args:
        counts: Mutants there are, by file.
        total: Mutants wanted.
        least: What each file gives if it has as many, and if the total allows; and the most that a
            table (``.vh``) gives, whose entries are all alike.
    """
    least = min(least, total // max(1, len(counts)))
    found = {file: min(count, least) for file, count in sorted(counts.items())}
    spare = {file: counts[file] - found[file] for file in found if not file.endswith(".vh")}
    left = min(total - sum(found.values()), sum(spare.values()))
    shares = {file: left * more / max(1, sum(spare.values())) for file, more in spare.items()}
    for file, share in shares.items():
        found[file] += int(share)
    rest = left - sum(int(share) for share in shares.values())
    by_fraction = sorted(shares, key=lambda file: (int(shares[file]) - shares[file], file))
    for file in [file for file in by_fraction if spare[file] > int(shares[file])][:rest]:
        found[file] += 1
    return found


def _joined(text: str) -> str:
    return " ".join(re.sub(r"//[^\n]*", "", text).split())


def _tokens(source: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup or ""
        if kind != "blank":
            found.append(_Token(kind, match[0], match.start(), match.end()))
    return found


class _Reader:
    """Walks the statements of a file and finds the expressions in them."""

    def __init__(self, source: str, defaults: Sequence[str]) -> None:
        self._source = source
        self._defaults = set(defaults)
        self._tokens = _tokens(source)
        self._texts = [token.text for token in self._tokens]
        genvars = re.findall(r"\b(?:genvar|integer)\s+(\w+)", source)
        named = re.findall(r"parameter\s+(\w+)\s*=\s*\"", source)
        self._skipped = {*genvars, *named}

    def changes(self) -> Iterator[_Change]:
        """Every change of the file."""
        at = 0
        while at < len(self._tokens):
            at = yield from self._statement(at)

    def _statement(self, at: int) -> _Walk:
        """Changes of what begins at a token; returns where the next begins."""
        text, kind = self._texts[at], self._tokens[at].kind
        if text == "parameter":
            return (yield from self._parameter(at))
        if text in _DECLARING:
            return (yield from self._declaration(at))
        if text == "function" or (text == "initial" and self._texts[at + 1].startswith("$")):
            return self._find(at, ";") + 1
        if text in ("if", "case", "for"):
            return (yield from self._condition(at))
        if text == "." and self._texts[at + 2] == "(":
            close = self._close(at + 2)
            yield from self._expression(at + 3, close)
            return close + 1
        if text == "@":
            return self._close(at + 1) + 1 if self._texts[at + 1] == "(" else at + 2
        if text == "begin" and self._texts[at + 1] == ":":
            return at + 3
        if text == "assign" or kind == "name" or text == "{":
            return (yield from self._assignment(at))
        return at + 1

    def _parameter(self, at: int) -> _Walk:
        equals = self._find(at, "=")
        end = self._find(equals, ",", ")")
        if self._texts[equals - 1] in self._defaults:
            yield from self._expression(equals + 1, end)
        return end

    def _declaration(self, at: int) -> _Walk:
        end = self._find(at, ";", ",", ")")
        names = [n for n in range(at, end) if self._texts[n].startswith("unused")]
        if names:
            return self._find(at, ";")
        place = at
        while place < end and self._texts[place] != "=":
            if self._texts[place] == "[":
                if self._texts[at] != "localparam":  # a constant is changed by its value
                    yield from self._range(place)
                place = self._close(place)
            place += 1
        if place < end:
            yield from self._expression(place + 1, end)
        return end

    def _range(self, at: int) -> Iterator[_Change]:
        """A declared range, narrower by one."""
        close = self._close(at)
        colon = self._find(at + 1, ":")
        first, last = (at + 1, colon) if self._texts[at + 1] != "0" else (colon + 1, close)
        yield self._replace("width", first, last, f"{self._text(first, last)}-1")

    def _condition(self, at: int) -> _Walk:
        close = self._close(at + 1)
        first, last = at + 2, close
        if self._texts[at] == "for":
            first = self._find(first, ";") + 1
            last = self._find(first, ";")
        elif self._texts[at] == "if" and last - first > 2:  # else the same as an operator's change
            yield self._replace("negate", first, last, f"!({self._text(first, last)})")
        yield from self._expression(first, last)
        return close + 1

    def _assignment(self, at: int) -> _Walk:
        """``assign``, or a procedural assignment; anything else is passed over, a word."""
        place = at + (self._texts[at] == "assign")
        first = place
        if self._texts[place] == "{":
            place = self._close(place) + 1
        else:
            place += 1
            while place < len(self._texts) and self._texts[place] == "[":
                place = self._close(place) + 1
        if place >= len(self._texts) or self._texts[place] not in ("=", "<="):
            return at + 1
        end = self._find(place, ";")
        if self._texts[first].startswith("unused"):
            return end
        if self._texts[place] == "<=":
            yield self._replace("leave out", first, end, "")
        for n in range(first, place):
            if self._texts[n] == "[":
                yield from self._index(n)
        yield from self._expression(place + 1, end)
        return end

    def _expression(self, first: int, last: int) -> Iterator[_Change]:
        """Changes of an expression, whose tokens are [first, last)."""
        counts = self._replications(first, last)
        place = first
        while place < last:
            token = self._tokens[place]
            if place in counts:
                place = counts[place]
                continue
            if token.text == "[":
                yield from self._index(place)
                place = self._close(place) + 1
                continue
            if token.kind == "sign":
                unary = place == first or self._opens(place - 1)
                yield from self._operator(place, unary, last)
            elif token.kind == "sized":
                yield from self._sized(token)
            elif token.kind == "number":
                yield from self._number(token)
            elif token.kind == "name":
                yield from self._name(place, in_index=False)
            place += 1

    def _index(self, at: int) -> Iterator[_Change]:
        """Changes within a pair of brackets; a range a:b moves as a whole."""
        close = self._close(at)
        colon = self._find(at + 1, ":", "]")
        if colon < close and self._texts[colon] == ":":
            high, low = self._text(at + 1, colon), self._text(colon + 1, close)
            for sign in ("+", "-") if low != "0" else ("+",):
                yield self._replace("index", at + 1, close, f"{high}{sign}1:{low}{sign}1")
            return
        for place in range(at + 1, close):
            token = self._tokens[place]
            if token.kind == "sign" and not self._opens(place - 1):
                yield from self._operator(place, False, close)
            elif token.kind == "number":
                yield from self._number(token, "index")
            elif token.kind == "name":
                yield from self._name(place, in_index=True)

    def _operator(self, place: int, unary: bool, last: int) -> Iterator[_Change]:
        text = self._texts[place]
        if text == "?":
            colon, end = self._arms(place, last)
            left, right = self._text(place + 1, colon), self._text(colon + 1, end)
            between = self._source[self._tokens[colon - 1].end : self._tokens[colon + 1].start]
            yield self._replace("swap", place + 1, end, right + between + left)
        elif unary and text in _UNARY:
            yield self._replace("operator", place, place + 1, _UNARY[text])
        elif not unary and text in _BINARY:
            yield self._replace("operator", place, place + 1, _BINARY[text])
            if text == "^":
                yield self._replace("operator", place, place + 1, "&")

    def _sized(self, token: _Token) -> Iterator[_Change]:
        """A constant of stated width: one up, one down, and single bits of long ones."""
        width, _, rest = token.text.partition("'")
        base = rest.lstrip("s")[0].lower()
        digits = rest.lstrip("s")[1:].replace("_", "")
        bits, value = int(width), int(digits, {"b": 2, "d": 10, "h": 16}[base])
        if bits > 16:
            draw = hashlib.sha256(f"{token.text} {token.start}".encode()).digest()
            places = {int.from_bytes(draw[4 * n : 4 * n + 4]) % bits for n in range(_FLIPS)}
            changed = {value ^ 1 << place for place in places}
        else:
            changed = {(value + 1) % 2**bits, (value - 1) % 2**bits}
        head = token.text[: len(token.text) - len(rest)] + rest[: len(rest) - len(rest.lstrip("s"))]
        form = {"b": "b", "d": "d", "h": "x"}[base]
        for other in sorted(changed - {value}):
            text = f"{head}{base}{other:0{len(digits) if base == 'h' else 1}{form}}"
            yield _Change("constant", token.start, token.end, text)

    def _number(self, token: _Token, operator: str = "constant") -> Iterator[_Change]:
        value = int(token.text)
        for other in (value - 1, value + 1):
            if other >= 0:
                yield _Change(operator, token.start, token.end, str(other))

    def _name(self, place: int, in_index: bool) -> Iterator[_Change]:
        """A parameter one more or less; a signal stuck at zero or inverted, its select with it."""
        text = self._texts[place]
        called = place + 1 < len(self._texts) and self._texts[place + 1] == "("
        if called or text in self._skipped or text.startswith(("$", "unused")):
            return
        end = place + 1
        while self._texts[end] == "[":
            end = self._close(end) + 1
        if text.isupper():
            for sign in "+-" if end == place + 1 else "":
                yield self._replace("constant", place, end, f"({text} {sign} 1)")
            return
        yield self._replace("stuck", place, end, "1'b0")
        if not in_index and self._texts[place - 1] not in ("!", "~"):
            yield self._replace("invert", place, end, f"(~{self._text(place, end)})")

    def _replications(self, first: int, last: int) -> dict[int, int]:
        """Where replication counts begin, and the token behind each."""
        found = {}
        for place in range(first, last - 1):
            if self._texts[place] == "{":
                inner = place + 1
                behind = self._close(inner) + 1 if self._texts[inner] == "(" else inner + 1
                if self._texts[behind] == "{":
                    found[inner] = behind
        return found

    def _arms(self, question: int, last: int) -> tuple[int, int]:
        """Places of the colon of a ternary operator, and behind its second arm."""
        pending, place = 1, question + 1
        while pending:
            if self._texts[place] in _OPEN:
                place = self._close(place)
            pending += {"?": 1, ":": -1}.get(self._texts[place], 0)
            place += 1
        colon, nested = place - 1, 0
        while place < last and self._texts[place] not in (*_CLOSE, ",", ";"):
            if self._texts[place] in _OPEN:
                place = self._close(place)
            nested += {"?": 1, ":": -1}.get(self._texts[place], 0)
            if nested < 0:
                break
            place += 1
        return colon, place

    def _opens(self, place: int) -> bool:
        """Whether what follows a token stands in front of an operand."""
        return self._tokens[place].kind == "sign" and self._texts[place] not in _CLOSE

    def _close(self, at: int) -> int:
        """Place of the bracket that closes the one at a place."""
        depth = 0
        for place in range(at, len(self._texts)):
            depth += (self._texts[place] in _OPEN) - (self._texts[place] in _CLOSE)
            if depth == 0:
                return place
        raise ValueError(f"{self._texts[at]} at {self._tokens[at].start} is not closed")

    def _find(self, at: int, *wanted: str) -> int:
        """Place of the next of some signs, on the level of the token at a place."""
        place = at
        while self._texts[place] not in wanted:
            place = self._close(place) + 1 if self._texts[place] in _OPEN else place + 1
        return place

    def _text(self, first: int, last: int) -> str:
        return self._source[self._tokens[first].start : self._tokens[last - 1].end]

    def _replace(self, operator: str, first: int, last: int, text: str) -> _Change:
        start, end = self._tokens[first].start, self._tokens[last - 1].end
        lost = self._source.count("\n", start, end) - text.count("\n")
        return _Change(operator, start, end, text + "\n" * lost)  # all else stays in its line
