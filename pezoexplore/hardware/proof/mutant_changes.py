"""Changes that make mutants: the statements of a Verilog file and what is changed in each.

The operators are the usual ones of mutation testing (Y. Jia, M. Harman, IEEE Trans. Software
Engineering 37(5), 2011): operators, constants and widths changed, conditions negated, signals stuck
or inverted, assignments left out.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from pezoexplore.hardware.proof.source_text import Token, layout, tokens
from pezoexplore.hardware.proof.statement_text import StatementText

_BINARY = {
    "&&": "||", "||": "&&", "&": "|", "|": "&", "^": "|", "+": "-", "-": "+", "*": "+",
    "%": "*", "==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "<<": ">>",
    ">>": "<<", ">>>": ">>", "+:": "-:", "-:": "+:",
}  # fmt: skip
_UNARY = {"!": "", "~": "", "-": "", "&": "|", "|": "&", "^": "&"}
_FLIPS = 4  # bits of a long constant that are candidates
_LONG, _NEAR = 60, 12  # tokens of a statement that is shown whole, else on each side of a change
_DECLARING = ("wire", "reg", "localparam", "input", "output")


@dataclass(frozen=True)
class Change:
    """A change: its kind, and the text that takes the place of characters [start, end)."""

    operator: str
    start: int
    end: int
    text: str


_Walk = Generator[Change, None, int]
"""Changes of a statement; returns the index of the next."""


@dataclass(frozen=True)
class Statement:
    """A statement: its scope, its tokens [first, last) and the changes of it."""

    scope: str
    first: int
    last: int
    changes: tuple[Change, ...]


def _value(sized: str) -> int:
    """Return the value of a constant of stated width."""
    rest = sized.partition("'")[2].lstrip("s")
    return int(rest[1:].replace("_", ""), {"b": 2, "d": 10, "h": 16}[rest[0].lower()])


def _walked(walk: _Walk) -> tuple[list[Change], int]:
    """Return what a statement's walk yields and returns."""
    changes = []
    while True:
        try:
            changes.append(next(walk))
        except StopIteration as end:
            return changes, end.value


