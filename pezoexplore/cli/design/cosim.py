"""`pezoexplore cosim`: a training run with the simulated RTL in the loop."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import (
    Format,
    RtlDir,
    Simulator,
    TableOrJson,
    TaskName,
    check_simulator,
)
from pezoexplore.cli.terminal import counted, echo, log, print_json
from pezoexplore.design.point import AXES
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.hardware.verify.cosim import Outcome

_TIMEOUT_S = 600.0
_TIMEOUT_STEP_S = 60.0


@axis_options(AXES)
def cosim(
    axes: Axes,
    task: TaskName = None,
    steps: Annotated[int, typer.Option(min=1, max=10**6, help="Number of weight updates.")] = 10,
    learning_rate: Annotated[float, typer.Option(min=1e-9, max=1e6, help="Learning rate.")] = 0.01,
    epsilon: Annotated[
        float, typer.Option(min=1e-9, max=1e6, help="Scale of the perturbation.")
    ] = 1e-3,
    batch: Annotated[int, typer.Option(min=1, max=10**6, help="Training examples per step.")] = 64,
    sim: Simulator = "icarus",
    rtl_dir: RtlDir = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the log and the simulated RTL.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Train one design with its simulated RTL in the loop, and compare it with software.

    Every perturbed and every updated weight comes from the perturbation engine in simulation; the
    same run is trained in software, and the weights after each step must be identical. Weights are
    integers, of 16 bits unless the axes say otherwise.
    """
    from pezoexplore.design.one_point import ENGINE_BITS, one_point

    check_simulator(sim)
    widths = {name: axes[name] or bits for name, bits in ENGINE_BITS.items()}
    point, space = one_point(axes | widths, {"task": task})
    if point.weight_bits is None:
        raise DesignError("cosim needs integers: --weight-bits and --activation-bits are 4 to 16")
    from pezoexplore import paths
    from pezoexplore.hardware.verify.cosim import Training, cosimulate
    from pezoexplore.hardware.verify.simulate import require_simulator

    require_simulator(sim)
    training = Training(space.task, steps, learning_rate, epsilon, batch)
    log.info(f"{point.label()}: {counted(steps, 'step')} on {space.task}, RTL in the loop")
    with tempfile.TemporaryDirectory(prefix="pezoexplore-") as scratch:
        folder = (out or Path(scratch)).absolute()
        paths.make_folder(folder)
        found = cosimulate(
            point,
            training,
            paths.rtl_folder(rtl_dir).absolute(),
            folder / "work",
            folder / "cosim.log",
            timeout_s=_TIMEOUT_S + _TIMEOUT_STEP_S * steps,
            simulator=sim,
        )
    if format_ is TableOrJson.json:
        print_json({"axes": point.to_json(), "steps": steps, **found.plain()})
    else:
        _print(found, steps)
    return 0 if found.difference is None else 1


def _print(found: Outcome, steps: int) -> None:
    echo(f"{counted(found.streams, 'stream')}, {found.weights:,} weights")
    echo(f"{found.perturbed:,} perturbed and {found.updated:,} updated weights came from the RTL")
    echo(f"{found.moved:,} weights moved; test accuracy now {found.accuracy:.2f} %")
    difference = found.difference
    if difference is None:
        echo(f"RTL and software are identical after each of {counted(steps, 'step')}")
        return
    log.error(
        f"after step {difference.step} weight {difference.weight} is {difference.rtl} in RTL and "
        f"{difference.software} in software"
    )
