"""Runs by what their run.json tells."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pezoexplore.analysis.several.run_list import check_tags, facts_of, find_runs
from pezoexplore.errors import DesignError


def make_run(folder: Path, tags: list[str], **more) -> Path:
    folder.mkdir(parents=True)
    (folder / "design.yaml").write_text(f"name: {folder.name}\n")
    (folder / "results.csv").write_text("point_id\n")
    noted = {"program": "pezoexplore", "design": folder.name, "results_sha256": "x", "tags": tags}
    (folder / "run.json").write_text(json.dumps(noted | more))
    return folder


def test_runs_are_found_by_all_of_their_tags(tmp_path):
    one = make_run(tmp_path / "one", ["paper", "fast"])
    two = make_run(tmp_path / "more" / "two", ["paper"])
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "run.json").write_text("{}")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    assert [facts.path for facts in find_runs(tmp_path)] == [two, one]
    assert [facts.path for facts in find_runs(tmp_path, ["paper"])] == [two, one]
    assert [facts.path for facts in find_runs(tmp_path, ["fast", "paper"])] == [one]
    assert [facts.path for facts in find_runs(one)] == [one], "a run directory itself"
    assert find_runs(tmp_path, ["none"]) == []
    with pytest.raises(DesignError, match="no such folder"):
        find_runs(tmp_path / "gone")


def test_facts_are_those_of_run_json(tmp_path):
    stages = {"train": {"failed": 2}, "synth": {"failed": 1}}
    run = make_run(tmp_path / "one", ["b", "a"], stages=stages, points=7, version="1.2")
    facts = facts_of(run)
    assert (facts.design, facts.tags, facts.version) == ("one", ("a", "b"), "1.2")
    assert (facts.designs, facts.failures) == (7, 3)
    assert facts.design_sha256 == hashlib.sha256(b"name: one\n").hexdigest()
    assert facts.date[:2] == "20" and facts_of(run / "results.csv").tags == facts.tags


@pytest.mark.parametrize("content", [{}, {"tags": 3, "stages": [], "points": "x"}])
def test_what_is_not_told_is_empty(content, tmp_path):
    (tmp_path / "results.csv").write_text("point_id\n")
    (tmp_path / "run.json").write_text(json.dumps(content))
    for source in (tmp_path, tmp_path / "results.csv"):
        facts = facts_of(source)
        assert (facts.tags, facts.designs, facts.failures) == ((), None, None)


def test_a_tag_is_one_word():
    assert check_tags(["b", "a", "b", "v1.2-β"]) == ("a", "b", "v1.2-β")
    for bad in ("", "a b", "a,b", "x" * 65, "a\n"):
        with pytest.raises(DesignError, match="no spaces or commas"):
            check_tags([bad])
