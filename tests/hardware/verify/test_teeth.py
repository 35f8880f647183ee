"""Truth has teeth: a small defect in one module fails exactly the points that use it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rtl_edits import EDITS, POINTS

from pezoexplore.hardware.rtl.build import rtl_hash, source_names
from pezoexplore.hardware.verify.regress import MODULES
from pezoexplore.hardware.verify.verify import verify_point
from pezoexplore.paths import rtl_dir

WORDS = 2000


def _status(name: str, folder: Path, work: Path) -> str:
    log = work / "log"
    found = verify_point(POINTS[name], folder, work / "build", log, words=WORDS)
    told = re.search(r"^clock \d+: ", log.read_text(), re.MULTILINE)
    assert (found["rtl_status"] == "fail") == (told is not None)
    return str(found["rtl_status"])


@pytest.mark.slow
@pytest.mark.parametrize("name", POINTS)
def test_the_rtl_as_it_is_passes(name, tmp_path):
    assert _status(name, rtl_dir(), tmp_path) == "pass"


def test_every_module_has_an_edit():
    assert {edit.module for edit in EDITS.values()} == set(MODULES)


def _marks(name: str, edit: str) -> list[pytest.MarkDecorator]:
    """Return when a point meets an edit: the first that it breaks and the first that it spares.

    Other points repeat them. Edits of a generator are slow: there are many.
    """
    fails = EDITS[edit].breaks(POINTS[name])
    alike = [n for n in _with_the_file(edit) if EDITS[edit].breaks(POINTS[n]) == fails]
    if name != alike[0]:
        return [pytest.mark.regression]
    return [] if fails and EDITS[edit].module.startswith("stream_") else [pytest.mark.slow]


def _with_the_file(edit: str) -> list[str]:
    return [name for name, point in POINTS.items() if EDITS[edit].file in source_names(point)]


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        pytest.param(name, edit, marks=_marks(name, edit))
        for edit in EDITS
        for name in _with_the_file(edit)
    ],
)
def test_points_with_the_file_fail_when_they_use_what_is_edited(name, edit, tmp_path):
    copy = EDITS[edit].apply(tmp_path)
    expected = "fail" if EDITS[edit].breaks(POINTS[name]) else "pass"
    assert _status(name, copy, tmp_path) == expected


@pytest.mark.parametrize("edit", EDITS)
def test_points_without_the_file_are_as_they_were(edit, tmp_path):
    """Their sources are the same to the byte, and the first test shows that those pass."""
    copy = EDITS[edit].apply(tmp_path)
    same = {n for n, p in POINTS.items() if rtl_hash(p, copy) == rtl_hash(p, rtl_dir())}
    assert same == {n for n, p in POINTS.items() if EDITS[edit].file not in source_names(p)}
    assert {n for n, p in POINTS.items() if EDITS[edit].breaks(p)}