class Reader(StatementText):
    """Walks the statements of a file and finds the expressions in them."""

    def __init__(self, source: str, defaults: Sequence[str], listed: Sequence[str]) -> None:
        super().__init__(source)
        self._defaults = set(defaults)
        self._skipped = self._no_signals()
        self._guards = self._guard_tokens()
        self._guarding = self._guard_constants(self._guards)
        self._listed = {t.text for text in listed for t in tokens(text) if t.kind == "sized"}
        self._blocks: list[str] = []
        self._instance = ""

    def statements(self) -> Iterator[Statement]:
        """Yield every statement of the file that has changes."""
        at = 0
        while at < len(self._tokens):
            self._enter(at)
            if at in self._guards:
                at += 1
                continue
            scope = ":".join(filter(None, [*self._blocks, self._instance]))
            changes, after = _walked(self._statement(at))
            if changes:
                yield Statement(scope, at, after, tuple(changes))
            at = after

    def _no_signals(self) -> set[str]:
        """Return names that are not changed: indices of loops, and parameters that are text."""
        found = set()
        for at, text in enumerate(self._texts[:-3]):
            named = text == "parameter" and self._tokens[at + 3].kind == "text"
            if named or text in ("genvar", "integer"):
                found.add(self._texts[at + 1])
        return found

    def shown(self, change: Change, of: Statement) -> tuple[str, str]:
        """Return the tokens of a statement as they are, and changed; near the change if long."""
        first = bisect_left(self._tokens, change.start, key=lambda token: token.start)
        last = bisect_left(self._tokens, change.end, lo=first, key=lambda token: token.start)
        low, high = of.first, of.last
        if high - low > _LONG:
            low, high = max(low, first - _NEAR), min(high, last + _NEAR)
        new = [token.text for token in tokens(change.text)]
        changed = [*self._texts[low:first], *new, *self._texts[last:high]]
        return layout(self._texts[low:high]), layout(changed)

    def _enter(self, at: int) -> None:
        """Keep the named blocks and the instance around a token up to date."""
        text = self._texts[at]
        if text in ("module", "function"):
            self._blocks.append(self._texts[self._find(at, "(", "#", ";") - 1])
        elif text == "begin":
            self._blocks.append(self._texts[at + 2] if self._texts[at + 1] == ":" else "")
        elif text in ("end", "endmodule", "endfunction"):
            self._blocks.pop()
        elif text == ";":
            self._instance = ""
        elif self._tokens[at].kind == "name" and text not in _DECLARING:
            self._instance = self._instance or self._instance_name(at)

    def _instance_name(self, at: int) -> str:
        """Return the name of an instance that begins at a token; empty where none does."""
        given = self._texts[at + 1 : at + 3] == ["#", "("]
        name = self._close(at + 2) + 1 if given else at + 1
        ports = self._texts[name + 1 : name + 3] == ["(", "."]
        return self._texts[name] if ports and self._tokens[name].kind == "name" else ""

    def _statement(self, at: int) -> _Walk:
        """Yield the changes of what begins at a token; return where the next begins."""
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
        names = self._texts[at:end]
        if any(name.startswith("unused") for name in names) or self._guarding & set(names):
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

    def _range(self, at: int) -> Iterator[Change]:
        """Yield a declared range, narrower by one."""
        close = self._close(at)
        colon = self._find(at + 1, ":")
        first, last = (at + 1, colon) if self._texts[at + 1] != "0" else (colon + 1, close)
        yield self._replace("width", first, last, f"{self._text(first, last)}-1")

    def _condition(self, at: int) -> _Walk:
        """Yield the changes of a condition, and of its place before the next."""
        close = self._close(at + 1)
        first, last = at + 2, close
        if self._texts[at] == "for":
            first = self._find(first, ";") + 1
            last = self._find(first, ";")
        elif self._texts[at] == "if" and last - first > 2:  # else the same as an operator's change
            yield self._replace("negate", first, last, f"!({self._text(first, last)})")
        if self._texts[at] == "if":
            yield from self._later_first(first, last)
        yield from self._expression(first, last)
        return close + 1

    def _assignment(self, at: int) -> _Walk:
        """Yield the changes of an assignment; anything else is passed over, a token at a time."""
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

    def _expression(self, first: int, last: int) -> Iterator[Change]:
        """Yield the changes of an expression, whose tokens are [first, last)."""
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
                if token.text in ("&&", "||"):
                    yield from self._without_term(place, first, last)
                elif token.text == "?":
                    yield from self._later_choice(place, first, last)
            elif token.kind == "sized":
                yield from self._sized(token)
            elif token.kind == "number":
                yield from self._number(token)
            elif token.kind == "name":
                yield from self._name(place, in_index=False)
            place += 1

    def _index(self, at: int) -> Iterator[Change]:
        """Yield the changes within a pair of brackets; a range a:b moves as a whole."""
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

    def _operator(self, place: int, unary: bool, last: int) -> Iterator[Change]:
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

    def _without_term(self, place: int, first: int, last: int) -> Iterator[Change]:
        """Yield an expression without a term of && or ||; what sticking a signal does is left out.

        Args:
            place: The operator; the term behind it is dropped, and the one before it if first.
            first: Index of the first token of the expression.
            last: Index behind its last.
        """
        low, high = self._term_before(place, first), self._term_behind(place, last)
        if not self._is_stuck(place + 1, high, place):
            yield self._replace("drop", place, high, "")
        chained = low > first and self._texts[low - 1] == self._texts[place]
        if not chained and not self._is_stuck(low, place, place):
            yield self._replace("drop", low, place + 1, "")

    def _is_stuck(self, first: int, last: int, operator: int) -> bool:
        """Return whether a term without which an expression is the same as with it at zero."""
        inverted = self._texts[first] == "!"
        name = first + inverted
        plain = self._tokens[name].kind == "name" and not self._texts[name].isupper()
        end = name + 1
        while end < last and self._texts[end] == "[":
            end = self._close(end) + 1
        return plain and end == last and inverted == (self._texts[operator] == "&&")

    def _later_first(self, first: int, last: int) -> Iterator[Change]:
        """Yield an if whose branch changes places with that of the else if behind it."""
        body = self._branch_end(last + 1)
        if self._texts[body : body + 3] != ["else", "if", "("]:
            return
        close = self._close(body + 2)
        end = self._branch_end(close + 1)
        if end > close + 1 and not self._exclude(first, body + 3):
            one, other = self._text(first, body), self._text(body + 3, end)
            yield self._replace("priority", first, end, f"{other} else if ({one}")

    def _exclude(self, one: int, other: int) -> bool:
        """Return whether two conditions ask for different values of a name: order plays no part."""
        pairs = [self._texts[at : at + 2] for at in (one, other)]
        return pairs[0] == pairs[1] and pairs[0][1] == "==" and self._texts[one + 3] == ")"

    def _later_choice(self, place: int, first: int, last: int) -> Iterator[Change]:
        """Yield a ? b : c ? d : e with the second choice before the first."""
        colon, end = self._arms(place, last)
        second = self._find_choice(colon + 1, end)
        if second < end:
            low = self._term_before(place, first)
            stop = self._arms(second, end)[0]
            one, other = self._text(low, colon), self._text(colon + 1, stop)
            yield self._replace("priority", low, stop, f"{other} : {one}")

    def _sized(self, token: Token) -> Iterator[Change]:
        """Yield a constant of stated width one up and one down, or with one bit flipped if long."""
        width, _, rest = token.text.partition("'")
        base = rest.lstrip("s")[0].lower()
        digits = rest.lstrip("s")[1:].replace("_", "")
        bits, value = int(width), _value(token.text)
        if bits > 16:
            draw = hashlib.sha256(token.text.encode()).digest()
            places = {int.from_bytes(draw[4 * n : 4 * n + 4]) % bits for n in range(_FLIPS)}
            changed = {value ^ 1 << place for place in places} | self._listed_flips(token, value)
        else:
            changed = {(value + 1) % 2**bits, (value - 1) % 2**bits}
        head = token.text[: len(token.text) - len(rest)] + rest[: len(rest) - len(rest.lstrip("s"))]
        form = {"b": "b", "d": "d", "h": "x"}[base]
        for other in sorted(changed - {value}):
            text = f"{head}{base}{other:0{len(digits) if base == 'h' else 1}{form}}"
            yield Change("constant", token.start, token.end, text)

    def _listed_flips(self, token: Token, value: int) -> set[int]:
        """Return the values one bit from that of a long constant that a list has."""
        alike = [t for t in self._listed if t.partition("'")[0] == token.text.partition("'")[0]]
        return {v for v in map(_value, alike) if (v ^ value).bit_count() == 1}

    def _number(self, token: Token, operator: str = "constant") -> Iterator[Change]:
        value = int(token.text)
        for other in (value - 1, value + 1):
            if other >= 0:
                yield Change(operator, token.start, token.end, str(other))

    def _name(self, place: int, in_index: bool) -> Iterator[Change]:
        """Yield a parameter one more or less; a signal at zero or inverted, with its select."""
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
        """Return where replication counts begin, and the token behind each."""
        found = {}
        for place in range(first, last - 1):
            if self._texts[place] == "{":
                inner = place + 1
                behind = self._close(inner) + 1 if self._texts[inner] == "(" else inner + 1
                if self._texts[behind] == "{":
                    found[inner] = behind
        return found

    def _replace(self, operator: str, first: int, last: int, text: str) -> Change:
        start, end = self._tokens[first].start, self._tokens[last - 1].end
        lost = self._source.count("\n", start, end) - text.count("\n")
        return Change(operator, start, end, text + "\n" * lost)  # all else stays in its line
