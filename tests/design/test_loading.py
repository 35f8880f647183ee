"""Design files: what loads, and the one line that says what is wrong and where."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pezoexplore.design.design_file import MAX_BYTES
from pezoexplore.design.kinds import MAX_VALUES
from pezoexplore.design.loading import design_schema, load_design, resolved_yaml
from pezoexplore.design.point import AXES, MAX_POOL_BITS
from pezoexplore.design.setting_kinds import TASK_KIND
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.registry import names

EXAMPLE = """\
name: example
task: digits-mlp
space:
  rng: [lfsr, xorshift32]
  reuse: [none, pool, bank, phased]
  pool_size: [255, 4095]
  reuse_period: [1, 64, inf]
  bit_width: [4, 8, 12]
  state_bits: [12, 24]
  lanes: [8, 31]
  leap: [1]
  taps: [xor]
  scaling: [constant, pow2]
include: []
exclude: []
train: {steps: 4000, seeds: 5, learning_rates: [0.003, 0.005, 0.01], batch: 64, epsilon: 1.0e-3}
hardware: {targets: [xcup], clock_mhz: 200}
objectives: {maximize: [accuracy_mean], minimize: [lut, ff]}
constraints: ["lut <= 2000"]
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a text as `x.yaml` of the current folder, so that messages are short."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str | bytes, *overrides: str, **axes) -> DesignSpace:
        content = text if isinstance(text, bytes) else text.encode()
        Path("x.yaml").write_bytes(content)
        return load_design(Path("x.yaml"), overrides, axes)

    return load_text


def message(load, text, *overrides: str, **axes) -> str:
    with pytest.raises(DesignError) as error:
        load(text, *overrides, **axes)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_the_example(load):
    space = load(EXAMPLE)
    assert space.space.rng == ("lfsr", "xorshift32")
    assert space.space.reuse_period == (1, 64, math.inf)
    assert space.train.learning_rates == (0.003, 0.005, 0.01)
    assert space.train.epsilon == (0.001,)
    assert space.hardware.clock_mhz == 200
    assert [str(constraint) for constraint in space.constraints] == ["lut <= 2000"]


def test_what_is_not_said_takes_its_default(load):
    space = load("space: {lanes: 8}")
    assert space == DesignSpace.model_validate({"name": "x", "space": {"lanes": [8]}})
    assert (space.train.steps, space.train.seeds, space.train.batch) == (4000, 5, 64)
    assert space.objectives.minimize == ("lut", "ff")
    assert space.space.named() == {"lanes": (8,)}


def test_a_section_left_empty_is_not_an_error(load):
    text = "space: {lanes: 8}\ninclude:\nexclude:\ntrain:\nhardware:\nobjectives:\nconstraints:\n"
    assert load(text) == load("space: {lanes: 8}")


@pytest.mark.parametrize("word", ["null", "~", "NULL"])
@pytest.mark.parametrize("key", [*DesignSpace.model_fields, "objectives.maximize"])
def test_null_written_out_is_an_error(load, key, word):
    text = f"# a design\n{key}: {word}"
    if "." in key:
        text = f"# a design\nobjectives: {{maximize: {word}}}"
    with pytest.raises(DesignError, match=rf"\.yaml:2: {key}: got null; leave the key out"):
        load(text)
    with pytest.raises(DesignError, match=rf"^-s {key}={word}: {key}: got null; leave the"):
        load("space: {lanes: 8}", f"{key}={word}")


def test_designs_are_frozen_and_hashable(load):
    space = load(EXAMPLE)
    assert hash(space) == hash(load(EXAMPLE))
    with pytest.raises(ValidationError):
        space.name = "other"


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("8", (8,)),
        ("[8, 31]", (8, 31)),
        ("{range: [4, 12, 4]}", (4, 8, 12)),
        ("{range: [4, 11, 4]}", (4, 8)),
        ("{range: [4, 4, 1]}", (4,)),
        ("{powers_of_two: [4, 16]}", (4, 8, 16)),
        ("{powers_of_two: [5, 31]}", (8, 16)),
        ("{powers_of_two: [1, 1]}", (1,)),
        ("1e1", (10,)),
        ("8.0", (8,)),
        ("2_4", (24,)),
    ],
)
def test_forms_of_an_axis(load, written, values):
    lanes = load(f"space: {{lanes: {written}}}").space.lanes
    assert lanes == values
    assert all(type(value) is int for value in lanes)


@pytest.mark.parametrize("written", ["inf", ".inf", "Inf", ".INF", "+inf", "'inf'"])
def test_forms_of_infinity(load, written):
    assert load(f"space: {{reuse_period: [1, {written}]}}").space.reuse_period == (1, math.inf)


