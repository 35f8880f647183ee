"""Have files written by a second process, while this one goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Self

from pezoexplore.errors import PezoError
from pezoexplore.processes import kill_tree


class SecondProcess:
    """Calls a function that writes files in a process, which the end of the ``with`` block ends.

    Modules are imported there, so nothing has to be imported here. A process that dies, such as for
    want of memory, loses nothing: the call is then made here.
    """

    def __init__(self, module: str, function: str, *arguments: object) -> None:
        """Start the call.

        Args:
            module: Name of the function's module.
            function: Its name there; it returns the files.
            arguments: Its arguments, values of JSON.
        """
        self._call = module, function, arguments
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from {__name__} import answer_call; answer_call()"
        )
        with tempfile.TemporaryFile("w+", encoding="utf-8") as call:
            json.dump(self._call, call)
            call.flush()
            call.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=call,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches this process only
            )

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill the process, if it still runs."""
        if self._process.poll() is None:
            kill_tree(self._process.pid)
        self._process.wait()
        assert self._process.stdout is not None, "it is a pipe"
        self._process.stdout.close()

    def files(self) -> list[Path]:
        """Wait for the call and return the files.

        Raises:
            PezoError: The function did; or, from a call made here, whatever it raises.
        """
        data, _ = self._process.communicate()
        if self._process.returncode != 0:
            return _files(*self._call)
        answer = json.loads(data)
        if answer["error"]:
            raise PezoError(answer["error"])
        return [Path(name) for name in answer["files"]]


def answer_call() -> None:
    """Make the call on standard input and write the files, or the error, to standard output.

    What the function prints goes to standard error.
    """
    files, error = list[Path](), ""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        try:
            files = _files(*json.load(sys.stdin))
        except PezoError as found:
            error = str(found)
        json.dump({"files": [str(path) for path in files], "error": error}, answers)


def _files(module: str, function: str, arguments: Sequence[object]) -> list[Path]:
    return list(getattr(import_module(module), function)(*arguments))
