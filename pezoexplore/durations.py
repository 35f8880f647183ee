"""Expected seconds of named runs: what each took the last time, kept in a file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pezoexplore.files import WriteError, write_atomically


class Durations:
    """Count named runs in seconds, and name those that run right now.

    A run that has never ended is expected to take as long as the others do on average. A file that
    cannot be read or written is none: it holds estimates only.

    Attributes:
        worked_s: Seconds of the runs that have ended here.
    """

    def __init__(self, path: Path, names: Iterable[str]) -> None:
        """Expect runs of these names, with the seconds that a file (JSON) has of them."""
        self.worked_s = 0.0
        self._path = path
        self._known = _read(path)
        self._left = dict.fromkeys(names)
        self._running: dict[str, None] = {}

    def expected_s(self, name: str) -> float:
        """Return the expected seconds of a run."""
        mean = sum(self._known.values()) / len(self._known) if self._known else 1.0
        return self._known.get(name, mean)

    @property
    def left_s(self) -> float:
        """Expected seconds of the runs that have not ended."""
        return sum(map(self.expected_s, self._left))

    def running(self) -> list[str]:
        """Return the names of the runs that have begun and not ended."""
        return list(self._running)

    def began(self, name: str) -> None:
        """Note that a run begins."""
        self._running[name] = None

    def ended(self, name: str, seconds: float) -> None:
        """Note that a run has ended, and how long it took."""
        self._running.pop(name, None)
        self._left.pop(name, None)
        self._known[name] = seconds
        self.worked_s += seconds

    def save(self) -> None:
        """Keep what is known for the next time."""
        text = json.dumps({name: round(s, 2) for name, s in sorted(self._known.items())}, indent=0)
        with suppress(OSError, WriteError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, text + "\n")


def _read(path: Path) -> dict[str, float]:
    """Return the seconds in a file; none where it does not hold any."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): max(0.0, float(seconds)) for name, seconds in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
