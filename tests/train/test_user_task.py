from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError
from pezoexplore.train.evaluate import train_point
from pezoexplore.train.general_trainer import GeneralTrainer, Options
from pezoexplore.train.tasks.registry import get_task, task_identity
from pezoexplore.train.trainer import DirectionSource, Run

EXAMPLES = str(Path(__file__).resolve().parents[2] / "docs" / "examples")

GOOD = """
    import jax.numpy as jnp
    import numpy as np
    from pezoexplore.train.user_task import UserTask
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    w = {"b": np.zeros(2), "a": np.ones((3, 2))}
    def predict(w, x): return x @ w["a"] + w["b"]
    def loss(out, y): return ((out - y[:, None]) ** 2).sum(-1)
    """

Written = Callable[[str, str], str]
"""Writes a module and gives the name of a task in it, by its body and the function's."""


@pytest.fixture
def written(tmp_path: Path) -> Written:
    count = iter(range(100))

    def write(body: str, function: str = "task") -> str:
        name = f"own_{tmp_path.name}_{next(count)}".replace("-", "_")
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(GOOD) + textwrap.dedent(body))
        return f"{name}:{function}"

    return write


def source(seeds: Sequence[int]) -> DirectionSource:
    class Signs:
        scale = 1.0

        def block(self, first: int, steps: int) -> np.ndarray:
            rng = np.random.default_rng([first, *seeds])
            return (2 * rng.integers(0, 2, (steps, len(seeds), 64)) - 1).astype(np.int16)

    return Signs()


def test_the_worked_example_trains() -> None:
    task = get_task("own_task:iris", folder=EXAMPLES)
    assert task.parameters == 4 * 8 + 8 + 8 * 3
    assert (len(task.train), len(task.validation), len(task.test)) == (120, 24, 30)
    trainer = GeneralTrainer(task, "rge")
    run = Run((0, 1), (0.01,), 1500, 32)
    first, (_, last) = [*trainer.run(task.train, run, source, stops=(0,))]
    before, after = (trainer.score(s, task.test) for s in (first[1], last))
    assert (after.accuracy > 65).all()  # a third by chance
    assert (after.loss < before.loss).all()


@pytest.mark.parametrize("estimator", ["cge", "backprop", "forward_gradient"])
def test_other_estimators_take_it_too(estimator: str) -> None:
    task = get_task("own_task:iris", folder=EXAMPLES)
    trainer = GeneralTrainer(task, estimator)
    first, (_, last) = [*trainer.run(task.train, Run((0,), (0.02,), 20, 32), source, stops=(0,))]
    loss = [float(trainer.score(s, task.train).loss[0, 0]) for s in (first[1], last)]
    assert loss[1] < loss[0]


def test_flat_weights_are_the_arrays_in_order_of_their_keys(
    written: Written, tmp_path: Path
) -> None:
    name = written("def task(): return UserTask(w, predict, (x, y), loss)", "task")
    task = get_task(name, folder=str(tmp_path))
    np.testing.assert_array_equal(task.init(3), [1] * 6 + [0] * 2)
    inputs = np.float32([[1, 2, 3], [0, 0, 1]])
    flat = np.arange(8, dtype=np.float32)
    expected = inputs @ flat[:6].reshape(3, 2) + flat[6:]
    np.testing.assert_allclose(task.model.outputs(flat, inputs), expected)
    np.testing.assert_allclose(
        task.loss(expected, np.array([0, 1])), ((expected - [[0], [1]]) ** 2).sum(1)
    )
    assert task.model.macs >= 6


def test_identity_follows_data_weights_and_code(written: Written, tmp_path: Path) -> None:
    bodies = (
        "def task(): return UserTask(w, predict, (x, y))",
        "def task(): return UserTask(w, predict, (x + 1, y))",
        "def task(): return UserTask(w, predict, (x, y), loss)",
    )
    found = [task_identity(written(body, "task"), None, str(tmp_path)) for body in bodies]
    assert found[0]["data_sha256"] == found[2]["data_sha256"] != found[1]["data_sha256"]
    assert len({one["code_sha256"] for one in found}) == 3


