"""The words of a stream in the formats of `pezoexplore stream`: CSV, hex, npy, JSON and raw."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.dimension import participation
from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.stream import Stream

HEADER = "index,beat,lane,exponent,value"
"""Header of the CSV."""

PROBED_WORDS = 2**18
"""Most words of which the participation ratio is found."""

CHUNK_WORDS = 2**16
"""Words computed at a time: memory stays flat however many are written."""


@dataclass(frozen=True)
class _Chunk:
    """Words of whole beats, the last one cut to the count.

    Attributes:
        first: Index of the first word.
        beats: Words [beats, lanes].
        exponents: Exponents [beats]; None without them.
        count: Number of words to write, from the first on.
    """

    first: int
    beats: NDArray[Any]
    exponents: NDArray[np.int8] | None
    count: int


@dataclass(frozen=True)
class Excerpt:
    """The first words of one epoch of a stream.

    Attributes:
        stream: The stream.
        seed: Its master seed.
        epoch: Number of refills or reseeds before the first word.
        count: Number of words.
    """

    stream: Stream
    seed: int
    epoch: int
    count: int

    def participation(self) -> tuple[float, float]:
        """Return how many of 256 directions of ``count`` weights count, as ``participation``."""
        return participation(Stream(self.stream.point, self.seed), self.count)

    def chunks(self) -> Iterator[_Chunk]:
        """Yield the words, about ``CHUNK_WORDS`` at a time."""
        lanes = self.stream.lanes
        size = max(1, CHUNK_WORDS // lanes)
        total = -(-self.count // lanes)
        for start in range(0, total, size):
            beats = min(size, total - start)
            yield _Chunk(
                first=start * lanes,
                beats=self.stream.beats(self.epoch, start, beats),
                exponents=self.stream.exponents(self.epoch, start, beats),
                count=min(beats * lanes, self.count - start * lanes),
            )


def write_csv(words: Excerpt, output: BinaryIO) -> None:
    """Write one word per line: index, beat, lane, exponent if there is one, value."""
    output.write(f"{HEADER}\n".encode())
    point = words.stream.point
    value = "%d" if point.in_hardware else "%s"
    exponent = "" if point.scaling != "pow2" else "%d"
    line = f"%d,%d,%d,{exponent},{value}\n"
    for chunk in words.chunks():
        columns = _columns(chunk, words.stream.lanes)
        # One long format: a call per line would take most of the time.
        cells = [cell for row in zip(*columns, strict=True) for cell in row]
        output.write((line * chunk.count % tuple(cells)).encode())


def _columns(chunk: _Chunk, lanes: int) -> list[list[object]]:
    """Return the cells of a chunk: index, beat, lane, exponent if there is one, value."""
    index = np.arange(chunk.first, chunk.first + chunk.count)
    columns: list[list[Any]] = [
        index.tolist(),
        (index // lanes).tolist(),
        (index % lanes).tolist(),
    ]
    if chunk.exponents is not None:
        columns.append(np.repeat(chunk.exponents, lanes)[: chunk.count].tolist())
    flat = chunk.beats.ravel()[: chunk.count]
    # A float32 has fewer digits than the double of the same value.
    columns.append(list(map(str, flat)) if flat.dtype == np.float32 else flat.tolist())
    return columns


def write_hex(words: Excerpt, output: BinaryIO) -> None:
    """Write one beat per line in hexadecimal, lane 0 in the least significant bits."""
    bits = words.stream.point.bits
    digits = -(-words.stream.lanes * bits // 4)
    for chunk in words.chunks():
        rows = pack_rows(chunk.beats, bits)
        output.write("".join(f"{row:0{digits}x}\n" for row in rows).encode())


def write_npy(words: Excerpt, output: BinaryIO) -> None:
    """Write a NumPy file: int32 [count]."""
    header = io.BytesIO()
    description = {"descr": "<i4", "fortran_order": False, "shape": (words.count,)}
    np.lib.format.write_array_header_1_0(header, description)
    output.write(header.getvalue())
    for chunk in words.chunks():
        output.write(chunk.beats.ravel()[: chunk.count].astype("<i4").tobytes())


def write_json(words: Excerpt, output: BinaryIO) -> None:
    """Write one document: the axes, how words become z, and the words in order."""
    stream = words.stream
    ratio, share = (None, None) if words.count > PROBED_WORDS else words.participation()
    facts = {
        "axes": stream.point.to_json(),
        "seed": words.seed,
        "epoch": words.epoch,
        "scale": stream.scale,
        "half": stream.half,
        "count": words.count,
        "participation_ratio": ratio,
        "participation_share": share,
    }
    output.write(json.dumps(facts, indent=2).removesuffix("\n}").encode())
    _write_list(output, "words", (chunk.beats.ravel()[: chunk.count] for chunk in words.chunks()))
    if stream.point.scaling == "pow2":
        exponents = (chunk.exponents for chunk in words.chunks())
        _write_list(output, "exponents", (e for e in exponents if e is not None))
    output.write(b"\n}\n")


def _write_list(output: BinaryIO, name: str, parts: Iterator[NDArray[Any]]) -> None:
    output.write(f',\n  "{name}": ['.encode())
    for index, part in enumerate(parts):
        output.write((", " * (index > 0) + ", ".join(map(str, part))).encode())
    output.write(b"]")


def write_raw(output: BinaryIO, parts: Iterator[bytes], size: int | None) -> None:
    """Write bytes until there are `size` of them, or until the reader closes the pipe."""
    for part in parts:
        taken = part[:size]
        output.write(taken)
        if size is not None:
            size -= len(taken)
            if not size:
                return


WRITERS: dict[str, Callable[[Excerpt, BinaryIO], None]] = {
    "csv": write_csv,
    "hex": write_hex,
    "npy": write_npy,
    "json": write_json,
}
"""By format, what writes an excerpt to a binary file."""
