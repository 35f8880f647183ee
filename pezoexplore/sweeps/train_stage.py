"""Define the training stage of a point; the packages that train are imported where it runs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore.files import remove
from pezoexplore.sweeps.provenance import Versions
from pezoexplore.sweeps.stage import Payload, Stage, determinants, sha256

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import TrainSettings


@dataclass(frozen=True, kw_only=True)
class TrainStage(Stage):
    """Training on all seeds, the learning rate chosen on a validation split.

    Attributes:
        folder: Where modules of the user's tasks are looked for first.
        identity: Hashes of data and code that are not the package's (name, hash).
        settings: Training settings.
        source: Hash of the code.
        libraries: Versions of the numeric libraries.
        cpu: Kind of CPU: another one may round otherwise.
        gpu: Name of the GPU that trains; empty for the CPU.
        checkpoints: Folder of checkpoints, each named by its key; None: they lie beside the log.
    """

    name: str = field(default="train", init=False)
    folder: str | None
    identity: tuple[tuple[str, str], ...]
    settings: TrainSettings
    source: str
    libraries: Versions
    cpu: str
    gpu: str = ""
    checkpoints: Path | None = field(default=None, compare=False)

    def key(self, point: DesignPoint) -> Payload:
        """Implement :meth:`Stage.key`."""
        return {
            "axes": point.to_json(),
            "task": self.task,
            "identity": dict(self.identity),
            "settings": {k: v for k, v in self.settings.determining().items() if k != "data"},
            "source": self.source,
            "libraries": dict(self.libraries),
            "cpu": self.cpu,
        } | ({"gpu": self.gpu} if self.gpu else {})

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Implement :meth:`Stage.run`."""
        from pezoexplore.train.checkpoint import Checkpointer
        from pezoexplore.train.device import enter
        from pezoexplore.train.evaluate import train_point
        from pezoexplore.train.tasks.registry import get_task

        enter(self.gpu)
        assert self.task is not None, "training is of a task"
        task = get_task(self.task, self.settings.data, self.folder)
        identity = determinants(self, point)
        path = _beside(log_path)
        if self.checkpoints is not None:
            path = self.checkpoints / f"{sha256(identity)}.npz"
        return train_point(point, task, self.settings, Checkpointer(path, identity))

    def clear(self, log_path: Path) -> None:
        """Implement :meth:`Stage.clear`."""
        with suppress(OSError):
            remove(_beside(log_path))

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`: other loops than perceptrons' in floats take longer."""
        integers = 4.0 if point.rounding == "stochastic" else 2.5
        others = 1.0 if (point.estimator, point.queries) == ("rge", 1) else 1.7
        slower = (point.queries or 1) * (integers if point.fixed_point else others)
        return 2.0 + 20e-6 * replica_steps(self.settings) * slower


def replica_steps(settings: TrainSettings) -> int:
    """Return training steps of a point: some seeds at each candidate, then all at the best."""
    tried = min(settings.tuning_seeds, settings.seeds) * len(settings.learning_rates)
    return settings.steps * (tried * len(settings.epsilon) + settings.seeds)


def _beside(log_path: Path) -> Path:
    """Return the checkpoint of a run by its log."""
    return log_path.with_suffix(".npz")
