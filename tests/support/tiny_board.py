"""A network small enough to train on a simulated board in seconds, and what checks a run on one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pezoexplore.hardware.board import protocol
from pezoexplore.hardware.board.boards import board_named
from pezoexplore.hardware.board.build import Sources, board_point, write_sources
from pezoexplore.hardware.board.protocol import Exchange
from pezoexplore.hardware.board.session import Session, run_of
from pezoexplore.hardware.board.simulate import play
from pezoexplore.paths import boards_dir, rtl_dir
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.selection import stream_source
from pezoexplore.train.task import Split, Task

TIMEOUT_S = 3600.0


def tiny_trainer(lanes: int = 2, sizes: tuple[int, ...] = (8, 8, 3)) -> FixedTrainer:
    """Return a trainer of a perceptron on 20 made-up examples; 99 weights unless told otherwise."""
    rng = np.random.default_rng(3)
    examples = Split(
        rng.integers(-16, 17, (20, sizes[0])).astype(np.int8),
        rng.integers(0, sizes[-1], 20).astype(np.uint8),
    )
    model = Mlp(sizes, input_scale=1 / 16)
    task = Task("tiny", model, examples, examples, examples, examples)
    return FixedTrainer(task, board_point(lanes))


def sources(
    folder: Path,
    trainer: FixedTrainer,
    board: str = "icebreaker",
    edit: Callable[[Path], None] | None = None,
) -> Sources:
    """Write the Verilog of a board; `edit` may change it."""
    written = write_sources(board_named(board), trainer, rtl_dir(), boards_dir(), folder)
    if edit:
        edit(folder)
    return written


def differing(
    session: Session,
    written: Sources,
    first: Sequence[str] = (),
    before: Sequence[Exchange] = (),
    netlist: bool = False,
) -> list[int]:
    """Simulate a run; return the steps after which a weight is not that of the software."""
    exchanges = [*before, *with_dumps(session)]
    log = written.folder / "log"
    played = play(written, exchanges, log, timeout_s=TIMEOUT_S, first=first, netlist=netlist)
    answers = played[len(before) :]
    for exchange, answer in zip(exchanges[len(before) :], answers, strict=True):
        if exchange.sent[:1] in b"WLX":
            assert protocol.accepted(answer) == b""
    dumps = answers[-2 * session.run.steps :][1::2]
    parameters = session.trainer.task.parameters
    found = [protocol.weights_of(dump, parameters) for dump in dumps]
    expected = list(weights_after(session))
    assert len(found) == len(expected) == session.run.steps
    pairs = zip(found, expected, strict=True)
    return [step for step, (one, other) in enumerate(pairs) if (one != other).any()]


def with_dumps(session: Session) -> list[Exchange]:
    """Return a whole run that asks for the weights after every step."""
    dump = session.dump()
    each = chain.from_iterable((step, dump) for step in session.steps())
    return [*session.set_up(), *session.examples(used_only=True), *each]


def weights_after(session: Session) -> Iterator[NDArray[np.int32]]:
    """Yield the weights after each step as software trains them, int32 [d]."""
    trainer, run = session.trainer, session.run
    source = stream_source(trainer.point, trainer.task)
    stops = range(1, run.steps + 1)
    for _, state in trainer.run(trainer.task.train, run, source, stops=stops):
        yield trainer.integers(state)[0, 0]


def tiny_session(
    trainer: FixedTrainer, steps: int = 6, learning_rate: float = 0.05, batch: int = 5
) -> Session:
    """Return a run that moves every weight."""
    return Session(trainer, run_of(steps, learning_rate, 1e-2, batch))
