"""Directed tests of modules: all hold, and notice defects that no design shows."""

from __future__ import annotations

import json
import shutil
from collections import Counter

import pytest

from pezoexplore.cli import run
from pezoexplore.errors import ToolError
from pezoexplore.hardware.verify import regress
from pezoexplore.hardware.verify.directed.case import first_difference, simulated
from pezoexplore.hardware.verify.directed.verify import (
    DIRECTED,
    cases_of,
    parts_of,
    verify_module,
)
from pezoexplore.hardware.verify.regress import ALL_MODULES
from pezoexplore.paths import rtl_dir


def edited(folder, file, old, new):
    """Return a copy of the RTL with a text of one file replaced."""
    copy = folder / "rtl"
    shutil.copytree(rtl_dir(), copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    return copy


@pytest.mark.parametrize("module", DIRECTED)
def test_a_module_is_as_its_model(module, tmp_path):
    found = verify_module(module, rtl_dir(), tmp_path / "work", tmp_path / "log")
    assert found["rtl_status"] == "pass"
    assert found["rtl_words_checked"] > 700


TAKEN_IN = "if (advance) begin\n            weight1_q"
SEGMENT_COUNT = "{28'b0, segment} < COUNT;"
TABLE_READ = "row_q <= rows[next_address];\n                if"
DEFECTS = [
    ("exponent_table", ".write(write),", ".write(write && write_address != next_address),"),
    ("exponent_table", ".write(write),", ".write(write && write_address != 3'd7),"),
    ("stream_lut_sr", "anew_q  <= kept_anew_q;", "anew_q  <= anew_q;"),
    ("stream_lut_sr", "? 5'd0 : age_q - 5'd1;", "&& !recovered ? 5'd0 : age_q - 5'd1;"),
    ("perturb_segments", "left_q[8:0] <= NUMBER[8:0]", "left_q[7:0] <= NUMBER[7:0]"),
    ("perturb_segments", "k < SEGMENTS; k", "k < SEGMENTS && k < 15; k"),
    ("pool_filler", "if (load || (fill && filled))", "if (load || filled)"),
    ("pool_filler", "[2*BIT_WIDTH+3:0] square =", "[2*BIT_WIDTH-1:0] square ="),
    ("stream_bank", ".reseed(reseed && !loading)", ".reseed(reseed)"),
    ("stream_bank", "(start && !replay && !loading)", "(start && !loading)"),
    ("stream_bank", "replay && !loading && !first", "replay && !loading"),
    ("bank_lane", "LEAP(LEAP)", "LEAP(LEAP > 6 ? 1 : LEAP)"),
    ("period_counter", "clear ? FIRST : replay ? kept_q :", "replay ? kept_q : clear ? FIRST :"),
    ("stream_pool", "start && !replay && !busy", "start && !busy"),
    ("stream_pool", "HAS_RESEED != 0 && !busy", "HAS_RESEED != 0 && !load_ready"),
    ("stream_pool", "waiting_q <= !rst && (waiting", "waiting_q <= (waiting"),
    ("stream_pool", "(waiting_q && load_valid)\n                          ||", "(waiting_q) ||"),
    ("stream_phased", "next_state = (rst || wrap)", "next_state = rst"),
    ("perturb_registers", "at == SEED_HIGH)\n", "(at == SEED_HIGH || at == SEED))\n"),
    ("perturb_registers", SEGMENT_COUNT, SEGMENT_COUNT.replace(";", " && segment != 4'd15;")),
    (
        "perturb_registers",
        "write_accepted && at == RESEED && is_clear",
        "write_accepted && is_clear",
    ),
    ("perturb_registers", "write_data[15:0] & merge[15:0]", "write_data[15:0]"),
    (
        "perturb_control",
        "pending_q && (restoring || numbers)",
        "pending_q && (restoring || selected)",
    ),
    ("perturb_control", "discard = skipping && selected", "discard = skipping && numbers"),
    ("perturb_control", "!rst && ((taken", "!rst && !drained && ((taken"),
    (
        "perturb_control",
        "if (source_rst || source_reseed[0])\n            kept_q",
        "if (rst)\n kept_q",
    ),
    ("axil_port", "if (read) begin", "if (ar_full_q) begin"),
    ("axil_port", "if (write)\n            b_error_q", "if (aw_full_q)\n b_error_q"),
    ("axil_port", "w_full_q  <= !rst && (w_full_q", "w_full_q  <= (w_full_q"),
    ("axis_slice", "!rst && !shown_free &&", "!shown_free &&"),
    ("axis_slice", "if (!spare_full_q)", "if (in_valid)"),
    ("perturb_lane", TAKEN_IN, f"shift1_q <= shift;\n{TAKEN_IN}"),
    ("perturb_lane", "update3_q <= update2_q", "update3_q <= update1_q"),
    ("perturb_lane", ".STOCHASTIC(DRAWS > 1)", ".STOCHASTIC(DRAWS > 2)"),
    ("reseed_control", "first_q <= !rst && ends", "first_q <= ends"),
    ("reseed_control", "$clog2(WORDS + 1)", "((WORDS > 65534) ? 15 : $clog2(WORDS + 1))"),
    ("reseed_control", "ends = loading_q && load && left_q == 0", "ends = load && left_q == 0"),
    (
        "row_memory",
        TABLE_READ,
        TABLE_READ.replace("rows[", "write && write_address == next_address ? write_data : rows["),
    ),
    ("pool_filler", "locked && fill && !load", "locked && fill"),
    ("pool_filler", "if (load || (fill && filled))", "if (fill && filled)"),
    ("perturb_segments", "if (load)", "if (load && !taken)"),
    ("pool_filler", "locked && fill && !load", "locked && fill && !filled && !load"),
    ("stream_none", "assign locked[unit] = accept && !replay", "assign locked[unit] = accept"),
    ("stream_phased", "begun = rst ? SEED", "begun = (rst || locked) ? SEED"),
    (
        "stream_none",
        "<= SEEDS[i*STATE_BITS +: STATE_BITS]\n",
        "<= INVERTED ^ SEEDS[i*STATE_BITS +: STATE_BITS]\n",
    ),
    ("stream_phased", "(LAST != 0 && state == LAST) || locked)", "LAST != 0 && state == LAST)"),
    ("stream_bank", "(rst || load_state || lost)", "(rst || (reseed && !loading) || lost)"),
    (
        "stream_phased",
        "wrap    = accept && !restore",
        "wrap    = out_valid && out_ready && !restore",
    ),
]


def few_each(defects, count=1):
    """Mark all but the first ones of each module `slow`, and those that take longest."""
    seen, made = Counter(stream_lut_sr=count), []
    for case in defects:
        seen[case[0]] += 1
        made.append(pytest.param(*case, marks=[pytest.mark.slow] if seen[case[0]] > count else []))
    return made


@pytest.mark.parametrize(("module", "old", "new"), few_each(DEFECTS), ids=lambda text: text[:30])
def test_a_defect_that_no_design_shows_is_noticed(module, old, new, tmp_path):
    copy = edited(tmp_path, f"{module}.v", old, new)
    found = verify_module(module, copy, tmp_path / "work", tmp_path / "log")
    assert found == {"rtl_status": "fail"}
    assert "expected" in (tmp_path / "log").read_text().splitlines()[-1]


def test_streams_that_ignore_reseeds_move_on_meanwhile(tmp_path):
    cases = [case for module in DIRECTED for case in cases_of(module) if case.ignored]
    assert len(cases) == 5
    for case in cases:
        (shown,) = simulated([case], rtl_dir(), tmp_path / "work", tmp_path / "log", 60)
        assert {row["load_ready"] for row in shown[1:]} == {0}
        assert len({row["out_data"] for row in shown}) > 3
        assert all(any(row[name] for row in case.script) for name in ("reseed", "load_valid"))


def test_every_part_belongs_to_a_module_of_the_regression():
    parts = {part for module in ALL_MODULES for part in parts_of(module)}
    assert parts == set(DIRECTED)


@pytest.mark.parametrize(
    ("shown", "expected", "said"),
    [
        ([{"a": 1}], [{"a": 1}], ""),
        ([{"a": 1}], [{}], ""),
        ([{"a": 1}], [{"a": None}], ""),
        ([{"a": 1}, {"a": 18}], [{"a": 1}, {"a": 2}], "clock 1: a is 0x12, expected 0x2"),
        ([{"a": None}], [{"a": 2}], "clock 0: a is unknown, expected 0x2"),
    ],
)
def test_the_first_difference(shown, expected, said):
    assert first_difference(shown, expected) == said


def test_rtl_that_does_not_compile_is_an_error_with_its_log(tmp_path):
    copy = edited(tmp_path, "row_memory.v", "reg [BITS-1:0] row_q;", "reg [BITS-1:0 row_q;")
    with pytest.raises(ToolError, match=r"iverilog: exit status \d+; see .*log"):
        verify_module("row_memory", copy, tmp_path / "work", tmp_path / "log")
    assert "syntax error" in (tmp_path / "log").read_text()


def test_a_simulation_that_ends_early_is_an_error(tmp_path):
    copy = edited(tmp_path, "row_memory.v", "assign row = row_q;", "assign row = row_q;\n"
                  "    always @(posedge clk) if (write) $finish;")  # fmt: skip
    with pytest.raises(ToolError, match="of 40 clocks"):
        verify_module("row_memory", copy, tmp_path / "work", tmp_path / "log")


def test_verify_runs_the_directed_tests_of_a_module(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    some = regress.module_points("stream_none")[:2]
    monkeypatch.setattr(regress, "module_points", lambda module: some)
    copy = edited(
        tmp_path, "stream_none.v", "locked[unit] = accept && !replay", "locked[unit] = accept"
    )
    words = ["verify", "stream_none", "--words", "200", "--rtl-dir", str(copy), "--quiet"]
    assert run([*words, "--format", "json", "--junit", "junit.xml"]) == 1
    *designs, stream, control = json.loads(capsys.readouterr().out)["results"]
    assert [row["status"] for row in (*designs, control)] == ["pass"] * (len(designs) + 1)
    assert (stream["status"], stream["module"], stream["axes"]) == ("fail", "stream_none", {})
    assert stream["point"] == "stream_none, directed tests"
    assert control["point"] == "reseed_control, directed tests"
    assert stream["reason"].startswith("the RTL differs from its model: stream_none ")
    assert 'failures="1"' in (tmp_path / "junit.xml").read_text()
