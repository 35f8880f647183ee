"""Mutation testing of the RTL library: mutants drawn by a seed, tested in worker processes."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pezoexplore.design.kinds import nearest
from pezoexplore.errors import DesignError, ToolError
from pezoexplore.files import writing_atomically
from pezoexplore.sweeps.executors.local import Outcome, Task, run_tasks
from pezoexplore.sweeps.provenance import tool_versions
from pezoexplore.sweeps.rundir import RunDirError
from pezoexplore.sweeps.stage import Payload, Stage
from pezoexplore.sweeps.stage_tools import RTL_TOOLS, needed_tools

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.hardware.proof.mutants import Mutant

Identity = tuple[str, str, str, str, int]

COLUMNS = (
    "file", "line", "scope", "operator", "source", "mutant", "occurrence", "verdict", "point",
    "reason", "proven",
)  # fmt: skip
"""Columns of a list of mutants."""

KILLED, SURVIVED, EQUIVALENT = "killed", "survived", "equivalent"
"""Verdicts in a list; ``equivalent`` is not found here but proven, and has a reason."""


@dataclass(frozen=True)
class MutantResult:
    """A mutant and its verdict: a row of a list.

    Attributes:
        file: Name of the file of rtl/.
        line: Line of the change when it was tested.
        scope: Module or function, named blocks and instance around it, joined by colons.
        operator: Kind of change.
        source: Tokens of the statement, or those around the change.
        mutant: The same, changed.
        occurrence: Number, from 0, among the changes of the scope that read the same.
        verdict: One of the three.
        point: Label of the point whose bench noticed; empty if none did.
        reason: Why it is equivalent, or for a survivor where it was simulated.
        proven: Points at which Yosys proves that it changes nothing; empty where none closed.
    """

    file: str
    line: int
    scope: str
    operator: str
    source: str
    mutant: str
    occurrence: int
    verdict: str
    point: str
    reason: str
    proven: str = ""

    @property
    def identity(self) -> Identity:
        """As of :class:`pezoexplore.hardware.proof.mutants.Mutant`."""
        return self.file, self.scope, self.source, self.mutant, self.occurrence

    @classmethod
    def of(cls, mutant: Mutant, found: Mapping[str, str]) -> MutantResult:
        """Return the row of a mutant; `found` has the columns from ``verdict`` on."""
        given: dict[str, Any] = {name: getattr(mutant, name) for name in COLUMNS[:7]}
        return cls(**given | dict(found))


Report = Callable[[int, int, "MutantResult | None", Callable[[], Sequence[str]]], None]
"""Called with the number of mutants tested, that of all, the last one, and what names those that
are tested right now."""


@dataclass(frozen=True, kw_only=True)
class MutantStage(Stage):
    """Simulation of one mutant.

    Attributes:
        mutant: The mutant.
        rtl_dir: Folder of the RTL.
        work_dir: Folder for what the tools build.
    """

    mutant: Mutant
    rtl_dir: Path
    work_dir: Path

    def key(self, point: DesignPoint) -> Payload:
        """See :meth:`Stage.key`; nothing is kept in the store."""
        return {"mutant": list(self.mutant.identity)}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """See :meth:`Stage.run`."""
        from pezoexplore.hardware.proof.equivalence import proven_points
        from pezoexplore.hardware.proof.mutation import simulate_mutant

        work = self.work_dir / str(os.getpid())  # a worker's own: what is sound is kept with it
        work.mkdir(parents=True, exist_ok=True)
        found = simulate_mutant(self.mutant, self.rtl_dir, work, log_path)
        if found.verdict == KILLED:
            log_path.unlink()
        proven = proven_points(self.mutant, found.simulated, self.rtl_dir, work / "proof", log_path)
        return {
            "verdict": found.verdict,
            "point": found.point,
            "simulated": _labels(found.simulated),
            "proven": _labels(proven),
        }


def run_mutants(
    modules: Sequence[str],
    *,
    total: int,
    seed: int,
    rtl_dir: Path,
    out: Path,
    jobs: int,
    known: Sequence[MutantResult],
    again: bool,
    progress: Report,
) -> list[MutantResult]:
    """Test mutants of some modules.

    Args:
        modules: Names of modules of rtl/; empty for all. A module's tables belong to it.
        total: How many mutants; fewer if there are not so many.
        seed: Random seed that selects them.
        rtl_dir: Folder of the RTL.
        out: Folder for ``logs/``, of mutants that were not killed.
        jobs: Worker processes.
        known: Rows of an earlier list. Its mutants come first, and the verdicts of those that did
            not survive are taken over.
        again: Whether to simulate all again; what the list calls equivalent keeps its reason unless
            a bench notices it after all.
        progress: Called whenever a mutant is tested.

    Returns:
        The rows, in the order of file and line.

    Raises:
        DesignError: There is no such module.
        ToolError: A tool is missing, or a mutant could not be tested.
    """
    files = _files_of(rtl_dir, modules)  # refuses a module before anything heavy is imported
    from pezoexplore.hardware.proof.mutants import quotas, ranked
    from pezoexplore.hardware.proof.mutation import library_mutants

    needed_tools("verify --mutants", RTL_TOOLS, tool_versions())
    everything = library_mutants(rtl_dir, by_file(known))
    library = {file: found for file, found in everything.items() if file in files}
    listed = {row.identity for row in known}
    waiting = {
        file: sorted(ranked(found, seed), key=lambda mutant: mutant.identity not in listed)
        for file, found in library.items()
    }
    wanted = quotas({file: len(found) for file, found in library.items()}, total)
    settled = {row.identity: row for row in known if row.verdict != SURVIVED and not again}
    argued = {row.identity: row for row in known if row.verdict == EQUIVALENT}
    rows: list[MutantResult] = []
    running: dict[str, str] = {}

    def names() -> list[str]:
        return list(running.values())

    progress(0, sum(wanted.values()), None, names)
    work = out.absolute() / "work"
    try:
        while any(wanted[file] and waiting[file] for file in wanted):
            chosen = [m for file, count in wanted.items() for m in waiting[file][:count]]
            waiting = {file: waiting[file][count:] for file, count in wanted.items()}
            for row in _simulate_all(chosen, settled, rtl_dir.absolute(), work, out, jobs, running):
                wanted[row.file] -= 1
                rows.append(_argued(row, argued))
                progress(len(rows), len(rows) + sum(wanted.values()), rows[-1], names)
    except OSError as error:
        raise RunDirError(f"cannot use {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return sorted(rows, key=lambda row: (row.file, row.line, row.identity))


def by_file(rows: Sequence[MutantResult]) -> dict[str, list[str]]:
    """Return the mutated statements of a list, by file."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.file, []).append(row.mutant)
    return found


