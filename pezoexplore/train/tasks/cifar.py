"""CIFAR-10 as it is published: the Python or the binary release, unpacked in a folder.

Format: https://www.cs.toronto.edu/~kriz/cifar.html. An image is 3,072 bytes: its red plane row by
row, then green, then blue.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.networks import cnn, resnet
from pezoexplore.train.task import Split, Task, carve

CIFAR10_VARIABLE = "PEZOEXPLORE_CIFAR10"
"""Environment variable that names the folder of CIFAR-10 where the design does not."""

DEEPZERO_SIZES = (730, 3700, 6670, 9640, 12610)
"""Parameters of DeepZero's small network at depths 1 to 5."""

CIFAR10_TASKS = ("deepzero-cnn", *(f"deepzero-cnn-{size}" for size in DEEPZERO_SIZES), "resnet20")
"""Tasks on CIFAR-10, read from a folder; ``deepzero-cnn`` is the smallest of its sizes."""

PIXELS = 3 * 32 * 32

_BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")

_SAFE = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("_codecs", "encode"),
}
"""Globals that a pickle of arrays, strings and numbers refers to."""


def cifar10_task(name: str, folder: str | None) -> Task:
    """Build one of ``CIFAR10_TASKS`` from the images in a folder; see :func:`read_cifar10`."""
    train, test = read_cifar10(Path(folder or ""), name)
    fit, validation = carve(train, len(train) // 10)
    if name == "resnet20":
        return Task(name, resnet.resnet20(), train, fit, validation, test)
    size = int(name.removeprefix("deepzero-cnn-")) if name != "deepzero-cnn" else DEEPZERO_SIZES[0]
    model = cnn.deepzero_cnn(DEEPZERO_SIZES.index(size) + 1)
    return Task(name, model, train, fit, validation, test)


def read_cifar10(folder: Path, task: str = "cifar10") -> tuple[Split, Split]:
    """Read the training and test images, uint8 [examples, 32, 32, 3].

    Args:
        folder: The folder with the batches, or the one that ``cifar-10-batches-py`` or
            ``cifar-10-batches-bin`` was unpacked in.
        task: Name of the task, for errors.

    Raises:
        DesignError: No folder, or a file that is missing or not of the format.
    """
    if folder == Path():
        raise DesignError(
            f"task: {task} needs CIFAR-10; unpack cifar-10-python.tar.gz or cifar-10-binary.tar.gz "
            "(www.cs.toronto.edu/~kriz/cifar.html) and name the folder in train.data or in the "
            f"environment variable {CIFAR10_VARIABLE}"
        )
    place, suffix, read = _release(folder)
    parts = [read(_present(place / f"{name}{suffix}")) for name in _BATCHES]
    train = Split(*(np.concatenate(columns) for columns in zip(*parts[:-1], strict=True)))
    return train, Split(*parts[-1])


_Examples = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def _release(folder: Path) -> tuple[Path, str, Callable[[Path], _Examples]]:
    """Find the folder of the batches, the suffix of their names and their reader."""
    releases: tuple[tuple[str, str, Callable[[Path], _Examples]], ...] = (
        ("cifar-10-batches-py", "", _read_pickled),
        ("cifar-10-batches-bin", ".bin", _read_binary),
    )
    for unpacked, suffix, read in releases:
        for place in (folder, folder / unpacked):
            if any((place / f"{name}{suffix}").is_file() for name in _BATCHES):
                return place, suffix, read
    raise DesignError(
        f"{folder}: no CIFAR-10 here; put data_batch_1 to data_batch_5 and test_batch of the "
        "Python release there, or the same with .bin of the binary release"
    )


def _present(path: Path) -> Path:
    if not path.is_file():
        raise DesignError(f"{path}: missing; CIFAR-10 is five training batches and a test batch")
    return path


def _read_binary(path: Path) -> _Examples:
    content = np.frombuffer(path.read_bytes(), np.uint8)
    if not len(content) or len(content) % (PIXELS + 1):
        raise DesignError(
            f"{path}: {len(content)} bytes are no whole number of records of {PIXELS + 1}; "
            "unpack the binary release again"
        )
    records = content.reshape(-1, PIXELS + 1)
    return _images(path, records[:, 1:], records[:, 0])


def _read_pickled(path: Path) -> _Examples:
    try:
        content: Any = _Unpickler(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        pixels, labels = np.asarray(content[b"data"]), np.asarray(content[b"labels"])
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DesignError(
            f"{path}: not a batch of CIFAR-10's Python release ({reason}); unpack it again"
        ) from error
    return _images(path, pixels, labels)


def _images(path: Path, pixels: NDArray[Any], labels: NDArray[Any]) -> _Examples:
    shaped = pixels.dtype == np.uint8 and pixels.shape == (len(labels), PIXELS)
    if not shaped or not np.isin(labels, range(10)).all():
        raise DesignError(
            f"{path}: not images of {PIXELS} bytes with labels 0 to 9; unpack CIFAR-10 again"
        )
    planes = pixels.reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels.astype(np.uint8)


class _Unpickler(pickle.Unpickler):
    """An unpickler of arrays, numbers, strings and containers of them that runs no other code."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as the base class
        """Return a global that arrays refer to; refuse any other."""
        if (module, name) not in _SAFE:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is no image")
        return super().find_class(module, name)