@pytest.mark.parametrize("written", ["1e-3", "1.0e-3", "0.001", ".001", "1E-3", "1e-03", "+1.e-3"])
def test_forms_of_a_number(load, written):
    text = f"train: {{epsilon: {written}, learning_rates: [{written}]}}\nspace: {{lanes: 8}}"
    train = load(text).train
    assert train.epsilon == (0.001,)
    assert train.learning_rates == (0.001,)


def test_state_bits_may_be_the_default(load):
    assert load("space: {state_bits: [null, 16]}").space.state_bits == (None, 16)


def test_equal_learning_rates_and_targets_are_one(load):
    space = load("train: {learning_rates: [0.1, 1e-1]}\nhardware: {targets: [xcup, xcup]}")
    assert space.train.learning_rates == (0.1,)
    assert space.hardware.targets == ("xcup",)


def test_the_file_lends_its_name(tmp_path):
    file = tmp_path / "my design (2).yaml"
    file.write_text("space: {lanes: 8}")
    assert load_design(file).name == "my-design-2-"


LANES = "integers 1 to 256"
POOL = f"integers 1 to {MAX_POOL_BITS} (bits of the largest target's memory)"
RANGES = "{range: [lo, hi, step]} or {powers_of_two: [lo, hi]} of positive integers"
TOP = "name, task, space, include, exclude, train, hardware, objectives, constraints"
ALL_AXES = ", ".join(AXES)
RNG = f"{', '.join(names())}, or package.module:Class"
PERIOD = "integers 1 to 1000000000 or inf"
BITS = "integers 1 to 24"
STATE = "integers 3 to 48 or null (the generator's own default)"
TARGETS = (
    "xcup, xc7, ice40, ecp5, ice40up, gowin, gatemate, osu018, or one of your own: "
    "{name: NAME, liberty: FILE} or "
    "{name: NAME, tool: TOOL, part: PART}"
)
STEPS = "integers 1 to 1000000000"
SMALL_NUMBERS = "numbers above 0, up to 1e+06"
TRAIN = (
    "steps, seeds, learning_rates, batch, epsilon, target_accuracy, momentum, weight_decay, "
    "normalise, sparsity, mask_epochs, grasp_queries, probe_workers, data"
)
NAME = "text of up to 64 letters, digits, dots, dashes and underscores"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("space:\n  bit_width: eight", f"2: space.bit_width: got 'eight'; allowed: {BITS}"),
        ("space:\n  bit_width: [4, 25]", f"2: space.bit_width: got 25; allowed: {BITS}"),
        ("space:\n  bit_width:\n  - 4\n  - x", f"4: space.bit_width: got 'x'; allowed: {BITS}"),
        ("space:\n  bit_width: 0", f"2: space.bit_width: got 0; allowed: {BITS}"),
        ("space:\n\n  lanes: 2.5", f"3: space.lanes: got 2.5; allowed: {LANES}"),
        ("space:\n  lanes: true", f"2: space.lanes: got true; allowed: {LANES}"),
        ("space:\n  lanes: '8'", f"2: space.lanes: got '8'; allowed: {LANES}"),
        ("space:\n  lanes: 257", f"2: space.lanes: got 257; allowed: {LANES}"),
        ("space:\n  lanes: inf", f"2: space.lanes: got inf; allowed: {LANES}"),
        ("space:\n  lanes: .nan", f"2: space.lanes: got nan; allowed: {LANES}"),
        ("space:\n  lanes:", f"2: space.lanes: got nothing; allowed: {LANES}"),
        ("space:\n  lanes: []", f"2: space.lanes: got an empty list; allowed: {LANES}"),
        ("space:\n  lanes: [[8]]", f"2: space.lanes: got a list; allowed: {LANES}"),
        ("space:\n  lanes: 12:30", f"2: space.lanes: got '12:30'; allowed: {LANES}"),
        ("space:\n  state_bits: 49", f"2: space.state_bits: got 49; allowed: {STATE}"),
        ("space:\n  leap: 65", "2: space.leap: got 65; allowed: integers 1 to 64"),
        ("space:\n  reuse_period: 0", f"2: space.reuse_period: got 0; allowed: {PERIOD}"),
        ("space:\n  reuse_period: -inf", f"2: space.reuse_period: got -inf; allowed: {PERIOD}"),
        (
            "space:\n  pool_size: 1000000000000",
            f"2: space.pool_size: got 1000000000000; allowed: {POOL}",
        ),
        ("space:\n  pool_size: 1e12", f"2: space.pool_size: got 1000000000000; allowed: {POOL}"),
        ("space:\n  pool_size: 0", f"2: space.pool_size: got 0; allowed: {POOL}"),
        ("space:\n  rng: lsfr", f"2: space.rng: got 'lsfr'; allowed: {RNG}; did you mean lfsr?"),
        ("space:\n  rng: 8", f"2: space.rng: got 8; allowed: {RNG}"),
        ("space:\n  reuse: null", "2: space.reuse: got nothing; allowed: none, pool, bank, phased"),
        (
            "space:\n  taps: [xor, xar]",
            "2: space.taps: got 'xar'; allowed: shifted, xor, shared, sparse; did you mean xor?",
        ),
        (
            "space:\n  scaling: pow3",
            "2: space.scaling: got 'pow3'; allowed: none, constant, pow2; did you mean pow2?",
        ),
        ("space:\n  rng: {range: [1, 2, 1]}", f"2: space.rng: got a mapping; allowed: {RNG}"),
        (
            "space:\n  lane: 8",
            f"2: space.lane: unknown key; did you mean lanes?; allowed: {ALL_AXES}",
        ),
        (
            "space:\n  lanes: {range: [4, 8]}",
            f"2: space.lanes: range got 2 numbers, not 3; allowed: {RANGES}",
        ),
        ("space:\n  lanes: {range: 4}", f"2: space.lanes: range got 4; allowed: {RANGES}"),
        (
            "space:\n  lanes: {range: [4, 8, 0]}",
            f"2: space.lanes: range has the step 0; allowed: {RANGES}",
        ),
        (
            "space:\n  lanes: {range: [4, x, 1]}",
            f"2: space.lanes: range has the hi 'x'; allowed: {RANGES}",
        ),
        (
            "space:\n  lanes: {range: [8, 4, 1]}",
            "2: space.lanes: range runs from 8 down to 4; allowed: lo <= hi",
        ),
        ("space:\n  lanes: {range: [1, 301, 100]}", f"2: space.lanes: got 301; allowed: {LANES}"),
        (
            "space:\n  lanes: {range: [1, 1000000000000, 1]}",
            f"2: space.lanes: range lists too many values; allowed: at most {MAX_VALUES}",
        ),
        (
            "space:\n  lanes: {span: [1, 3]}",
            f"2: space.lanes: got a mapping of 'span'; allowed: {RANGES}",
        ),
        ("space:\n  lanes: {}", f"2: space.lanes: got a mapping of no keys; allowed: {RANGES}"),
        (
            "space:\n  lanes: {range: [1, 2, 1], powers_of_two: [1, 2]}",
            f"2: space.lanes: got a mapping of 'range', 'powers_of_two'; allowed: {RANGES}",
        ),
        (
            "space:\n  lanes: {powers_of_two: [5, 7]}",
            "2: space.lanes: no power of two lies between 5 and 7",
        ),
        ("space: 8", f"1: space: got 8; allowed: a mapping with the keys {ALL_AXES}"),
        (
            "name: a\nspace: [8]",
            f"2: space: got a list; allowed: a mapping with the keys {ALL_AXES}",
        ),
        (
            "include:\n- lanes: 8\n- lanes: 8\n  bit_width: 30",
            f"4: include[1].bit_width: got 30; allowed: {BITS}",
        ),
        ("include:\n- lanes: [8, 9.5]", f"2: include[0].lanes: got 9.5; allowed: {LANES}"),
        ("include:\n- 8", f"2: include[0]: got 8; allowed: a mapping with the keys {ALL_AXES}"),
        ("include: {lanes: 8}", "1: include: got a mapping; allowed: a list of mappings"),
        ("include:\n- {}", f"2: include[0]: names no axis; allowed: {ALL_AXES}"),
        (
            "exclude:\n- lanes: 8\n- {rngs: clt}",
            f"3: exclude[1].rngs: unknown key; did you mean rng?; allowed: {ALL_AXES}",
        ),
        ("exclude: all", "1: exclude: got 'all'; allowed: a list of mappings"),
        ("spaces: {}", f"1: spaces: unknown key; did you mean space?; allowed: {TOP}"),
        ("qqq: 1", f"1: qqq: unknown key; allowed: {TOP}"),
        ("train: {step: 5}", f"1: train.step: unknown key; did you mean steps?; allowed: {TRAIN}"),
        ("train:\n  steps: 0", f"2: train.steps: got 0; allowed: {STEPS}"),
        ("train:\n  steps: many", f"2: train.steps: got 'many'; allowed: {STEPS}"),
        ("train:\n  seeds: 1", "2: train.seeds: got 1; allowed: integers 2 to 10000"),
        ("train:\n  seeds: [5]", "2: train.seeds: got a list; allowed: integers 2 to 10000"),
        ("train:\n  batch: 0", "2: train.batch: got 0; allowed: integers 1 to 1000000"),
        ("train:\n  epsilon: 0", f"2: train.epsilon: got 0; allowed: {SMALL_NUMBERS}"),
        ("train:\n  epsilon: inf", f"2: train.epsilon: got inf; allowed: {SMALL_NUMBERS}"),
        ("train:\n  epsilon: .nan", f"2: train.epsilon: got nan; allowed: {SMALL_NUMBERS}"),
        ("train:\n  epsilon: no", f"2: train.epsilon: got 'no'; allowed: {SMALL_NUMBERS}"),
        (
            "train:\n  learning_rates: []",
            f"2: train.learning_rates: got an empty list; allowed: {SMALL_NUMBERS}",
        ),
        (
            "train:\n  learning_rates: [0.1, -0.1]",
            f"2: train.learning_rates: got -0.1; allowed: {SMALL_NUMBERS}",
        ),
        ("train: 5", f"1: train: got 5; allowed: a mapping with the keys {TRAIN}"),
        ("task: mnist", f"1: task: got 'mnist'; allowed: {TASK_KIND.allowed}"),
        (
            "task: digit-mlp",
            f"1: task: got 'digit-mlp'; allowed: {TASK_KIND.allowed}; did you mean digits-mlp?",
        ),
        ("name: ../x", f"1: name: got '../x'; allowed: {NAME}"),
        ("name: 5", f"1: name: got 5; allowed: {NAME}; put a number that is a name in quotes"),
        ("name:", f"1: name: got nothing; allowed: {NAME}"),
        (
            "hardware:\n  targets: [xc8]",
            f"2: hardware.targets: got 'xc8'; allowed: {TARGETS}; did you mean xc7?",
        ),
        ("hardware:\n  targets: []", f"2: hardware.targets: got an empty list; allowed: {TARGETS}"),
        (
            "hardware:\n  clock_mhz: 0",
            "2: hardware.clock_mhz: got 0; allowed: numbers above 0, up to 100000",
        ),
        (
            "objectives: {maximize: [], minimize: []}",
            "1: objectives: no objective; name a column to maximize or minimize",
        ),
        (
            "objectives: {maximize: lut, minimize: lut}",
            "1: objectives: lut is named more than once; allowed: once",
        ),
        ("a: 1\na: 2", "2: a: key given twice (first: x.yaml:1)"),
        (
            "space:\n  lanes: 8\n  rng: lfsr\n  lanes: 9",
            "4: space.lanes: key given twice (first: x.yaml:2)",
        ),
        ("space:\n  8: 1", "2: key '8' of space: not text"),
        ("space:\n  ? [a, b]\n  : 1", "2: key a list or mapping of space: not text"),
        (
            "space: !!python/object:os.system {}",
            "1: space: tag 'tag:yaml.org,2002:python/object:os.system' is not allowed",
        ),
        ("space: !!int x", "1: space: 'x' cannot be read as int"),
        ("space: !!set {a}", "1: space: tag 'tag:yaml.org,2002:set' is not allowed"),
        ("- 1", f"1: got a list; allowed: a mapping with the keys {TOP}"),
        ("text", f"1: got 'text'; allowed: a mapping with the keys {TOP}"),
        ("", f"1: the file is empty; allowed: {TOP}"),
        ("# nothing\n", f"1: the file is empty; allowed: {TOP}"),
        ("space:\n  lanes: [8", "2: malformed YAML: expected ',' or ']', but got '<stream end>'"),
        (
            "space:\n\tlanes: 8",
            "2: malformed YAML: found character '\\t' that cannot start any token",
        ),
        ("a: 1\n---\nb: 2", "2: malformed YAML: but found another document"),
        ("a: 1\nb: \0", "2: malformed YAML: character U+0000 is not allowed"),
        ("a: *missing", "1: malformed YAML: found undefined alias 'missing'"),
        ("space: &s\n  lanes: 8\n  include: *s", "2: nested too deeply; allowed: 32 levels"),
        (b"a: 1\nname: \xff", "2: not UTF-8 text; save the file as UTF-8"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(load, text, said):
    assert message(load, text) == f"x.yaml:{said}"


def test_several_errors_are_said_and_the_rest_counted(load):
    first = f"x.yaml:2: train.steps: got 'x'; allowed: {STEPS}"
    text = "train:\n  steps: x\n  batch: y\n  seeds: z\nspace:\n  lanes: [a, b, c]\nqqq: 1"
    said = message(load, text)
    assert said.startswith(f"{first}; x.yaml:3: train.batch:")
    assert "; x.yaml:4: train.seeds: got 'z'; allowed: " in said
    assert said.endswith(" (and 2 more to put right)")
    two = message(load, "train:\n  steps: x\n  batch: y")
    assert two.startswith(f"{first}; x.yaml:3: train.batch:")
    assert "more to put right" not in two


@pytest.mark.parametrize(
    ("written", "ten"), [("010", "10"), ("00", "0"), ("0_8", "8"), ("[8, 031]", "31")]
)
def test_a_number_with_a_leading_zero_is_ambiguous(load, written, ten):
    said = message(load, f"space:\n  lanes: {written}")
    assert said.startswith("x.yaml:2: space.lanes")
    assert f" is octal to some readers of YAML and decimal to others; write {ten}" in said


def test_several_ambiguous_numbers_are_said_each_once(load):
    said = message(load, "x-l: &l [010]\nspace:\n  lanes: *l\n  leap: 07\n  bit_width: *l")
    places = [part.split(": ")[:2] for part in said.split("; x.yaml:")]
    assert [key for _, key in places] == ["x-l[0]", "space.lanes[0]", "space.bit_width[0]"]
    assert said.endswith(" (and 1 more to put right)")


def test_what_is_wrong_beside_an_ambiguous_number_is_said_with_it(load):
    said = message(load, "space:\n  leap: 07\n  lanes: 0999\ntrain:\n  steps: x")
    places = [part.split(": ")[:2] for part in said.split("; x.yaml:")]
    assert [key for _, key in places] == ["space.leap", "space.lanes", "space.lanes"]
    assert said.endswith(" (and 1 more to put right)")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{range: [1, 8, 0]}", "range has the step 0"),
        ("{range: [0, 8, 1]}", "range has the lo 0"),
        ("{range: [1, x, 1]}", "range has the hi 'x'"),
        ("{range: [1, 8]}", "range got 2 numbers, not 3"),
        ("{range: 5}", "range got 5"),
        ("{powers_of_two: [1, 2.5]}", "powers_of_two has the hi 2.5"),
    ],
)
def test_a_range_names_what_is_wrong_with_it(load, written, said):
    assert f"x.yaml:2: space.lanes: {said}; allowed: " in message(
        load, f"space:\n  lanes: {written}"
    )


