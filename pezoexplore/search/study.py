"""The study on disk: an SQLite file that Optuna and its dashboard open, written batch by batch.

The search itself works on a study in memory. Its finished batches are copied to the file, and read
back when the search resumes. A batch that was interrupted is proposed again, the same way, and what
of it had been run is in the store; so the file may lose its tail, or be deleted, and nothing is
lost but time.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import TrialState

from pezoexplore.design.point import DesignPoint
from pezoexplore.search.goal import FAILED, Finding, Goal, Known
from pezoexplore.search.search import new_study
from pezoexplore.sweeps.store import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from optuna.study import Study

STUDY_NAME = "study.sqlite"

_STARTED = "begun"
"""Attribute of a study whose warm start is complete."""


class KeptStudy:
    """A search's study in a file; see the module.

    Args:
        path: The file; made when it is not there.
        name: Name of the study, with a hash of all that determines the search.
        goal: The objectives.

    Raises:
        StoreError: The file is damaged, is no study or cannot be written.
    """

    def __init__(self, path: Path, name: str, goal: Goal) -> None:
        """Open the file; see the class."""
        self._path, self._name, self._goal = path, name, goal
        with self._explained():
            _check(path)
            with _quiet():
                storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
                self._study = optuna.create_study(
                    study_name=name, storage=storage, directions=goal.directions,
                    load_if_exists=True,
                )  # fmt: skip
            name_metrics(self._study, goal)

    @property
    def started(self) -> bool:
        """Whether the warm start is complete: it is done once."""
        with self._explained():
            return bool(self._study.user_attrs.get(_STARTED, False))

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Note that the warm start is complete, and the search's settings for the reader."""
        with self._explained():
            for key, value in settings.items():
                self._study.set_user_attr(key, value)
            self._study.set_user_attr(_STARTED, True)

    def load(self) -> tuple[Study, list[Known]]:
        """Return the study in memory and the history it holds: warm starts and whole batches."""
        with self._explained():
            trials = self._study.get_trials()
        study = new_study(self._goal)
        name_metrics(study, self._goal)
        whole = _whole_batches(trials) if self.started else 0
        study.add_trials(trials[:whole])
        return study, [_known(trial) for trial in trials[:whole]]

    def keep(self, study: Study) -> None:
        """Copy the trials that the file does not have yet."""
        with self._explained():
            there = len(self._study.get_trials(deepcopy=False))
            for trial in study.get_trials(deepcopy=False)[there:]:
                self._study.add_trial(trial)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (sqlite3.Error, SQLAlchemyError, optuna.exceptions.OptunaError, KeyError) as error:
            why = " ".join(str(error).split("\n")[0].split())
            raise StoreError(
                f"{self._path}: {why}; free disk space, or delete the file: the search makes it "
                "again from the store, and nothing finished is lost"
            ) from error


def name_metrics(study: Study, goal: Goal) -> None:
    """Call a study's values by their columns; Optuna warns that this may change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names(list(goal.objectives))


def _check(path: Path) -> None:
    """Find a damaged file before Optuna trips over it."""
    if path.exists():
        with closing(sqlite3.connect(path)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)


@contextmanager
def _quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _whole_batches(trials: Sequence[optuna.trial.FrozenTrial]) -> int:
    """Count the trials from the start that are warm starts or belong to a complete batch."""
    warm = sum(bool(trial.user_attrs.get("warm")) for trial in trials)
    whole = warm
    for trial in trials[warm:]:
        until = warm + int(trial.user_attrs["until"])
        if until <= len(trials):
            whole = max(whole, until)
    return whole


def _known(trial: optuna.trial.FrozenTrial) -> Known:
    attributes = trial.user_attrs
    state = FAILED if trial.state == TrialState.FAIL else attributes["outcome"]
    finding = Finding(state, attributes["cells"], attributes["reason"], attributes["full"])
    return Known(DesignPoint.from_json(attributes["axes"]), finding, attributes["warm"])
