"""The documented generator of one's own, with every command, from another folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "docs/examples/own_generator"
NAME = "own_generator:Xorshift64"
SHORT = ("-s", "train.steps=20", "--jobs", 1)


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """Return the working folder of `call`, with the module in it."""
    for file in ("own_generator.py", "own_generator.v"):
        shutil.copy(EXAMPLE / file, tmp_path)
    return tmp_path


def test_list_shows_it(call, beside):
    answer = call("list", "rng", NAME, "--format", "json")
    (shown,) = answer.document["rng"]
    assert shown["period"] == "2^64 - 1"
    assert shown["serves"] == "64 / bit_width"


def test_names_that_are_not_there_are_refused(call):
    for name in ("lsfr", "nowhere:Own"):
        answer = call("list", "rng", name)
        assert answer.status == 2 and name in answer.err and answer.err.count("\n") == 1


def test_stream_takes_it(call, beside):
    answer = call("stream", "--rng", NAME, "--lanes", 4, "--count", 8)
    assert answer.status == 0
    assert len(answer.out.splitlines()) == 9


def test_a_wrong_class_is_one_line_in_a_sweep(call, tmp_path):
    made = tmp_path / "d"
    shutil.copytree(EXAMPLE, made)
    text = (made / "own_generator.py").read_text(encoding="utf-8")
    (made / "wrong_generator.py").write_text(
        text.replace("state = 64", "state = 96"), encoding="utf-8"
    )
    design = (made / "design.yaml").read_text(encoding="utf-8")
    (made / "design.yaml").write_text(
        design.replace("own_generator:", "wrong_generator:"), encoding="utf-8"
    )
    answer = call("sweep", made / "design.yaml", *SHORT)
    assert answer.status == 2
    line = answer.err.strip().splitlines()[-1]
    assert "wrong_generator.py: class Xorshift64: " in line and "96 bits of state" in line
    assert "Traceback" not in answer.err


@pytest.mark.regression
def test_a_sweep_finds_it_beside_the_design(call, tmp_path):
    answer = call(
        "sweep", EXAMPLE / "design.yaml", *SHORT, "--rng", NAME, "--stages", "train,rtl,synth"
    )
    assert answer.status == 0, answer.err
    text = (tmp_path / "reports/own-generator/results.csv").read_text(encoding="utf-8")
    (row,) = text.splitlines()[1:]
    assert NAME in row and ",ok," in row and ",pass," in row


@pytest.mark.slow
def test_verify_takes_it(call, beside):
    answer = call("verify", NAME, "--format", "json")
    assert answer.status == 0, answer.err
    assert len(answer.document["results"]) == 6


@pytest.mark.slow
@pytest.mark.parametrize("axes", [("--lanes", 9), ("--reuse", "pool", "--pool-size", 40)])
def test_the_exported_bundle_passes_its_own_checks(call, beside, axes):
    answer = call("export", "--rng", NAME, *axes, "--reuse-period", 4, "--out", "bundle")
    assert answer.status == 0, answer.err
    done = subprocess.run(
        ["make", f"PYTHON={sys.executable}"],
        cwd=beside / "bundle",
        env={"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "C model" in done.stdout and "Python model" in done.stdout