def test_an_unknown_objective_names_the_columns(load):
    said = message(load, "objectives:\n  minimize: [lut, luts]")
    assert said.startswith("x.yaml:2: objectives.minimize: got 'luts', which is no column; ")
    assert "did you mean lut?" in said
    assert "accuracy_mean" in said
    said = message(load, "objectives:\n  minimize: [rtl_status]")
    assert "got 'rtl_status', which is not numeric" in said


@pytest.mark.parametrize(
    "text", ["objectives:\n  minimize: [engine_lut]", "constraints: [engine_lut <= 900]"]
)
def test_an_objective_of_the_engine_needs_the_engine(load, text):
    assert "engine_lut is only there with hardware: {engine: true}" in message(load, text)
    space = load(f"{text}\nhardware: {{engine: true}}")
    assert space.hardware.engine


@pytest.mark.parametrize("name", ["digits-mlp", "[certified-digits, wine]"])
def test_an_objective_of_certificates_needs_a_certified_task(load, name):
    text = "objectives:\n  maximize: [certified_100]\n"
    said = "certified_100 is only there with a task certified-"
    assert said in message(load, f"task: {name}\n{text}")
    assert load(f"task: certified-mnist\n{text}").tasks == ("certified-mnist",)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("lut <= 2000", "lut <= 2000"),
        ("lut<2e3", "lut < 2000"),
        (" accuracy_mean >= 88.5 ", "accuracy_mean >= 88.5"),
        ("learning_rate == 1e-3", "learning_rate == 0.001"),
        ("reuse_period != inf", "reuse_period != inf"),
        ("stream_mean > -.1", "stream_mean > -0.1"),
    ],
)
def test_constraints(load, written, means):
    (constraint,) = load(f'constraints: ["{written}"]').constraints
    assert str(constraint) == means
    assert load("constraints:").constraints == ()
    assert load(f'constraints: "{written}"').constraints == (constraint,)


