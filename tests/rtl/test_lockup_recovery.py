"""With LOCKUP_RECOVERY generators leave the state of zeros; without it they stand still in it.

Every register of a state is set to zero in mid-stream, or the host loads words of zero. With all
generators recovering at once, what follows must be the stream as it is after rst, which the
software computes.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.rtl.build import build
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.registry import families
from pezoexplore.streams.stream import Stream

BEFORE, BEATS = 40, 100

SMALL = {"reuse": "none", "lanes": 3, "reuse_period": 4, "scaling": "none"}
POINTS = {
    family.name: resolve(rng=family.name, bit_width=family.fixed_bits or 8, **SMALL)
    for family in families()
    if family.in_hardware and not family.zero_is_legal
} | {
    "grouped": resolve(rng="xoshiro128pp", bit_width=8, **SMALL | {"lanes": 5}),
    "bank": resolve(reuse="bank", bit_width=8, lanes=5, reuse_period=4),
    "phased": resolve(reuse="phased", bit_width=4, state_bits=8, lanes=5, reuse_period=4),
    "phased lut_opt": resolve(reuse="phased", rng="lut_opt", bit_width=4, lanes=5, state_bits=16),
}
"""Every generator that has a state of zeros in which it stands still, and every strategy."""

POOL = resolve(rng="xorshift32", reuse="pool", lanes=3, pool_size=20, reuse_period=4)

SHOWN = {"lut_sr": 17}
"""Beats that show zeros after a load, in which all states are zero at the first beat; else 1."""

BENCH = """`timescale 1ns/1ps
module bench;
    reg clk = 0, rst = 1, reseed = 0, ready = 1, replay = 0;
    wire valid, asks;
    wire [{data}-1:0] data;
    integer i, beats = 0;
    pezo_top u_top (.clk(clk), .rst(rst), .start(1'b0), .replay(replay), {load}
                    .out_valid(valid), .out_ready(ready), .out_data(data));
    always #5 clk = !clk;
    always @(posedge clk)
        if (valid && ready) begin
            $display("%0d %h", beats, data);
            beats = beats + 1;
        end
    initial begin
        repeat (2) @(negedge clk);
        rst = 0;
        while (beats < {before}) @(negedge clk);
        {event}
        while (beats < {all}) @(negedge clk);
        $finish;
    end
    initial #10000000 $finish;
endmodule
"""

LOAD = ".reseed(reseed), .load_valid(1'b1), .load_ready(asks), .load_data({{{bits}{{1'b0}}}}),"
ZEROS_LOADED = "reseed = 1; @(negedge clk) reseed = 0;"


def registers(point: DesignPoint) -> list[str]:
    """Return the paths, below the stream, of all registers that hold a state."""
    if point.rng == "lut_sr":
        units = [f"gen_unit[{unit}].u_lut_sr" for unit in range(point.generators)]
        words = [f"{unit}.{name}" for unit in units for name in ("word_q", "kept_q")]
        bits = [f"{unit}.gen_bit[{bit}]" for unit in units for bit in range(32)]
        return words + [f"{bit}.{name}" for bit in bits for name in ("zero_q", "one_q")]
    counts = ["u_count.count_q", "u_count.kept_q"] if point.reuse == "bank" else []
    return ["state_q", "kept_q", *counts]


def zeroed(point: DesignPoint) -> str:
    """Return the statements that bring every state to zero, inverted bits too."""
    inverted = Stream(point).strategy.inverted
    texts = []
    for path in registers(point):
        stored = f"{{{point.generators}{{{point.state_bits}'d{inverted}}}}}"
        if point.reuse == "phased":
            stored = f"{point.state_bits}'d{inverted}"
        elif "count" in path:
            stored = "0"
        elif point.rng == "lut_sr" and path.endswith(("word_q", "kept_q", "zero_q", "one_q")):
            unit = path.split(".")[0]
            signs = f"u_top.u_stream.{unit}.u_lut_sr.INVERTED"
            bit = path.partition("gen_bit[")[2].partition("]")[0]
            stored = f"{{16{{{signs}[{bit}]}}}}" if bit else signs
        texts.append(f"u_top.u_stream.{path} = {stored};")
    return "\n        ".join(texts)


@dataclass(frozen=True)
class Run:
    """What a simulation showed: the beats before the event, and those from it on."""

    before: list[int]
    after: list[int]


def simulate(
    folder: Path, point: DesignPoint, event: str, *, recovery: bool, beats: int = BEATS
) -> Run:
    """Return the beats accepted before and after an event, with the host always ready."""
    names = build(Stream(point), rtl_dir(), lockup_recovery=recovery).write(folder)
    load = LOAD.format(bits=point.state_bits) if point.reseeds else ""
    text = BENCH.format(
        data=point.lanes * point.bits, load=load, before=BEFORE, event=event, all=BEFORE + beats
    )
    (folder / "bench.v").write_text(text, encoding="utf-8")
    command = ["iverilog", "-g2005", "-s", "bench", "-o", "bench.vvp", "bench.v", *names]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    done = subprocess.run(
        ["vvp", "-n", "bench.vvp"], cwd=folder, check=True, capture_output=True, text=True
    )
    lines = [line.split() for line in done.stdout.splitlines() if "finish" not in line]
    found = [int(word, 16) for _, word in lines[: BEFORE + beats]]
    assert len(found) == BEFORE + beats, done.stdout[-500:]
    return Run(found[:BEFORE], found[BEFORE:])


def software(point: DesignPoint, count: int) -> list[int]:
    """Return the first beats of epoch 0 as the port shows them."""
    return [_packed(beat, point.bits) for beat in Stream(point).beats(0, 0, count).tolist()]


def _packed(beat: Sequence[int], bits: int) -> int:
    return sum((word & (1 << bits) - 1) << lane * bits for lane, word in enumerate(beat))


def expected(point: DesignPoint, zeros: int) -> list[int]:
    """Return what follows `zeros` beats that show zeros; lut_sr shows its expansion before."""
    return software(point, BEATS - zeros - (16 if point.rng == "lut_sr" else 0))


@pytest.mark.parametrize("name", POINTS)
def test_a_state_of_zeros_is_followed_by_the_stream_after_rst(name: str, tmp_path: Path) -> None:
    """Zeros from mid-stream on: in the shift registers of lut_sr for the rest of a window more."""
    point = POINTS[name]
    run = simulate(tmp_path, point, zeroed(point), recovery=True)
    assert run.before == software(point, BEFORE)
    zeros = 34 - BEFORE % 17 if point.rng == "lut_sr" else 1
    assert len(set(run.after[:zeros])) == 1
    follow = expected(point, zeros)
    assert run.after[BEATS - len(follow) :] == follow
    stuck = simulate(tmp_path, point, zeroed(point), recovery=False)
    assert stuck.before == run.before and len(set(stuck.after)) == 1


@pytest.mark.parametrize("name", [name for name, point in POINTS.items() if point.reseeds])
def test_so_are_words_of_zero_that_the_host_loads(name: str, tmp_path: Path) -> None:
    point = POINTS[name]
    run = simulate(tmp_path, point, ZEROS_LOADED, recovery=True)
    stuck = simulate(tmp_path, point, ZEROS_LOADED, recovery=False)
    # The beat of the clock of the pulse is of the old epoch.
    assert len(set(stuck.after[1:])) == 1
    zeros = SHOWN.get(point.rng, 1)
    assert run.after[1 : zeros + 1] == stuck.after[1 : zeros + 1]
    follow = expected(point, zeros + 1)
    assert run.after[BEATS - len(follow) :] == follow


def filled(zero_at: int | None, zero_word: int) -> list[int]:
    """Return the rows of a pool whose filler comes to the state of zeros after some words."""
    beats = Stream(POOL).beats(0, 0, POOL.rows).tolist()
    made = [word for beat in beats for word in beat]
    if zero_at is not None:
        made = [*made[:zero_at], zero_word, *made][: len(made)]
    rows = [made[i : i + POOL.lanes] for i in range(0, len(made), POOL.lanes)]
    return [_packed(row, POOL.bits) for row in rows]


@pytest.mark.parametrize("recovery", [True, False])
@pytest.mark.parametrize("words", [0, 7])
def test_the_filler_of_a_pool_goes_on_with_the_words_after_rst(
    words: int, recovery: bool, tmp_path: Path
) -> None:
    """From a word of zero that the host loads, or from zeros in the midst of a fill."""
    event = ZEROS_LOADED
    if words:
        event = f"rst = 1; @(negedge clk) rst = 0; repeat ({words}) @(negedge clk);"
        event += " u_top.u_stream.gen_fill.u_filler.state_q = 0;"
    run = simulate(tmp_path, POOL, event, recovery=recovery)
    assert run.before[: POOL.rows] == filled(None, 0)
    rows, low = run.after[-POOL.rows :], (1 << POOL.bits) - 1
    turns = [rows[i:] + rows[:i] for i in range(POOL.rows)]
    zero_word = 1 << (POOL.bits - 1)
    assert (filled(words, zero_word) in turns) == recovery
    every = [row >> lane * POOL.bits & low for row in rows for lane in range(POOL.lanes)]
    assert (every.count(zero_word) > len(every) - words - 1) == (not recovery)


def test_a_bank_whose_count_is_zero_rotates_again(tmp_path: Path) -> None:
    """A count of zero never ends a period: the lanes would never move."""
    point, period = resolve(reuse="bank", bit_width=5, lanes=3), 31
    event = "u_top.u_stream.u_count.count_q = 0; u_top.u_stream.u_count.kept_q = 0;"
    shown = {
        recovery: simulate(tmp_path, point, event, recovery=recovery, beats=5 * period).after[1:]
        for recovery in (True, False)
    }
    assert shown[False][:period] == shown[False][period : 2 * period]
    assert shown[True][:period] != shown[True][period : 2 * period]
    assert shown[True][:period] == shown[True][3 * period : 4 * period]


@pytest.mark.parametrize("name", ["xorshift32", "bank", "phased", "lut_sr"])
def test_a_beat_of_zeros_that_is_not_accepted_stays(name: str, tmp_path: Path) -> None:
    """Recovery waits for the beat, so that back-pressure changes no number, nor does a replay."""
    point = POINTS[name]
    waits = f"ready = 0; {zeroed(point)} repeat (50) @(negedge clk); ready = 1;"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    held = simulate(tmp_path / "a", point, waits, recovery=True)
    at_once = simulate(tmp_path / "b", point, zeroed(point), recovery=True)
    assert held == at_once
