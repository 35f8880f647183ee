"""The device that trains: this machine's CPU, or a GPU on request.

The choice of a command, ``--device``, is the environment variable ``PEZOEXPLORE_DEVICE``. A
training stage notes the GPU that it was planned for in its identity: a GPU gives other floats.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.train.task import Task

VARIABLE = "PEZOEXPLORE_DEVICE"

PROBES = {
    "JAX": "import jax; print(jax.devices()[0].device_kind)",
    "PyTorch": "import torch; print(torch.cuda.get_device_name(0))",
}
"""Programs that print the name of a library's GPU, or fail."""


class Device(StrEnum):
    """What to train on."""

    auto = "auto"
    cpu = "cpu"
    gpu = "gpu"


def chosen() -> Device:
    """Return the choice of this process.

    Raises:
        DesignError: ``PEZOEXPLORE_DEVICE`` is none of them.
    """
    name = os.environ.get(VARIABLE) or Device.cpu
    if name not in list(Device):
        raise DesignError(f"{VARIABLE}: '{name}' is not one of {', '.join(Device)}")
    return Device(name)


def choose(device: Device) -> None:
    """Make a choice for this process and those that it starts.

    Raises:
        DesignError: A GPU, where no library finds one.
    """
    os.environ[VARIABLE] = device
    if device is Device.gpu and not any(map(gpu_name, PROBES)):
        raise DesignError(
            "--device gpu: neither JAX nor PyTorch finds a GPU here; install jax[cuda12], or a "
            "PyTorch for this machine's driver, or train with --device cpu"
        )


def planned_gpu(library: str) -> str:
    """Return the name of the GPU that a task's library trains on; empty for the CPU.

    Raises:
        DesignError: The choice is a GPU, and this library finds none.
    """
    device = chosen()
    name = "" if device is Device.cpu else gpu_name(library)
    if device is Device.gpu and not name:
        raise DesignError(
            f"--device gpu: {library}, which trains this task, finds no GPU here; install it for "
            "this machine's driver, or train with --device cpu"
        )
    return name


def enter(gpu: str) -> None:
    """Let JAX, if it is not loaded yet, and PyTorch train on what was planned.

    Args:
        gpu: As :func:`planned_gpu` returns it.
    """
    os.environ[VARIABLE] = Device.gpu if gpu else Device.cpu
    if gpu:
        os.environ["JAX_PLATFORMS"] = "cuda"
        os.environ["XLA_FLAGS"] = "--xla_gpu_deterministic_ops=true"
        if "jax" in sys.modules:  # imported, but on no device yet
            sys.modules["jax"].config.update("jax_platforms", "cuda")


def entered(load: Callable[[], Task]) -> Task:
    """Load a task and enter the device that it trains on.

    Raises:
        DesignError: The task cannot be loaded, or there is no such device.
    """
    if chosen() is not Device.cpu and gpu_name("JAX"):  # loading may trace the task
        os.environ["JAX_PLATFORMS"] = "cuda"
    task = load()
    enter(planned_gpu("JAX" if task.trainer is None else "PyTorch"))
    return task


def gpus() -> dict[str, str]:
    """Return the choice and each library's GPU, for run.json; empty where the choice is the CPU."""
    if chosen() is Device.cpu:
        return {}
    found = {f"gpu of {library}": gpu_name(library) for library in PROBES}
    return {"device": str(chosen())} | {name: gpu for name, gpu in found.items() if gpu}


@cache
def gpu_name(library: str) -> str:
    """Return the name of the GPU that a library finds, empty if none; asks in a process apart."""
    done = subprocess.run(
        [sys.executable, "-c", PROBES[library]],
        env=os.environ | {"JAX_PLATFORMS": "cuda"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
