"""Simulators that misbehave: each is one line, and nothing old is believed."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace

import pytest
from fake_tools import fake, first_on_path, one_line

from pezoexplore.design.point import resolve
from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.hardware.rtl.build import build
from pezoexplore.hardware.verify import verify
from pezoexplore.hardware.verify.simulate import simulate
from pezoexplore.hardware.verify.verify import verify_point
from pezoexplore.paths import bench_dir, rtl_dir

PASSED = '<testsuites><testsuite><testcase name="stream"/></testsuite></testsuites>'
FAILED = PASSED.replace("/></testsuite>", "><failure/></testcase></testsuite>")
NO_TESTS = "<testsuites><testsuite/></testsuites>"
COMPILES = 'while [ "$1" != -o ]; do shift; done; echo > "$2"'
POINT = resolve(rng="xorshift32", reuse="none", lanes=2, scaling="none")


@pytest.fixture
def job(tmp_path):
    """Return a folder with a job for an empty module."""
    folder = tmp_path / "job"
    folder.mkdir()
    settings = {"sources": ["stream_harness.v"], "defines": [], "waves": False}
    (folder / "job.json").write_text(json.dumps(settings))
    (folder / "stream_harness.v").write_text("module stream_harness; endmodule\n")
    return folder


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    """Put fake programs first on PATH."""

    def make(**programs):
        for name, body in programs.items():
            fake(tmp_path / "bin", name, body)
        first_on_path(monkeypatch, tmp_path / "bin")

    return make


def failure(job, timeout_s=120.0, kind=ToolError):
    with pytest.raises(kind) as caught:
        simulate(job, job / "log", timeout_s)
    return one_line(caught.value)


def test_a_good_simulator_is_believed(job, fakes):
    fakes(iverilog=COMPILES, vvp=f"echo '{PASSED}' > \"$COCOTB_RESULTS_FILE\"")
    simulate(job, job / "log", 120.0)
    assert (job / "results.xml").read_text() == PASSED + "\n"


@pytest.mark.parametrize("missing", ["iverilog", "vvp"])
def test_a_missing_program(missing, job, tmp_path, monkeypatch):
    for name in {"iverilog", "vvp"} - {missing}:
        fake(tmp_path / "only", name, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "only"))
    assert failure(job).startswith(f"{missing}: not found on PATH; install it: apt-get install")


def test_no_results(job, fakes):
    fakes(iverilog=COMPILES, vvp="exit 0")
    assert "see" in failure(job) or "left no results" in failure(job)


def test_stale_results_are_not_believed(job, fakes):
    (job / "results.xml").write_text(PASSED)
    fakes(iverilog=COMPILES, vvp="exit 0")
    failure(job)
    assert not (job / "results.xml").exists()


def test_a_stale_trace_is_removed(job, fakes):
    (job / "trace.txt").write_text("01\n")
    fakes(iverilog="exit 1", vvp="exit 0")
    failure(job)
    assert not (job / "trace.txt").exists()


@pytest.mark.parametrize("results", [FAILED, NO_TESTS, "<testsuites>", ""])
def test_results_without_a_pass(results, job, fakes):
    fakes(iverilog=COMPILES, vvp=f"echo '{results}' > \"$COCOTB_RESULTS_FILE\"")
    assert str(job) in failure(job)


def test_sources_that_do_not_compile(job):
    (job / "stream_harness.v").write_text("module stream_harness; oops endmodule\n")
    assert f"see {job / 'log'}" in failure(job)
    assert "stream_harness.v:1" in (job / "log").read_text()


def test_a_compiler_that_fails(job, fakes):
    fakes(iverilog="echo no licence; exit 2", vvp=f"echo '{PASSED}' > \"$COCOTB_RESULTS_FILE\"")
    assert f"see {job / 'log'}" in failure(job)
    assert "no licence" in (job / "log").read_text()


@pytest.mark.parametrize("program", ["iverilog", pytest.param("vvp", marks=pytest.mark.slow)])
def test_a_program_that_hangs(program, job, fakes):
    fakes(**{"iverilog": COMPILES, "vvp": "exit 0", program: "exec sleep 600"})
    assert "no end after 6 s" in failure(job, 6.0, ToolTimeoutError)


def test_output_without_end(job, fakes):
    fakes(iverilog=COMPILES, vvp=f"yes {'x' * 200} | head -c 1000000000")
    assert "printed over" in failure(job)
    assert (job / "log").stat().st_size < 200_000_000


def verified(tmp_path, monkeypatch, old, new, point=POINT):
    """Verify a point whose generated top was altered behind the bench's back."""

    def altered(stream, folder):
        made = build(stream, folder)
        assert made.top.count(old) == 1
        return replace(made, top=made.top.replace(old, new))

    monkeypatch.setattr(verify, "build", altered)
    return verify_point(point, rtl_dir(), tmp_path / "work", tmp_path / "log", words=500)


