"""Lines of a trace, actual and expected, as arrays of characters for bulk comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import ToolError
from pezoexplore.streams.stream import Stream

Characters = NDArray[np.uint8]

_HEX = np.frombuffer(b"".join(b"%02x" % i for i in range(256)), np.uint8).reshape(256, 2)

BYTE_LINES = np.frombuffer(b"".join(b"%02x\n" % i for i in range(256)), np.uint8).reshape(256, 3)
"""A line for each byte, as ``$readmemh`` reads it."""


class MismatchError(Exception):
    """The RTL differs from the software; the message has the difference."""


def compare_trace(
    work_dir: Path, log_path: Path, compare: Callable[[bytes], dict[str, Any]]
) -> dict[str, Any]:
    """Compare the trace of a simulation.

    Args:
        work_dir: Folder of the simulation.
        log_path: Receives the first difference.
        compare: Returns what was compared; raises MismatchError.

    Returns:
        ``rtl_status``: ``pass`` with what was compared, or ``fail``.

    Raises:
        ToolError: There is no trace.
    """
    try:
        return {"rtl_status": "pass", **compare((work_dir / "trace.txt").read_bytes())}
    except MismatchError as difference:
        with log_path.open("a", encoding="utf-8") as log:
            log.write(f"{difference}\n")
        return {"rtl_status": "fail"}
    except OSError as error:
        raise ToolError(f"{work_dir}: the simulator left no trace ({error})") from error


class Trace:
    """A trace's text by lines, which are neither copied nor decoded before they are used.

    Args:
        text: Lines of ASCII, each with its newline.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._characters = np.frombuffer(text, np.uint8)
        self._ends = np.flatnonzero(self._characters == ord("\n"))
        self._starts = np.concatenate([[0], self._ends[:-1] + 1])

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self._ends)

    def line(self, number: int) -> str:
        """Return a line, without its newline."""
        return self._text[self._starts[number] : self._ends[number]].decode("ascii", "replace")

    def lengths(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the characters of lines, without their newlines."""
        found: NDArray[np.int64] = self._ends[numbers] - self._starts[numbers]
        return found

    def column(self, numbers: NDArray[np.int64], place: int) -> Characters:
        """Return one character of each of some lines; where a line is too short, a newline."""
        found: Characters = self._characters[
            np.minimum(self._starts[numbers] + place, self._ends[numbers])
        ]
        return found

    def columns(self, numbers: NDArray[np.int64], first: int, count: int) -> Characters:
        """Return characters from `first` on of lines that have them, [lines, count]."""
        found: Characters = self._characters[
            self._starts[numbers][:, None] + np.arange(first, first + count)
        ]
        return found


@dataclass
class Expected:
    """Lines that a trace should hold for the beats of an epoch, made in chunks.

    Attributes:
        stream: The stream of a hardware point.
        chunk: Beats made at a time.
    """

    stream: Stream
    chunk: int = 4096
    _made: dict[tuple[int, int], Characters] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Characters of a line: the exponent, a mark and the data."""
        return 3 + _digits_of(self.stream.lanes, self.stream.point.bits)

    def line(self, epoch: int, beat: int) -> str:
        """Return the exponent and data of a beat, in the trace's form."""
        number, offset = divmod(beat, self.chunk)
        return bytes(self._rows(epoch, number)[offset]).decode("ascii")

    def block(self, epoch: int, beats: NDArray[np.int64]) -> Characters:
        """Return the lines of several beats, [beats, characters]."""
        numbers, offsets = np.divmod(beats, self.chunk)
        found = np.empty((len(beats), self.width), np.uint8)
        for number in np.unique(numbers).tolist():
            here = numbers == number
            found[here] = self._rows(epoch, number)[offsets[here]]
        return found

    def _rows(self, epoch: int, number: int) -> Characters:
        """Return the lines of a chunk, [chunk, characters]."""
        if (epoch, number) not in self._made:
            self._made[epoch, number] = self._make(epoch, number * self.chunk)
        return self._made[epoch, number]

    def _make(self, epoch: int, start: int) -> Characters:
        found = self.stream.exponents(epoch, start, self.chunk)
        shown = np.zeros(self.chunk, dtype=np.int64) if found is None else found % 64
        words = self.stream.beats(epoch, start, self.chunk)
        mark = np.full((self.chunk, 1), ord("_"), np.uint8)
        return np.hstack([_HEX[shown], mark, _digits(words, self.stream.point.bits)])


def _digits(words: NDArray[np.int32], bits: int) -> Characters:
    """Return the hexadecimal digits of beats, lane 0 in the last ones, [beats, digits]."""
    beats, lanes = words.shape
    if bits == 8:
        packed = words.astype(np.uint8)
    else:
        fields = (words.astype(np.int64)[:, :, None] >> np.arange(bits) & 1).astype(np.uint8)
        packed = np.packbits(fields.reshape(beats, -1), axis=1, bitorder="little")
    return _HEX[packed[:, ::-1]].reshape(beats, -1)[:, -_digits_of(lanes, bits) :]


def _digits_of(lanes: int, bits: int) -> int:
    """Return the hexadecimal digits of a beat."""
    return -(-lanes * bits // 4)