FORM = "column op number, such as lut <= 2000, op one of <= >= == != < >"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("lut =< 2000", f"got 'lut =< 2000'; allowed: {FORM}"),
        ("lut <= many", f"got 'lut <= many'; allowed: {FORM}"),
        ("lut <= nan", f"got 'lut <= nan'; allowed: {FORM}"),
        ("lut == many", f"got 'lut == many'; allowed: {FORM}"),
        ("lut <= 1 and ff <= 1", f"got 'lut <= 1 and ff <= 1'; allowed: {FORM}"),
        ("__import__('os')", f"got \"__import__('os')\"; allowed: {FORM}"),
        ("lut", f"got 'lut'; allowed: {FORM}"),
        ("", f"got ''; allowed: {FORM}"),
        (5, f"got 5; allowed: {FORM}"),
    ],
)
def test_what_is_no_constraint(load, written, said):
    text = f"constraints:\n  - lut <= 1\n  - {json.dumps(written)}"
    assert message(load, text) == f"x.yaml:3: constraints: {said}"


def test_a_constraint_names_a_numeric_column(load):
    said = message(load, "constraints: [luts <= 5]")
    assert said.startswith("x.yaml:1: constraints: got 'luts', which is no column")
    said = message(load, "constraints: [rng == 5]")
    assert said.startswith("x.yaml:1: constraints: got 'rng', which is not numeric")


