"""`pezoexplore stream`: the words of a design, as text or as an array."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import MasterSeed, StreamForm
from pezoexplore.cli.terminal import log
from pezoexplore.design.point import STREAM_AXES
from pezoexplore.errors import DesignError
from pezoexplore.files import writing_bytes

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint


@axis_options(STREAM_AXES)
def stream(
    axes: Axes,
    count: Annotated[
        int | None, typer.Option(min=1, help="Number of words to write; raw: endless without.")
    ] = None,
    seed: MasterSeed = 0,
    epoch: Annotated[
        int,
        typer.Option(min=0, max=2**32, help="Number of refills or reseeds before the first word."),
    ] = 0,
    format_: Annotated[
        StreamForm,
        typer.Option(
            "--format",
            help="csv, hex (one beat per line, lane 0 last), npy (int32), json, or raw: bits of "
            "the words, lane 0 and lowest bit first, for batteries of tests.",
        ),
    ] = StreamForm.csv,
    lane: Annotated[
        int | None, typer.Option(min=0, help="With raw: the words of this lane only.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write; default: standard output.")
    ] = None,
) -> int:
    """Write the words of a design, bit for bit as its hardware delivers them.

    The words are those of one epoch from its first beat. The epoch does not end here: a refill or
    reseed follows after a number of steps, whose length a stream does not know. Each axis takes one
    value; an axis not given has its default, and reuse is none for every generator but the lfsr.

    JSON also tells how many of 256 steps' directions carry weight, if a step takes --count words:
    participation_ratio, and participation_share of what independent numbers would have.
    """
    from pezoexplore.design.one_point import one_point

    point, _ = one_point(axes)
    _check(point, epoch, format_, out)
    raw = format_ is StreamForm.raw
    if raw:
        _check_lane(point, lane, count, out)
    elif count is None or lane is not None:
        raise DesignError("--count is needed, but for --format raw; --lane is for raw alone")
    from pezoexplore.cli.design.stream_formats import WRITERS, Excerpt, write_raw
    from pezoexplore.streams.quality import raw_bytes
    from pezoexplore.streams.stream import Stream

    stream_ = Stream(point, seed)
    if raw:
        bits = None if count is None else count * point.bits
        with _output(out) as output:
            parts = raw_bytes(stream_, lane, epoch)
            write_raw(output, parts, None if bits is None else -(-bits // 8))
        return 0
    assert count is not None, "checked above"
    if format_ is StreamForm.hex and count % point.lanes:
        beats = -(-count // point.lanes)
        log.info(f"--format hex holds whole beats: {beats} of {point.lanes} words")
    with _output(out) as output:
        WRITERS[format_.value](Excerpt(stream_, seed, epoch, count), output)
    return 0


def _check_lane(point: DesignPoint, lane: int | None, count: int | None, out: Path | None) -> None:
    if lane is not None and lane >= point.lanes:
        raise DesignError(f"--lane {lane}: the lanes are 0 to {point.lanes - 1}")
    if out is not None and count is None:
        raise DesignError("--format raw is endless: give --count, or read it from standard output")


def _check(point: DesignPoint, epoch: int, form: StreamForm, out: Path | None) -> None:
    if epoch and not point.reseeds:
        raise DesignError(f"--epoch {epoch}: without a finite --reuse-period there is only epoch 0")
    if form in (StreamForm.hex, StreamForm.npy, StreamForm.raw):
        if not point.in_hardware:
            raise DesignError(
                f"--format {form} is for integers, and rng {point.rng} is software with real "
                "numbers: take --format csv"
            )
        if form is not StreamForm.hex and out is None and sys.stdout.isatty():
            raise DesignError(f"--format {form} is binary: name a file with --out, or redirect it")
        if point.scaling == "pow2":
            log.info(f"--format {form} holds the words; their exponents are in --format csv")


@contextmanager
def _output(out: Path | None) -> Iterator[BinaryIO]:
    """Open the output; a named file appears when it is complete."""
    if out is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with writing_bytes(out) as file:
        yield file
