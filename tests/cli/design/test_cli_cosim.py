"""cosim: training with the RTL in the loop."""

from __future__ import annotations

import shutil

import pytest

from pezoexplore.paths import rtl_dir

QUICK = ["--lanes", 8, "--steps", 2, "--batch", 16, "--epsilon", 0.01]
RANDOM = ["--rounding", "stochastic", "--update-rounding", "independent", "--reuse-period", 3]


@pytest.mark.slow
def test_rtl_and_software_are_identical(call, tmp_path):
    answer = call("cosim", *QUICK, "--format", "json")
    assert answer.status == 0
    found = answer.document
    assert found["identical"] is True
    assert found["difference"] is None
    assert (found["weights"], found["streams"]) == (2410, 1)
    assert (found["perturbed"], found["updated"]) == (4 * 2410, 2 * 2410)
    assert found["moved"] > 2000
    assert (found["axes"]["weight_bits"], found["axes"]["activation_bits"]) == (16, 8)
    assert list(tmp_path.iterdir()) == []


def test_several_directions_are_no_work_for_the_engine(call):
    """It keeps where one step began; software alone trains with several."""
    said = call("cosim", *QUICK, "--queries", 3).error
    assert said == "queries 3: the engine replays one direction a step; allowed: 1"
    said = call("cosim", *QUICK, "--scope", "sparse:0.1").error
    assert said == "scope sparse:0.1: the engine moves all weights; allowed: all"


@pytest.mark.regression
def test_a_convolution_network_trains_in_the_loop(call):
    answer = call("cosim", *QUICK, "--task", "digits-cnn", "--format", "json")
    assert answer.status == 0
    assert answer.document["identical"] is True
    assert answer.document["weights"] == 1898
    assert answer.document["moved"] > 1500


@pytest.mark.regression
def test_roundings_at_random_and_reseeds_within_a_step(call, tmp_path):
    widths = ["--weight-bits", 8, "--activation-bits", 8, "--estimator", "sign_spsa"]
    answer = call("cosim", *QUICK, "--reuse", "bank", *widths, *RANDOM, "--out", "kept")
    assert answer.status == 0
    assert "4 streams, 2,410 weights" in answer.out
    assert "9,640 perturbed and 4,820 updated weights came from the RTL" in answer.out
    assert "RTL and software are identical after each of 2 steps" in answer.out
    assert "PASS=1" in (tmp_path / "kept" / "cosim.log").read_text()


@pytest.mark.regression
def test_a_defect_is_found_and_named(call, tmp_path):
    shutil.copytree(rtl_dir(), tmp_path / "rtl")
    path = tmp_path / "rtl" / "perturb_engine.v"
    text = path.read_text()
    assert text.count("? -16'sd1") == 1
    path.write_text(text.replace("? -16'sd1", "? 16'sd1"))  # both probes on one side
    answer = call("cosim", *QUICK, "--rtl-dir", "rtl", "--format", "json")
    assert answer.status == 1
    found = answer.document
    assert found["identical"] is False
    difference = found["difference"]
    assert difference["step"] == 0
    assert abs(difference["rtl"] - difference["software"]) >= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--weight-bits", "float"], "are both float or both integers, not float and 8"),
        (["--weight-bits", "float", "--activation-bits", "float"], "cosim needs integers"),
        (["--scaling", "pow2"], "weight_bits needs scaling none or constant, not pow2"),
        (["--rng", "gaussian"], "rng gaussian draws floats"),
        (["--sim", "vcs"], "--sim vcs: allowed: icarus, verilator"),
        (["--steps", "0"], "--steps"),
        (["--task", "nothing"], "--task: got 'nothing'"),
        (["--rtl-dir", "nowhere"], "--rtl-dir nowhere: no such folder"),
        (["--out", "/dev/null/x"], "--out /dev/null/x: cannot be created"),
    ],
)
def test_what_is_wrong_is_one_line(call, options, said):
    answer = call("cosim", *options)
    assert answer.status == 2
    assert said in answer.error
