"""Figures for print: the same bytes each time, fonts inside."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from report_rows import quickstart, write_csv

from pezoexplore.analysis.runs import read_run
from pezoexplore.report.html.data import report_of
from pezoexplore.report.paper import draw_paper


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_csv(folder / "results.csv", quickstart())
    found = report_of(read_run(folder))
    curve = [[step, step / 50, 1.0 if step > 100 else None] for step in range(50, 500, 50)]
    span = [100.0 * (index + 1) for index in range(len(found.rows))]
    rows = [
        {**row, "effective_span": at, "effective_dim": at / 2}
        for row, at in zip(found.rows, span, strict=True)
    ]
    frame = found.frame.assign(effective_span=span, effective_dim=[at / 2 for at in span])
    return replace(found, rows=rows, frame=frame, parameters=2410, curves={2: curve, 6: curve})


@pytest.mark.slow
def test_figures_are_svg_and_pdf_and_reproducible(report, tmp_path):
    first, second = (draw_paper(report, tmp_path / name) for name in ("one", "two"))
    names = [path.name for path in first]
    stems = [
        "pareto_lut",
        "pareto_ff",
        "pareto_bram",
        "sensitivity",
        "learning_curves",
        "effective_span",
    ]
    assert names == [f"{stem}.{kind}" for stem in stems for kind in ("svg", "pdf")]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


@pytest.mark.regression
def test_fonts_are_in_the_pdf_and_text_is_text_in_the_svg(report, tmp_path):
    files = draw_paper(report, tmp_path)
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".pdf":
            assert b"/FontFile2" in content, f"{path.name}: a TrueType font, embedded"
            assert b"/Type3" not in content
            assert b"CreationDate" not in content
    curves = tmp_path / "learning_curves.svg"
    words = [node.text for node in ET.parse(curves).iter("{http://www.w3.org/2000/svg}text")]
    assert "validation accuracy (%)" in words


def test_nothing_to_draw_is_no_file(tmp_path, report):
    assert draw_paper(replace(report, rows=[], frame=report.frame.iloc[:0], sensitivity=[],
                              curves={}, parameters=None), tmp_path) == []  # fmt: skip
