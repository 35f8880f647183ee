"""Verilator's own objects are compiled once, and never believed for other options."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pezoexplore.hardware.verify.simulate_runtime import keep_objects, put_objects, runtime_folder


@pytest.fixture
def program(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "verilator"
    path.write_text("")
    return path


def build(folder: Path) -> Path:
    """Return a folder in the state after make."""
    folder.mkdir()
    for name in ("verilator.o", "verilated_vpi.o", "Vtop.o"):
        (folder / name).write_text(name)
    return folder


def test_what_one_build_made_another_takes(program, tmp_path):
    runtime = runtime_folder(program, ["-O3"])
    assert tmp_path / "cache" in runtime.parents
    (tmp_path / "empty").mkdir()
    assert put_objects(runtime, tmp_path / "empty") == []
    keep_objects(build(tmp_path / "first"), runtime)
    (tmp_path / "second").mkdir()
    options = put_objects(runtime, tmp_path / "second")
    assert options == ["-o", "verilated_vpi.o", "-o", "verilator.o"]
    found = sorted(path.name for path in (tmp_path / "second").iterdir())
    assert found == ["verilated_vpi.o", "verilator.o"]
    assert [path.name for path in runtime.parent.iterdir()] == [runtime.name]


def test_the_first_to_finish_is_kept(program, tmp_path):
    runtime = runtime_folder(program, [])
    keep_objects(build(tmp_path / "first"), runtime)
    shutil.rmtree(tmp_path / "first")
    (build(tmp_path / "first") / "verilator.o").write_text("later")
    keep_objects(tmp_path / "first", runtime)
    assert (runtime / "verilator.o").read_text() == "verilator.o"


def test_other_options_and_another_program_are_other_objects(program, tmp_path):
    first = runtime_folder(program, ["-O3"])
    assert runtime_folder(program, ["-O3"]) == first
    assert runtime_folder(program, ["-O3", "--coverage"]) != first
    other = tmp_path / "other"
    other.write_text("")
    assert runtime_folder(other, ["-O3"]) != first


def test_without_a_cache_everything_is_compiled(program, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    runtime = runtime_folder(program, [])
    keep_objects(build(tmp_path / "first"), runtime)
    (tmp_path / "second").mkdir()
    assert put_objects(runtime, tmp_path / "second") == []
