"""A training that was stopped resumes from its checkpoint, and ends with the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pezoexplore import phases
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.train import checkpoint as module
from pezoexplore.train.checkpoint import Checkpointer
from pezoexplore.train.evaluate import train_point, train_source, tune
from pezoexplore.train.task import Split, Task
from pezoexplore.train.tasks.datasets import digits_mlp
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Checkpoint, Run, RunCost, Score, TrainState

SETTINGS = TrainSettings(
    steps=40, seeds=7, tuning_seeds=2, learning_rates=(0.1, 0.2), epsilon=(1.0, 2.0)
)
EXAMPLES = Split(np.zeros((4, 1), np.float32), np.zeros(4, np.uint8))


class StoppedError(Exception):
    """Stops a training, as an interrupt would."""


class Adding:
    """Adds to the weight of a replica what depends on seed, rate, epsilon and step."""

    resumable = True

    def __init__(self, stop_after: int | None = None) -> None:
        self.left, self.trained = stop_after, 0

    def arrays(self, state: TrainState) -> Any:
        return state.weights

    def run(
        self,
        data: Split,
        run: Run,
        source: Any,
        stops: Sequence[int] = (),
        start: Checkpoint | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        shape = (len(run.seeds), len(run.learning_rates))
        weights = np.array(start.arrays["w"]) if start else np.zeros(shape, np.float32)
        for step in range(start.step if start else 0, run.steps + 1):
            if step in {*stops, run.steps}:
                state = TrainState({"w": weights.copy()}, np.full(shape, NEVER, np.int32))
                yield step, state
            move = np.outer(np.array(run.seeds) + 1, run.learning_rates) / (step + run.epsilon)
            weights = (weights / np.float32(1.01) + move).astype(np.float32)
            self.trained += 1

    def score(self, state: TrainState, split: Split) -> Score:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise StoppedError
        weights = np.asarray(state.weights["w"], np.float64)
        return Score(weights, -weights)

    def weights(self, state: TrainState) -> Any:
        return np.asarray(state.weights["w"])[..., None]

    def cost(self, steps: int) -> RunCost:
        return RunCost(2 * steps, 2 * steps, steps, steps)


@pytest.fixture(autouse=True)
def saves_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAVE_S", 0.0)


def trained(trainer: Any, path: Path | None, identity: str = "one") -> dict[str, Any]:
    task = Task("own", None, EXAMPLES, EXAMPLES, EXAMPLES, EXAMPLES)

    def nothing(seeds: Sequence[int]) -> Any:
        return seeds

    return train_source(nothing, task, SETTINGS, trainer, Checkpointer(path, identity))


@pytest.mark.parametrize("stop_after", [0, 1, 5, 20, 21, 37, 40])
def test_a_stopped_training_ends_with_the_same_bits(tmp_path: Path, stop_after: int) -> None:
    whole = Adding()
    expected = trained(whole, None)
    first, second = Adding(stop_after), Adding()
    with pytest.raises(StoppedError):
        trained(first, tmp_path / "c.npz")
    assert trained(second, tmp_path / "c.npz") == expected
    assert second.trained <= whole.trained - (stop_after > 1)


def test_a_stop_in_the_last_run_leaves_tuning_and_the_steps_before(tmp_path: Path) -> None:
    class StopsLate(Adding):
        def run(self, *given: Any) -> Iterator[tuple[int, TrainState]]:
            for step, state in super().run(*given):
                if given[1].seeds == (5, 6) and step > 20:
                    raise StoppedError
                yield step, state

    expected, path = trained(Adding(), None), tmp_path / "c.npz"
    with pytest.raises(StoppedError):
        trained(StopsLate(), path)
    rest = Adding()
    assert trained(rest, path) == expected
    assert rest.trained <= 2 * (SETTINGS.steps // 2 + 1)  # two calls of seeds, half of the steps


def test_rounds_of_as_many_steps_are_told_apart() -> None:
    rates = tuple(round(0.1 * number, 1) for number in range(1, 9))
    few = SETTINGS.model_copy(update={"steps": 1, "learning_rates": rates, "epsilon": (1.0,)})
    task = Task("own", None, EXAMPLES, EXAMPLES, EXAMPLES, EXAMPLES)
    tuning = tune(lambda seeds: seeds, task, few, Adding(), Checkpointer())  # type: ignore[arg-type,return-value]
    best = sorted(tuning.trials.items(), key=lambda item: item[0].learning_rate)
    accuracies = [trial.accuracy for _, trial in best]
    assert accuracies == sorted(accuracies) and len(set(accuracies)) == len(rates)
    assert tuning.chosen.learning_rate == rates[-1]


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def of_other_form(path: Path) -> None:
    np.savez(path, about=np.array('{"identity": "one"}'))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def with_byte(offset: int, value: int) -> Callable[[Path], None]:
    """Return what changes a byte of the first entry in the archive's directory."""

    def changed(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[content.index(b"PK\x01\x02") + offset] = value
        path.write_bytes(content)

    return changed


SPOILT = [damaged, of_other_form, empty, with_byte(8, 1), with_byte(10, 97), Path.unlink]


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_file_that_cannot_be_used_is_as_none_and_damage_is_told(
    tmp_path: Path, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    path, whole = tmp_path / "c.npz", Adding()
    expected = trained(whole, None)
    with pytest.raises(StoppedError):
        trained(Adding(30), path)
    spoil(path)
    again = Adding()
    assert trained(again, path) == expected and again.trained == whole.trained
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == (spoil is not Path.unlink)
    assert all(one.startswith(f"{path} cannot be used") for one in told)


def test_seconds_before_a_stop_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Adding):
        def __init__(self, stop_after: int | None, seconds: float) -> None:
            super().__init__(stop_after)
            self.seconds = seconds

        def score(self, state: TrainState, split: Split) -> Score:
            found = super().score(state, split)
            clock[0] += self.seconds
            return found

    clock, path = [1000.0], tmp_path / "c.npz"
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    for trainer, noted in ((Slow(10, 5.0), 0.0), (Slow(10, 0.5), 50.0), (Slow(None, 1.0), 55.0)):
        phases.before()
        with pytest.raises(StoppedError) if trainer.left else nullcontext():
            trained(trainer, path)
        assert phases.before() == pytest.approx(noted)


def test_what_a_killed_write_left_is_removed_with_the_file(tmp_path: Path) -> None:
    (tmp_path / ".c.npz.tmp").write_bytes(b"half")
    path = tmp_path / "c.npz"
    Checkpointer(path, "one").remove()
    assert not any(tmp_path.iterdir())


def test_another_training_starts_from_the_start(tmp_path: Path) -> None:
    path, whole = tmp_path / "c.npz", Adding()
    expected = trained(whole, None)
    with pytest.raises(StoppedError):
        trained(Adding(30), path)
    again = Adding()
    assert trained(again, path, "another") == expected and again.trained == whole.trained


def test_a_folder_that_is_not_there_stops_no_training_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "no" / "c.npz"
    assert trained(Adding(), path) == trained(Adding(), None)
    assert f"no checkpoint: cannot write {path}" in caplog.text


def test_short_trainings_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAVE_S", 60.0)
    with pytest.raises(StoppedError):
        trained(Adding(30), tmp_path / "c.npz")
    assert not any(tmp_path.iterdir())


def test_trainers_whose_states_do_not_tell_all_write_nothing(tmp_path: Path) -> None:
    trainer = Adding(30)
    trainer.resumable = False
    with pytest.raises(StoppedError):
        trained(trainer, tmp_path / "c.npz")
    assert not any(tmp_path.iterdir())


TASK = get_task("digits-mlp")
JAX = {
    "perceptrons": resolve(lanes=8),
    "perceptrons, a part of the weights": resolve(lanes=8, scope="sparse:0.5"),
    "any network": resolve(lanes=8, queries=2),
    "the last layer by backprop": resolve(lanes=8, scope="last:1"),
    "backprop": resolve(estimator="backprop", rng="none", reuse="none"),
    "Gaussian numbers": resolve(rng="gaussian", reuse="none"),
    "a random pool": resolve(rng="gaussian", reuse="pool", pool_size=255, reuse_period=8),
    "momentum by replay": resolve(lanes=8, queries=2, momentum_replay=3),
    "one second moment": resolve(lanes=8, step_size="scalar"),
    "replay and second moment": resolve(lanes=8, momentum_replay=3, step_size="scalar"),
    "stale coordinates": resolve(estimator="cocd", rng="none", reuse="none", queries=40),
    "integers": resolve(lanes=8, weight_bits=8, activation_bits=8),
    "integers by replay": resolve(
        lanes=8, queries=2, momentum_replay=3, weight_bits=16, activation_bits=8
    ),
    "random roundings": resolve(lanes=8, weight_bits=8, activation_bits=8, rounding="stochastic"),
}


class Watched(Checkpointer):
    """Stops after so many states, and notes the steps of those that it saw."""

    left = -1
    steps: tuple[int, ...] = ()

    def run(self, name: str, trainer: Any, states: Any, *rest: Any) -> Any:
        def limited(start: Checkpoint | None) -> Iterator[tuple[int, TrainState]]:
            for step, state in states(start):
                if self.left == 0:
                    raise StoppedError
                self.left -= 1
                self.steps = (*self.steps, step)
                yield step, state

        return super().run(name, trainer, limited, *rest)


@pytest.mark.parametrize("left", [7, 27])
@pytest.mark.parametrize("point", JAX.values(), ids=JAX)
def test_trainings_in_jax_resume_with_the_same_bits(
    point: DesignPoint, left: int, tmp_path: Path
) -> None:
    settings = TrainSettings(steps=60, seeds=6, tuning_seeds=2, learning_rates=(0.01, 1e6))
    path, runs = tmp_path / "c.npz", []
    for stops_after in (-1, left, -1):
        checkpointer = Watched(path, "one")
        checkpointer.left = stops_after
        with nullcontext() if stops_after < 0 else pytest.raises(StoppedError):
            runs.append(train_point(point, TASK, settings, checkpointer))
    assert runs[0] == runs[1]
    assert len(checkpointer.steps) <= 40 - left + 1 and not path.exists()


@pytest.mark.parametrize("estimator", ["rge", "backprop", "cge", "cge_sparse"])
def test_trainings_with_momentum_resume_with_the_same_bits(estimator: str, tmp_path: Path) -> None:
    drawn = estimator in ("rge", "cge_sparse")
    point = resolve(estimator=estimator, **({} if drawn else {"rng": "none", "reuse": "none"}))
    settings = TrainSettings(
        steps=40, seeds=2, tuning_seeds=1, learning_rates=(0.01, 0.1), momentum=0.9, grasp_queries=8
    )
    narrow, checkpointer = digits_mlp("digits-mlp", hidden=2), Watched(tmp_path / "c.npz", "one")
    checkpointer.left = 27
    with pytest.raises(StoppedError):
        train_point(point, narrow, settings, checkpointer)
    again = Watched(tmp_path / "c.npz", "one")
    assert train_point(point, narrow, settings, again) == train_point(point, narrow, settings)
    assert len(again.steps) <= 40 - 27 + 1


def test_diverged_replicas_stay_so(tmp_path: Path) -> None:
    settings = TrainSettings(steps=60, seeds=2).model_copy(update={"learning_rates": (1e30,)})
    checkpointer = Watched(tmp_path / "c.npz", "one")
    checkpointer.left = 30
    with pytest.raises(StoppedError):
        train_point(JAX["any network"], TASK, settings, checkpointer)
    again = Checkpointer(tmp_path / "c.npz", "one")
    found = train_point(JAX["any network"], TASK, settings, again)
    assert found == train_point(JAX["any network"], TASK, settings)
    assert found["diverged_step"] is not None
