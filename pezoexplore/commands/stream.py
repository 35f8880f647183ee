"""`pezoexplore stream`: the words of a point, as text or as an array."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pezoexplore.commands.points import one_point
from pezoexplore.commands.terminal import plain, tell
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.stream import Stream

HEADER = "index,beat,lane,exponent,value"
"""Header of the CSV."""

_CHUNK_WORDS = 2**16
"""Words made at a time: memory stays flat however many are asked for."""


@dataclass(frozen=True)
class StreamRequest:
    """What the command line asks for.

    Attributes:
        axes: One value by axis, as text; None for one not given.
        seed: Master seed, 0 to 2**64 - 1.
        epoch: Number of refills or reseeds before the first word.
        count: Words.
        form: ``csv``, ``hex``, ``npy`` or ``json``.
        out: The file; None for standard output.
    """

    axes: Mapping[str, str | None]
    seed: int
    epoch: int
    count: int
    form: str
    out: Path | None


@dataclass(frozen=True)
class _Chunk:
    """Words of whole beats, the last one cut to the count.

    Attributes:
        first: Number of the first word.
        beats: Words [beats, lanes].
        exponents: Exponents [beats]; None without them.
        count: Words that count, from the first on.
    """

    first: int
    beats: NDArray[Any]
    exponents: NDArray[np.int8] | None
    count: int


def show_stream(request: StreamRequest) -> int:
    """Write the words of a point from the start of an epoch.

    Returns:
        The exit status, 0.

    Raises:
        DesignError: The point is not legal, or cannot be written in this form.
    """
    point, _ = one_point(request.axes)
    _check(request, point)
    write = {"csv": _write_csv, "hex": _write_hex, "npy": _write_npy, "json": _write_json}
    stream = Stream(point, request.seed)
    with _output(request) as output:
        write[request.form](stream, request, output)
    return 0


def _check(request: StreamRequest, point: DesignPoint) -> None:
    if request.epoch and not point.reseeds:
        raise DesignError(
            f"--epoch {request.epoch}: without a finite --reuse-period there is only epoch 0"
        )
    if request.form in ("hex", "npy") and not point.in_hardware:
        raise DesignError(
            f"--format {request.form} is for integers, and rng {point.rng} is software with real "
            "numbers: take --format csv"
        )
    if request.form == "npy" and request.out is None and sys.stdout.isatty():
        raise DesignError("--format npy is binary: name a file with --out, or redirect it")
    if point.scaling == "pow2" and request.form in ("hex", "npy"):
        tell(f"--format {request.form} holds the words; their exponents are in --format csv")
    if request.form == "hex" and request.count % point.lanes:
        beats = -(-request.count // point.lanes)
        tell(f"--format hex holds whole beats: {beats} of {point.lanes} words")


@contextmanager
def _output(request: StreamRequest) -> Iterator[BinaryIO]:
    """Where the bytes go; a named file appears when it is complete."""
    if request.out is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    temporary = request.out.with_name(f".{request.out.name}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(request.out)
    except OSError as error:
        reason = error.strerror or error
        raise DesignError(f"--out {request.out}: cannot be written: {reason}") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _chunks(stream: Stream, request: StreamRequest) -> Iterator[_Chunk]:
    lanes = stream.lanes
    size = max(1, _CHUNK_WORDS // lanes)
    total = -(-request.count // lanes)
    for start in range(0, total, size):
        beats = min(size, total - start)
        yield _Chunk(
            first=start * lanes,
            beats=stream.beats(request.epoch, start, beats),
            exponents=stream.exponents(request.epoch, start, beats),
            count=min(beats * lanes, request.count - start * lanes),
        )


def _write_csv(stream: Stream, request: StreamRequest, output: BinaryIO) -> None:
    output.write(f"{HEADER}\n".encode())
    value = "%d" if stream.point.in_hardware else "%s"
    exponent = "" if stream.point.scaling != "pow2" else "%d"
    line = f"%d,%d,%d,{exponent},{value}\n"
    for chunk in _chunks(stream, request):
        columns = _columns(chunk, stream.lanes)
        # One long format: a call a line would take most of the time.
        cells = [cell for row in zip(*columns, strict=True) for cell in row]
        output.write((line * chunk.count % tuple(cells)).encode())


def _columns(chunk: _Chunk, lanes: int) -> list[list[object]]:
    """The cells of a chunk: index, beat, lane, exponent if there is one, value."""
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


def _write_hex(stream: Stream, request: StreamRequest, output: BinaryIO) -> None:
    bits = stream.point.bits
    digits = -(-stream.lanes * bits // 4)
    for chunk in _chunks(stream, request):
        rows = pack_rows(chunk.beats, bits)
        output.write("".join(f"{row:0{digits}x}\n" for row in rows).encode())


def _write_npy(stream: Stream, request: StreamRequest, output: BinaryIO) -> None:
    """An int32 array [count]."""
    header = io.BytesIO()
    description = {"descr": "<i4", "fortran_order": False, "shape": (request.count,)}
    np.lib.format.write_array_header_1_0(header, description)
    output.write(header.getvalue())
    for chunk in _chunks(stream, request):
        output.write(chunk.beats.ravel()[: chunk.count].astype("<i4").tobytes())


def _write_json(stream: Stream, request: StreamRequest, output: BinaryIO) -> None:
    """One document: the axes, how words become z, and the words in order."""
    facts = {
        "axes": stream.point.to_json(),
        "seed": request.seed,
        "epoch": request.epoch,
        "scale": stream.scale,
        "half": stream.half,
        "count": request.count,
    }
    output.write(json.dumps(plain(facts), indent=2).removesuffix("\n}").encode())
    _write_list(output, "words", _values(stream, request))
    if stream.point.scaling == "pow2":
        exponents = (chunk.exponents for chunk in _chunks(stream, request))
        _write_list(output, "exponents", (e.tolist() for e in exponents if e is not None))
    output.write(b"\n}\n")


def _values(stream: Stream, request: StreamRequest) -> Iterator[list[Any]]:
    for chunk in _chunks(stream, request):
        yield list(chunk.beats.ravel()[: chunk.count])


def _write_list(output: BinaryIO, name: str, parts: Iterator[list[Any]]) -> None:
    output.write(f',\n  "{name}": ['.encode())
    for index, part in enumerate(parts):
        output.write((", " * (index > 0) + ", ".join(map(str, part))).encode())
    output.write(b"]")