def test_a_space_lists_at_most_a_thousand_million_combinations(load):
    many = "{range: [1, 31623, 1]}"
    text = f"name: a\nspace:\n  pool_size: {many}\n  reuse_period: {many}"
    said = "lists 1000014129 combinations; allowed: at most 1000000000"
    assert message(load, text) == f"x.yaml:2: space: {said}"
    half = f"{{pool_size: {many}, reuse_period: {{range: [1, 20000, 1]}}}}"
    said = message(load, f"include:\n- {half}\n- {half}")
    assert said == "x.yaml:1: lists 1264920000 combinations; allowed: at most 1000000000"


def test_options_replace_settings(load):
    space = load(
        EXAMPLE,
        "train.steps=2000",
        "space.lanes=[4, 8]",
        "hardware.clock_mhz = 1e2",
        "name=other",
        "include=[{lanes: 2}]",
        "train.steps=3000",
    )
    assert space.train.steps == 3000
    assert space.train.batch == 64
    assert space.space.lanes == (4, 8)
    assert space.hardware.clock_mhz == 100
    assert space.name == "other"
    assert [part.named() for part in space.include] == [{"lanes": (2,)}]


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("space.lanes=4,8", {"lanes": (4, 8)}),
        ("space={lanes: [4,8], leap: 2}", {"lanes": (4, 8), "leap": (2,)}),
        ("train.learning_rates=0.01,2e-2", (0.01, 0.02)),
        ("hardware.targets=ice40, ecp5", ("ice40", "ecp5")),
        ("objectives.minimize=ff,bram", ("ff", "bram")),
    ],
)
def test_an_option_lists_values_with_commas(load, option, values):
    space = load("name: a", option)
    found = {
        "space": space.space.named(),
        "train": space.train.learning_rates,
        "hardware": space.hardware.targets,
        "objectives": space.objectives.minimize,
    }
    assert found[option.partition("=")[0].partition(".")[0]] == values


