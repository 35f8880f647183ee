"""init: a commented design file that loads, whatever is uncommented."""

from __future__ import annotations

import re

import pytest

from pezoexplore.design.columns import AXIS_HELP
from pezoexplore.design.loading import load_design
from pezoexplore.design.space import TrainSettings
from pezoexplore.design.template import design_template

TEMPLATE = design_template("mine", "mine.yaml", "digits-mlp")
KEY = re.compile(r"^( *)#(\w+: )", re.MULTILINE)


def test_the_file_runs_and_names_every_key(call, tmp_path):
    answer = call("init")
    assert answer.status == 0
    assert "design.yaml: written" in answer.out
    text = (tmp_path / "design.yaml").read_text(encoding="utf-8")
    for key in (*AXIS_HELP, *TrainSettings.model_fields):
        assert len(re.findall(rf"^  #?{key}: ", text, re.MULTILINE)) == 1
    assert max(map(len, text.splitlines())) <= 100
    assert (
        call("sweep", "design.yaml", "--dry-run", "--format", "json").document["points_to_run"] == 5
    )


def test_name_and_task(call, tmp_path):
    assert call("init", "my net.yaml", "--task", "wine").status == 0
    space = load_design(tmp_path / "my net.yaml")
    assert (space.name, space.task) == ("my-net", "wine")


@pytest.mark.parametrize("number", range(len(KEY.findall(TEMPLATE))))
def test_every_setting_loads_uncommented_and_is_the_default(number, tmp_path):
    match = list(KEY.finditer(TEMPLATE))[number]
    one = TEMPLATE[: match.start()] + match[1] + match[2] + TEMPLATE[match.end() :]
    every, alone = tmp_path / "all.yaml", tmp_path / "one.yaml"
    every.write_text(TEMPLATE, encoding="utf-8")
    alone.write_text(one, encoding="utf-8")
    before, after = load_design(every), load_design(alone)
    assert after.train == before.train
    assert after.hardware == before.hardware
    assert set(after.space.named()) - set(before.space.named()) <= {match[2][:-2]}


def test_the_example_items_load_uncommented(tmp_path):
    text = re.sub(r"^(\s*)#(exclude:|-|  -)", r"\1\2", TEMPLATE, flags=re.MULTILINE)
    file = tmp_path / "a.yaml"
    file.write_text(text, encoding="utf-8")
    space = load_design(file)
    assert (len(space.include), len(space.exclude)) == (2, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["there.yaml"], "there.yaml is there already"),
        (["folder", "--force"], "folder: cannot be written"),
        (["no/such.yaml"], "no/such.yaml: cannot be written"),
        (["new.yaml", "--task", "chess"], "--task chess: got 'chess'"),
    ],
)
def test_slips_are_one_line_and_leave_nothing(call, tmp_path, words, said):
    (tmp_path / "there.yaml").write_text("mine\n")
    (tmp_path / "folder").mkdir()
    assert said in call("init", *words).error
    assert {path.name for path in tmp_path.iterdir()} == {"there.yaml", "folder"}
    assert (tmp_path / "there.yaml").read_text() == "mine\n"


def test_force_replaces(call, tmp_path):
    (tmp_path / "design.yaml").write_text("mine\n")
    assert call("init", "--force").status == 0
    assert load_design(tmp_path / "design.yaml").name == "design"
