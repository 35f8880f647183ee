"""A serial line of this machine, by the terminal interface of POSIX: no package is needed."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from types import TracebackType

from pezoexplore.errors import DesignError, ToolError
from pezoexplore.hardware.board.boards import BAUD
from pezoexplore.hardware.board.protocol import Exchange

ANSWER_S = 10.0
"""Seconds that the board has for an answer; the longest, of all weights, takes a tenth of one."""


class SerialLine:
    """An open serial line; a context manager."""

    def __init__(self, port: Path, answer_s: float = ANSWER_S) -> None:
        """Open a port at the boards' baud rate.

        Args:
            port: Its device file, such as /dev/ttyUSB1.
            answer_s: Seconds to wait for an answer.

        Raises:
            DesignError: The machine has no such terminals, or the port cannot be opened.
        """
        try:
            import termios
            import tty
        except ImportError:
            raise DesignError("--port: serial lines need a POSIX system (termios)") from None
        rate = getattr(termios, f"B{BAUD}", None)
        if rate is None:
            raise DesignError(f"--port: this system knows no serial lines of {BAUD} baud")
        self.port, self._answer_s = port, answer_s
        try:
            self._file = os.open(port, os.O_RDWR | os.O_NOCTTY)
        except OSError as error:
            raise DesignError(f"--port {port}: cannot be opened: {error.strerror}") from None
        try:
            tty.setraw(self._file)
            settings = termios.tcgetattr(self._file)
            settings[2] |= termios.CLOCAL | termios.CREAD
            settings[4] = settings[5] = rate
            termios.tcsetattr(self._file, termios.TCSANOW, settings)
        except termios.error as error:
            os.close(self._file)
            raise DesignError(f"--port {port}: is no serial line: {error.args[-1]}") from None

    def __enter__(self) -> SerialLine:
        """Return the line."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the line."""
        os.close(self._file)

    def send_break(self) -> None:
        """Hold the line low, which resets the board, and drop what it sent before."""
        import termios

        termios.tcsendbreak(self._file, 0)
        time.sleep(0.01)
        termios.tcflush(self._file, termios.TCIFLUSH)

    def play(self, exchange: Exchange) -> bytes:
        """Send a command and return its answer.

        Raises:
            ToolError: The board did not answer in time, or the line is gone.
        """
        sent = memoryview(exchange.sent)
        answer = b""
        deadline = time.monotonic() + self._answer_s
        try:
            while sent:
                sent = sent[os.write(self._file, sent) :]
            while len(answer) < exchange.answer:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([self._file], [], [], left)[0]:
                    raise ToolError(
                        f"{self.port}: {len(answer)} of {exchange.answer} bytes came back in "
                        f"{self._answer_s:g} s; is the bitstream loaded, the port right?"
                    )
                answer += os.read(self._file, exchange.answer - len(answer))
        except OSError as error:
            raise ToolError(f"{self.port}: {error.strerror}") from None
        return answer
