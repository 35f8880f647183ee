"""`pezoexplore export` on the command line."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from cli_calls import Call

from pezoexplore.analysis.runs import read_rows
from pezoexplore.design.point import resolve

EXAMPLE = Path(__file__).parents[3] / "reports" / "example"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def some_row() -> dict[str, str]:
    """Return a row of the example with reuse of an lfsr, and its costs."""
    return next(
        row
        for row in read_rows(EXAMPLE)
        if row["reuse"] == "phased" and row["lut"] and row["weight_bits"] == "float"
    )


def test_axes_name_the_design(call: Call) -> None:
    answer = call("export", "--rng", "clt", "--lanes", 3, "--out", "b", "--format", "json")
    assert answer.status == 0
    assert answer.document["axes"]["reuse"] == "none"
    assert sorted(contents(Path("b"))) == answer.document["files"]
    manifest = json.loads(Path("b/bundle.json").read_text())
    for name, digest in manifest["files"].items():
        assert hashlib.sha256(Path("b", name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(
    "words",
    [
        ("--rng", "lut_opt", "--lanes", 5, "--reuse-period", 3, "--engine", "--segments", 3),
        ("--rng", "ternary", "--lanes", 3),
        ("--rng", "ternary", "--lanes", 3, "--name", "my_rng", "--axis"),
        ("--lanes", 3, "--reset", "active-low"),
        ("--reuse", "pool", "--pool-size", 20, "--scaling", "pow2", "--bit-width", 4),
        ("--reuse", "phased", "--lanes", 3, "--seed", 2**64 - 1),
        ("--rng", "rademacher", "--lanes", 3, "--rank", 2, "--layers", "5x6,5,3x6,6"),
        pytest.param(("--lanes", 3, "--modules", "ice40"), marks=pytest.mark.slow),
        ("--rng", "clt", "--lanes", 3, "--axil", "--reuse-period", 5),
        ("--rounding", "stochastic", "--weight-bits", 8, "--activation-bits", 8, "--lanes", 2),
    ],
)
def test_the_command_in_the_bundle_makes_it_again(words: tuple[str], call: Call) -> None:
    assert call("export", *words, "--out", "first").status == 0
    command = json.loads(Path("first/bundle.json").read_text())["command"].split()
    assert command[0] == "pezoexplore" and command[-2:] == ["--out", "DIR"]
    assert call(*command[1:-1], "again").status == 0
    assert contents(Path("first")) == contents(Path("again"))


def test_a_design_of_a_run_comes_with_its_figures(call: Call) -> None:
    row = some_row()
    answer = call("export", row["point_id"], "--results", EXAMPLE, "--out", "b")
    assert answer.status == 0
    sheet = Path("b/DATASHEET.md").read_text()
    assert f"| `lut` | {row['lut']} |" in sheet
    assert f"| `accuracy_mean` | {row['accuracy_mean']} |" in sheet
    assert row["point_id"] in sheet and row["yosys_version"] in sheet
    assert hashlib.sha256((EXAMPLE / "results.csv").read_bytes()).hexdigest() in sheet
    axes = json.loads(Path("b/bundle.json").read_text())["axes"]
    assert axes["state_bits"] == int(row["state_bits"])


def test_axes_find_their_figures_in_a_run(call: Call) -> None:
    words = ("--reuse", "phased", "--bit-width", 4, "--state-bits", 16, "--results", EXAMPLE)
    assert call("export", *words, "--out", "b").status == 0
    assert "| `lut` |" in Path("b/DATASHEET.md").read_text()


def test_a_datasheet_without_results_says_so(call: Call) -> None:
    assert call("export", "--lanes", 3, "--out", "b").status == 0
    assert "No results were at hand" in Path("b/DATASHEET.md").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("abc", "--out", "b"), "--results"),
        (("abc", "--results", str(EXAMPLE), "--out", "b"), "has no design abc"),
        (("--results", str(EXAMPLE), "--lanes", 3, "--out", "b"), "has no results of"),
        (("--results", "nowhere", "--out", "b"), "nowhere"),
        (("--rng", "gaussian", "--out", "b"), "no hardware"),
        (("--rng", "clt", "--reuse", "bank", "--out", "b"), "needs rng lfsr"),
        (("--lanes", "3,5", "--out", "b"), "--lanes"),
        (("--engine", "--scaling", "pow2", "--state-bits", 8, "--out", "b"), "pow2"),
        (("--lanes", 3, "--rtl-dir", ".", "--out", "b"), "rtl"),
        (("--rank", 2, "--out", "b"), "and have RTL, with bit_width 1, not 8"),
        (("--rank", 1, "--rng", "rademacher", "--out", "b"), "--rank 1: needs --layers, such as"),
        (("--layers", "3x4", "--out", "b"), "--layers: directions of --rank full have none"),
        (("--modules", "ice50", "--out", "b"), "--modules ice50: allowed: xcup, xc7, ice40"),
        (("--modules", "ecp5", "--modules", "ecp5", "--out", "b"), "each once"),
        (("--rng", "gaussian", "--modules", "ecp5", "--out", "b"), "no hardware"),
        (("--lanes", 3, "--out", "file"), "is a file"),
        (("--lanes", 3, "--out", "full"), "not an exported bundle"),
    ],
)
def test_what_cannot_be_exported_is_one_line(words: tuple[str], said: str, call: Call) -> None:
    Path("file").write_text("")
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    answer = call("export", *words)
    assert answer.status == 2
    assert said in answer.error
    assert not Path("b").exists()
    assert [path.name for path in Path("full").iterdir()] == ["mine.txt"]


def test_axes_beside_a_design_of_a_run_are_refused(call: Call) -> None:
    identity = some_row()["point_id"]
    answer = call("export", identity, "--results", EXAMPLE, "--lanes", 3, "--out", "b")
    assert answer.status == 2 and "--lanes" in answer.error


def test_a_row_that_is_no_design_is_refused(call: Call) -> None:
    shutil.copy(EXAMPLE / "results.csv", "results.csv")
    row = some_row()
    text = Path("results.csv").read_text()
    line = next(line for line in text.splitlines() if line.startswith(row["point_id"]))
    Path("results.csv").write_text(text.replace(line, line.replace(",lfsr,", ",clt,", 1)))
    answer = call("export", row["point_id"], "--results", "results.csv", "--out", "b")
    assert answer.status == 2 and "axes that no design has" in answer.error


def test_the_default_design_is_the_default_point(call: Call) -> None:
    assert call("export", "--out", "b").status == 0
    assert resolve().label() in Path("b/README.md").read_text()
