"""Places in the tokens of a Verilog file: brackets, blocks, terms, and what guards parameters."""

from __future__ import annotations

from pezoexplore.hardware.proof.source_text import tokens

OPEN, CLOSE = "([{", ")]}"

_GUARD = "gen_bad"  # begins the label of a block that an illegal parameter elaborates
_LOOSER = {"&&": ("&&", "||", "?", ":"), "||": ("||", "?", ":"), "?": ("?", ":")}
"""Operators that end a term of an operator, as brackets and commas do."""


class StatementText:
    """Tokens of a file, and where what they form begins and ends; an index is that of a token."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._texts = [token.text for token in self._tokens]

    def _guard_tokens(self) -> set[int]:
        """Return what only stops elaboration: blocks labelled so, and what holds nothing else."""
        found: set[int] = set()
        for at in range(len(self._texts) - 1, -1, -1):
            if self._texts[at] not in ("if", "for") or self._texts[at + 1] != "(":
                continue
            begin = self._close(at + 1) + 1
            if self._texts[begin] != "begin":
                continue
            end = self._branch_end(begin)
            inner = range(begin + (3 if self._texts[begin + 1] == ":" else 1), end - 1)
            labelled = inner.start == begin + 3 and self._texts[begin + 2].startswith(_GUARD)
            if labelled or (inner and found.issuperset(inner)):
                found.update(range(at, end))
        return found

    def _guard_constants(self, guards: set[int]) -> set[str]:
        """Return the local parameters that nothing but a guard reads."""
        texts = self._texts
        ends = [self._find(n, "=") for n, text in enumerate(texts) if text == "localparam"]
        declared = {texts[end - 1]: end - 1 for end in ends}
        read = {text for n, text in enumerate(texts) if n not in guards and declared.get(text) != n}
        inside = {texts[n] for n in guards}
        return {name for name in declared if name in inside and name not in read}

    def _branch_end(self, at: int) -> int:
        """Return the index behind the statement, or block, that begins at an index.

        The index itself where it is an if, for or case: what belongs to it is not looked for.
        """
        if self._texts[at] in ("if", "for", "case"):
            return at
        if self._texts[at] != "begin":
            return self._find(at, ";") + 1
        depth = 0
        for place in range(at, len(self._texts)):
            depth += (self._texts[place] == "begin") - (self._texts[place] == "end")
            if depth == 0:
                return place + 1
        raise ValueError(f"begin at {self._tokens[at].start} has no end")

    def _term_before(self, operator: int, first: int) -> int:
        """Return the index of the first token of the term before an operator."""
        ends, place = _LOOSER[self._texts[operator]], operator - 1
        depth = 0
        while place >= first:
            text = self._texts[place]
            depth += (text in CLOSE) - (text in OPEN)
            if depth < 0 or (depth == 0 and text in (*ends, ",")):
                break
            place -= 1
        return place + 1

    def _term_behind(self, operator: int, last: int) -> int:
        """Return the index behind the term behind an operator."""
        ends, place = (*_LOOSER[self._texts[operator]], *CLOSE, ",", ";"), operator + 1
        while place < last and self._texts[place] not in ends:
            place = self._close(place) + 1 if self._texts[place] in OPEN else place + 1
        return place

    def _find_choice(self, first: int, last: int) -> int:
        """Return the index of the first ? outside brackets; `last` where there is none."""
        place = first
        while place < last and self._texts[place] != "?":
            place = self._close(place) + 1 if self._texts[place] in OPEN else place + 1
        return place

    def _arms(self, question: int, last: int) -> tuple[int, int]:
        """Return the index of the colon of a ternary operator, and that behind its second arm."""
        pending, place = 1, question + 1
        while pending:
            if self._texts[place] in OPEN:
                place = self._close(place)
            pending += {"?": 1, ":": -1}.get(self._texts[place], 0)
            place += 1
        colon, nested = place - 1, 0
        while place < last and self._texts[place] not in (*CLOSE, ",", ";"):
            if self._texts[place] in OPEN:
                place = self._close(place)
            nested += {"?": 1, ":": -1}.get(self._texts[place], 0)
            if nested < 0:
                break
            place += 1
        return colon, place

    def _opens(self, place: int) -> bool:
        """Return whether what follows a token stands in front of an operand."""
        return self._tokens[place].kind == "sign" and self._texts[place] not in CLOSE

    def _close(self, at: int) -> int:
        """Return the index of the bracket that closes the one at an index."""
        depth = 0
        for place in range(at, len(self._texts)):
            depth += (self._texts[place] in OPEN) - (self._texts[place] in CLOSE)
            if depth == 0:
                return place
        raise ValueError(f"{self._texts[at]} at {self._tokens[at].start} is not closed")

    def _find(self, at: int, *wanted: str) -> int:
        """Return the index of the next of some signs, on the level of the token at an index."""
        place = at
        while self._texts[place] not in wanted:
            place = self._close(place) + 1 if self._texts[place] in OPEN else place + 1
        return place

    def _text(self, first: int, last: int) -> str:
        return self._source[self._tokens[first].start : self._tokens[last - 1].end]
