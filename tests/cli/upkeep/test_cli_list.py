"""list: what there is to choose from."""

from __future__ import annotations

from pezoexplore.design.point import RNGS
from pezoexplore.streams.catalogue import CATALOGUE, FACTS


def test_every_generator_is_shown_with_its_facts(call):
    answer = call("list", "rng")
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert [line for line in lines if line and line[0] != " "] == list(RNGS)
    assert all(len(line) <= 98 for line in lines)
    for label in FACTS.values():
        assert sum(line.startswith(f"  {label}  ") for line in lines) == len(RNGS), label
    told = " ".join(answer.out.split())
    assert all(" ".join(item.weaknesses.split()) in told for item in CATALOGUE)


def test_json_has_the_same(call):
    answer = call("list", "rng", "--format", "json")
    listed = answer.document["rng"]
    assert [item["name"] for item in listed] == list(RNGS)
    for shown, item in zip(listed, CATALOGUE, strict=True):
        assert shown["period"] == item.period
        assert shown["source"] == item.source
        assert tuple(shown["rtl"]) == item.rtl
