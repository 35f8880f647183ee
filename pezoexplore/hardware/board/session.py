"""A training run on a board: its exchanges, and what software says they must answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.hardware.board import protocol
from pezoexplore.hardware.board.protocol import Exchange
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.loop import Batches
from pezoexplore.train.selection import stream_source
from pezoexplore.train.trainer import Run

I32 = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Session:
    """A training run on a board.

    Attributes:
        trainer: The trainer that runs it in software.
        run: The run, of one seed and one learning rate.
    """

    trainer: FixedTrainer
    run: Run

    def __post_init__(self) -> None:
        """Check that the board can take the batch.

        Raises:
            DesignError: The batch is too large.
        """
        if not 1 <= self.run.batch <= protocol.MOST_CHOICES:
            raise DesignError(f"batch {self.run.batch}: a board takes 1 to {protocol.MOST_CHOICES}")

    @property
    def initial(self) -> I32:
        """Initial weights, int32 [d]."""
        trainer = self.trainer
        return trainer.network.quantised(trainer.task.init(self.run.seeds[0]))

    def set_up(self) -> list[Exchange]:
        """Return the exchanges before the first step: the engine's registers and the weights."""
        trainer = self.trainer
        scale = stream_source(trainer.point, trainer.task)(self.run.seeds).scale
        arithmetic, _ = trainer.prepare(self.run, scale)
        blocks = trainer.network.model.blocks
        registers = [
            protocol.write("SCALE", arithmetic.exponent + bits, layer)
            for layer, bits in enumerate(trainer.network.scales.weights)
        ]
        return [
            *registers,
            protocol.write("END", blocks[1].stop),
            protocol.write("STEP_SHIFT", arithmetic.update_shift),
            protocol.write("RESEED", 2),
            protocol.load_weights(self.initial, trainer.point.lanes),
        ]

    def examples(self, *, used_only: bool = False) -> list[Exchange]:
        """Return the exchanges that load the training examples.

        Args:
            used_only: Whether to leave out those that no step of the run takes.
        """
        trainer = self.trainer
        inputs = trainer.network.inputs(trainer.task.train.inputs)
        numbers = np.unique(self._chosen()) if used_only else np.arange(len(inputs))
        return [protocol.load_example(int(n), inputs[n]) for n in numbers]

    def steps(self) -> list[Exchange]:
        """Return the exchanges that train, one a step."""
        trainer, chosen = self.trainer, self._chosen()
        scale = stream_source(trainer.point, trainer.task)(self.run.seeds).scale
        _, rates = trainer.prepare(self.run, scale)
        labels = trainer.task.train.labels
        return [
            protocol.step(int(rates[n, 0]), chosen[n].tolist(), labels[chosen[n]].tolist())
            for n in range(self.run.steps)
        ]

    def dump(self) -> Exchange:
        """Return the exchange that asks for the weights."""
        return protocol.dump_weights(self.trainer.task.parameters, self.trainer.point.lanes)

    def _chosen(self) -> NDArray[np.int64]:
        """Return the examples of every step, [steps, batch]."""
        run = self.run
        return Batches(run.seeds, len(self.trainer.task.train), run.batch).block(run.steps)[:, 0]


def run_of(steps: int, learning_rate: float, epsilon: float, batch: int) -> Run:
    """Return a run that a board can repeat: one seed, the master seed of the RTL."""
    return Run((MASTER_SEED,), (learning_rate,), steps, batch, epsilon)
