"""`pezoexplore stream`: the words of a design, as text or as an array."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import StreamForm
from pezoexplore.cli.terminal import log
from pezoexplore.design.point import STREAM_AXES
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint


@axis_options(STREAM_AXES)
def stream(
    axes: Axes,
    count: Annotated[int, typer.Option(min=1, help="Number of words to write.")],
    seed: Annotated[
        int, typer.Option(min=0, max=2**64 - 1, help="Master seed; the RTL has 0.")
    ] = 0,
    epoch: Annotated[
        int,
        typer.Option(min=0, max=2**32, help="Number of refills or reseeds before the first word."),
    ] = 0,
    format_: Annotated[
        StreamForm,
        typer.Option(
            "--format", help="csv, hex (one beat per line, lane 0 last), npy (int32) or json."
        ),
    ] = StreamForm.csv,
    out: Annotated[
        Path | None, typer.Option(help="File to write; default: standard output.")
    ] = None,
) -> int:
    """Write the words of a design, bit for bit as its hardware delivers them.

    The words are those of one epoch from its first beat. The epoch does not end here: a refill or
    reseed follows after a number of steps, whose length a stream does not know. Each axis takes one
    value; an axis not given has its default, and reuse is none for every generator but the lfsr.
    """
    from pezoexplore.cli.design.stream_formats import WRITERS, Excerpt
    from pezoexplore.design.one_point import one_point
    from pezoexplore.streams.stream import Stream

    point, _ = one_point(axes)
    _check(point, epoch, count, format_, out)
    excerpt = Excerpt(Stream(point, seed), seed, epoch, count)
    with _output(out) as output:
        WRITERS[format_.value](excerpt, output)
    return 0


def _check(point: DesignPoint, epoch: int, count: int, form: StreamForm, out: Path | None) -> None:
    if epoch and not point.reseeds:
        raise DesignError(f"--epoch {epoch}: without a finite --reuse-period there is only epoch 0")
    if form in (StreamForm.hex, StreamForm.npy):
        if not point.in_hardware:
            raise DesignError(
                f"--format {form} is for integers, and rng {point.rng} is software with real "
                "numbers: take --format csv"
            )
        if form is StreamForm.npy and out is None and sys.stdout.isatty():
            raise DesignError("--format npy is binary: name a file with --out, or redirect it")
        if point.scaling == "pow2":
            log.info(f"--format {form} holds the words; their exponents are in --format csv")
    if form is StreamForm.hex and count % point.lanes:
        beats = -(-count // point.lanes)
        log.info(f"--format hex holds whole beats: {beats} of {point.lanes} words")


@contextmanager
def _output(out: Path | None) -> Iterator[BinaryIO]:
    """Open the output; a named file appears when it is complete."""
    if out is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(out)
    except OSError as error:
        reason = error.strerror or error
        raise DesignError(f"--out {out}: cannot be written: {reason}") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
