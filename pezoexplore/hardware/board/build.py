"""The Verilog of a board: hand-written tops, the generated engine, the figures of its network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError, ToolError
from pezoexplore.hardware.board.boards import Board
from pezoexplore.hardware.rtl.engine import build_engine
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.fixed_point import LOSS_BITS
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.tasks.registry import get_task

TASK = "digits-mlp"
"""Task that a board trains by default."""

MOST_EXAMPLES, MOST_CLASSES = 4096, 16
"""Examples and classes at most: their numbers are sent in 12 and 4 bits."""

LAYERS = 2
"""Layers of a network that boards/mlp_forward.v computes."""

_WRAPPER = """\
// {label}: made from design point and task; do not edit.
`resetall
`timescale 1ns/1ps
`default_nettype none
module pezo_board #(
    parameter CLOCKS_PER_BIT = 12,
    parameter HUGE = 0
) (
    input wire clk,
    input wire rx,
    output wire tx,
    output wire training
);
    board_core #(
        .CLOCKS_PER_BIT(CLOCKS_PER_BIT),
        .HUGE(HUGE),
{settings}
    ) u_core (
        .clk(clk),
        .rx(rx),
        .tx(tx),
        .training(training)
    );
endmodule
`resetall
"""


@dataclass(frozen=True)
class Sources:
    """The Verilog of a board in a folder.

    Attributes:
        folder: The folder.
        files: Names of the files to compile.
        board: The board.
    """

    folder: Path
    files: tuple[str, ...]
    board: Board


def board_point(lanes: int = 2) -> DesignPoint:
    """Return the design point of the boards: the cheapest stream, one bit a lane.

    Args:
        lanes: Weights a clock.
    """
    return resolve(
        rng="lut_opt",
        reuse="phased",
        taps="sparse",
        bit_width=1,
        state_bits=16,
        lanes=lanes,
        weight_bits=16,
        activation_bits=8,
    )


def board_trainer(task: str = TASK) -> FixedTrainer:
    """Return the fixed-point trainer whose run a board repeats.

    Args:
        task: Name of a task whose network is a perceptron with one hidden layer.
    """
    return FixedTrainer(get_task(task), board_point())


def parameters(trainer: FixedTrainer) -> dict[str, int]:
    """Return the parameters of boards/board_core.v that a trainer's network gives.

    Raises:
        DesignError: The hardware has no such network.
    """
    model, scales, name = trainer.task.model, trainer.network.scales, trainer.task.name
    if not isinstance(model, Mlp) or model.layers != LAYERS:
        raise DesignError(f"task {name}: a board trains perceptrons with one hidden layer")
    sizes = model.sizes
    if sizes[-1] > MOST_CLASSES or len(trainer.task.train) > MOST_EXAMPLES:
        raise DesignError(
            f"task {name}: a board takes {MOST_CLASSES} classes and {MOST_EXAMPLES} examples"
        )
    lanes = trainer.point.lanes
    if any(size % lanes or size < 2 * lanes for size in sizes[:-1]):
        raise DesignError(
            f"task {name}: inputs and hidden units must be multiples of {lanes} lanes"
        )
    return {
        "LANES": lanes,
        "INPUTS": sizes[0],
        "HIDDEN": sizes[1],
        "CLASSES": sizes[2],
        "EXAMPLES": len(trainer.task.train),
        "BIAS_SHIFT_1": scales.activations[0],
        "BIAS_SHIFT_2": scales.activations[1],
        "DROP_1": scales.accumulator(0) - scales.activations[1],
        "DROP_2": scales.accumulator(1) - LOSS_BITS,
    }


def write_sources(
    board: Board,
    trainer: FixedTrainer,
    rtl_dir: Path,
    boards_dir: Path,
    folder: Path,
    seed: int = MASTER_SEED,
) -> Sources:
    """Write all Verilog of a board, and its pins, into a folder.

    Args:
        board: The board.
        trainer: Trainer of the run that the board repeats.
        rtl_dir: Folder of the hand-written Verilog.
        boards_dir: Folder of the tops of boards.
        folder: Where to write; made if it is not there.
        seed: Master seed of the stream, which is the training seed.

    Raises:
        DesignError: The hardware has no such network.
        ToolError: A folder lacks a file.
    """
    settings = ",\n".join(f"        .{k}({v})" for k, v in parameters(trainer).items())
    built = build_engine(trainer.point, LAYERS, rtl_dir, seed)
    names = built.write(folder)
    label = f"{trainer.point.label()}, {trainer.task.name}"
    text = _WRAPPER.format(label=label, settings=settings)
    (folder / "pezo_board.v").write_text(text, encoding="utf-8", newline="\n")
    tops = sorted(path.name for path in boards_dir.glob("*.v"))
    shared = [name for name in tops if name not in _other_tops(board)]
    if f"{board.name}.v" not in shared:
        raise ToolError(f"{boards_dir / board.name}.v: no such file")
    for name in (*shared, board.pins):
        (folder / name).write_bytes((boards_dir / name).read_bytes())
    if "row_memory.v" not in names:
        (folder / "row_memory.v").write_bytes((rtl_dir / "row_memory.v").read_bytes())
        names.append("row_memory.v")
    return Sources(folder, (*names, "pezo_board.v", *shared), board)


def _other_tops(board: Board) -> set[str]:
    from pezoexplore.hardware.board.boards import BOARDS

    return {f"{other.name}.v" for other in BOARDS if other is not board}
