"""Save scores and weights of a long training to a file, and resume it from there."""

from __future__ import annotations

import json
import logging
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore import phases
from pezoexplore.files import WriteError, remove, writing_bytes
from pezoexplore.train.trainer import Checkpoint, ResumableTrainer, Score, Trainer, TrainState

log = logging.getLogger(__name__)

SAVE_S = 60.0
"""Least seconds between two checkpoints: shorter trainings write none."""

_UNUSABLE = (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile)
"""Exceptions of NumPy and zipfile on a file that is empty, truncated or not a checkpoint."""

Scores = list[tuple[int, Score]]
"""Steps done, and the score there."""


class Checkpointer:
    """Saves checkpoints of a training's runs, one run after the other, in one file.

    A file that cannot be written or read costs a warning and no result: without a checkpoint the
    training starts again. One of another training is replaced.
    """

    def __init__(self, path: Path | None = None, identity: str = "") -> None:
        """Read what is there.

        Args:
            path: The file, which need not be there; None: nothing is saved.
            identity: What determines the training's result.
        """
        self._path, self._identity = path, identity
        self._scores: dict[str, Scores] = {}
        self._name = ""
        self._start: Checkpoint | None = None
        self._saved = self._begun = time.monotonic()
        if path is not None and path.exists():
            try:
                self._read(path)
            except _UNUSABLE as error:
                log.warning(f"{path} cannot be used, so the training starts again: {error}")

    def run(
        self,
        name: str,
        trainer: Trainer,
        states: Callable[[Checkpoint | None], Iterator[tuple[int, TrainState]]],
        score: Callable[[TrainState], Score] | None = None,
    ) -> tuple[Scores, TrainState | None]:
        """Make a run, or what is left of it.

        Args:
            name: What the run is, of those of this training: one of the same name is the same.
            trainer: Its trainer; runs of one that is not resumable are not saved.
            states: Trains from a checkpoint, or from the start, and yields (steps done, state).
            score: Scores a state; None: none is scored.

        Returns:
            The scores of all states, also those before the checkpoint; the last state, or None
            where the checkpoint is of a later run.
        """
        scores = self._scores.setdefault(name, [])
        if scores and self._name != name:
            return scores, None
        start = self._start if self._name == name else None
        self._name, state = name, None
        for step, state in states(start):
            if score is not None and (not scores or scores[-1][0] < step):
                scores.append((step, score(state)))
            if self._path is not None and time.monotonic() >= self._saved + SAVE_S:
                self._save(self._path, trainer, step, state)
        self._name, self._start = "", None
        return scores, state

    def remove(self) -> None:
        """Remove the file: the training has ended."""
        if self._path is not None:
            try:
                remove(self._path)
            except OSError as error:
                log.warning(f"{self._path} cannot be removed: {error.strerror or error}")

    def _save(self, path: Path, trainer: Trainer, step: int, state: TrainState) -> None:
        self._saved = time.monotonic()
        if not (isinstance(trainer, ResumableTrainer) and trainer.resumable):
            return
        scores = {
            name: [(step, score.accuracy.tolist(), score.loss.tolist()) for step, score in found]
            for name, found in self._scores.items()
        }
        about = {"identity": self._identity, "run": self._name, "step": step, "scores": scores}
        about["seconds"] = time.monotonic() - self._begun
        arrays: dict[str, NDArray[Any]] = {
            "about": np.array(json.dumps(about)),
            "diverged_at": state.diverged_at,
        }
        arrays |= {f"replicas {name}": values for name, values in trainer.arrays(state).items()}
        try:
            with writing_bytes(path) as file:
                np.savez(file, allow_pickle=False, **arrays)
        except WriteError as error:
            log.warning(f"no checkpoint: {error}")

    def _read(self, path: Path) -> None:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            if about["identity"] != self._identity:
                return
            replicas = {
                name.removeprefix("replicas "): arrays[name]
                for name in arrays.files
                if name.startswith("replicas ")
            }
            start = Checkpoint(about["step"], replicas, arrays["diverged_at"])
            scores = {
                name: [(step, Score(np.array(right), np.array(loss))) for step, right, loss in rows]
                for name, rows in about["scores"].items()
            }
            seconds = float(about["seconds"])
        self._scores, self._name, self._start = scores, about["run"], start
        self._begun -= seconds
        phases.resumed(seconds)