def test_options_add_what_the_file_leaves_out(load):
    assert load("name: a", "space.lanes=8", "train.steps=7").train.steps == 7
    assert load("space:", "space.lanes=8").space.lanes == (8,)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("train.steps=many", f"train.steps: got 'many'; allowed: {STEPS}"),
        ("train.step=5", f"train.step: unknown key; did you mean steps?; allowed: {TRAIN}"),
        ("traim.steps=5", f"traim: unknown key; did you mean train?; allowed: {TOP}"),
        ("space.lanes=[8", "malformed YAML: expected ',' or ']', but got '<stream end>'"),
        ("space.lanes=[8, 300]", f"space.lanes: got 300; allowed: {LANES}"),
        ("space=8", f"space: got 8; allowed: a mapping with the keys {ALL_AXES}"),
        ("space={lanes: x}", f"space.lanes: got 'x'; allowed: {LANES}"),
        ("train.steps=", f"train.steps: got nothing; allowed: {STEPS}"),
        ("train.steps", "allowed: key=value, such as -s train.steps=2000"),
        ("=5", "allowed: key=value, such as -s train.steps=2000"),
        ("train..steps=5", "allowed: key=value, such as -s train.steps=2000"),
        ("train.steps.x=5", "train.steps is 4000, not a mapping; set it whole"),
        ("include.0=5", "include is an empty list, not a mapping; set it whole"),
    ],
)
def test_errors_in_options_name_the_option(load, option, said):
    assert message(load, EXAMPLE, option) == f"-s {option}: {said}"


def test_an_error_of_the_file_next_to_an_option_names_the_file(load):
    text = "train:\n  batch: x\n  steps: y"
    assert message(load, text, "train.steps=5").startswith("x.yaml:2: train.batch: got 'x'")


def test_axis_options_replace_that_axis_in_space(load):
    text = "space: {lanes: [8, 31], rng: lfsr}"
    space = load(text, lanes=["2", "3"], rng=[], taps=None, state_bits=(16,))
    assert space.space.named() == {"rng": ("lfsr",), "state_bits": (16,), "lanes": (2, 3)}
    assert load(text, "space.lanes=5", lanes=["6"]).space.lanes == (6,)
    assert load("name: a", lanes=["6"]).space.lanes == (6,)


