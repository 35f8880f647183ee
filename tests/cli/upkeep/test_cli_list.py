"""list: what there is to choose from."""

from __future__ import annotations

from pezoexplore.streams.generators.catalogue import FACTS
from pezoexplore.streams.generators.registry import families, names


def test_every_generator_is_shown_with_its_facts(call):
    answer = call("list", "rng")
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert [line for line in lines if line and line[0] != " "] == list(names())
    assert all(len(line) <= 98 for line in lines)
    for label in FACTS.values():
        assert sum(line.startswith(f"  {label}  ") for line in lines) == len(names()), label
    told = " ".join(answer.out.split())
    assert all(" ".join(item.weaknesses.split()) in told for item in families())


def test_json_has_the_same(call):
    answer = call("list", "rng", "--format", "json")
    listed = answer.document["rng"]
    assert [item["name"] for item in listed] == list(names())
    for shown, item in zip(listed, families(), strict=True):
        assert shown["period"] == item.facts()["period"]
        assert shown["source"] == item.source
        assert tuple(shown["rtl"]) == item.rtl
