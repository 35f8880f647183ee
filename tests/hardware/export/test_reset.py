"""A bundle with a top whose reset is active low: its bench runs both tops and finds a wrong one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.hardware.eda.tools import verilator_folder
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.paths import rtl_dir

POINT = resolve(reuse="bank", bit_width=5, lanes=3, scaling="pow2", reuse_period=4)


def files_of(**more: object) -> dict[str, str]:
    options = {"segments": None, "rtl_dir": rtl_dir(), "command": "x", "resetn": True} | more
    return bundle_files(Order(POINT, **options))  # type: ignore[arg-type]


def bench(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the benches from where pezoexplore cannot be imported."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "test/run.py"], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=600,
    )  # fmt: skip


def test_both_tops_play_the_vectors(tmp_path: Path) -> None:
    files = files_of(name="my_rng")
    assert "rtl/my_rng_resetn.v" in files and "my_rng_resetn" in files["my_rng.core"]
    write_bundle(files, tmp_path)
    done = bench(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("TESTS=1 PASS=1") == 2


@pytest.mark.slow
def test_a_reset_of_the_other_level_is_found(tmp_path: Path) -> None:
    write_bundle(files_of(), tmp_path)
    path = tmp_path / "rtl" / "pezo_resetn.v"
    text = path.read_text()
    assert text.count(".rst(!rst_n)") == 1
    path.write_text(text.replace(".rst(!rst_n)", ".rst(rst_n)"))
    done = bench(tmp_path)
    assert done.returncode != 0 and done.stdout.count("TESTS=1 PASS=1") == 1


def test_the_top_is_clean_in_verilator(tmp_path: Path) -> None:
    write_bundle(files_of(), tmp_path)
    rtl = tmp_path / "rtl"
    command = [verilator_folder() / "verilator", "--lint-only", "-Wall", "--top-module"]
    sources = sorted(rtl.glob("*.v"))
    done = subprocess.run(
        [*map(str, command), "pezo_resetn", f"-I{rtl}", *map(str, sources)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_without_it_nothing_changes() -> None:
    assert not [path for path in files_of(resetn=False) if "resetn" in path]
