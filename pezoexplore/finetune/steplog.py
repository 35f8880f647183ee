"""A log of a training run's steps, from which the run can be replayed.

JSON lines: the first identifies the run, every other one is a step. Numbers are written so that
reading gives the same bits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Self

from pezoexplore.errors import DesignError
from pezoexplore.finetune.optimizer import StepRecord


class StepLog:
    """Writer of a log, line by line, so that a truncated log is valid as far as it goes."""

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        """Start a file.

        Args:
            path: The file; an existing one is replaced.
            identity: Identity of the run, :attr:`PezoSGD.identity`.
        """
        self._file: IO[str] = path.open("w", encoding="utf-8")
        self._write(identity)

    def __enter__(self) -> Self:
        """Return the log itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._file.close()

    def add(self, record: StepRecord) -> None:
        """Write a step."""
        self._write(asdict(record))

    def _write(self, document: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(document) + "\n")
        self._file.flush()


def read_log(path: Path) -> tuple[dict[str, Any], list[StepRecord]]:
    """Read the identity of a log's run, and its steps.

    Raises:
        DesignError: It cannot be read; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DesignError(f"{path}: cannot be read ({error.strerror})") from None
    records, identity = [], {}
    for number, line in enumerate(lines, 1):
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


def _record(document: Mapping[str, Any]) -> StepRecord:
    rows = {name: tuple(map(float, document[name])) for name in ("gradients", "rates", "decays")}
    return StepRecord(step=int(document["step"]), loss=float(document["loss"]), **rows)
