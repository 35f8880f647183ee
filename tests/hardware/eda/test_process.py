"""Running a tool: exit codes, limits, and nothing left behind."""

from __future__ import annotations

import sys

import pytest
from fake_tools import gone, one_line

from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.hardware.eda import process
from pezoexplore.hardware.eda.process import run_tool, tool_environment


def shell(text, folder, timeout_s=60.0):
    return run_tool(["sh", "-c", text], cwd=folder, log_path=folder / "log", timeout_s=timeout_s)


@pytest.mark.parametrize("code", [0, 1, 77])
def test_exit_code(code, tmp_path):
    assert shell(f"exit {code}", tmp_path) == code


def test_a_program_that_dies_of_a_signal_has_a_negative_code(tmp_path):
    assert shell("kill -9 $$", tmp_path) == -9


def test_output_and_errors_are_appended_to_the_log(tmp_path):
    shell("pwd; echo wrong >&2", tmp_path)
    shell("echo more", tmp_path)
    assert (tmp_path / "log").read_text() == f"{tmp_path}\nwrong\nmore\n"


def test_the_logs_folder_is_made(tmp_path):
    log = tmp_path / "a" / "b" / "log"
    assert run_tool(["true"], cwd=tmp_path, log_path=log, timeout_s=60) == 0
    assert log.read_text() == ""


def test_input_is_empty(tmp_path):
    assert shell("cat; echo end", tmp_path) == 0
    assert (tmp_path / "log").read_text() == "end\n"


def test_a_missing_program(tmp_path):
    with pytest.raises(ToolError) as caught:
        run_tool(["no-such-tool"], cwd=tmp_path, log_path=tmp_path / "log", timeout_s=60)
    assert one_line(caught.value).startswith("no-such-tool: cannot be started")


def test_a_timeout_kills_the_grandchildren(tmp_path):
    with pytest.raises(ToolTimeoutError) as caught:
        shell("sh -c 'sleep 600 & echo $! > pid; wait'", tmp_path, timeout_s=1.0)
    assert "sh: no end after 1 s" in one_line(caught.value)
    assert str(tmp_path / "log") in str(caught.value)
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_timeout_kills_what_made_a_session_of_its_own(tmp_path):
    """As solvers and simulators may: the group of the program that started them is another."""
    with pytest.raises(ToolTimeoutError):
        shell("setsid sh -c 'echo $$ > pid; exec sleep 600' & wait", tmp_path, timeout_s=1.0)
    assert gone(int((tmp_path / "pid").read_text()))


def test_what_a_finished_program_leaves_is_killed(tmp_path):
    assert shell("sleep 600 & echo $! > pid; exit 3", tmp_path) == 3
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_ignores_signals_is_killed(tmp_path):
    text = "import signal, time, pathlib, os; signal.signal(15, signal.SIG_IGN); "
    text += "pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(600)"
    with pytest.raises(ToolTimeoutError):
        run_tool(
            [sys.executable, "-c", text], cwd=tmp_path, log_path=tmp_path / "log", timeout_s=3.0
        )
    assert gone(int((tmp_path / "pid").read_text()))


def test_output_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "MAX_LOG_BYTES", 100_000)
    with pytest.raises(ToolError) as caught:
        shell("echo $$ > pid; exec yes", tmp_path)
    assert "sh: printed over 100,000 bytes" in one_line(caught.value)
    assert not isinstance(caught.value, ToolTimeoutError)
    assert gone(int((tmp_path / "pid").read_text()))


def test_only_this_runs_output_counts_against_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "MAX_LOG_BYTES", 1000)
    (tmp_path / "log").write_text("x" * 5000)
    assert shell("echo short; sleep 0.3", tmp_path) == 0


LEFTOVERS = (
    *("COCOTB_TEST_FILTER", "COCOTB_TESTCASE", "MODULE", "TOPLEVEL", "TESTCASE", "GPI_EXTRA"),
    *("VERILATOR_ROOT", "IVERILOG_VPI_MODULE_PATH", "MAKEFLAGS", "PYTHONOPTIMIZE", "YOSYS_DATDIR"),
)
KEPT = ("HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PEZOEXPLORE_JOBS")


def test_a_tool_gets_no_variable_that_changes_what_it_does():
    fake = dict.fromkeys((*LEFTOVERS, *KEPT), "x")
    assert tool_environment(fake) == dict.fromkeys(KEPT, "x")


def test_a_tool_is_started_in_that_environment(tmp_path, monkeypatch):
    for name in LEFTOVERS:
        monkeypatch.setenv(name, "left over")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    shell("env", tmp_path)
    said = (tmp_path / "log").read_text()
    assert "left over" not in said
    assert f"TMPDIR={tmp_path}\n" in said
