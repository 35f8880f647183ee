"""Files that a second process writes."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from pezoexplore.errors import PezoError
from pezoexplore.report.second_process import SecondProcess

HERE = Path(__file__).stem


def write_number(folder: str) -> list[Path]:
    """Write the number of the process that this runs in."""
    sys.stdout.write("this is no answer\n")
    (Path(folder) / "number").write_text(str(os.getpid()))
    return [Path(folder) / "number"]


def refuse(folder: str) -> list[Path]:
    raise PezoError(f"{folder}: no room")


def die(folder: str, parent: int) -> list[Path]:
    """Die in the second process; write a file in the first."""
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return write_number(folder)


def wait_long(folder: str) -> list[Path]:
    write_number(folder)
    time.sleep(600)
    return []


def written(folder: Path) -> int:
    return int((folder / "number").read_text())


def test_the_files_are_written_by_another_process(tmp_path):
    with SecondProcess(HERE, "write_number", str(tmp_path)) as call:
        assert call.files() == [tmp_path / "number"]
    assert written(tmp_path) != os.getpid()


def test_an_error_is_raised_here(tmp_path):
    with (
        SecondProcess(HERE, "refuse", str(tmp_path)) as call,
        pytest.raises(PezoError, match="no room"),
    ):
        call.files()


def test_a_process_that_dies_is_made_up_for_here(tmp_path):
    with SecondProcess(HERE, "die", str(tmp_path), os.getpid()) as call:
        assert call.files() == [tmp_path / "number"]
    assert written(tmp_path) == os.getpid()


def test_a_process_ends_with_its_block(tmp_path):
    with pytest.raises(KeyboardInterrupt), SecondProcess(HERE, "wait_long", str(tmp_path)):
        while not (tmp_path / "number").exists() or not (tmp_path / "number").read_text():
            time.sleep(0.01)
        raise KeyboardInterrupt
    with pytest.raises(ProcessLookupError):
        os.kill(written(tmp_path), 0)
