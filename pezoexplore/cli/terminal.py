"""Output of the commands: results on stdout, log messages on stderr."""

from __future__ import annotations

import json
import logging
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

log = logging.getLogger("pezoexplore")
"""Messages on stderr: warnings and errors always, info unless --quiet, debug with --verbose."""


class _Stderr(logging.Handler):
    """Writes to whatever ``sys.stderr`` is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        prefix = "warning: " if record.levelno == logging.WARNING else ""
        sys.stderr.write(f"{prefix}{self.format(record)}\n")
        sys.stderr.flush()


def set_verbosity(level: int = logging.INFO) -> None:
    """Send log messages of this level and above to stderr, as plain lines."""
    if not any(isinstance(handler, _Stderr) for handler in log.handlers):
        log.addHandler(_Stderr())
    log.setLevel(level)


MANY_BYTES = 1_000_000
"""Size of a results.csv from which on a command says what it is doing."""


def telling(results: Path) -> Callable[[str], None]:
    """Return a function that says on stderr what is being done: of large results, else nothing."""
    size = results.stat().st_size if results.is_file() else 0
    return log.info if size >= MANY_BYTES else log.debug


def echo(line: str) -> None:
    """Print a line to stdout, as it is."""
    sys.stdout.write(line + "\n")


_NO_LIMIT = 10_000
"""Width in characters that no table exceeds."""


def print_table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
    console: Console | None = None,
) -> None:
    """Print a table: ruled on a terminal, aligned plain text in a pipe or if it is too wide.

    Args:
        title: Line above the table.
        header: n names; none for no table.
        rows: Rows of n cells; columns of numbers are right-aligned.
        notes: Lines below the table.
        console: Destination; standard output if None.
    """
    from rich.console import Console

    console = console or Console()
    _line(console, title)
    if header:
        _print_cells(header, rows, console)
    for note in notes:
        _line(console, note)


def _print_cells(header: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    flush_right = [
        bool(rows) and all(not row[index] or _is_number(row[index]) for row in rows)
        for index in range(len(header))
    ]
    ruled = _ruled(header, rows, flush_right)
    # rich would cut the cells of a table that does not fit.
    narrowest = console.measure(ruled, options=console.options.update_width(_NO_LIMIT)).minimum
    if not console.is_terminal or narrowest > console.width:
        widths = [
            max(len(name), *(len(row[index]) for row in rows)) if rows else len(name)
            for index, name in enumerate(header)
        ]
        for cells in [header, *rows]:
            padded = [
                cell.rjust(width) if flush else cell.ljust(width)
                for cell, width, flush in zip(cells, widths, flush_right, strict=True)
            ]
            _line(console, "  ".join(padded).rstrip())
        return
    console.print(ruled, highlight=False)


def _ruled(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> Table:
    """Build a table with a rule below its header; numbers are not wrapped."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, flush in zip(header, right, strict=True):
        table.add_column(escape(name), justify="right" if flush else "left", no_wrap=flush)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def _line(console: Console, text: str) -> None:
    """Print a line verbatim: no wrapping, markup or colours."""
    console.print(text, markup=False, highlight=False, soft_wrap=True, emoji=False)


def _is_number(cell: str) -> bool:
    from pezoexplore.design.conditions import parse_number

    return parse_number(re.split(" ± | \\(", cell)[0].replace(",", "")) is not None


def print_json(document: object) -> None:
    """Print one JSON document; :func:`plain` converts numbers that JSON does not have.

    Args:
        document: Mappings, sequences, text, numbers, truth values and None.
    """
    echo(_dump(document))


def print_json_streaming(
    document: Mapping[str, object], name: str, items: Iterable[object]
) -> None:
    """Print one JSON document whose last member is a long list, one item in memory at a time.

    The bytes are those of :func:`print_json` with the list in the document.

    Args:
        document: The other members, at least one.
        name: Name of the list.
        items: Its items.
    """
    head = _dump(document).removesuffix("}").rstrip()
    sys.stdout.write(f"{head},\n  {json.dumps(name)}: [")
    count = 0
    for item in items:
        sys.stdout.write("," * (count > 0) + "\n    " + _dump(item).replace("\n", "\n    "))
        count += 1
    sys.stdout.write(("\n  " if count else "") + "]\n}\n")


def _dump(value: object) -> str:
    return json.dumps(plain(value), indent=2, allow_nan=False, ensure_ascii=False)


def plain(value: object) -> object:
    """Return a value as JSON can hold it: NaN is None, infinities are ``inf`` and ``-inf``."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def duration(seconds: float) -> str:
    """Return seconds in words: ``8.3 s``, ``2 min 05 s``, ``3 h 20 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def counted(number: int, noun: str) -> str:
    """Return a number and its noun: ``1 design``, ``2 designs``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
