"""Some points of every module's regression; ``pezoexplore verify`` runs all of them."""

from __future__ import annotations

import pytest

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.verify.regress import MODULES, module_points
from pezoexplore.hardware.verify.verify import verify_point
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import strategy

WORDS = 4000


def _chosen(module: str) -> list[DesignPoint]:
    """First and last of the grid, and for reuse modules both scalings with a finite period."""
    points = module_points(module)
    found = [points[0], points[-1]]
    for scaling in ("none", "pow2"):
        found += [p for p in points if p.reseeds and p.scaling == scaling][-1:]
    return list(dict.fromkeys(found))


CHOSEN = [(module, point) for module in MODULES for point in _chosen(module)]


def test_the_choice_has_two_points_a_module_and_reseeds_where_there_are_any():
    for module in MODULES:
        points = [point for name, point in CHOSEN if name == module]
        assert len(points) >= 2
        assert any(p.reseeds for p in points) == any(p.reseeds for p in module_points(module))


@pytest.mark.parametrize(
    ("module", "point"),
    [
        pytest.param(
            module,
            point,
            id=f"{module}: {point.label()}",
            marks=[pytest.mark.regression]
            if point.lanes > 31
            else [pytest.mark.slow]
            if point == module_points(module)[-1]
            else [],
        )
        for module, point in CHOSEN
    ],
)
def test_rtl_is_the_software_stream(module, point, tmp_path):
    log = tmp_path / "log"
    found = verify_point(point, rtl_dir(), tmp_path / "work", log, words=WORDS)
    assert found["rtl_status"] == "pass", log.read_text()[-2000:]
    assert found["rtl_words_checked"] >= 1000
    assert found["reseed_stall_beats"] == strategy(point).reseed_stall


@pytest.mark.regression
@pytest.mark.parametrize("module", ["stream_bank", "stream_phased"])
def test_verilator_agrees(module, tmp_path):
    """One reseeding point each: the C++ build takes most of the time."""
    point = _chosen(module)[-1]
    log = tmp_path / "log"
    found = verify_point(
        point, rtl_dir(), tmp_path / "work", log, words=WORDS, simulator="verilator"
    )
    assert found["rtl_status"] == "pass", log.read_text()[-2000:]
