"""`pezoexplore board`: the bitstream of a board that trains, and a training run on one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli.options import Format, RtlDir, TableOrJson, TaskName
from pezoexplore.cli.terminal import counted, echo, log, print_json
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.hardware.board.bitstream import Bitstream
    from pezoexplore.hardware.board.session import Session
    from pezoexplore.hardware.board.training import Trained

_EVERY = 500


def board(
    name: Annotated[str, typer.Argument(metavar="BOARD", help="icebreaker or ulx3s.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the bitstream and its sources.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Device of the board, where it is sold with several.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=1, max=10**6, help="Seed of place and route. Default: 1."),
    ] = None,
    port: Annotated[
        Path | None,
        typer.Option(help="Train on the board at this serial port instead of building."),
    ] = None,
    task: TaskName = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, max=10**6, help="Number of weight updates. Default: 4000."),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-9, max=1e6, help="Learning rate. Default: 0.01.")
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(min=1e-9, max=1e6, help="Scale of the perturbation. Default: 0.016."),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(min=1, max=64, help="Training examples per step. Default: 64.")
    ] = None,
    rtl_dir: RtlDir = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Build the bitstream of a board that trains on its FPGA, or train on a connected one.

    Weights, perturbation, forward pass, loss and update are on the FPGA; the host sends examples
    and learning rates. With --port the run is also trained in software, and the weights at the end
    must be identical.
    """
    from pezoexplore.hardware.board.boards import board_named, device_of

    training = {
        "--steps": steps,
        "--learning-rate": learning_rate,
        "--epsilon": epsilon,
        "--batch": batch,
    }
    building = {"--out": out, "--seed": seed, "--rtl-dir": rtl_dir}
    for option, value in (training if port is None else building).items():
        if value is not None:
            how = "training: give --port too" if port is None else "building: leave --port out"
            raise DesignError(f"{option}: for {how}")
    chosen = board_named(name)
    part = device_of(chosen, device)
    from pezoexplore.design.one_point import one_point

    one_point({}, {"task": task})  # a mistake in the name is told before anything heavy is imported
    from pezoexplore import paths
    from pezoexplore.hardware.board.bitstream import build_bitstream
    from pezoexplore.hardware.board.build import TASK, board_trainer, parameters, write_sources
    from pezoexplore.hardware.board.session import Session, run_of

    trainer = board_trainer(task or TASK)
    parameters(trainer)
    if port is not None:
        settings = (steps or 4000, learning_rate or 0.01, epsilon or 0.016, batch or 64)
        session = Session(trainer, run_of(*settings))
        return _train(port, session, format_)
    folder = (out or Path("reports") / "boards" / chosen.name).absolute()
    paths.make_folder(folder)
    log.info(f"{chosen.name}: {trainer.point.label()}, {trainer.task.name}; takes minutes")
    sources = write_sources(
        chosen, trainer, paths.rtl_folder(rtl_dir).absolute(), paths.boards_dir(), folder
    )
    made = build_bitstream(sources, part, folder / "board.log", seed=seed or 1)
    if format_ is TableOrJson.json:
        print_json(made.plain())
    else:
        _print(made)
    return 0


def _train(port: Path, session: Session, format_: TableOrJson) -> int:
    from pezoexplore.hardware.board.serial_line import SerialLine
    from pezoexplore.hardware.board.training import train_on

    def progress(done: int) -> None:
        if done % _EVERY == 0:
            log.info(f"{done:,} of {session.run.steps:,} steps")

    with SerialLine(port) as line:
        found = train_on(line, session, progress)
    if format_ is TableOrJson.json:
        print_json(found.plain())
    else:
        _print_trained(found)
    return 0 if found.differing == 0 else 1


def _print(made: Bitstream) -> None:
    echo(f"{made.path}: {made.board}, device {made.device}")
    for name, (used, available) in made.used.items():
        echo(f"{name}: {used:,} of {available:,} ({100 * used / available:.0f} %)")
    echo(f"highest clock: {made.fmax_mhz:.2f} MHz; the board's: {made.clock_mhz} MHz")


def _print_trained(found: Trained) -> None:
    echo(f"{counted(found.steps, 'step')}: {found.moved:,} weights moved")
    if found.differing:
        log.error(f"{counted(found.differing, 'weight')} of the board differ from the software's")
        return
    echo(f"board and software are identical; test accuracy {found.accuracy:.2f} %")
