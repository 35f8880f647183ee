"""A training run on a board that is connected, compared with the same run in software."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import ToolError
from pezoexplore.hardware.board import protocol
from pezoexplore.hardware.board.protocol import Exchange
from pezoexplore.hardware.board.session import Session
from pezoexplore.hardware.rtl.engine_map import ID_VALUE
from pezoexplore.train.selection import stream_source


class Line(Protocol):
    """Whatever plays exchanges with a board."""

    def send_break(self) -> None:
        """Reset the board."""

    def play(self, exchange: Exchange) -> bytes:
        """Send a command and return its answer."""


@dataclass(frozen=True)
class Trained:
    """What a run on a board came to.

    Attributes:
        steps: Training steps.
        moved: Weights that training changed.
        differing: Weights that differ from those of the software.
        accuracy: Test accuracy of the software's weights, percent: of the board's, if none differs.
    """

    steps: int
    moved: int
    differing: int
    accuracy: float

    def plain(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return {"identical": self.differing == 0, **asdict(self)}


def train_on(
    line: Line, session: Session, progress: Callable[[int], None] = lambda _: None
) -> Trained:
    """Train on a board and in software, and compare the weights at the end.

    Args:
        line: The board's serial line.
        session: The run.
        progress: Is called with the steps done.

    Raises:
        ToolError: What answers is no board of ours, or it refused a command.
    """
    line.send_break()
    identity = int.from_bytes(protocol.accepted(line.play(protocol.read("ID"))), "little")
    if identity != ID_VALUE:
        raise ToolError(f"the engine's register ID is {identity:08x}, not {ID_VALUE:08x}")
    for exchange in (*session.set_up(), *session.examples()):
        protocol.accepted(line.play(exchange))
    for done, exchange in enumerate(session.steps(), 1):
        protocol.stepped(line.play(exchange))
        progress(done)
    found = protocol.weights_of(line.play(session.dump()), session.trainer.task.parameters)
    return _compared(session, found)


def _compared(session: Session, found: NDArray[np.int32]) -> Trained:
    """Train in software and compare."""
    trainer, run = session.trainer, session.run
    task = trainer.task
    (*_, (_, state)) = trainer.run(task.train, run, stream_source(trainer.point, task))
    return Trained(
        steps=run.steps,
        moved=int((found != session.initial).sum()),
        differing=int((found != trainer.integers(state)[0, 0]).sum()),
        accuracy=float(trainer.score(state, task.test).accuracy[0, 0]),
    )
