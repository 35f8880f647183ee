"""`pezoexplore cosim`: a training run with the simulated RTL in the loop."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.commands.points import one_point
from pezoexplore.commands.sweep import rtl_folder
from pezoexplore.commands.terminal import counted, print_json, say, tell
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.hardware.verify.cosim import Outcome, Training, cosimulate
from pezoexplore.hardware.verify.simulate import SIMULATORS, require_simulator

DEFAULT_BITS = {"weight_bits": "16", "activation_bits": "8"}
"""Widths that are not given: the engine adds integers."""

_TIMEOUT_S = 600.0
_TIMEOUT_STEP_S = 60.0


@dataclass(frozen=True)
class CosimRequest:
    """What the command line asks for.

    Attributes:
        axes: One value by axis, as text; None for one not given.
        task: Name of the task; None for the default.
        steps: Weight updates.
        learning_rate: Learning rate at the first step.
        epsilon: Length of the probe.
        batch: Examples a step.
        simulator: Name of the simulator.
        rtl_dir: Folder of the RTL; None for the bundled one.
        out: Folder for the log and what was simulated; None keeps nothing.
        as_json: Whether to print JSON.
    """

    axes: Mapping[str, str | None]
    task: str | None
    steps: int
    learning_rate: float
    epsilon: float
    batch: int
    simulator: str
    rtl_dir: Path | None
    out: Path | None
    as_json: bool


def cosim(request: CosimRequest) -> int:
    """Train a point in RTL and in software, and compare the weights after every step.

    Returns:
        0 when they are identical, else 1.

    Raises:
        PezoError: The point or a setting is not allowed, a tool is missing or failed.
    """
    if request.simulator not in SIMULATORS:
        raise DesignError(f"--sim {request.simulator}: allowed: {', '.join(SIMULATORS)}")
    require_simulator(request.simulator)
    point, task = _point(request)
    training = Training(task, request.steps, request.learning_rate, request.epsilon, request.batch)
    tell(f"{point.label()}: {counted(request.steps, 'step')} on {task}, RTL in the loop")
    if request.out is not None:
        found = _run(request, point, training, request.out)
    else:
        with tempfile.TemporaryDirectory(prefix="pezoexplore-") as folder:
            found = _run(request, point, training, Path(folder))
    if request.as_json:
        print_json({"axes": point.to_json(), "steps": request.steps, **found.plain()})
    else:
        _report(found, request.steps)
    return 0 if found.difference is None else 1


def _point(request: CosimRequest) -> tuple[DesignPoint, str]:
    """The point, and the name of its task."""
    axes = dict(request.axes)
    axes |= {name: bits for name, bits in DEFAULT_BITS.items() if axes[name] is None}
    point, space = one_point(axes, {"task": request.task})
    if point.weight_bits is None:
        raise DesignError("cosim needs integers: --weight-bits and --activation-bits are 4 to 16")
    return point, space.task


def _run(request: CosimRequest, point: DesignPoint, training: Training, folder: Path) -> Outcome:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"--out {folder}: cannot be made: {error.strerror}") from None
    return cosimulate(
        point,
        training,
        rtl_folder(request.rtl_dir).absolute(),
        folder.absolute() / "work",
        folder.absolute() / "cosim.log",
        timeout_s=_TIMEOUT_S + _TIMEOUT_STEP_S * training.steps,
        simulator=request.simulator,
    )


def _report(found: Outcome, steps: int) -> None:
    say(f"{counted(found.streams, 'stream')}, {found.weights:,} weights")
    say(f"{found.perturbed:,} perturbed and {found.updated:,} updated weights came from the RTL")
    say(f"{found.moved:,} weights moved; test accuracy now {found.accuracy:.2f} %")
    difference = found.difference
    if difference is None:
        say(f"RTL and software are identical after each of {counted(steps, 'step')}")
        return
    tell(
        f"after step {difference.step} weight {difference.weight} is {difference.rtl} in RTL and "
        f"{difference.software} in software"
    )
