from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from pezoexplore.errors import DesignError
from pezoexplore.train.tasks.cifar import CIFAR10_VARIABLE, read_cifar10
from pezoexplore.train.tasks.registry import get_task, task_identity

NAMES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")


def images(seed: int, count: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Planes [count, 3, 32, 32] and labels, two of each class."""
    planes = np.random.default_rng(seed).integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
    return planes, np.arange(count) % 10


def write_pickled(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(NAMES):
        planes, labels = images(seed)
        batch = {
            b"batch_label": b"training batch",
            b"labels": labels.tolist(),
            b"data": planes.reshape(-1, 3072),
            b"filenames": [b"a.png"] * len(labels),
        }
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))


def write_binary(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(NAMES):
        planes, labels = images(seed)
        records = [
            bytes([label]) + plane.tobytes() for plane, label in zip(planes, labels, strict=True)
        ]
        (folder / f"{name}.bin").write_bytes(b"".join(records))


WRITERS = {"cifar-10-batches-py": write_pickled, "cifar-10-batches-bin": write_binary}


@pytest.mark.parametrize("release", WRITERS)
@pytest.mark.parametrize("inside", [True, False])
def test_both_releases_are_read_from_their_folder_or_the_one_above(
    tmp_path: Path, release: str, inside: bool
) -> None:
    WRITERS[release](tmp_path / release if inside else tmp_path)
    train, test = read_cifar10(tmp_path)
    assert train.inputs.shape == (100, 32, 32, 3)
    assert train.inputs.dtype == np.uint8
    planes, labels = images(3)
    np.testing.assert_array_equal(train.labels[60:80], labels)
    np.testing.assert_array_equal(train.inputs[67, 5, 9], planes[7, :, 5, 9])
    planes, labels = images(5)
    np.testing.assert_array_equal(test.inputs[2, 31, 0], planes[2, :, 31, 0])
    np.testing.assert_array_equal(test.labels, labels)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("deepzero-cnn-3700", 3700), ("resnet20", 269_722)])
def test_tasks_read_the_folder_they_are_given(tmp_path: Path, name: str, size: int) -> None:
    write_binary(tmp_path)
    task = get_task(name, str(tmp_path))
    assert task.parameters == size
    assert (len(task.train), len(task.fit), len(task.validation), len(task.test)) == (
        (100, 90, 10, 20)
    )
    assert task.model.outputs(task.init(0), task.test.inputs).shape == (20, 10)


def test_the_variable_names_the_folder_where_the_design_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pickled(tmp_path / "here")
    write_binary(tmp_path / "there")
    monkeypatch.setenv(CIFAR10_VARIABLE, str(tmp_path / "here"))
    here = get_task("deepzero-cnn")
    assert here.data_sha256 == get_task("deepzero-cnn", str(tmp_path / "there")).data_sha256
    monkeypatch.delenv(CIFAR10_VARIABLE)
    with pytest.raises(DesignError, match=r"^task: deepzero-cnn needs CIFAR-10; unpack .* train"):
        get_task("deepzero-cnn")


def test_other_images_are_another_task(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_binary(tmp_path / folder)
    changed = tmp_path / "b" / "test_batch.bin"
    content = bytearray(changed.read_bytes())
    content[5] ^= 1
    changed.write_bytes(content)
    first, second = (task_identity("deepzero-cnn", str(tmp_path / name)) for name in "ab")
    assert first["data_sha256"] != second["data_sha256"]
    assert task_identity("digits-mlp") == {}


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("/tmp/never"),))


BROKEN = {
    "code": (pickle.dumps(Evil()), "it names"),
    "nothing": (b"", "EOFError|Ran out of input"),
    "no pickle": (b"hello world", "not a batch"),
    "another pickle": (pickle.dumps([1, 2]), "not a batch"),
    "no labels": (pickle.dumps({b"data": np.zeros((2, 3072), np.uint8)}), "labels"),
    "other sizes": (
        pickle.dumps({b"data": np.zeros((2, 7), np.uint8), b"labels": [1, 2]}),
        "not images of 3072 bytes",
    ),
    "hundred classes": (
        pickle.dumps({b"data": np.zeros((1, 3072), np.uint8), b"labels": [77]}),
        "labels 0 to 9",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_batch_is_one_line_and_runs_no_code(tmp_path: Path, how: str) -> None:
    write_pickled(tmp_path)
    content, reason = BROKEN[how]
    (tmp_path / "data_batch_2").write_bytes(content)
    with pytest.raises(DesignError, match=reason) as caught:
        read_cifar10(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / "data_batch_2"))
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="no CIFAR-10 here; put data_batch_1"):
        read_cifar10(tmp_path)
    write_binary(tmp_path)
    (tmp_path / "data_batch_4.bin").unlink()
    with pytest.raises(DesignError, match=r"data_batch_4\.bin: missing"):
        read_cifar10(tmp_path)
    (tmp_path / "data_batch_4.bin").write_bytes(b"12345")
    with pytest.raises(DesignError, match=r"data_batch_4\.bin: 5 bytes"):
        read_cifar10(tmp_path)
