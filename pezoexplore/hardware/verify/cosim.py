"""RTL in the loop: a training run whose perturbed and updated weights come from the simulated RTL.

The run is executed twice. In the simulator's process (:func:`train_on`) the engine sends the
perturbed weights of both probes; the forward pass of the trainer computes the loss of each, and
from their difference the step M; the engine applies it and sends the weights of the next step. In
this process, :class:`pezoexplore.train.fixed_loop.FixedTrainer` trains the same run in software.
The weights after every step are compared.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.rtl.engine import Shape, build_engine
from pezoexplore.hardware.verify.engine.driver import (
    Host,
    Kind,
    Operation,
    begin,
    packed,
    unpacked,
    until_idle,
    write,
)
from pezoexplore.hardware.verify.engine.verify import clocks_enough, prepare
from pezoexplore.hardware.verify.simulate import simulate
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.fixed_point import cross_entropy, step_size
from pezoexplore.train.loop import Batches
from pezoexplore.train.networks.fixed_network import FixedNetwork
from pezoexplore.train.selection import stream_source
from pezoexplore.train.task import Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run

I32 = NDArray[np.int32]

Play = Callable[[int, int], Awaitable[None]]
"""Plays so many operations of ``ops.hex`` with so many beats of ``beats.hex``."""

WEIGHTS = "weights.npy"
"""Weights after each step, int32 [steps, d], as the simulator's process leaves them."""

_SETTLING = 4096
"""Most operations of one play: those that move the streams, and a few."""


@dataclass(frozen=True)
class Training:
    """A training run in the loop; its seed is the RTL's master seed.

    Attributes:
        task: Name of the task.
        steps: Weight updates.
        learning_rate: Learning rate at the first step.
        epsilon: Length of the probe along z.
        batch: Examples a step.
    """

    task: str
    steps: int
    learning_rate: float
    epsilon: float
    batch: int

    def run(self) -> Run:
        """Return the run as trainers take it."""
        return Run((MASTER_SEED,), (self.learning_rate,), self.steps, self.batch, self.epsilon)


@dataclass(frozen=True)
class Difference:
    """The first weight at which RTL and software differ.

    Attributes:
        step: Training step, from 0, after which it occurred.
        weight: Index of the weight.
        rtl: Value from the engine.
        software: Value of the trainer.
    """

    step: int
    weight: int
    rtl: int
    software: int


@dataclass(frozen=True)
class Outcome:
    """Result of a co-simulation.

    Attributes:
        weights: Weights of the model.
        streams: Streams in the engine.
        perturbed: Perturbed weights that the RTL sent.
        updated: Updated weights that the RTL sent, all of them compared.
        moved: Weights that training changed.
        accuracy: Test accuracy of the RTL's final weights, percent.
        difference: None if RTL and software are identical.
    """

    weights: int
    streams: int
    perturbed: int
    updated: int
    moved: int
    accuracy: float
    difference: Difference | None

    def plain(self) -> dict[str, Any]:
        """Return the outcome as plain values for JSON."""
        return {"identical": self.difference is None, **asdict(self)}


