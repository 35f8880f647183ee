"""Bundles whose generators leave the state of zeros: their RTL, their benches, what they cost."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import pytest
from test_export import WITH_RTL, alone

from pezoexplore.cli import run
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.synth import synthesise
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.hardware.export.lockup import recovery_counts
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

SMALL = resolve(reuse="none", bit_width=5, state_bits=5, lanes=2, scaling="none")


@cache  # two maps by Yosys where it recovers
def files_of(point: DesignPoint, recovery: bool) -> dict[str, str]:
    return bundle_files(Order(point, None, rtl_dir(), "x", lockup_recovery=recovery))


def test_the_option_changes_the_parameter_the_datasheet_and_nothing_else() -> None:
    plain, recovering = files_of(SMALL, False), files_of(SMALL, True)
    differing = {name for name, text in plain.items() if text != recovering[name]}
    assert plain.keys() == recovering.keys()
    assert differing == {"rtl/pezo_top.v", "DATASHEET.md", "bundle.json", "pezo.core"}
    top = recovering["rtl/pezo_top.v"]
    assert top.count(".LOCKUP_RECOVERY(1)") == 1
    assert "LOCKUP" not in plain["rtl/pezo_top.v"]
    assert "".join(top.replace(".LOCKUP_RECOVERY(1)", "").replace(",", "").split()) == "".join(
        plain["rtl/pezo_top.v"].replace(",", "").split()
    )
    assert json.loads(recovering["bundle.json"])["lockup_recovery"] is True
    assert "lockup_recovery" not in plain["bundle.json"]


def test_the_datasheet_has_the_cost_of_the_design(tmp_path: Path) -> None:
    """As measured by mapping the RTL as it is, and the one of the bundle."""
    plain = synthesise(SMALL.hardware(), "xcup", rtl_dir(), tmp_path / "w", tmp_path / "log")
    recovering = recovery_counts(Stream(SMALL.hardware()), rtl_dir(), "xcup", True)
    assert recovering["lut"] > plain["lut"]
    said = " ".join(files_of(SMALL, True)["DATASHEET.md"].split())
    luts = f"{recovering['lut']} LUTs instead of {plain['lut']}, "
    assert luts + f"{recovering['ff']} flip-flops instead of {plain['ff']}" in said
    assert f"costs {recovering['lut'] - plain['lut']} LUTs and 0 flip-flops" in said
    assert "Only `rst` or a reseed ends that" not in said


@pytest.mark.parametrize(
    "point",
    [
        resolve(rng="sobol", reuse="none", lanes=2),
        resolve(rng="lfsr", reuse="pool", lanes=3, pool_size=20, bit_width=4),
    ],
    ids=["sobol", "pool"],
)
def test_a_design_without_such_a_state_says_so(point: DesignPoint) -> None:
    files = files_of(point, True)
    assert files["rtl/pezo_top.v"] == files_of(point, False)["rtl/pezo_top.v"]
    assert "changes nothing here and costs nothing" in files["DATASHEET.md"]


@pytest.mark.regression
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name == "pool" else pytest.mark.regression)
        for name in WITH_RTL
    ],
)
def test_the_benches_of_the_bundle_pass(name: str, tmp_path: Path) -> None:
    write_bundle(files_of(WITH_RTL[name], True), tmp_path / "bundle")
    done = alone(tmp_path / "bundle", "make", f"PYTHON={sys.executable}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_line_is_in_the_datasheet(tmp_path: Path, capsys) -> None:
    out = str(tmp_path / "bundle")
    options = ["--reuse", "none", "--bit-width", "5", "--lanes", "2", "--lockup-recovery"]
    assert run(["export", *options, "--out", out]) == 0
    assert "--lockup-recovery --out DIR" in (tmp_path / "bundle/DATASHEET.md").read_text()
