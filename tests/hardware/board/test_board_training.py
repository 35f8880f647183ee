"""A run on a board that is connected: a stand-in answers at the other end of a terminal."""

from __future__ import annotations

import os
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tiny_board import tiny_session, tiny_trainer, weights_after

from pezoexplore.errors import DesignError, ToolError
from pezoexplore.hardware.board import protocol
from pezoexplore.hardware.board.protocol import Exchange
from pezoexplore.hardware.board.serial_line import SerialLine
from pezoexplore.hardware.board.session import Session
from pezoexplore.hardware.board.training import train_on
from pezoexplore.hardware.rtl.engine_map import ID_VALUE


class StandIn:
    """Checks each command of a run against its plan and answers it.

    What the board computes it takes from the software; `weights` stands for what it would dump.
    """

    def __init__(self, session: Session, identity: int = ID_VALUE, status: int = 0) -> None:
        self.plan = [
            protocol.read("ID"),
            *session.set_up(),
            *session.examples(),
            *session.steps(),
            session.dump(),
        ]
        *_, self.weights = weights_after(session)
        self.identity, self.status = identity, status
        self.breaks = 0

    def send_break(self) -> None:
        self.breaks += 1

    def play(self, exchange: Exchange) -> bytes:
        assert exchange == self.plan.pop(0)
        if exchange.sent[:1] == b"R":
            return self.identity.to_bytes(4, "little") + b"\0"
        if exchange.sent[:1] == b"D":
            return protocol.load_weights(self.weights, 2).sent[1:]
        return bytes(exchange.answer - 1) + bytes([self.status])


@contextmanager
def terminal(board: StandIn, *, silent: bool = False) -> Iterator[Path]:
    """Open a terminal at whose other end a stand-in reads commands of known lengths."""
    mine, theirs = os.openpty()
    tty.setraw(mine)
    lengths = [len(exchange.sent) for exchange in board.plan]

    def serve() -> None:
        for length in [] if silent else lengths:
            sent = b""
            while len(sent) < length:
                try:
                    sent += os.read(mine, length - len(sent))
                except OSError:
                    return
            os.write(mine, board.play(Exchange(sent, board.plan[0].answer)))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Path(os.ttyname(theirs))
        thread.join(timeout=30)
        assert not thread.is_alive()
    finally:
        os.close(theirs)
        os.close(mine)


@pytest.fixture(scope="module")
def session() -> Session:
    return tiny_session(tiny_trainer(), steps=4)


def test_a_run_over_a_terminal(session):
    board, seen = StandIn(session), []
    with terminal(board) as port, SerialLine(port) as line:
        found = train_on(line, session, seen.append)
    assert (found.steps, found.differing, board.plan) == (4, 0, [])
    assert found.moved == int((board.weights != session.initial).sum()) > 50
    assert 0 <= found.accuracy <= 100
    assert seen == [1, 2, 3, 4]
    assert found.plain()["identical"] is True


def test_weights_that_differ_are_counted(session):
    board = StandIn(session)
    board.weights = board.weights + np.eye(1, 99, 7, dtype=np.int32)[0]
    found = train_on(board, session)
    assert (found.differing, found.plain()["identical"]) == (1, False)
    assert board.breaks == 1


def test_what_is_no_board_of_ours(session):
    with pytest.raises(ToolError, match="register ID is 00000000, not 50455a4f"):
        train_on(StandIn(session, identity=0), session)
    with pytest.raises(ToolError, match=r"refused a command \(status 1\)"):
        train_on(StandIn(session, status=1), session)


def test_a_board_that_does_not_answer(session):
    with (
        terminal(StandIn(session), silent=True) as port,
        SerialLine(port, answer_s=0.05) as line,
        pytest.raises(ToolError, match=r"0 of 5 bytes came back in 0\.05 s; is the bitstream"),
    ):
        train_on(line, session)


def test_ports_that_are_none(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DesignError, match="none: cannot be opened: No such file"):
        SerialLine(tmp_path / "none")
    with pytest.raises(DesignError, match="file: is no serial line: Inappropriate ioctl"):
        SerialLine(tmp_path / "file")
