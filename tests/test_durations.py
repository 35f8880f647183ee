"""Expected seconds of named runs."""

from __future__ import annotations

import json

import pytest

from pezoexplore.durations import Durations


def test_what_a_run_took_is_expected_the_next_time(tmp_path):
    path = tmp_path / "logs" / "seconds.json"
    first = Durations(path, ["a", "b"])
    assert first.left_s == 2.0
    first.began("a")
    first.began("b")
    assert first.running() == ["a", "b"]
    first.ended("a", 10.0)
    assert (first.running(), first.worked_s, first.left_s) == (["b"], 10.0, 10.0)
    first.ended("b", 2.0)
    assert (first.running(), first.left_s) == ([], 0.0)
    first.save()
    again = Durations(path, ["b", "a", "new"])
    assert [again.expected_s(name) for name in ("a", "b", "new")] == [10.0, 2.0, 6.0]
    assert (again.worked_s, again.left_s) == (0.0, 18.0)


def test_another_choice_of_runs_keeps_what_is_known(tmp_path):
    path = tmp_path / "seconds.json"
    for name, seconds in (("a", 10.0), ("b", 2.0)):
        times = Durations(path, [name])
        times.ended(name, seconds)
        times.save()
    assert json.loads(path.read_text()) == {"a": 10.0, "b": 2.0}


@pytest.mark.parametrize("text", ["", "[1]", '{"a": "long"}', '{"a": null}', "\x00"])
def test_a_file_that_holds_no_seconds_is_none(tmp_path, text):
    path = tmp_path / "seconds.json"
    path.write_text(text)
    assert Durations(path, ["a"]).left_s == 1.0


def test_a_file_that_cannot_be_written_is_none(tmp_path):
    (tmp_path / "file").touch()
    Durations(tmp_path / "file" / "seconds.json", ["a"]).save()
