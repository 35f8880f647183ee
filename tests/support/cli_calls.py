"""Command lines in separate processes, and the result of a command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Exit status and output of a command line."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout, in which every number is finite."""
        return json.loads(self.out, parse_constant=refuse)

    @property
    def error(self) -> str:
        """The one line of an error, without its ``error: ``."""
        assert self.status not in (0, None)
        assert self.out == ""
        (line,) = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert self.err.endswith(line + "\n")
        assert "Traceback" not in self.err
        return line.removeprefix("error: ")


Call = Callable[..., Answer]
"""Type of the fixture ``call``, which runs the words of a command line in this process."""


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def spawn(*words: object, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command line in a separate process."""
    command = [sys.executable, "-m", "pezoexplore", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, **options)
