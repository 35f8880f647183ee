"""How far a long training is: scores and weights in a file, from which it goes on after a stop."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pezoexplore.files import WriteError, writing_bytes
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import DirectionSource, Run, Score, TrainState

SAVE_S = 60.0
"""Least seconds between two writes: shorter trainings write none."""

Scores = list[tuple[int, Score]]
"""Steps done, and the score there."""


@dataclass(frozen=True)
class Reached:
    """Where a run was when it stopped.

    Attributes:
        step: Steps done.
        arrays: What the replicas hold, by name; leading axes [seeds, rates].
        diverged_at: As in :class:`TrainState`.
    """

    step: int
    arrays: Mapping[str, NDArray[Any]]
    diverged_at: NDArray[np.int32]

    def of_seeds(self, seeds: slice) -> Reached:
        """Return the part of some seeds."""
        arrays = {name: values[seeds] for name, values in self.arrays.items()}
        return Reached(self.step, arrays, self.diverged_at[seeds])


@runtime_checkable
class ContinuingTrainer(Protocol):
    """A trainer that can go on from states of its own."""

    @property
    def continues(self) -> bool:
        """Whether states hold all that the next step depends on."""

    def arrays(self, state: TrainState) -> Mapping[str, NDArray[Any]]:
        """Return the arrays of :class:`Reached`."""

    def continued(
        self,
        data: Split,
        run: Run,
        source: DirectionSource,
        reached: Reached,
        stops: Sequence[int] = (),
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`Trainer.run` from where a run has stopped on: the same bits.

        A stop there, or an end, is yielded once more.
        """


class Checkpoint:
    """Follows the runs of a training, one after the other, and saves how far they are.

    A file that cannot be written, or that is damaged or of another training, is as none: then all
    is trained.
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
        self._reached: Reached | None = None
        self._saved = time.monotonic()
        with suppress(OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            self._read()

    def follow(
        self,
        name: str,
        states: Callable[[Reached | None], Iterator[tuple[int, TrainState]]],
        arrays: Callable[[TrainState], Mapping[str, NDArray[Any]]],
        score: Callable[[TrainState], Score] | None = None,
    ) -> tuple[Scores, TrainState | None]:
        """Train a run from where it stopped, and score its states.

        Args:
            name: What the run is, of those of this training: one of the same name is the same.
            states: Trains from there, or from the start, and yields (steps done, state).
            arrays: Returns what is saved of a state.
            score: Scores a state; None: none is scored.

        Returns:
            The scores of all states, also those before the stop; the last state, or None where
            another run was under way when the training stopped.
        """
        scores = self._scores.setdefault(name, [])
        if scores and self._name != name:
            return scores, None
        reached = self._reached if self._name == name else None
        self._name, state = name, None
        for step, state in states(reached):
            if score is not None and (not scores or scores[-1][0] < step):
                scores.append((step, score(state)))
            if self._is_due():
                self._save(Reached(step, arrays(state), state.diverged_at))
        self._name, self._reached = "", None
        return scores, state

    def remove(self) -> None:
        """Remove the file: the training has ended."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _is_due(self) -> bool:
        return self._path is not None and time.monotonic() >= self._saved + SAVE_S

    def _save(self, reached: Reached) -> None:
        assert self._path is not None, "it is due"
        kept = {
            name: [(step, score.accuracy.tolist(), score.loss.tolist()) for step, score in scores]
            for name, scores in self._scores.items()
        }
        about = {"identity": self._identity, "run": self._name, "scores": kept}
        arrays: dict[str, NDArray[Any]] = {
            "about": np.array(json.dumps(about)),
            "step": np.array(reached.step),
            "diverged_at": reached.diverged_at,
        }
        arrays |= {f"replicas {name}": values for name, values in reached.arrays.items()}
        with suppress(WriteError), writing_bytes(self._path) as file:
            np.savez(file, allow_pickle=False, **arrays)
        self._saved = time.monotonic()

    def _read(self) -> None:
        if self._path is None:
            return
        with self._path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            if about["identity"] != self._identity:
                return
            replicas = {
                name.removeprefix("replicas "): arrays[name]
                for name in arrays.files
                if name.startswith("replicas ")
            }
            reached = Reached(int(arrays["step"]), replicas, arrays["diverged_at"])
            scores = {
                name: [(step, Score(np.array(right), np.array(loss))) for step, right, loss in rows]
                for name, rows in about["scores"].items()
            }
        self._scores, self._name, self._reached = scores, about["run"], reached
