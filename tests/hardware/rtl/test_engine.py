"""The perturbation engine in simulation, against the trainer's arithmetic on the stream."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError, ToolError
from pezoexplore.hardware.rtl.build import rtl_hash, source_names
from pezoexplore.hardware.rtl.engine import (
    ENGINE_FILES,
    Shape,
    build_engine,
    engine_hash,
)
from pezoexplore.hardware.verify.engine.checker import check_engine
from pezoexplore.hardware.verify.engine.regress import engine_points
from pezoexplore.hardware.verify.engine.scenarios import make_engine_script
from pezoexplore.hardware.verify.engine.verify import verify_engine
from pezoexplore.hardware.verify.regress import MODULES, module_points
from pezoexplore.hardware.verify.trace import MismatchError
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.registry import names
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run

SMALL = resolve(
    reuse="phased",
    taps="shifted",
    lanes=2,
    scaling="none",
    reuse_period=3,
    weight_bits=8,
    activation_bits=8,
    rounding="stochastic",
)
SIGNS = resolve(
    rng="rademacher",
    reuse="none",
    lanes=7,
    scaling="none",
    weight_bits=8,
    activation_bits=8,
    rounding="stochastic",
)
APART = ("trivium", "lut_sr", "sobol", "walsh")
"""Generators whose states are unlike the others': long ones, and counts."""
GENERATORS = [rng for rng in names() if rng not in ("lfsr", "gaussian")]


def verdict(point, folder, tmp_path, **options):
    """Status of a point's engine, and the log."""
    log = tmp_path / "log"
    found = verify_engine(point, folder, tmp_path / "work", log, **options)
    return found["rtl_status"], log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=[pytest.mark.regression] if point.rng == "rademacher" else [])
        for point in engine_points()[2::2]
    ],
    ids=DesignPoint.label,
)
def test_rtl_sends_what_the_trainer_computes(point, tmp_path):
    status, log = verdict(point, rtl_dir(), tmp_path, steps=4)
    assert status == "pass", log[-2000:]


@pytest.mark.parametrize(
    "rng",
    [
        pytest.param(rng, marks=pytest.mark.slow if rng in APART else pytest.mark.regression)
        for rng in GENERATORS
    ],
)
def test_every_generator_drives_it(rng, tmp_path):
    axes = {"rng": rng, "reuse": "none", "lanes": 2, "reuse_period": 2, "scaling": "none"}
    point = resolve(**axes, weight_bits=16, activation_bits=8)
    status, log = verdict(point, rtl_dir(), tmp_path, steps=3)
    assert status == "pass", log[-2000:]


@pytest.mark.regression
def test_verilator_agrees(tmp_path):
    point = resolve(lanes=1, scaling="none", reuse_period=3, weight_bits=8, activation_bits=8)
    status, log = verdict(point, rtl_dir(), tmp_path, steps=4, simulator="verilator")
    assert status == "pass", log[-2000:]


@pytest.mark.parametrize("point", engine_points(), ids=DesignPoint.label)
def test_there_are_as_many_streams_as_a_training_step_takes_of_the_stream(point):
    task = get_task("digits-mlp")
    trainer = FixedTrainer(task, point)
    assert Shape.of(point, 2).sources == trainer.cost(1).random_numbers // task.parameters
    arithmetic, _ = trainer.prepare(Run((0,), (0.01,), 1), 1.0)
    shape = Shape.of(point, 2)
    assert shape.draws == arithmetic.draws
    if shape.draws:
        assert shape.noise_words * shape.bit_width == arithmetic.noise_bits


EDITS = {
    "perturb_lane.v": ("weight4_q} - {", "weight4_q} + {"),
    "perturb_moves.v": ("minus_value_q <= -whole", "minus_value_q <= whole"),
    "perturb_sign_lane.v": ("- {move4_q", "+ {move4_q"),
    "perturb_round.v": ("{{LARGEST{1'b0}}, noise} << shift", "{{LARGEST{1'b0}}, ~noise} << shift"),
    "perturb_segments.v": ("left_q[8:0] <= NUMBER", "left_q[8:0] < NUMBER"),
    "perturb_control.v": ("(taken && !restoring)", "(taken || !restoring)"),
    "perturb_registers.v": ("scale <= LARGEST_SCALE", "scale < LARGEST_SCALE"),
    "perturb_engine.v": ("? -16'sd1", "? 16'sd1"),
    "axil_port.v": ("b_error_q <= write_error", "b_error_q <= !write_error"),
    "axis_slice.v": ("if (!spare_full_q)", "if (spare_full_q)"),
}
"""One operator of every module of the engine."""


