"""Mutants of the RTL: one small change of one statement of Verilog each, made from the source.

The source is mutated and not a netlist (as Yosys' ``mutate`` does), for three reasons: one mutant
is simulated at many parameter sets, the benches read parameters back and set registers by name, and
a survivor must be readable as the line that nobody checks. A mutant is named by its scope and the
tokens of its statement: comments, white space and line breaks play no part.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pezoexplore.hardware.proof.mutant_changes import Reader


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: Name of the file of rtl/.
        line: Line the change begins on, from 1; for people, and not part of the identity.
        scope: Module or function, named blocks and instance around it, joined by colons.
        operator: Kind of change.
        source: The tokens of its statement; of a long one those around the change.
        mutant: The same, changed.
        occurrence: Number, from 0, among the changes of the scope that read the same.
        start: Index of the changed text in the file.
        end: Index behind it.
        text: What takes its place.
    """

    file: str
    line: int
    scope: str
    operator: str
    source: str
    mutant: str
    occurrence: int
    start: int
    end: int
    text: str

    @property
    def identity(self) -> tuple[str, str, str, str, int]:
        """What names the mutant, whatever the layout of the file and the statements around it."""
        return self.file, self.scope, self.source, self.mutant, self.occurrence

    def apply(self, source: str) -> str:
        """Return the whole file, changed."""
        return source[: self.start] + self.text + source[self.end :]


def mutants_of(
    file: str, source: str, defaults: Sequence[str] = (), listed: Sequence[str] = ()
) -> list[Mutant]:
    """Return every mutant of a file, in the order of its text.

    Left alone are lint-only wires (``unused...``), names, labels, attributes, sensitivity lists,
    replication counts, and defaults of parameters that no instance relies on.

    Args:
        file: Its name.
        source: Its text.
        defaults: Parameters whose defaults some instance takes.
        listed: Mutated statements of an earlier list. Few bits of a long constant are candidates;
            those that the list has are, too.
    """
    found: list[Mutant] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    reader = Reader(source, defaults, listed)
    statements = {change: each for each in reader.statements() for change in each.changes}
    for change in sorted(statements, key=lambda c: (c.start, c.end)):
        shown, changed = reader.shown(change, statements[change])
        if shown == changed:
            continue
        scope = statements[change].scope
        occurrence = seen[scope, shown, changed]
        seen[scope, shown, changed] += 1
        line = source.count("\n", 0, change.start) + 1
        found.append(
            Mutant(file, line, scope, change.operator, shown, changed, occurrence, change.start,
                   change.end, change.text)
        )  # fmt: skip
    return found


def ranked(mutants: Sequence[Mutant], seed: int) -> list[Mutant]:
    """Return the mutants in an order drawn by a seed; an edit elsewhere moves none past another."""

    def draw(mutant: Mutant) -> bytes:
        return hashlib.sha256(repr((seed, mutant.identity)).encode()).digest()

    return sorted(mutants, key=draw)


def quotas(counts: dict[str, int], total: int, least: int = 8) -> dict[str, int]:
    """Return how many mutants each file gives: a few of each, the rest as modules have them.

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
