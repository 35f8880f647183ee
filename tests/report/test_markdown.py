"""The report in words."""

from __future__ import annotations

import pandas as pd
import pytest
from report_rows import COLUMNS, quickstart, write_csv

from pezoexplore.analysis.runs import read_run
from pezoexplore.report.html.data import report_of
from pezoexplore.report.html.failures import Failure
from pezoexplore.report.markdown import escaped, markdown
from pezoexplore.report.words import front_rows, headline


@pytest.fixture
def report(tmp_path):
    write_csv(tmp_path / "results.csv", quickstart())
    return report_of(read_run(tmp_path))


def test_markdown_shows_text_as_it_is():
    assert escaped("a|b\n<script>") == r"a\|b \<script\>"
    assert escaped("[x](http://y)") == r"\[x\]\(http://y\)"


def test_the_front_is_a_table_cheapest_first(report):
    header, rows = front_rows(report)
    assert header[:4] == ["design", "accuracy_mean", "lut", "ff"]
    luts = [int(line[2]) for line in rows]
    assert luts == sorted(luts)
    text = markdown(report)
    (head,) = [line for line in text.splitlines() if line.startswith("| design ")]
    table = text[text.index(head) :].split("\n\n")[0].splitlines()
    assert len(table) == 2 + len(rows)
    assert len({line.count("|") - line.count(r"\|") for line in table}) == 1


def test_the_headline_names_the_ends_of_the_front(report):
    said = " ".join(headline(report))
    assert "Fewest LUTs: pool lfsr8 8b x31 N=255 (83.20 ± 0.70 %, 14 LUTs, 10 flip-flops)" in said
    assert "Most accurate on the front: phased/shared lfsr24 8b x31" in said


def test_no_front_is_said(report):
    frame = pd.DataFrame(report.frame.assign(status="failed:train"), columns=list(COLUMNS))
    rows = [{**row, "status": "failed:train"} for row in report.rows]
    none = {"frame": frame, "rows": rows, "front": [False] * len(rows)}
    empty = type(report)(**{**vars(report), **none})
    assert f"The front is empty: none of {len(rows)} designs finished." in markdown(empty)


def test_failures_are_counted_by_reason(report):
    first, second = (
        Failure(name, "xcup", f"bank {name}", "failed", "rtl", "a <b>reason</b>", "")
        for name in ("a1", "b2")
    )
    text = markdown(type(report)(**{**vars(report), "failures": [first, second]}))
    assert r"| 2 | failed:rtl | a \<b\>reason\</b\> | bank a1 \(a1\) |" in text
