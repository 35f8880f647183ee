"""Check the Yosys commands that map a stream's RTL."""

from pathlib import Path

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.commands import NARROW, mapping
from pezoexplore.hardware.eda.yosys import run_yosys
from pezoexplore.hardware.rtl.build import TOP, build
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

PHASED = resolve(reuse="phased", state_bits=16, lanes=31)
POOL = resolve(reuse="pool", pool_size=31, lanes=4)

NONE_IS_WIDE = "select -assert-none t:$mux r:WIDTH>248 %i"
"""Fails where a multiplexer is wider than all output bits of :data:`PHASED`."""


def commands_of(point: DesignPoint, target: str, folder: Path, keep: bool) -> list[str]:
    return mapping(build(Stream(point), rtl_dir()), target, folder, keep=keep)


@pytest.mark.parametrize("keep", [True, False])
def test_terms_of_xors_are_narrowed_once_the_design_is_known(keep: bool, tmp_path: Path) -> None:
    commands = commands_of(PHASED, "xcup", tmp_path / "work", keep)
    place = commands.index(NARROW[0])
    assert tuple(commands[place : place + len(NARROW)]) == NARROW
    assert commands[place - 1] == f"hierarchy -check -top {TOP}"
    assert not any(command.startswith("hierarchy") for command in commands[place:])


def test_other_designs_and_targets_have_their_script_alone(tmp_path: Path) -> None:
    for point, target in ((POOL, "xcup"), (PHASED, "ecp5"), (PHASED, "osu018")):
        commands = commands_of(point, target, tmp_path / "work", keep=True)
        assert not set(NARROW[1:3]) & set(commands)


def test_no_vector_is_as_wide_as_all_terms_then(tmp_path: Path) -> None:
    work, log = tmp_path / "work", tmp_path / "log"
    commands = commands_of(PHASED, "xcup", work, keep=True)
    place = commands.index(NARROW[0])
    run_yosys([*commands[:place], *NARROW, NONE_IS_WIDE], work, log, 60.0)
    with pytest.raises(ToolError):
        run_yosys([*commands[:place], "proc", NONE_IS_WIDE], work, log, 60.0)
    assert "selection is not empty" in log.read_text(encoding="utf-8")
