"""Design files that share settings: merge keys, keys for anchors, and files that extend others."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from pezoexplore import run
from pezoexplore.design.loading import design_schema, load_design
from pezoexplore.errors import DesignError


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write files into the working folder; return the first."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str) -> Path:
        for name, text in texts.items():
            Path(f"{name}.yaml").write_text(text)
        return Path(f"{next(iter(texts))}.yaml")

    return write


def said(path: Path) -> str:
    with pytest.raises(DesignError) as caught:
        load_design(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


MERGED = """\
x-base: &base {rng: lfsr, lanes: 8}
x-more: &more
  <<: *base
  lanes: 31
  bit_width: 4
space: {<<: *base, reuse: bank}
include:
  - <<: [*more, *base]
    reuse: none
  - {<<: {lanes: 5}, reuse: none}
"""


def test_merge_keys_and_keys_for_anchors(put):
    space = load_design(put(a=MERGED))
    assert (space.space.rng, space.space.lanes, space.space.reuse) == (("lfsr",), (8,), ("bank",))
    first, second = space.include
    assert (first.lanes, first.bit_width, first.reuse) == ((31,), (4,), ("none",))
    assert (second.lanes, second.rng) == ((5,), None)
    assert jsonschema.validate(yaml.safe_load(MERGED.replace("&base", "&b").replace("*base", "*b"))
                               | {"name": "a"}, design_schema()) is None  # fmt: skip


def test_merging_agrees_with_pyyaml(put):
    """Which has its own implementation of merge keys."""
    read = yaml.safe_load(MERGED)
    space = load_design(put(a=MERGED))
    for entry, plain in zip(space.include, read["include"], strict=True):
        assert {axis: list(values) for axis, values in entry.named().items()} == {
            axis: [value] for axis, value in plain.items()
        }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x-a: &a {lanes: 0}\nspace:\n  <<: *a\n", "a.yaml:1: space.lanes: got 0"),
        ("space:\n  <<: 5\n", "a.yaml:2: <<: got '5'; allowed: a mapping, or a list"),
        ("space: &s\n  <<: *s\n", "<<: merges itself"),
        ('space: {"<<": {lanes: 8}}\n', "a.yaml:1: space.<<: unknown key"),
        ("space: {<<: {[1]: 2}}\n", "a.yaml:1: <<: a key is not text"),
        ("x: 1\n", "a.yaml:1: x: unknown key"),
        ("extends: [b.yaml]\n", "a.yaml:1: extends: got a list; allowed: a design file (YAML)"),
        ("space:\n  lanes: 8\nextends: b.yaml\n", "b.yaml: no such file; give the path"),
    ],
)
def test_what_is_wrong_is_one_line(put, text, reason):
    assert reason in said(put(a=text))


BASE = """\
name: base
space:
  rng: [lfsr, xorshift32]
  lanes: {range: [4, 8, 4]}
train: {steps: 100, seeds: 3}
constraints: ["lut <= 10"]
"""


def test_a_file_extends_another(put, tmp_path):
    Path("sub").mkdir()
    Path("sub/base.yaml").write_text(BASE)
    path = put(own="extends: sub/base.yaml\nspace: {lanes: {powers_of_two: [16, 32]}}\n"
                   "train: {seeds: 7}\nconstraints: []\n")  # fmt: skip
    space = load_design(path)
    assert space.name == "own"
    assert space.space.rng == ("lfsr", "xorshift32")
    assert space.space.lanes == (16, 32)
    assert (space.train.steps, space.train.seeds) == (100, 7)
    assert space.constraints == ()
    assert load_design(path, ["train.steps=5"]).train.steps == 5
    assert load_design(path, (), {"rng": ["clt"]}).space.rng == ("clt",)
    # A chain: each file beside the one that names it.
    put(top="extends: own.yaml\ntask: wine\n")
    assert load_design(Path("top.yaml")).train.seeds == 7


def test_errors_name_the_file_and_line_that_they_are_in(put):
    path = put(a="extends: b.yaml\ntrain: {seeds: 2}\nspace:\n\n  lanes: 0\n",
               b="train:\n\n  steps: none\nspace:\n  lanes: bad\n")  # fmt: skip
    text = said(path)
    assert "b.yaml:3: train.steps: got 'none'" in text
    assert "a.yaml:5: space.lanes: got 0" in text
    assert "bad" not in text


def test_files_that_extend_each_other_are_an_error(put):
    text = said(put(a="extends: b.yaml\n", b="extends: a.yaml\n"))
    assert "extends goes in a circle" in text
    assert "a.yaml" in text
    assert "b.yaml" in text
    assert "extends goes in a circle" in said(put(c="extends: ./c.yaml\n"))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("train: {steps: 5}\n\nspace:\n", 3, "lists no points"),
        ("\nspace: {lanes: 8}\nexclude: [{lanes: 8}]\n", 2, "no legal point: 1 excluded"),
        ("train: {steps: 5}\n", 1, "lists no points"),
    ],
)
def test_a_design_without_a_point_names_file_and_line(put, text, line, reason):
    with pytest.raises(DesignError, match=rf"^a\.yaml:{line}: design a .*{reason}"):
        run.load(run.Request(put(a=text)))
