from __future__ import annotations

import json

import make_golden
import pytest

from pezoexplore.design.point import REUSES, SCALINGS, TAPS, resolve
from pezoexplore.streams.generators.registry import names


def committed(name):
    return json.loads((make_golden.GOLDEN / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["streams.json", "seeding.json"])
def test_nothing_has_changed(name):
    """A change here changes results: see make_golden.py."""
    assert json.loads(json.dumps(make_golden.files()[name])) == committed(name)


def test_every_family_and_strategy_is_covered():
    points = [resolve(lanes=5, **entry["axes"]) for entry in committed("streams.json")]
    assert {point.rng for point in points} == set(names())
    assert {point.reuse for point in points} == set(REUSES)
    assert {point.taps for point in points} == {None, *TAPS}
    assert {point.scaling for point in points} == set(SCALINGS)
    assert {(e["seed"], e["epoch"]) for e in committed("streams.json")} == {
        (0, 0),
        (0, 1),
        (7, 0),
        (7, 1),
    }
