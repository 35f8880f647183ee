"""The program: runs a command line, and turns whatever stops it into one line and a status."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer
import typer.core

from pezoexplore import __version__
from pezoexplore.cli.options import speak_normally
from pezoexplore.errors import PezoError

STATUS_ERROR = 2
"""Exit status when nothing could be done; 1 is for work of which something failed."""

LONGEST_ERROR = 1900
"""Most characters of a message."""

STATUS_INTERRUPTED = 130
STATUS_BROKEN_PIPE = 141
"""As a shell reports programs that died of SIGINT and SIGPIPE."""

# Typer brings the parser's exceptions along under a private name or not at all, by its version.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


class _StoppedError(Exception):
    """Ctrl-C, or nobody reads any more."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status


class _Commands(typer.core.TyperGroup):
    """The commands, with the two signals turned into errors before Typer words them its way."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # noqa: ANN401
        try:
            value = super().invoke(ctx)
            sys.stdout.flush()
            return value
        except KeyboardInterrupt:
            hint = ": type the same command again to go on from here"
            message = "interrupted" + hint * (ctx.invoked_subcommand in ("sweep", "search"))
            raise _StoppedError(STATUS_INTERRUPTED, message) from None
        except BrokenPipeError:
            raise _StoppedError(STATUS_BROKEN_PIPE) from None


app = typer.Typer(
    name="pezoexplore",
    cls=_Commands,
    help="Find the cheapest random-number hardware that still trains a network, and prove it "
    "correct.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point: run the command line and exit with its status."""
    sys.exit(run(sys.argv[1:]) if _can_write() else STATUS_ERROR)


def _can_write() -> bool:
    """Whether there is a standard output; its characters need not all be there."""
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:  # the next file opened would get its number
        _fail("standard output is closed; send it to a file or to /dev/null")
        return False
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return True


def run(arguments: Sequence[str]) -> int:
    """Run a command line; whatever is wrong with it becomes one line on stderr.

    Args:
        arguments: What comes after the program's name.

    Returns:
        The exit status: 0 when what was asked for is there, 1 when part of it failed, 2 when it
        could not be done at all.
    """
    try:
        value = app(
            args=list(arguments) or ["--help"], prog_name="pezoexplore", standalone_mode=False
        )
    except _StoppedError as stop:
        return _stop(stop)
    except _UsageError as error:
        return _fail(f"{cast(Any, error).format_message()} (see --help)")
    except typer.Abort:
        return _fail("interrupted", STATUS_INTERRUPTED)
    except PezoError as error:
        return _fail(str(error))
    except OSError as error:
        _discard_output()
        return _fail(_reason(error))
    finally:
        speak_normally()
    return value if isinstance(value, int) else 0


def _fail(message: str, status: int = STATUS_ERROR) -> int:
    line = " ".join(message.split())
    if len(line) > LONGEST_ERROR:  # it shows something endless that was typed
        line = f"{line[: LONGEST_ERROR - 300]} ... {line[-290:]}"
    sys.stderr.write(f"error: {line}\n")
    return status


def _reason(error: OSError) -> str:
    """What the system refused, where, and what to do if that is known."""
    if error.strerror is None:
        return str(error)
    where = "cannot read or write" if error.filename is None else str(error.filename)
    full = "; free some space, then type the same command again"
    return f"{where}: {error.strerror}" + full * (error.errno in (errno.ENOSPC, errno.EDQUOT))


def _stop(stop: _StoppedError) -> int:
    if stop.status == STATUS_BROKEN_PIPE:
        _discard_output()
        return stop.status
    return _fail(str(stop), stop.status)


def _discard_output() -> None:
    """Forget what is still buffered if it cannot be written: Python would complain at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"pezoexplore {__version__}\n")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass
