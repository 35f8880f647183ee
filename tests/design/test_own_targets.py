"""Targets of the user's own in a design file."""

from __future__ import annotations

import json

import pytest
from fake_tools import one_line

from pezoexplore.design.loading import design_schema, load_design, resolved_yaml
from pezoexplore.design.own_targets import CellLibrary, VendorTool
from pezoexplore.errors import DesignError

HEAD = "space: {rng: lfsr}\nhardware:\n"


def load(tmp_path, targets, overrides=(), folder=""):
    path = tmp_path / folder / "x.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{HEAD}  targets: {targets}\n", encoding="utf-8")
    return load_design(path, overrides)


def test_a_library_beside_the_design_file_among_others(tmp_path):
    space = load(
        tmp_path,
        "[xcup, {name: asap7, liberty: [a.lib, b.lib.gz], corners: [[s.lib, t.lib], f.lib], "
        'dont_use: "*x1p*", flip_flop: DFF, gate: ND2}]',
    )
    at = str(tmp_path.absolute())
    assert space.hardware.targets == (
        "xcup",
        CellLibrary(
            name="asap7",
            liberty=(f"{at}/a.lib", f"{at}/b.lib.gz"),
            corners=((f"{at}/s.lib", f"{at}/t.lib"), (f"{at}/f.lib",)),
            dont_use=("*x1p*",),
            flip_flop="DFF",
            gate="ND2",
        ),
    )
    assert space.hardware.names == ("xcup", "asap7")


def test_the_resolved_design_is_the_same_from_anywhere(tmp_path):
    space = load(tmp_path, "[{name: a, liberty: a.lib, corners: b.lib}]", folder="one")
    other = tmp_path / "two.yaml"
    other.write_text(resolved_yaml(space), encoding="utf-8")
    assert load_design(other) == space


def test_a_part_of_a_vendor(tmp_path):
    space = load(tmp_path, "[ecp5, {name: ku5p, tool: vivado, part: xcku5p-ffvb676-2-e}]")
    assert space.hardware.targets[1] == VendorTool("ku5p", "vivado", "xcku5p-ffvb676-2-e")
    other = tmp_path / "two.yaml"
    other.write_text(resolved_yaml(space), encoding="utf-8")
    assert load_design(other) == space


def test_a_path_is_beside_the_file_that_names_it(tmp_path):
    load(tmp_path, "{name: a, liberty: a.lib}", folder="base")
    path = tmp_path / "y.yaml"
    path.write_text("extends: base/x.yaml\nspace: {lanes: 3}\n", encoding="utf-8")
    (target,) = load_design(path).hardware.targets
    assert target.liberty == (str(tmp_path.absolute() / "base" / "a.lib"),)


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ("[{name: a}]", "a target of your own has no liberty; allowed: {name: NAME, liberty"),
        ("[{liberty: a.lib}]", "a target of your own has no name"),
        ("[{name: a, libery: a.lib}]", "no key 'libery'; did you mean liberty?; allowed: name, "),
        ("[{name: xcup, liberty: a.lib}]", "xcup comes with the package"),
        ("[{name: a/b, liberty: a.lib}]", "got 'a/b'; allowed: text of up to 64 letters"),
        ("[{name: a, liberty: 5}]", "a: liberty: got 5; allowed: a text or a list of texts"),
        ("[{name: a, liberty: []}]", "a: liberty: got an empty list"),
        ("[{name: a, liberty: [[]]}]", "a: liberty: got a list"),
        ("[{name: a, liberty: b, gate: [n]}]", "a: gate: got a list"),
        ("[{name: a, liberty: b}, {name: a, liberty: c}]", "two are named a; give each a name"),
        ("[7]", "got 7; allowed: xcup, "),
        ("[{name: a, tool: ise, part: b}]", "got 'ise'; allowed: vivado, quartus, libero"),
        ("[{name: a, tool: vivado}]", "a target of your own has no part"),
        ("[{name: a, tool: vivado, part: 'x; exec y'}]", "got 'x; exec y'; allowed: a part such"),
        ("[{name: a, tool: vivado, part: x, liberty: y}]", "no key 'liberty'"),
    ],
)
def test_what_is_wrong_is_one_line(targets, reason, tmp_path):
    with pytest.raises(DesignError, match=r"x\.yaml:") as caught:
        load(tmp_path, targets)
    assert reason in str(caught.value)
    one_line(caught.value)


def test_the_schema_has_both_forms():
    text = json.dumps(design_schema())
    assert '"liberty"' in text
    assert '"osu018"' in text
