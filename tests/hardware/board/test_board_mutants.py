"""Mutants of the boards' Verilog: each changes an answer on the serial line, or has a reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tiny_board import sources, tiny_session, tiny_trainer, with_dumps

from pezoexplore.errors import ToolError
from pezoexplore.hardware.board import protocol
from pezoexplore.hardware.board.boards import BOARDS
from pezoexplore.hardware.board.protocol import Exchange
from pezoexplore.hardware.board.simulate import play
from pezoexplore.hardware.proof.mutants import Mutant, mutants_of, ranked
from pezoexplore.paths import boards_dir

PER_FILE = 3

_ALONE = ("step_size.v", "uart_receiver.v")
"""Left out: the first has its bench in test_board_arithmetic.py, the second was not tried."""

FILES = sorted(path.name for path in boards_dir().glob("*.v") if path.name not in _ALONE)

UNSEEN = {
    "wire [31 : 0] word_address = {16'd1, number} * COLUMNS + column": "an example's address has "
    "at most 16 bits",
    "localparam COLUMN_BITS = $clog2((COLUMNS - 1) > UNITS ? COLUMNS : UNITS)": "another number of "
    "bits only where COLUMNS is UNITS + 1 and UNITS a power of two",
    "state_q <= start ? (FETCH + 1) : IDLE": "the first logit is there since IDLE, whose address "
    "is its own",
    "count_q <= count_q - 1'b1": "a count down from zero comes to CLOCKS as well, later",
    ".BITS((BITS + 1))": "a wider memory keeps the same words",
    ".ADDRESS_BITS((ADDRESS_BITS + 1))": "an address of one bit more, which is zero",
    "uart_sender.v: if (1'b0)": "with left_q zero the line is high all the same",
    ".clk((~clk_25mhz))": "the other edge of the same clock",
    "assign led = {(~training), 1'b1}": "no answer depends on the LEDs",
    "assign led = {1'b0, 1'b1}": "no answer depends on the LEDs",
    "if (!(HUGE != 0))": "both kinds of block RAM behave alike",
}
"""Mutants that change nothing with this network, with the reason."""


def mutants(file: str) -> list[Mutant]:
    return ranked(mutants_of(file, (boards_dir() / file).read_text()), seed=0)[:PER_FILE]


def answers(board: str, folder: Path, mutant: Mutant | None = None) -> list[bytes]:
    """Play all commands on a board: a broken line, registers, refusals, and two runs.

    What the unchanged board answers is right: test_board_simulation.py compares it.
    """

    def edit(where: Path) -> None:
        if mutant is not None:
            path = where / mutant.file
            path.write_text(mutant.apply(path.read_text()))

    folder.mkdir()
    trainer = tiny_trainer()
    session = tiny_session(trainer, steps=4, learning_rate=1.0)
    registers = [protocol.write("END", -1), protocol.read("END"), protocol.read("ID")]
    refused = [Exchange(b"W\x00" + bytes(4), 1), Exchange(b"?", 1), Exchange(b"S\x00\x01\x41", 1)]
    run = with_dumps(session)
    exchanges = [*registers, *refused, *run, *run]
    # "L", two bytes of weights, the line held low.
    written, first = sources(folder, trainer, board, edit), ["04c", "001", "002", "200"]
    return play(written, exchanges, folder / "log", timeout_s=100.0, first=first)


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, list[bytes]]:
    """Return what each board answers, by the folder of its Verilog, named as the board."""
    folder = tmp_path_factory.mktemp("golden")
    return {folder / board.name: answers(board.name, folder / board.name) for board in BOARDS}


@pytest.mark.regression
@pytest.mark.parametrize("file", FILES)
def test_mutants_are_found(file: str, golden: dict[Path, list[bytes]], tmp_path: Path) -> None:
    def is_found(mutant: Mutant, folder: Path) -> bool:
        try:
            return answers(folder.name, tmp_path / folder.name, mutant) != golden[folder]
        except ToolError:
            return True
        finally:
            shutil.rmtree(tmp_path / folder.name)

    for mutant in mutants(file):
        boards = [folder for folder in golden if (folder / file).exists()]
        assert boards
        if not {mutant.mutant, f"{file}: {mutant.mutant}"} & UNSEEN.keys():
            assert any(is_found(mutant, folder) for folder in boards), mutant
