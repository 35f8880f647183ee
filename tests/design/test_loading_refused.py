"""Design files that are wrong, and the one line that says what and where."""

from __future__ import annotations

import json

import pytest
from design_texts import (
    ALL_AXES,
    BITS,
    LANES,
    NAME,
    PERIOD,
    POOL,
    RANGES,
    RNG,
    SMALL_NUMBERS,
    STATE,
    STEPS,
    TARGETS,
    TOP,
    TRAIN,
    message,
)

from pezoexplore.design.kinds import MAX_VALUES
from pezoexplore.design.setting_kinds import TASK_KIND


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