def read_list(path: Path) -> list[MutantResult]:
    """Return the rows of a list of mutants; none if there is no such file.

    Raises:
        DesignError: The file is not a list of mutants.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DesignError(
                f"{path}: not a list of mutants; its columns are {', '.join(COLUMNS)}"
            )
        try:
            return [_parsed(row) for row in reader]
        except (TypeError, ValueError) as error:
            raise DesignError(f"{path}: line {reader.line_num}: {error}") from error


def _parsed(row: dict[str, Any]) -> MutantResult:
    numbers = {name: int(row[name]) for name in ("line", "occurrence")}
    return MutantResult(**row | numbers)


def write_list(path: Path, rows: Sequence[MutantResult]) -> None:
    """Write a list of mutants."""
    with writing_atomically(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows)


def merged(
    known: Sequence[MutantResult], rows: Sequence[MutantResult], *, whole: bool
) -> list[MutantResult]:
    """Return an earlier list with new rows in the place of old ones.

    Args:
        known: The list.
        rows: Rows tested since.
        whole: Whether all were tested. Then rows of mutants that are gone leave the list, but only
            of files of which at least as many were tested as it had.
    """
    had = Counter(row.file for row in known)
    files = {file for file, n in Counter(row.file for row in rows).items() if n >= had[file]}
    files = files if whole else set()
    new = {row.identity for row in rows}
    kept = [row for row in known if row.file not in files and row.identity not in new]
    return sorted([*kept, *rows], key=lambda row: (row.file, row.line, row.identity))


def _files_of(rtl_dir: Path, modules: Sequence[str]) -> set[str]:
    """Return the files of a folder that the modules are in; all for no modules."""
    files = [path.name for path in rtl_dir.glob("*.v*")]
    named = {file: re.sub(r"(_table|_taps|_map)?\.vh?$", "", file) for file in files}
    unknown = [module for module in modules if module not in named.values()]
    if unknown:
        there = sorted(set(named.values()))
        hint, listed = nearest(unknown[0], there), ", ".join(there)
        raise DesignError(f"{unknown[0]}: no such module of rtl/{hint}; there are {listed}")
    return {file for file in files if named[file] in modules or not modules}


def _simulate_all(
    mutants: Sequence[Mutant],
    settled: Mapping[Identity, MutantResult],
    rtl_dir: Path,
    work: Path,
    out: Path,
    jobs: int,
    running: dict[str, str],
) -> Iterator[MutantResult]:
    """Yield the rows of mutants as they finish; those that cannot be built have none.

    ``running`` names those that are tested meanwhile.
    """
    from pezoexplore.hardware.proof.mutation import points_for

    def started() -> Iterator[Task]:
        for task in tasks:
            running[task.key] = task.point_id
            yield task

    tasks = []
    for number, mutant in enumerate(mutants):
        if mutant.identity in settled:
            yield replace(settled[mutant.identity], line=mutant.line)
            continue
        name = f"{mutant.file.replace('.', '-')}-{mutant.line}-{mutant.operator}-{number}"
        log = out.absolute() / "logs" / f"{name.replace(' ', '-')}.log"
        stage = MutantStage(
            name="rtl", mutant=mutant, rtl_dir=rtl_dir, work_dir=work, timeout_s=3600.0
        )
        tasks.append(Task(name, stage, name, points_for(mutant.file)[0][0], log))
    with closing(run_tasks(started(), jobs)) as outcomes:
        for outcome in outcomes:
            running.pop(outcome.task.key, None)
            row = _row(outcome)
            if row is not None:
                yield row


def _argued(row: MutantResult, argued: Mapping[Identity, MutantResult]) -> MutantResult:
    """Return a survivor's row with the reason that an earlier list gives."""
    if row.verdict != SURVIVED or row.identity not in argued:
        return row
    return replace(row, verdict=EQUIVALENT, reason=argued[row.identity].reason)


def _row(outcome: Outcome) -> MutantResult | None:
    stage = outcome.task.stage
    assert isinstance(stage, MutantStage)
    if outcome.status != "ok":
        shown = f"{stage.mutant.file}:{stage.mutant.line}: {stage.mutant.mutant}"
        raise ToolError(f"{shown}: cannot be tested: {outcome.reason}; see {outcome.task.log_path}")
    found = json.loads(outcome.payload)
    if found["verdict"] == "invalid":
        return None
    passed = found.pop("simulated") or "no point: all make the same program of it"
    reason = f"passed {passed}" if found["verdict"] == SURVIVED else ""
    return MutantResult.of(stage.mutant, found | {"reason": reason})


def _labels(points: Iterable[DesignPoint]) -> str:
    return "; ".join(dict.fromkeys(point.label() for point in points))
