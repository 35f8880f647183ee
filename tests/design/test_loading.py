"""Design files: what loads, options that replace it, the resolved design and the schema."""

from __future__ import annotations

import json
import math

import pytest
import yaml
from design_texts import ALL_AXES, EXAMPLE, FUZZ, LANES, STEPS, TOP, TRAIN, message
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pezoexplore.design.loading import design_schema, load_design, resolved_yaml
from pezoexplore.design.point import AXES
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.registry import names


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
        ("train.steps=many", f"got 'many'; allowed: {STEPS}"),
        ("train.step=5", f"unknown key; did you mean steps?; allowed: {TRAIN}"),
        ("traim.steps=5", f"traim: unknown key; did you mean train?; allowed: {TOP}"),
        ("space.lanes=[8", "malformed YAML: expected ',' or ']', but got '<stream end>'"),
        ("space.lanes=[8, 300]", f"got 300; allowed: {LANES}"),
        ("space=8", f"got 8; allowed: a mapping with the keys {ALL_AXES}"),
        ("space={lanes: x}", f"space.lanes: got 'x'; allowed: {LANES}"),
        ("train.steps=", f"got nothing; allowed: {STEPS}"),
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
    assert said == "--bit-width: got 'eight'; allowed: integers 1 to 24"
    assert message(load, EXAMPLE, lanes=[""]).startswith("--lanes: got an empty list")
    assert message(load, EXAMPLE, lanes=["8]"]).startswith("--lanes: malformed YAML: ")
    assert message(load, EXAMPLE, lane=["8"]) == (
        f"--lane: no such axis; did you mean lanes?; allowed: {ALL_AXES}"
    )


def test_options_cannot_mend_a_file_that_is_no_mapping(load):
    assert message(load, "[1]", "train.steps=5").startswith("x.yaml:1: got a list")


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
        "tuning_seeds": 10000,
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
