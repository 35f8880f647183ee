"""The tasks by name: what design files may say after ``task:``."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial

from pezoexplore.design.setting_kinds import TASK_NAMES, is_certified
from pezoexplore.errors import DesignError
from pezoexplore.train.task import Task
from pezoexplore.train.tasks import datasets
from pezoexplore.train.tasks.certified import certified_task
from pezoexplore.train.tasks.cifar import CIFAR10_TASKS, CIFAR10_VARIABLE, cifar10_task
from pezoexplore.train.tasks.last_mile import LAST_MILE_TASKS, last_mile
from pezoexplore.train.tasks.pde import PDE_TASKS, pde_task
from pezoexplore.train.tasks.speech import SPEECH_TASK, SPEECH_VARIABLE, speech_task
from pezoexplore.train.user_task import load_user_task

GREY_SIZES = (406, 3376, 6346, 9316, 12286)
"""Parameters of DeepZero's small network on MNIST, one channel in, at depths 1 to 5."""

DIGITS_LADDER = {"digits-mlp-25k": 333, "digits-mlp-100k": 1322}
"""Hidden units of perceptrons of 24,985 and 99,160 parameters on the digits."""

LADDER = {
    "mnist-mlp-25k": (31, 16),
    "mnist-mlp-100k": (116, 64),
    "mnist-mlp-1m": (900, 320),
}
"""Hidden units of perceptrons of 25,017, 99,198 and 998,030 parameters, on the same images."""

TASKS: dict[str, Callable[[], Task]] = {
    "digits-mlp": datasets.digits_mlp,
    **{name: partial(datasets.digits_mlp, name, wide) for name, wide in DIGITS_LADDER.items()},
    "digits-cnn": datasets.digits_cnn,
    "mnist5k-lenet": datasets.mnist5k_lenet,
    **{name: partial(datasets.mnist_mlp, name, hidden) for name, hidden in LADDER.items()},
    "mnist-cnn-100k": partial(datasets.mnist_cnn, "mnist-cnn-100k"),
    "wine": datasets.wine,
    "breast-cancer": datasets.breast_cancer,
    **{
        f"mnist5k-deepzero-{size}": partial(datasets.mnist5k_deepzero, depth)
        for depth, size in enumerate(GREY_SIZES, start=1)
    },
}
"""Builders by name, of tasks whose data come with the packages."""


def get_task(name: str, data: str | None = None, folder: str | None = None) -> Task:
    """Return the task of that name; its data are loaded once per process.

    Args:
        name: One of ``TASK_NAMES``, a last-mile task followed by ``-K`` for K examples per class,
            or ``package.module:function`` of the user (docs/own_task.md).
        data: Folder of CIFAR-10, by default the one that ``PEZOEXPLORE_CIFAR10`` names, or of
            recordings for ``last-mile-speech``, by default the one of ``PEZOEXPLORE_SPEECH``.
        folder: Folder searched for user modules before the Python path: the design file's.

    Raises:
        DesignError: There is no such task, or its data or code cannot be used.
    """
    variable = _folder_variable(name)
    where = data or os.environ.get(variable) if variable else None
    return _load(name, where, folder if ":" in name else None)


def task_identity(name: str, data: str | None = None, folder: str | None = None) -> dict[str, str]:
    """Return hashes of what determines a task besides its name and the package's version.

    Takes :func:`get_task`'s arguments. Empty for tasks whose data come with the packages, whose
    versions determine them.
    """
    if not _folder_variable(name) and ":" not in name:
        return {}
    task = get_task(name, data, folder)
    return {"data_sha256": task.data_sha256, "code_sha256": task.code_sha256}


def _folder_variable(name: str) -> str | None:
    """Return the environment variable that names the folder of a task's data, if it has one."""
    if name.startswith(SPEECH_TASK):
        return SPEECH_VARIABLE
    return CIFAR10_VARIABLE if name in CIFAR10_TASKS else None


@cache
def _load(name: str, data: str | None, folder: str | None) -> Task:
    if name in TASKS:
        return TASKS[name]()
    if name in CIFAR10_TASKS:
        return cifar10_task(name, data)
    if name.startswith(LAST_MILE_TASKS):
        return last_mile(name)
    if name.startswith(SPEECH_TASK):
        return speech_task(name, data)
    if name in PDE_TASKS:
        return pde_task(name)
    if is_certified(name):
        return certified_task(name)
    if ":" in name:
        return load_user_task(name, folder)
    raise DesignError(
        f"task: unknown task '{name}'; there is {', '.join(sorted(TASK_NAMES))}, "
        "or your own as package.module:function"
    )