@pytest.mark.parametrize(
    ("values", "periods"),
    [
        (["1,64", "inf"], (1, 64, math.inf)),
        (["[1, 64]"], (1, 64)),
        (["{range: [1, 5, 2]}"], (1, 3, 5)),
        ([1, math.inf], (1, math.inf)),
        (["1e3"], (1000,)),
    ],
)
def test_forms_of_axis_options(load, values, periods):
    assert load("name: a", reuse_period=values).space.reuse_period == periods


def test_errors_in_axis_options_name_the_option(load):
    said = message(load, EXAMPLE, bit_width=["8", "eight"])
    assert said == "--bit-width: space.bit_width: got 'eight'; allowed: integers 1 to 24"
    assert message(load, EXAMPLE, lanes=[""]).startswith("--lanes: space.lanes: got an empty list")
    assert message(load, EXAMPLE, lanes=["8]"]).startswith("--lanes: malformed YAML: ")
    assert message(load, EXAMPLE, lane=["8"]) == (
        f"--lane: no such axis; did you mean lanes?; allowed: {ALL_AXES}"
    )


def test_options_cannot_mend_a_file_that_is_no_mapping(load):
    assert message(load, "[1]", "train.steps=5").startswith("x.yaml:1: got a list")


def error_for(path: Path) -> str:
    with pytest.raises(DesignError) as error:
        load_design(path)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    missing = tmp_path / "no.yaml"
    assert error_for(missing) == f"{missing}: no such file; give the path of a design file (YAML)"
    assert error_for(tmp_path) == f"{tmp_path}: a folder; give the path of a design file (YAML)"
    below = tmp_path / "file.yaml" / "x.yaml"
    below.parent.write_text("name: a")
    assert error_for(below) == f"{below}: cannot be read (Not a directory)"
    assert "cannot be read" in error_for(Path("a\0b.yaml"))
    assert "no such file" in error_for(tmp_path / "two\nlines.yaml")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all files")
def test_a_file_without_permission(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text(EXAMPLE)
    file.chmod(stat.S_IWUSR)
    assert error_for(file) == f"{file}: cannot be read (Permission denied)"


def test_a_file_that_is_too_large(load):
    assert message(load, " " * (MAX_BYTES + 1)) == f"x.yaml: too large; allowed: {MAX_BYTES} bytes"


def test_a_byte_order_mark_is_fine(load):
    assert load(b"\xef\xbb\xbfspace: {lanes: 8}").space.lanes == (8,)


def test_aliases_are_fine_but_no_bomb(load):
    assert load("space: &s {lanes: 8}\ninclude: [*s]").include[0].lanes == (8,)
    levels = [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefg", "bcdefgh", strict=True)
    ]
    said = message(load, "a: &a [1, 2, 3]\n" + "\n".join(levels))
    assert "too many values; allowed: 200000, aliases counted" in said


@pytest.mark.parametrize(
    "text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "space: " + "[" * 50 + "]" * 50]
)
def test_deep_nesting(load, text):
    said = message(load, text)
    assert "nested too deeply" in said or "malformed YAML" in said


def test_huge_integers(load):
    assert "cannot be read as int" in message(load, f"train: {{steps: {'9' * 5000}}}")
    assert "got a 1329-bit integer" in message(load, f"train: {{steps: 1{'0' * 400}}}")


def test_keys_with_line_breaks_stay_on_one_line(load):
    assert message(load, '"a\\nb": 1').startswith("x.yaml:1: a b: unknown key")


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.sampled_from(["lfsr", "pool", "lut", "lut <= 5", "xcup", "inf", 8, 31, 1e-3]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from([*AXES, "range", "powers_of_two", "steps", "targets", "minimize"]),
                st.text(max_size=3),
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)  # fmt: skip
FILES = st.dictionaries(
    st.one_of(st.sampled_from(list(DesignSpace.model_fields)), st.text(max_size=3)),
    JSON,
    max_size=5,
)
FUZZ = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200
)


def loads_or_says_why(load, text: str | bytes, *overrides: str, **axes) -> None:
    try:
        space = load(text, *overrides, **axes)
    except DesignError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert isinstance(space, DesignSpace)


@FUZZ
@given(FILES)
def test_any_mapping_loads_or_says_why(load, data):
    loads_or_says_why(load, yaml.safe_dump(data, allow_unicode=True))