def test_an_altered_parameter_is_read_back(tmp_path, monkeypatch):
    """It is named before any word is compared."""
    point = resolve(rng="lfsr", reuse="none", lanes=2, state_bits=9, scaling="none")
    with pytest.raises(ToolError) as caught:
        verified(tmp_path, monkeypatch, ".LEAP(1)", ".LEAP(3)", point)
    assert str(tmp_path / "log") in one_line(caught.value)
    assert "parameter LEAP is 0x3, not 0x1" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (".LEAP(5)", ".LEEP(5)", "parameter LEAP is 0x1, not 0x5"),
        (".LEAP(5)", ".leap(5)", "parameter LEAP is 0x1, not 0x5"),
        (".LANES(2)", ".LANE(2)", "SEEDS_must_not_be_0_in_any_lane"),  # the module's own guard
    ],
)
def test_a_mistyped_parameter_does_not_test_the_default(old, new, reason, tmp_path, monkeypatch):
    point = resolve(rng="lfsr", reuse="none", lanes=2, state_bits=9, leap=5, scaling="none")
    with pytest.raises(ToolError) as caught:
        verified(tmp_path, monkeypatch, old, new, point)
    assert str(tmp_path / "log") in one_line(caught.value)
    assert reason in (tmp_path / "log").read_text()


def test_a_parameter_left_out_is_read_back(tmp_path, monkeypatch):
    with pytest.raises(ToolError):
        verified(tmp_path, monkeypatch, '        .KIND("xorshift32"),\n', "")


def test_the_wrapper_as_it_is_passes(tmp_path, monkeypatch):
    found = verified(tmp_path, monkeypatch, ".LEAP(1)", ".LEAP(32'd1)")
    assert found["rtl_status"] == "pass"
    assert found["rtl_words_checked"] >= 500


def test_a_python_without_its_library(job, monkeypatch):
    """Debian packs libpython apart from the interpreter, and cocotb loads it."""
    monkeypatch.setattr("pezoexplore.hardware.verify.simulate._libpython", lambda: "")
    with pytest.raises(
        ToolError, match=r"^libpython3\.\d+: not found; .*apt-get install libpython3"
    ):
        simulate(job, job / "log", 10.0)


def test_leftover_variables_of_cocotb_do_not_touch_a_simulation(tmp_path, monkeypatch):
    for name in ("COCOTB_TEST_FILTER", "COCOTB_TESTCASE", "TESTCASE", "MODULE", "TOPLEVEL"):
        monkeypatch.setenv(name, "no_such_thing")
    found = verify_point(POINT, rtl_dir(), tmp_path / "work", tmp_path / "log", words=500)
    assert found["rtl_status"] == "pass"


def test_a_check_starts_the_simulator_and_nothing_else(tmp_path, monkeypatch):
    """The compiler and the simulator, once each; no Python before them."""
    started, start = [], subprocess.Popen

    def counting(command, *rest, **options):
        started.append(command[0])
        return start(command, *rest, **options)

    monkeypatch.setattr(subprocess, "Popen", counting)
    for number in range(2):
        work, log = tmp_path / f"work_{number}", tmp_path / "log"
        assert verify_point(POINT, rtl_dir(), work, log, words=500)["rtl_status"] == "pass"
    used = [name for name in started if "ldconfig" not in str(name)]  # find_libpython, once
    assert used == ["iverilog", "vvp"] * 2
    assert len(started) <= len(used) + 1


def test_a_module_beside_the_users_script_hides_none_of_the_standard_library(tmp_path, monkeypatch):
    (tmp_path / "cmd.py").write_text("raise RuntimeError('not the one of the standard library')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = verify_point(POINT, rtl_dir(), tmp_path / "work", tmp_path / "log", words=500)
    assert found["rtl_status"] == "pass"


@pytest.mark.slow
def test_time_is_one_limit_for_compiler_and_simulator(job, fakes):
    fakes(iverilog=f"sleep 2; {COMPILES}", vvp="exec sleep 600")
    assert re.match(r"vvp: no end after [1-4] s", failure(job, 6.0, ToolTimeoutError))


def test_no_verilog_waits_for_no_time():
    """Simulators disagree on what `#0` lets happen first."""
    files = [*bench_dir().glob("*.v"), *rtl_dir().glob("*.v")]
    assert {path.name for path in files} > {"engine_harness.v", "stream_harness.v"}
    for path in files:
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"#\s*0+\b(?!\.)", code), path.name


def test_no_verilog_draws_random_numbers():
    """Simulators return different numbers of `$random` for the same seed."""
    for path in [*bench_dir().glob("*.v"), *rtl_dir().glob("*.v")]:
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"\$u?random|\$dist_", code), path.name