def cosimulate(
    point: DesignPoint,
    training: Training,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    timeout_s: float,
    simulator: str = "icarus",
) -> Outcome:
    """Train with the RTL in the loop and in software, and compare.

    Args:
        point: A point with integer weights.
        training: The run.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in; replaced.
        log_path: Receives what the tools print.
        timeout_s: Seconds the simulation may take.
        simulator: ``icarus`` or ``verilator``.

    Raises:
        DesignError: There is no such engine, or the task has no integer form.
        ToolError: The simulator is missing, or the simulation failed.
        ToolTimeoutError: It ran out of time.
    """
    trainer = _trainer(point, training)
    segments = len(trainer.network.scales.weights)
    shape = Shape.of(point, segments)
    host = Host(point, shape, trainer.task.parameters)
    shutil.rmtree(work_dir, ignore_errors=True)
    job = {"training": asdict(training), "point": point.to_json()}
    loads = _SETTLING + 8 * shape.sources * shape.lanes * (1 + shape.state_bits // 32)
    built = build_engine(point, segments, rtl_dir)
    patience = clocks_enough(point, host.beats)
    prepare(built, work_dir, loads, 2 * host.beats, patience, job)
    simulate(work_dir, log_path, timeout_s, simulator)
    try:
        found: I32 = np.load(work_dir / WEIGHTS)
    except OSError as error:
        raise ToolError(f"{work_dir}: the simulation left no weights ({error})") from error
    return _compared(trainer, training, shape, found)


def _trainer(point: DesignPoint, training: Training) -> FixedTrainer:
    return FixedTrainer(get_task(training.task), point)


def _compared(trainer: FixedTrainer, training: Training, shape: Shape, found: I32) -> Outcome:
    """Compare the RTL's weights after every step with the trainer's."""
    task, run = trainer.task, training.run()
    source, steps = stream_source(trainer.point, task), range(1, training.steps + 1)
    difference = None
    for step, state in trainer.run(task.train, run, source, stops=steps):
        expected = trainer.integers(state)[0, 0]
        wrong = np.flatnonzero(found[step - 1] != expected)
        if wrong.size and difference is None:
            at = int(wrong[0])
            shown = int(found[step - 1, at])
            difference = Difference(step - 1, at, shown, int(expected[at]))
    return Outcome(
        weights=task.parameters,
        streams=shape.sources,
        perturbed=2 * found.size,
        updated=found.size,
        moved=int((found[-1] != _initial(trainer)).sum()),
        accuracy=_accuracy(trainer.network, task, found[-1]),
        difference=difference,
    )


def _initial(trainer: FixedTrainer) -> I32:
    return trainer.network.quantised(trainer.task.init(MASTER_SEED))


def _accuracy(network: FixedNetwork, task: Task, weights: I32) -> float:
    logits = np.asarray(_logits(network)(weights, network.inputs(task.test.inputs)))
    return float(100 * (logits.argmax(0) == task.test.labels).mean())


def _logits(network: FixedNetwork) -> Callable[..., Any]:
    """Return the trainer's forward pass on flat weights [d] and inputs [n, ...]."""
    jax = load_jax()

    def logits(weights: Any, inputs: Any) -> Any:  # noqa: ANN401 - arrays of JAX
        layers = network.matrices.unpack(weights)
        return network.logits(layers, inputs.astype("int32"))

    return jax.jit(logits)  # type: ignore[no-any-return]


def _loss(network: FixedNetwork) -> Callable[..., Any]:
    """Return the trainer's loss of a batch: flat weights, inputs and labels to a sum."""
    jax = load_jax()
    logits_of = _logits(network)

    def loss(weights: Any, inputs: Any, labels: Any) -> Any:  # noqa: ANN401 - arrays of JAX
        logits = logits_of(weights, inputs)
        wanted = labels == jax.numpy.arange(logits.shape[-2])[:, None]
        losses = cross_entropy(logits, wanted, lambda x: 31 - jax.lax.clz(x), jax.numpy)
        return losses.sum(-1, dtype="int32")

    return jax.jit(loss)  # type: ignore[no-any-return]


class _Loop:
    """A training run against an engine that is played."""

    def __init__(self, play: Play, folder: Path) -> None:
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        self.training = Training(**job["training"])
        self.point = DesignPoint.from_json(job["point"])
        self.trainer = _trainer(self.point, self.training)
        scales = self.trainer.network.scales.weights
        self.shape = Shape.of(self.point, len(scales))
        self.host = Host(self.point, self.shape, self.trainer.task.parameters)
        self._play, self._folder = play, folder

    async def played(self, operations: list[Operation], beats: list[str]) -> list[str]:
        """Play operations and return the beats that the engine sent.

        Raises:
            ToolError: The engine refused a register, or broke a rule.
        """
        lines = "".join(operation.line() for operation in operations)
        (self._folder / "ops.hex").write_text(lines, encoding="ascii")
        (self._folder / "beats.hex").write_text("\n".join(beats) + "\n", encoding="ascii")
        await self._play(len(operations), len(beats))
        trace = (self._folder / "trace.txt").read_text(encoding="ascii").splitlines()
        for line in trace:
            if line[0] not in "bt" and line != "w 0":
                raise ToolError(f"the engine answered {line!r}")
        return [line[4:] for line in trace if line[0] == "b"]

    def passing(self, mode: str, replay: bool) -> list[Operation]:
        """Return the operations of one pass over all weights."""
        return [begin(mode, replay), Operation(Kind.STREAM, self.host.beats), until_idle()]

    async def train(self) -> I32:
        """Train; return the weights after each step, [steps, d]."""
        trainer, network, run = self.trainer, self.trainer.network, self.training.run()
        task, host, shape = trainer.task, self.host, self.shape
        arithmetic, rates = trainer.prepare(run, stream_source(self.point, task)(run.seeds).scale)
        loss = _loss(network)
        inputs, labels = network.inputs(task.train.inputs), task.train.labels
        chosen = Batches(run.seeds, len(task.train), run.batch).block(run.steps)[:, 0]
        weights, found = _initial(trainer), []
        setup = [Operation(Kind.RESET, 3), write("STEP_SHIFT", arithmetic.update_shift)]
        await self.played(setup + self._scales(arithmetic.exponent), [])
        for step in range(run.steps):
            probes = self.passing("plus", False) + self.passing("minus", True)
            sent = await self.played(host.seek(step) + probes, 2 * packed(weights, shape))
            sides = (sent[: host.beats], sent[host.beats :])
            batch = (inputs[chosen[step]], labels[chosen[step]])
            plus, minus = (
                int(loss(unpacked(side, shape, task.parameters), *batch)) for side in sides
            )
            size = _step(plus - minus, int(rates[step, 0]), arithmetic.sign)
            update = [write("STEP", size), *self.passing("update", True)]
            sent = await self.played(update, packed(weights, shape))
            weights = unpacked(sent, shape, task.parameters)
            found.append(weights)
            host.moved_on()
        return np.stack(found)

    def _scales(self, exponent: int) -> list[Operation]:
        """Return s and the end of each layer."""
        network = self.trainer.network
        sizes = [block.stop for block in network.model.blocks]  # weights, biases; layer by layer
        ends = sizes[1:-1:2]
        return self.host.scales([exponent + bits for bits in network.scales.weights], ends)


def _step(difference: int, rate: int, sign: bool) -> int:
    """Return the trainer's step for a loss difference."""
    if sign:
        return int(np.sign(difference)) * rate
    return int(step_size(np.int32(difference), np.int32(rate)))


async def train_on(play: Play, folder: Path) -> None:
    """Train in the simulator's process; leaves ``weights.npy``.

    Args:
        play: Plays operations on the engine.
        folder: Working folder, with ``job.json``.
    """
    np.save(folder / WEIGHTS, await _Loop(play, folder).train())
