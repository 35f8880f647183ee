"""A sweep of a target that a vendor's tool places and routes, with the tool and without."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from cli_calls import Call
from fake_tools import first_on_path
from vendor_fakes import LICENCE, fake_vendor

from pezoexplore.hardware.eda import tools

DESIGN = """\
space: {rng: [lfsr], reuse: [phased], bit_width: [4], lanes: [3], state_bits: [8]}
hardware: {targets: [{name: ku5p, tool: vivado, part: xcku5p-ffvb676-2-e}]}
"""


@pytest.fixture(autouse=True)
def _forgotten():
    tools.vivado_version.cache_clear()
    yield
    tools.vivado_version.cache_clear()


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sweep(call: Call):
    Path("v.yaml").write_text(DESIGN)
    return call("sweep", "v.yaml", "--stages", "synth", "--out", "out", "--jobs", 1)


def test_without_the_tool_the_row_is_skipped_and_the_run_is_sound(call: Call, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    answer = sweep(call)
    assert answer.status == 0
    assert "target ku5p is skipped: vivado not found on PATH" in answer.err + answer.out
    (row,) = rows(Path("out"))
    assert row["status"] == "skipped:vivado not found"
    assert row["target"] == "ku5p" and row["lut"] == "" and row["stream_std"]
    said = call("doctor")
    assert "vivado" in said.out and "put its folder bin on PATH" in said.out


def test_with_the_tool_the_row_has_its_figures(call: Call, monkeypatch, tmp_path):
    fake_vendor("vivado", tmp_path / "bin")
    first_on_path(monkeypatch, tmp_path / "bin")
    assert sweep(call).status == 0
    (row,) = rows(Path("out"))
    assert (row["status"], row["lut"], row["bram"]) == ("ok", "1350", "3.5")
    assert (row["fmax_mhz"], row["power_mw_est"]) == ("500.00", "12.000")
    assert row["vendor_version"] == "vivado 2023.2"


def test_an_error_of_the_tool_is_the_rows(call: Call, monkeypatch, tmp_path):
    fake_vendor("vivado", tmp_path / "bin", LICENCE)
    first_on_path(monkeypatch, tmp_path / "bin")
    answer = sweep(call)
    assert answer.status != 0
    assert "no licence for xcku5p-ffvb676-2-e" in answer.out + answer.err
    assert rows(Path("out"))[0]["status"] == "failed:synth"
