"""What a formal proof of a module of rtl/ is: its properties, and how SymbiYosys is to prove them.

The properties stand in a checker, a module of formal/ that holds the design module as ``dut`` and
asserts each property under a label of its name. An assertion labelled ``invariant_...`` belongs to
no property: it says what the registers inside hold, so that induction closes, and is proved too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pezoexplore.hardware.proof.source_text import replaced
from pezoexplore.hardware.rtl import ladder
from pezoexplore.streams.generators.family import Family


@dataclass(frozen=True)
class Edit:
    """One change of the RTL that must break a property, which shows that it is not vacuous.

    Attributes:
        file: The file of rtl/.
        old: Tokens that are replaced, in any layout; the file has them once.
        new: What replaces them.
    """

    file: str
    old: str
    new: str

    def apply(self, source: str) -> str:
        """Return the text of the file with the edit.

        Raises:
            ValueError: The file does not have the tokens exactly once.
        """
        return replaced(source, self.old, self.new)


@dataclass(frozen=True)
class Property:
    """One property.

    Attributes:
        name: Label of its assertions in the checker: the name, or the name, ``_`` and more.
        text: What holds, in one sentence.
        edit: A defect that breaks it.
    """

    name: str
    text: str
    edit: Edit


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The properties of one module in one configuration; they are proved together.

    Attributes:
        module: The module of rtl/.
        checker: Module and file of formal/, without ``.v``.
        sources: Files of rtl/ that are read.
        properties: What is proved.
        parameters: Parameters of the checker.
        mode: ``prove`` (k-induction, all time) or ``bmc`` (the first ``depth`` clocks after reset).
        depth: Clocks of the induction or of the bounded check.
        search: Clocks in which a counterexample is looked for, in edited copies as well.
        engine: Engine line of SymbiYosys.
        data: Memory files by name.
        own: Generator of the user's that is proved; None for what is of the package.
    """

    module: str
    checker: str
    sources: tuple[str, ...]
    properties: tuple[Property, ...]
    parameters: dict[str, int | str] = field(default_factory=dict, hash=False)
    mode: str = "prove"
    depth: int = 2
    search: int = 20
    engine: str = "smtbmc z3"
    data: dict[str, str] = field(default_factory=dict, hash=False)
    own: Family | None = field(default=None, hash=False)

    def source_path(self, name: str, rtl_dir: Path) -> Path:
        """Return where a file lies: in rtl/, or beside the generator of the user's."""
        beside = {path.name: path for path in self.own.own_files()} if self.own else {}
        return beside.get(name, rtl_dir / name)

    def source_text(self, name: str, rtl_dir: Path) -> str:
        """Return the text of a file; generator.v has the arm of a generator of the user's."""
        text = self.source_path(name, rtl_dir).read_text(encoding="utf-8")
        return ladder.with_arms(text, [self.own]) if self.own and name == ladder.FILE else text

    @property
    def configuration(self) -> str:
        """The parameters in words, as ``LANES=3 STATE_BITS=5``; empty for the checker's own."""
        return " ".join(f"{name}={value}" for name, value in self.parameters.items())

    @property
    def label(self) -> str:
        """Module and configuration."""
        return f"{self.module} {self.configuration}".strip()

    @property
    def bound(self) -> str:
        """What the proof covers: all time, or so many clocks."""
        return "unbounded" if self.mode == "prove" else f"to depth {self.depth}"
