"""A log of a training run's steps, from which the run can be replayed.

JSON lines: the first identifies the run, every other one is a step. Numbers are written so that
reading gives the same bits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from pezoexplore.errors import DesignError


@dataclass(frozen=True)
class StepRecord:
    """Everything that determines a step's change of the weights.

    Attributes:
        step: Steps done before it.
        gradients: Projected gradient g of each query.
        rates: Learning rate of each parameter group.
        decays: Weight decay of each parameter group.
        loss: Mean loss of the probes.
        still: Rows that the step left as they were, the padding of embeddings: number of the
            weight in the optimiser's order, and row.
    """

    step: int
    gradients: tuple[float, ...]
    rates: tuple[float, ...]
    decays: tuple[float, ...]
    loss: float
    still: tuple[tuple[int, int], ...] = ()


class StepLog:
    """Writer of a log, line by line, so that a truncated log is valid as far as it goes."""

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        """Open a file, or continue one.

        Args:
            path: The file. Of an existing log of the same run the steps before the first one that
                is added are kept.
            identity: Identity of the run, :attr:`PezoSGD.identity`.

        Raises:
            DesignError: The file is no log of this run.
        """
        self._path = path
        self._next: int | None = None
        self._kept: list[str] = []
        header = _line(identity)
        content = path.read_bytes() if path.exists() else b""
        if header.encode().startswith(content):  # nothing, or cut off in the first line
            path.write_text(header, encoding="utf-8")
        elif content.startswith(header.encode()):
            self._kept = _lines(path)
        else:
            raise DesignError(
                f"{path}: not the log of this run, but of another design, seed, epsilon or number "
                "of weights, or no log; give another path, or delete it"
            )
        self._file: IO[str] = path.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        """Return the log itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._file.close()

    def add(self, record: StepRecord) -> None:
        """Write a step.

        Raises:
            DesignError: It does not follow the steps in the file, so that the log could not be
                replayed.
        """
        if self._kept:
            self._cut(record.step)
        if self._next is not None and record.step != self._next:
            raise DesignError(
                f"{self._path}: step {record.step} does not follow, the next in this log is "
                f"{self._next}: log every step, or give another path"
            )
        self._file.write(_line(asdict(record)))
        self._file.flush()
        self._next = record.step + 1

    def _cut(self, step: int) -> None:
        """Keep the steps of an earlier part of the run that come before this one."""
        (header, *lines), self._kept = self._kept, []
        if lines:
            first = _record(json.loads(lines[0])).step
            del lines[max(0, step - first) :]
            self._next = first + len(lines)
        self._file.truncate(sum(len(line.encode()) for line in (header, *lines)))


def read_log(path: Path) -> tuple[dict[str, Any], list[StepRecord]]:
    """Read the identity of a log's run, and its steps up to a line that was cut off.

    Raises:
        DesignError: It cannot be read; names file and line.
    """
    records, identity = [], {}
    for number, line in enumerate(_lines(path), 1):
        try:
            document = json.loads(line)
            if number == 1:
                identity = dict(document)
            else:
                records.append(_record(document))
        except (ValueError, TypeError, KeyError):
            raise DesignError(f"{path}, line {number}: not a line of a log of steps") from None
    if not identity:
        raise DesignError(f"{path}: empty, not a log of steps")
    return identity, records


def _lines(path: Path) -> list[str]:
    """Return the complete lines: what follows the last line feed was cut off."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DesignError(f"{path}: cannot be read ({error.strerror})") from None
    complete = content[: content.rfind(b"\n") + 1]
    try:
        return complete.decode("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError:
        raise DesignError(f"{path}: not a log of steps, but no text in UTF-8") from None


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(document) + "\n"


def _record(document: Mapping[str, Any]) -> StepRecord:
    rows = {name: tuple(map(float, document[name])) for name in ("gradients", "rates", "decays")}
    still = tuple((int(number), int(row)) for number, row in document.get("still", ()))
    return StepRecord(step=int(document["step"]), loss=float(document["loss"]), still=still, **rows)
