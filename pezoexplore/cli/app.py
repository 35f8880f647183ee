"""The program: run a command line, and turn every error into one line and an exit status."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer

from pezoexplore import __version__
from pezoexplore.cli.commands import Commands
from pezoexplore.cli.terminal import print_json, set_verbosity
from pezoexplore.errors import PezoError
from pezoexplore.files import why
from pezoexplore.processes import Terminated, kill_below, terminable

STATUS_ERROR = 2
"""Exit status when nothing could be done; 1 means that part of the work failed."""

LONGEST_ERROR = 1900
"""Most characters of an error message."""

STATUS_INTERRUPTED = 130
STATUS_BROKEN_PIPE = 141
STATUS_TERMINATED = 143
"""Exit status of a program killed by SIGINT, SIGPIPE or SIGTERM, as a shell reports it."""

RESUMABLE = ("sweep", "search")
"""Commands that go on where they were stopped."""

# Depending on its version, Typer exports the parser's exceptions privately or not at all.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


class _StoppedError(Exception):
    """Ctrl-C, SIGTERM, or a closed pipe."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status


def _stopped(stop: BaseException | None, hint: str = "") -> _StoppedError:
    if isinstance(stop, Terminated):
        return _StoppedError(STATUS_TERMINATED, "terminated" + hint)
    return _StoppedError(STATUS_INTERRUPTED, "interrupted" + hint)


class _Commands(Commands):
    """The commands, with Ctrl-C, SIGTERM, closed pipes and exits of user code turned into errors.

    Typer would report Ctrl-C and pipes itself, and an exit would end the program with its status.
    """

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # noqa: ANN401
        try:
            value = super().invoke(ctx)
            sys.stdout.flush()
            return value
        except KeyboardInterrupt as stop:
            kill_below(os.getpid())
            hint = ": rerun the same command to resume"
            known = f": {stop}" if stop.args else hint * (ctx.invoked_subcommand in RESUMABLE)
            raise _stopped(stop, known) from None
        except BrokenPipeError:
            raise _StoppedError(STATUS_BROKEN_PIPE) from None
        except SystemExit as error:  # no command of ours raises it, but Rich does for a closed pipe
            if isinstance(error.__context__, BrokenPipeError):
                raise _StoppedError(STATUS_BROKEN_PIPE) from None
            raise PezoError(
                f"{_caller(error)} calls exit({error.code!r}): the command stopped there"
            ) from None


def _caller(error: SystemExit) -> str:
    """Return file and line of the code that called exit; Python's own does not count."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{f.filename}:{f.lineno}" for f in frames if not f.filename.startswith("<")]
    return places[-1]


app = typer.Typer(
    name="pezoexplore",
    cls=_Commands,
    help="Find the cheapest random-number hardware that still trains a network, and prove it "
    "correct.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line and exit with its status."""
    # Matrices here are small: more threads of NumPy's BLAS wait for each other longer than they
    # work. It reads this when NumPy is imported, which no command line has done yet.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        with terminable():
            status = run(sys.argv[1:]) if _can_write() else STATUS_ERROR
    except KeyboardInterrupt as stop:  # before the command began, or when it had ended
        ended = _stopped(stop)
        status = _fail(str(ended), ended.status)
    sys.exit(status)


def _can_write() -> bool:
    """Return whether there is a standard output; characters that it lacks are replaced."""
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:  # the next file opened would get its number
        _fail("standard output is closed; send it to a file or to /dev/null")
        return False
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return True


def run(arguments: Sequence[str]) -> int:
    """Run a command line; every error becomes one line on stderr.

    With ``--format json`` the error is a JSON document on stdout as well.

    Args:
        arguments: What comes after the program's name.

    Returns:
        The exit status: 0 when everything succeeded, 1 when part of it failed, 2 when nothing
        could be done.
    """
    set_verbosity()
    as_json = _wants_json(arguments)
    try:
        value = app(
            args=list(arguments) or ["--help"], prog_name="pezoexplore", standalone_mode=False
        )
    except _StoppedError as stop:
        if stop.status == STATUS_BROKEN_PIPE:
            _discard_output()
            return stop.status
        return _fail(str(stop), stop.status, as_json)
    except _UsageError as error:
        return _fail(f"{cast(Any, error).format_message()} (see --help)", as_json=as_json)
    except typer.Abort as abort:
        ended = _stopped(abort.__cause__ or abort.__context__)
        return _fail(str(ended), ended.status, as_json)
    except PezoError as error:
        return _fail(str(error), as_json=as_json)
    except OSError as error:
        _discard_output()
        # Without a name it may be standard output itself that cannot be written.
        return _fail(_reason(error), as_json=as_json and error.filename is not None)
    return value if isinstance(value, int) else 0


def _wants_json(arguments: Sequence[str]) -> bool:
    """Return whether the last ``--format`` of a command line, understood or not, is JSON."""
    joined = [
        word.removeprefix("--format=") if word.startswith("--format=") else following
        for word, following in zip(arguments, (*arguments[1:], ""), strict=False)
        if word == "--format" or word.startswith("--format=")
    ]
    return joined[-1:] == ["json"]


def _fail(message: str, status: int = STATUS_ERROR, as_json: bool = False) -> int:
    line = " ".join(message.split())
    if len(line) > LONGEST_ERROR:  # it quotes a very long argument
        line = f"{line[: LONGEST_ERROR - 300]} ... {line[-290:]}"
    sys.stderr.write(f"error: {line}\n")
    if as_json:
        try:
            print_json({"ok": False, "error": line, "status": status})
            sys.stdout.flush()
        except OSError:  # nobody reads it; the line above has been said
            _discard_output()
    return status


def _reason(error: OSError) -> str:
    """Return what the system refused, for which file, and what to do if that is known."""
    if error.strerror is None:
        return str(error)
    where = "cannot read or write" if error.filename is None else str(error.filename)
    return f"{where}: {why(error)}"


def _discard_output() -> None:
    """Drop buffered output that cannot be written: Python would complain at exit."""
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
