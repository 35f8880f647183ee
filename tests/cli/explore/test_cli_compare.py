"""`pezoexplore compare` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_calls import Call

from pezoexplore.analysis.compare_design import compared_designs
from pezoexplore.analysis.runs import read_rows
from pezoexplore.design.point import IllegalPointError, resolve

QUICK = ("--lanes", 3, "--bit-width", 4, "--seeds", 2, "-s", "train.steps=5", "--jobs", 1)


@pytest.mark.slow
def test_it_sweeps_and_sets_side_by_side(call: Call) -> None:
    words = ("compare", *QUICK, "--stages", "train", "--out", "run")
    answer = call(*words, "--format", "json")
    assert answer.status == 0
    (target,) = answer.document["targets"]
    assert target["target"] == "xcup"
    names = {item["design"] for item in target["designs"]}
    assert {"none treegrng 4b x3", "bank lfsr8 4b x3", "none gaussian"} <= names
    assert all(item["seeds"] == 2 for item in target["designs"] if item["seeds"] is not None)
    assert answer.document["paper"]["change_percent"]["lut"] == -48.6
    files = [Path(name) for name in answer.document["files"]]
    assert all(path.is_file() for path in files)
    page = Path("run/compare.md").read_text()
    assert "pezoexplore compare --lanes 3" in page and "compare_xcup.png" in page

    rows = read_rows(Path("run"))
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["lanes"] for row in rows if row["rng"] != "gaussian"} == {"3"}

    before = {path.name: path.read_bytes() for path in files}
    again = call(*words, "--format", "json")
    assert again.status == 0 and "already" in again.err
    assert {path.name: path.read_bytes() for path in files} == before
    text = call(*words)
    assert text.status == 0
    assert "target xcup" in text.out and "2504.20314" in text.out


def test_a_run_that_has_no_gaussian_fails(call: Call) -> None:
    Path("empty").mkdir()
    words = ("--rtl-dir", "empty", "--stages", "synth", "--out", "run")
    answer = call("compare", *QUICK, *words)
    assert answer.status != 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lanes", 0), "--lanes"),
        (("--bit-width", 3), "--bit-width"),
        (("--seeds", 1), "--seeds"),
        (("--stages", "bake"), "unknown stage"),
        (("-s", "train.stepz=3"), "stepz"),
        (("--task", "nothing"), "--task: got 'nothing'"),
        (("--target", "xc8"), "--target: got 'xc8'"),
    ],
)
def test_what_cannot_be_compared_is_one_line(words: tuple[object], said: str, call: Call) -> None:
    answer = call("compare", *words, "--out", "run")
    assert answer.status == 2 and said in answer.error
    assert not Path("run").exists()


@pytest.mark.parametrize("bits", [4, 8, 12])
def test_designs_have_equal_lanes_and_width_but_for_one(bits: int) -> None:
    points = []
    for axes in compared_designs(31, bits):
        try:
            points.append(resolve(**axes))
        except IllegalPointError:
            continue  # a bank of few states; the sweep says so
    hardware = [point for point in points if point.in_hardware]
    assert {point.lanes for point in hardware} == {31}
    assert sorted({point.bits for point in hardware}) == [1, bits]
    assert {"none", "pool", "bank", "phased"} == {point.reuse for point in hardware}
