"""Factors between a vendor's counts and those of Yosys."""

from __future__ import annotations

import math

import pytest

from pezoexplore.analysis.calibrate import Pair, factors, pair
from pezoexplore.design.point import resolve

POINT = resolve(reuse="phased", lanes=3).hardware()


def row(**cells):
    axes = {name: "" if value is None else str(value) for name, value in POINT.to_json().items()}
    return axes | {"target": "xcup", "lut": "50", "ff": "10", "bram": "", "dsp": "0"} | cells


def test_a_design_is_found_by_its_stream_and_target():
    rows = [row(target="xc7", lut="70"), row(lanes="4", lut="60"), row(ff=""), row()]
    found = pair(POINT, {"lut": 40.0}, rows, "xcup")
    assert found == Pair(POINT, "xcup", {"lut": 40.0}, {"lut": 50.0, "ff": 10.0, "dsp": 0.0})
    assert found.factor("lut") == 0.8
    assert found.factor("bram") is None
    assert pair(POINT, {}, rows, "ice40") is None


def test_the_mean_is_geometric_with_its_spread():
    pairs = [Pair(POINT, "xcup", {"lut": v, "dsp": 1.0}, {"lut": 100.0, "dsp": 0.0}) for v in
             (50.0, 200.0)]  # fmt: skip
    (found,) = factors(pairs)
    assert (found.resource, found.designs) == ("lut", 2)
    assert found.mean == pytest.approx(1.0)
    assert found.spread == pytest.approx(math.exp(math.log(4) / math.sqrt(2)))
    assert (found.low, found.high) == (pytest.approx(0.5), pytest.approx(2.0))
    assert factors(pairs[:1])[0].spread is None
    assert factors([]) == []
