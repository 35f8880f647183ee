"""Coverage of simulations: lines and toggles of every RTL file, functional points of every module.

Lines, with their branches, and toggles are Verilator's. A thing to cover is known by its file, kind
and place: the bits of a signal that only a wide design has count once, whatever designs and
instances reached them. Signals wider than 1,024 bits, states of many lanes side by side, have no
toggles. Functional points come from :mod:`~pezoexplore.hardware.verify.events` and
:mod:`~pezoexplore.hardware.verify.engine.events`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from pezoexplore.errors import ToolError
from pezoexplore.paths import bench_dir

DATA = "coverage.dat"
"""Coverage file of Verilator."""

EVENTS = "events.json"
"""Coverage file of the comparison: goals of the point, and which of them were reached."""

REASONS = "uncovered.yaml"
"""Reasons for uncovered things, beside the testbenches."""

KINDS = ("line", "toggle", "event")

_RECORD = re.compile(r"^C '(.*)' (\d+)$")
_VERILATOR_KINDS = {"line": "line", "branch": "line", "toggle": "toggle"}
_NOT_OURS = ("stream_harness", "engine_harness", "pezo_top", "pezo_engine")
"""Benches, and the tops that are generated: wires alone."""


@dataclass(frozen=True, order=True)
class Spot:
    """One coverage point.

    Attributes:
        module: An RTL file without its suffix, or for an event a module of the regression.
        kind: One of ``KINDS``.
        text: A source line and its branch; a signal's bit and direction; or an event.
    """

    module: str
    kind: str
    text: str

    @property
    def named(self) -> str:
        """The text; of a toggle, without the blocks that its signal lies in."""
        return self.text.rpartition(".")[2] if self.kind == "toggle" else self.text


@dataclass
class Coverage:
    """Coverage over any number of design points.

    Attributes:
        spots: For each coverage point, True if it is covered.
    """

    spots: dict[Spot, bool] = field(default_factory=dict)

    def add(self, spot: Spot, hit: bool) -> None:
        """Note whether a thing is covered; once covered it stays so."""
        self.spots[spot] = self.spots.get(spot, False) or hit

    def modules(self) -> list[str]:
        """Return the names, sorted."""
        return sorted({spot.module for spot in self.spots})

    def counts(self, kind: str) -> dict[str, tuple[int, int]]:
        """Return the numbers covered, and of all, by module; of modules that have such things."""
        found: dict[str, tuple[int, int]] = {}
        for spot, hit in self.spots.items():
            if spot.kind == kind:
                covered, every = found.get(spot.module, (0, 0))
                found[spot.module] = (covered + hit, every + 1)
        return found

    def missing(self) -> list[Spot]:
        """Return what was not covered, sorted."""
        return sorted(spot for spot, hit in self.spots.items() if not hit)

    def take(self, path: Path, module: str) -> None:
        """Add what :func:`keep_coverage` kept of a point.

        Args:
            path: Its file.
            module: A module that the point is a check of.
        """
        kept = json.loads(path.read_text(encoding="utf-8"))
        for name, kind, text, hit in kept["spots"]:
            self.add(Spot(name, kind, text), hit)
        for goal in kept["goals"]:
            self.add(Spot(module, "event", goal), goal in kept["hit"])


def write_events(folder: Path, goals: Collection[str], hit: Collection[str]) -> None:
    """Write a point's functional coverage into its working folder."""
    reached = sorted(set(goals) & set(hit))
    text = json.dumps({"goals": sorted(goals), "hit": reached})
    (folder / EVENTS).write_text(text, encoding="utf-8")


def keep_coverage(folder: Path, path: Path) -> None:
    """Keep what a simulation covered, if it came to its end.

    Args:
        folder: Working folder, where the RTL lies as well.
        path: JSON file to write.

    Raises:
        ToolError: Verilator's file cannot be read.
    """
    if not (folder / EVENTS).is_file():
        return
    found = Coverage()
    for spot, hit in _simulated(folder):
        found.add(spot, hit)
    spots = [[s.module, s.kind, s.text, hit] for s, hit in sorted(found.spots.items())]
    events = json.loads((folder / EVENTS).read_text(encoding="utf-8"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"spots": spots, **events}), encoding="utf-8")


def _simulated(folder: Path) -> list[tuple[Spot, bool]]:
    """Read the lines and toggles that Verilator saw."""
    data = folder / DATA
    try:
        records = data.read_text(encoding="utf-8").splitlines()[1:]
    except OSError as error:
        raise ToolError(f"{data}: the simulator left no coverage ({error})") from error
    sources: dict[str, list[str]] = {}
    found = []
    for line in records:
        record = _RECORD.match(line)
        if record is None:
            raise ToolError(f"{data}: not a record of coverage: {line[:60]!r}")
        parts = dict(part.split("\2", 1) for part in record[1].split("\1")[1:])
        kind, source = _VERILATOR_KINDS.get(parts["t"]), folder / Path(parts["f"]).name
        if kind is None or source.stem in _NOT_OURS:
            continue
        if source.name not in sources:
            sources[source.name] = source.read_text(encoding="utf-8").splitlines()
        text = _line_text(parts, sources[source.name]) if kind == "line" else parts["o"]
        found.append((Spot(source.stem, kind, text), int(record[2]) > 0))
    return found


def _line_text(parts: Mapping[str, str], source: list[str]) -> str:
    number = int(parts["l"])
    return f"{number}: {source[number - 1].strip()} ({parts['o']}, column {parts['n']})"


def reasons() -> dict[str, dict[str, str]]:
    """Read the reasons for gaps: by module, or ``any``; then by their text, with wildcards."""
    text = (bench_dir() / REASONS).read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = yaml.safe_load(text)
    return loaded


def reason(spot: Spot, known: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return why a thing is not covered; None where no reason is given.

    Args:
        spot: The thing.
        known: What :func:`reasons` returns; brackets in a pattern stand for themselves.
    """
    name = _plain(f"{spot.kind} {spot.named}")
    for module in (spot.module, "any"):
        for pattern, why in known.get(module, {}).items():
            if fnmatchcase(name, _plain(pattern)):
                return why
    return None


def _plain(text: str) -> str:
    return text.translate({ord("["): "(", ord("]"): ")"})