RARE = {
    "weights taken while no pass is open": ("perturb_engine.v", "= open && advance", "= advance"),
    "an open pass that was never begun": ("perturb_control.v", "= open_q && (", "= ("),
    "ENDs beyond the segments": ("perturb_registers.v", "is_end = in_segments &&", "is_end ="),
    "SCALE written to END": (
        "perturb_registers.v",
        "is_end = in_segments && at[2] == END[2]",
        "is_end = in_segments",
    ),
    "SELECT without strobes": (
        "perturb_registers.v",
        "(write_data & merge) | (select_q & ~merge)",
        "write_data",
    ),
    "a command that cannot be read": ("perturb_registers.v", "|| from == RESEED", ""),
    "addresses of bytes": ("perturb_registers.v", "{write_address[7:2], 2'b00}", "write_address"),
}
"""Defects that show only where the host does what it seldom does."""


def edited(edit, tmp_path):
    """Return an edited copy of rtl/."""
    name, old, new = edit
    copy = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), copy)
    text = (copy / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    return copy


def test_every_module_has_an_edit():
    assert set(EDITS) == {name for name in ENGINE_FILES if name.endswith(".v")}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if number > 0 else [])
        for number, name in enumerate(EDITS)
    ],
)
def test_one_operator_fails_the_engine_and_no_stream(name, tmp_path):
    copy = edited((name, *EDITS[name]), tmp_path)
    point = SIGNS if name in ("perturb_moves.v", "perturb_sign_lane.v") else SMALL
    status, log = verdict(point, copy, tmp_path, steps=2)
    assert status == "fail"
    assert "line " in log.splitlines()[-1]
    assert engine_hash(SMALL, copy) != engine_hash(SMALL, rtl_dir())
    for module in MODULES:
        for point in module_points(module)[:2]:
            assert rtl_hash(point, copy) == rtl_hash(point, rtl_dir())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if number > 1 else [])
        for number, name in enumerate(RARE)
    ],
)
def test_a_rare_defect_fails_the_engine(name, tmp_path):
    status, log = verdict(SMALL, edited(RARE[name], tmp_path), tmp_path, steps=1)
    assert status == "fail"
    assert "line " in log.splitlines()[-1]


def test_an_engine_that_does_not_end_is_a_failure(tmp_path):
    copy = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), copy)
    path = copy / "perturb_control.v"
    path.write_text(path.read_text().replace("draining_q && !drained", "draining_q"))
    status, log = verdict(SMALL, copy, tmp_path, steps=1)
    assert status == "fail"
    assert "does not end" in log.splitlines()[-1]


def test_a_defect_of_the_stream_fails_the_engine(tmp_path):
    copy = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), copy)
    path = copy / "stream_phased.v"
    path.write_text(path.read_text().replace("SIGN = 1 << (BIT_WIDTH - 1)", "SIGN = 1"))
    assert verdict(SMALL, copy, tmp_path, steps=1)[0] == "fail"


def trace_of(expected):
    """Return a trace that is as expected: of a pass cut by a reset, one beat comes."""
    lines, cut = [], None
    for line in expected:
        if line == "c":
            cut = []
        elif line == ".":
            lines += [cut[0], "c 1"]
            cut = None
        elif cut is not None:
            cut.append(line)
        else:
            lines.append("t 7" if line == "t" else line)
    return lines


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [*lines[:40], "w 3", *lines[41:]], "line 41: RTL shows w 3, expected"),
        (lambda lines: lines[:-1], "RTL shows nothing, expected"),
        (lambda lines: [*lines, "w 0"], "expected nothing more"),
    ],
)
def test_any_other_trace_is_refused(change, said):
    script = make_engine_script(SMALL, Shape.of(SMALL, 3), 1)
    right = trace_of(script.expected)
    assert check_engine(script, right) == script.words > 0
    with pytest.raises(MismatchError, match=said):
        check_engine(script, change(right))


def test_sources_are_the_engines_and_the_streams(tmp_path):
    built = build_engine(SMALL, 3, rtl_dir())
    names = built.write(tmp_path)
    assert names[0] == "pezo_engine.v"
    sources = ENGINE_FILES + source_names(SMALL.hardware())
    verilog = {name for name in sources if name.endswith(".v")}
    assert set(names) == {"pezo_engine.v", "pezo_top.v"} | verilog
    assert all((tmp_path / name).is_file() for name in sources)
    assert built.parameters["SOURCES"] == 3


def test_what_cannot_be_is_one_line(tmp_path):
    with pytest.raises(DesignError, match="the engine adds integers"):
        Shape.of(replace(SMALL, weight_bits=None), 2)
    with pytest.raises(DesignError, match="the engine takes 1 to 16 layers, not 17"):
        Shape.of(SMALL, 17)
    copy = tmp_path / "rtl"
    shutil.copytree(rtl_dir(), copy)
    (copy / "axis_slice.v").unlink()
    with pytest.raises(ToolError, match=r"axis_slice.v: no such file; --rtl-dir must hold"):
        build_engine(SMALL, 2, copy)
