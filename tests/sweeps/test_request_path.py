"""The request of a sweep stays as short as it is: CONTRIBUTING.md names these numbers."""

from __future__ import annotations

from pathlib import Path

from request_path import followed, turns

ROOT = Path(__file__).resolve().parents[2]
MODULES, TURNS = 14, 16


def test_a_request_enters_no_more_modules_and_turns_back_no_more_often(tmp_path: Path) -> None:
    path = followed(tmp_path)
    assert path[0] == path[-1] == "cli.explore.sweep" and "train.evaluate" in path
    assert len(set(path)) <= MODULES, sorted(set(path))
    assert turns(path) <= TURNS, path
    said = " ".join((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split())
    assert f"enters {MODULES} modules and turns back {TURNS} times" in said


def test_turns_are_counted_where_a_module_is_entered_again() -> None:
    assert turns(["a", "b", "a", "c", "b", "d"]) == 2
