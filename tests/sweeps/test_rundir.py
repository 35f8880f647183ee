from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from pezoexplore.sweeps.rundir import RunDirError, open_run_dir
from pezoexplore.sweeps.store import Store


def test_a_new_directory_is_made_with_its_parents(tmp_path: Path) -> None:
    with open_run_dir(tmp_path / "a" / "b") as run_dir:
        assert run_dir.path.is_dir()


def test_an_empty_directory_is_taken_and_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with open_run_dir(tmp_path):
            pass


def test_one_with_our_store_is_resumed(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite"):
        pass
    (tmp_path / "notes.txt").write_text("mine")
    with open_run_dir(tmp_path) as run_dir:
        assert run_dir.path == tmp_path


def test_one_with_our_run_json_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"program": "pezoexplore"}))
    with open_run_dir(tmp_path) as run_dir:
        assert run_dir.path == tmp_path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("thesis.tex", b"years of work"),
        ("run.json", b'{"program": "another"}'),
        ("run.json", b"{"),
        ("run.json", b"\xff"),
        ("run.json", b"[]"),
        ("store.sqlite", b"shopping list"),
    ],
)
def test_a_foreign_one_is_refused_and_left_as_it_is(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with (
        pytest.raises(RunDirError, match=r"not from a pezoexplore run.*--out") as caught,
        open_run_dir(tmp_path),
    ):
        pass
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(
    "files",
    [
        {"design.yaml": "# Axes\nname: first\n"},
        {"run.json": json.dumps({"program": "pezoexplore", "design": "first"})},
        {"design.yaml": "name: [", "run.json": '{"program": "pezoexplore", "design": "first"}'},
    ],
)
def test_the_results_of_another_design_are_not_replaced(
    tmp_path: Path, files: dict[str, str]
) -> None:
    with Store(tmp_path / "store.sqlite"):
        pass
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    wrong = r"holds the results of design first, and this is design second: .*--out.*-s name=first"
    with (
        pytest.raises(RunDirError, match=wrong) as caught,
        open_run_dir(tmp_path, "second"),
    ):
        pass
    assert "\n" not in str(caught.value)
    for name, text in files.items():
        assert (tmp_path / name).read_text() == text
    with open_run_dir(tmp_path, "first"):
        pass


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "store.sqlite")
    database.execute("CREATE TABLE mine (a)")
    database.close()
    with pytest.raises(RunDirError, match="not from a pezoexplore run"), open_run_dir(tmp_path):
        pass


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(RunDirError, match=r"out is a file.*--out"), open_run_dir(tmp_path / "out"):
        pass


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunDirError, match=r"cannot use .*--out"),
        open_run_dir(tmp_path / "file" / "out"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_place_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunDirError, match="Permission denied"), open_run_dir(tmp_path / "out"):
        pass


def test_a_second_user_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    with (
        open_run_dir(tmp_path),
        pytest.raises(RunDirError, match=rf"another pezoexplore \(process {os.getpid()}\)"),
        open_run_dir(tmp_path),
    ):
        pass
    with open_run_dir(tmp_path) as run_dir:
        assert run_dir.path == tmp_path


def test_the_work_folder_of_an_earlier_run_is_emptied(tmp_path: Path) -> None:
    with open_run_dir(tmp_path) as run_dir:
        run_dir.work.mkdir()
        (run_dir.work / "build").mkdir()
    assert not run_dir.work.exists()