@FUZZ
@given(st.one_of(st.text(), st.text("abc:-[]{}&*!|>'\"#%@,? \n\t18.")))
def test_any_text_loads_or_says_why(load, text):
    loads_or_says_why(load, text.encode("utf-8", "surrogatepass"))
    loads_or_says_why(load, EXAMPLE, text, f"space.lanes={text}")
    loads_or_says_why(load, EXAMPLE, lanes=[text])


@FUZZ
@given(st.binary())
def test_any_bytes_load_or_say_why(load, content):
    loads_or_says_why(load, content)


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True) | st.sampled_from(
    ["1e5", "null", "true", "5", "0x5", "1.5", "inf", "no", "2001-01-01", "12"]
)
AXIS_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "rng": st.lists(st.sampled_from(names()), min_size=1, max_size=3),
        "reuse": st.sampled_from(["none", "pool"]),
        "reuse_period": st.lists(st.integers(1, 10**9) | st.just(math.inf), min_size=1, max_size=3),
        "state_bits": st.lists(st.none() | st.integers(3, 32), min_size=1, max_size=3),
        "lanes": st.lists(st.integers(1, 256), min_size=1, max_size=3),
    },
)
SMALL = st.floats(1e-9, 1e5)
DESIGNS = st.fixed_dictionaries(
    {
        "name": NAMES,
        "space": AXIS_VALUES,
        "include": st.lists(AXIS_VALUES.filter(bool), max_size=2),
        "exclude": st.lists(AXIS_VALUES.filter(bool), max_size=2),
        "train": st.fixed_dictionaries(
            {"epsilon": SMALL, "learning_rates": st.lists(SMALL, min_size=1, max_size=4)}
        ),
        "constraints": st.lists(
            st.builds("{} {} {}".format, st.sampled_from(["lut", "lanes"]), st.sampled_from("<>"),
                      st.floats(allow_nan=False)), max_size=3
        ),
    }
)  # fmt: skip


@pytest.mark.slow
@FUZZ
@given(DESIGNS)
def test_a_resolved_design_loads_back_to_itself(load, data):
    space = DesignSpace.model_validate(data)
    text = resolved_yaml(space)
    assert load(text) == space
    assert resolved_yaml(load(text)) == text


KEYS = [field.alias or name for name, field in DesignSpace.model_fields.items()]
"""Keys of a design file."""


def test_the_resolved_design_names_every_setting(load):
    text = resolved_yaml(load("space: {lanes: 8}"))
    data = yaml.safe_load(text)
    assert list(data) == KEYS
    assert data["name"] == "x"
    assert data["space"] == {"lanes": [8]}
    assert data["train"] == {
        "steps": 4000,
        "seeds": 5,
        "learning_rates": [0.003, 0.005, 0.01],
        "batch": 64,
        "epsilon": [0.001],
        "target_accuracy": 85.0,
        "momentum": 0.0,
        "weight_decay": 0.0,
        "normalise": False,
        "sparsity": 0.9,
        "mask_epochs": 5,
        "grasp_queries": 192,
        "probe_workers": 1,
    }
    hardware = {"targets": ["xcup"], "clock_mhz": 200.0, "power": False, "engine": False}
    assert data["hardware"] == hardware
    assert data["objectives"] == {"maximize": ["accuracy_mean"], "minimize": ["lut", "ff"]}
    header = text.splitlines()[0]
    assert header.startswith("# Axes that a mapping does not name: rng lfsr, reuse phased")


def described(schema: dict) -> list[str]:
    """Keys of a schema's mappings that have no description, nor one where they refer to."""
    defs = schema["$defs"]
    return [
        f"{title}.{key}"
        for title, mapping in {"design": schema, **defs}.items()
        for key, value in mapping["properties"].items()
        if not (value | defs.get(value.get("$ref", "").rpartition("/")[2], {})).get("description")
    ]


def test_the_schema_describes_every_key():
    schema = design_schema()
    assert described(schema) == []
    assert set(schema["properties"]) == {*KEYS, "extends"}
    assert schema["required"] == []
    assert not schema["additionalProperties"]
    assert set(schema["$defs"]["SubSpace"]["properties"]) == set(AXES)
    assert json.loads(json.dumps(schema)) == schema


def test_the_schema_states_the_ranges():
    axes = design_schema()["$defs"]["SubSpace"]["properties"]
    assert axes["rng"]["anyOf"][0]["anyOf"][0] == {"enum": list(names())}
    assert axes["bit_width"]["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 24}
    assert {"enum": ["inf", ".inf"]} in axes["reuse_period"]["anyOf"][0]["anyOf"]
    assert {"type": "null"} in axes["state_bits"]["anyOf"][0]["anyOf"]
    forms = [form.get("required") for form in axes["lanes"]["anyOf"]]
    assert forms == [None, None, ["range"], ["powers_of_two"]]
