from __future__ import annotations

import numpy as np
import pytest

from pezoexplore.errors import DesignError
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.task import Split, Task
from pezoexplore.train.tasks.last_mile import LAST_MILE_TASKS, pretrained
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run, TrainState

SOURCE = get_task("digits-mlp")


def rows(split: Split) -> list[bytes]:
    return sorted(x.tobytes() + bytes([y]) for x, y in zip(split.inputs, split.labels, strict=True))


def right(task: Task, flat: np.ndarray, split: Split) -> float:
    (w1, b1), (w2, b2) = SOURCE.model.unpack(flat.astype(np.float64))
    outputs = np.maximum(split.inputs / 16 @ w1.T + b1, 0) @ w2.T + b2
    return 100 * float((outputs.argmax(1) == split.labels).mean())


@pytest.mark.parametrize("name", LAST_MILE_TASKS)
def test_adaptation_starts_from_a_network_trained_on_the_source(name: str) -> None:
    task = get_task(name)
    flat = task.init(0)
    np.testing.assert_array_equal(flat, task.init(1))
    old = SOURCE.test.labels < (5 if name.endswith("classes") else 10)
    source = Split(SOURCE.test.inputs[old], SOURCE.test.labels[old])
    assert right(task, flat, source) > 95
    before = task.accuracy_before
    assert before == pytest.approx(right(task, flat, task.test))
    assert before < 80


@pytest.mark.parametrize("name", LAST_MILE_TASKS)
@pytest.mark.parametrize(("suffix", "shots"), [("", 16), ("-40", 40)])
def test_adaptation_sees_k_examples_a_class(name: str, suffix: str, shots: int) -> None:
    task = get_task(name + suffix)
    classes = range(5, 10) if name.endswith("classes") else range(10)
    labels, counts = np.unique(task.train.labels, return_counts=True)
    np.testing.assert_array_equal(labels, classes)
    assert (counts == shots).all()
    assert len(task.validation) == len(task.train) // 4
    assert rows(task.train) == sorted(rows(task.fit) + rows(task.validation))
    np.testing.assert_array_equal(np.unique(task.test.labels), classes)


def test_shifts_are_what_they_say() -> None:
    inverted, noisy, rotated, new = (
        get_task(f"last-mile-{shift}") for shift in ("inverted", "noisy", "rotated", "new-classes")
    )
    np.testing.assert_array_equal(inverted.test.inputs, 16 - SOURCE.test.inputs)
    off = noisy.test.inputs.astype(float) - SOURCE.test.inputs
    middle = (SOURCE.test.inputs >= 7) & (SOURCE.test.inputs <= 9)
    assert abs(off[middle].mean()) < 0.3
    assert 4 < off[middle].std() < 6.2  # 6 less what is clipped
    assert noisy.test.inputs.max() == 16
    assert (rotated.test.inputs != SOURCE.test.inputs).mean() > 0.5
    assert set(rows(new.test)) < set(rows(SOURCE.test))


def test_the_shots_come_from_the_training_part_of_the_digits() -> None:
    new = get_task("last-mile-new-classes-40")
    assert set(rows(new.train)) < set(rows(SOURCE.train))
    assert not set(rows(new.train)) & set(rows(SOURCE.test))


def test_pretraining_gives_the_same_weights_again() -> None:
    again = pretrained.__wrapped__(5)
    np.testing.assert_array_equal(again, pretrained(5))


def test_a_few_examples_help() -> None:
    task = get_task("last-mile-inverted")
    trainer = GeneralTrainer(task, "backprop")
    *_, (_, state) = trainer.run(task.train, Run((0,), (0.1,), 400, 32), None)
    assert trainer.score(state, task.test).accuracy[0, 0] > 45
    flat = np.broadcast_to(task.init(0), (1, 1, task.parameters))
    start = TrainState(flat, np.full((1, 1), NEVER, np.int32))
    assert trainer.score(start, task.test).accuracy[0, 0] == pytest.approx(task.accuracy_before)


@pytest.mark.parametrize("words", ["-8", "-129", "-x", "16", "-"])
def test_other_numbers_of_examples_are_refused(words: str) -> None:
    with pytest.raises(DesignError, match="16 to 128"):
        get_task(f"last-mile-noisy{words}")