BROKEN = {
    "def other(): pass": "has no function task",
    "task = 3": "has no function task",
    "def task(): return 1 / 0": "task failed: ZeroDivisionError: division by zero",
    "def task(): return 5": "returned int; it must return a",
    "raise ValueError('one' + chr(10) + 'two')": "importing .* failed: ValueError: one$",
    "import nowhere": "importing .* failed: ModuleNotFoundError: No module named 'nowhere'",
    "def task(): return UserTask(w, predict, x)": "data must be a pair",
    "def task(): return UserTask(w, predict, (x, y[1:]))": "as many numeric inputs as targets",
    "def task(): return UserTask(w, predict, (x, y - 1))": "class numbers from 0 on or floats",
    "def task(): return UserTask(w, predict, (x, y + 0.5))": "unless the task sets loss",
    "def task(): return UserTask(w, predict, (x, y + 0.5), loss, (x, y))": "same kind of targets",
    "def task(): return UserTask(w, predict, (x, y + 300))": "at most 255",
    "def task(): return UserTask(w, predict, (x, y + 1))": "3 classes or more",
    "def task(): return UserTask(w, predict, (x, np.arange(60)))": "60 examples cannot be split",
    "def task(): return UserTask({}, predict, (x, y))": "parameters must be arrays",
    "def task(): return UserTask({'a': 'b'}, predict, (x, y))": "parameters must be arrays",
    "def task(): return UserTask(lambda s: 1 / s, predict, (x, y))": "parameters failed: Zero",
    "def task(): return UserTask([w['a']], predict, (x, y))": "predict failed: TypeError",
    "def task(): return UserTask(w, lambda w, x: x[0], (x, y))": "predict must return outputs",
    "def task(): return UserTask(w, predict, (x, y), lambda o, y: o.mean())": "loss must return",
    "def task(): return UserTask(w, predict, (x, y), lambda o: o)": "loss failed: TypeError",
}


@pytest.mark.slow
def test_processes_that_share_probes_load_it_again(written: Written, tmp_path: Path) -> None:
    body = "def task(): return UserTask(w, lambda w, x: predict(w, x), (x, y), loss)"
    task = get_task(written(body, "task"), folder=str(tmp_path))
    run, trained = Run((0,), (0.05,), 2, 16), []
    for workers in (1, 2):
        trainer = GeneralTrainer(task, "cge", None, Options(workers=workers))
        *_, (_, state) = trainer.run(task.fit, run, None)
        trained.append(trainer.weights(state))
    np.testing.assert_array_equal(*trained)
    assert not np.array_equal(trained[0][0, 0], task.init(0))


def test_targets_that_are_no_classes_rank_by_loss(written: Written, tmp_path: Path) -> None:
    body = """
    slope = np.array([[1.0], [-2.0], [0.5]])
    def line(w, x): return x @ w
    def squares(out, y): return ((out - y) ** 2).sum(-1)
    def task(): return UserTask(np.zeros((3, 1)), line, (x, x @ slope), squares)
    """
    task = get_task(written(body, "task"), folder=str(tmp_path))
    assert (len(task.train), len(task.validation), len(task.test)) == (48, 9, 12)
    assert task.fit.labels.shape == (39, 1)
    settings = TrainSettings(steps=600, seeds=2, learning_rates=(1e-4, 1e-2, 30.0))
    found = train_point(resolve(rng="rademacher", reuse="none"), task, settings)
    # The small rate hardly moves, the large one diverges: only the loss can tell.
    assert found["learning_rate"] == 1e-2
    assert found["test_loss_mean"] < 0.05
    assert found["accuracy_mean"] is found["accuracy_per_seed"] is found["accuracy_ci95"] is None
    assert found["diverged_step"] is found["steps_to_target"] is None
    assert found["validation_curve"] == []


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_wrong_is_one_line(written: Written, tmp_path: Path, body: str) -> None:
    name = written(body, "task")
    with pytest.raises(DesignError, match=BROKEN[body]) as caught:
        get_task(name, folder=str(tmp_path))
    assert str(caught.value).startswith(f"task: '{name}'")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["os:abort", "this:s", "multiprocessing.dummy:Process"])
def test_no_function_of_pythons_own_is_called(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DesignError, match="is Python's own, not a module with a task"):
        get_task(name)
    assert capfd.readouterr() == ("", "")


def test_a_function_from_elsewhere_is_not_called(written: Written, tmp_path: Path) -> None:
    name = written("from os import abort as task", "task")
    with pytest.raises(DesignError, match="has no function task"):
        get_task(name, folder=str(tmp_path))


def test_modules_are_found_in_the_working_folder(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = written("def task(): return UserTask(w, predict, (x, y))", "task")
    with pytest.raises(DesignError, match="no module own_"):
        get_task(name)
    monkeypatch.chdir(tmp_path)
    assert get_task(name).parameters == 8
    with pytest.raises(DesignError, match="not of the form"):
        get_task("a-b:c")
