"""Files that are there whole or not at all."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from pezoexplore.files import WriteError, replacing, write_atomically, writing_atomically

PACKAGE = Path(__file__).resolve().parent.parent / "pezoexplore"


def test_writing_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_atomically(path, "long content\n" * 100)
    write_atomically(path, "\N{GREEK SMALL LETTER MU},b\n")
    assert path.read_bytes() == b"\xce\xbc,b\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    write_atomically(path, "old\n")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        WriteError, match=r"cannot write .*a\.csv: No space left on device; free some"
    ):
        write_atomically(path, "new\n")
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_atomically(path, b"old\n")
    with pytest.raises(ZeroDivisionError), writing_atomically(path) as file:
        file.write("half")
        file.flush()
        assert path.read_bytes() == b"old\n"
        1 / 0  # noqa: B018
    assert path.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_library_that_writes_by_name_gets_a_name_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with replacing(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary != path
        temporary.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"cannot write .*lost/a\.csv: No such file or directory"):
        write_atomically(tmp_path / "lost" / "a.csv", "new\n")


SCRATCH = {
    "analysis/compare_design.py": "a temporary folder",
    "finetune/steplog.py": "a log, line by line: what is there is valid",
    "sweeps/executors/local.py": "logs",
    "sweeps/executors/remote.py": "a temporary folder",
    "sweeps/executors/dask_executor.py": "logs",
    "hardware/proof/formal_docs.py": "a page of the repository, by hand",
    "hardware/rtl/engine_map.py": "a header of the repository, by hand",
    "hardware/rtl/ladder.py": "a table of the repository, by hand",
    "train/tasks/spoken.py": "a lock file, empty",
    "streams/gaussian_tables.py": "tables of the repository, by hand",
    "streams/rtl_tables.py": "tables of the repository, by hand",
}
"""Modules that write under a final name after all, or into a folder for the while, and why."""

BUILT = (
    "hardware/board/",
    "hardware/eda/",
    "hardware/power/",
    "hardware/proof/",
    "hardware/verify/",
    "hardware/rtl/",
)
"""Rooms whose modules write what tools build from, into a work folder."""


def writes(path: Path) -> list[str]:
    """Return the calls of a module that write a file under the name they are given."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
        opens = name == "open" and any(isinstance(t, str) and t[:1] in "wax" for t in texts if t)
        if name in ("write_text", "write_bytes") or opens:
            found.append(f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno}")
    return found


def test_nothing_else_writes_under_a_final_name() -> None:
    modules = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    found = {name for name, path in modules.items() if writes(path)}
    assert found >= SCRATCH.keys()  # none is listed needlessly
    assert not sorted(n for n in found - SCRATCH.keys() - {"files.py"} if not n.startswith(BUILT))
