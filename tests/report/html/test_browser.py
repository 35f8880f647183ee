"""The page in a real browser: it opens without a complaint, and a brush or a filter is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import PATIENCE, chromium
from playwright.sync_api import Browser, Page
from report_run import EVIL, POINTS, make_evil_run, make_run

from pezoexplore.analysis.runs import read_run
from pezoexplore.report.html import page as page_module
from pezoexplore.report.html.data import report_of
from pezoexplore.report.html.page import render

pytestmark = pytest.mark.slow

ROWS = "#table tbody tr[data-row]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


class Opened:
    """A page with all it complained of and asked for."""

    def __init__(self, browser: Browser, file: Path) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1360, "height": 900})
        self.page.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console", lambda said: self.errors.append(said.text) if said.type == "error" else None
        )
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("body[data-ready]")

    def reset(self) -> None:
        """As it was opened, but for the table's order."""
        self.page.keyboard.press("Escape")
        self.page.evaluate("scrollTo(0, 0)")
        self.page.mouse.move(0, 0)
        if self.page.is_visible("#clear"):
            self.page.click("#clear")
            self.answered("")
        for bad in self.page.locator("input.bad").all():
            bad.fill("")
        self.page.evaluate("delete document.body.dataset.answerMs")

    def brush(self, across: float, down: float) -> None:
        """Drag over the plane from its upper left corner, by shares of its width and height."""
        box = self.page.locator("#plane .nsewdrag").first.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + 2, box["y"] + 2)
        self.page.mouse.down()
        place = (box["x"] + across * box["width"], box["y"] + down * box["height"])
        self.page.mouse.move(*place, steps=5)
        self.page.mouse.up()

    def answered(self, selected: str) -> None:
        """Wait until every view shows a selection of this many designs."""
        self.page.wait_for_selector(f'body[data-selected="{selected}"]')

    def designs(self) -> list[str]:
        return self.page.locator(f"{ROWS} td:first-child").all_inner_texts()

    def drawn(self, canvas: str) -> int:
        """Pixels of a canvas that show selected designs."""
        return self.page.evaluate(
            "(id) => {const c = document.getElementById(id), pen = c.getContext('2d');"
            "return pen.getImageData(0, 0, c.width, c.height).data.filter(Boolean).length}",
            canvas,
        )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("runs") / "small")
    path = folder / "report.html"
    path.write_text(render(report_of(read_run(folder))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def shared(browser: Browser, file: Path) -> Opened:
    """Open the browser once: drawing in software takes seconds."""
    return Opened(browser, file)


@pytest.fixture
def opened(shared: Opened, file: Path) -> Iterator[Opened]:
    """Return the page, which must log no error and send no request in any test."""
    shared.reset()
    yield shared
    assert shared.errors == []
    assert shared.requests == [file.as_uri()]


def test_it_opens_from_disk_and_draws_everything(opened: Opened):
    assert opened.page.title() == "small: pezoexplore report"
    for plot in ("plane", "lines", "curves", "span", "health", "parts"):
        assert opened.page.locator(f"#{plot} svg.main-svg").count() > 0, plot
    assert opened.page.locator("#cube canvas").count() > 0
    assert len(opened.designs()) == 11


def test_no_toolbar_lies_over_a_label_or_a_legend(opened: Opened):
    """The bar shows as soon as the pointer is over a plot."""
    covered = opened.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".plot .modebar")].map((bar) => {
          const plot = bar.closest(".plot"), mine = bar.getBoundingClientRect();
          const hit = (part) => {
            const box = part.getBoundingClientRect();
            return !bar.contains(part) && box.width > 0 && box.left < mine.right
              && box.right > mine.left && box.top < mine.bottom && box.bottom > mine.top;
          };
          const parts = [...plot.querySelectorAll("text, .legend, .nsewdrag")];
          return [plot.id, parts.filter(hit).map((part) => part.textContent)];
        }))"""
    )
    assert {"plane", "cube", "lines", "curves", "span", "health", "parts"} <= set(covered)
    assert {plot: parts for plot, parts in covered.items() if parts} == {}


def test_a_filter_filters_every_view(opened: Opened):
    opened.page.fill('input[data-column="lanes"]', ">= 16")
    opened.page.fill('input[data-column="reuse"]', "phased")
    opened.answered("2")
    assert sorted(opened.designs()) == ["phased/xor lfsr16 8b x16", "phased/xor lfsr16 8b x31"]
    assert opened.drawn("picked") > 0
    assert opened.drawn("over") > 0
    assert opened.page.inner_text("#count") == "2 of 11 selected"
    opened.page.click("#clear")
    opened.answered("")
    assert len(opened.designs()) == 11
    assert opened.drawn("picked") == opened.drawn("over") == 0


@pytest.mark.parametrize(
    ("text", "kept"), [("8", 3), ("!= 8", 8), ("8..16", 5), ("< 0", 0), ("inf", 0)]
)
def test_filters_of_numbers(opened: Opened, text: str, kept: int):
    opened.page.fill('input[data-column="lanes"]', text)
    opened.answered(str(kept))
    assert len(opened.designs()) == kept


def test_a_filter_that_cannot_be_read_is_marked_and_keeps_all(opened: Opened):
    opened.page.fill('input[data-column="lut"]', ">= many")
    opened.page.wait_for_selector('input.bad[data-column="lut"]')
    assert len(opened.designs()) == 11


def test_a_brush_selects_in_every_view(opened: Opened):
    opened.brush(0.5, 0.99)
    opened.page.wait_for_selector("body[data-answer-ms]")
    selected = int(opened.page.get_attribute("body", "data-selected") or 0)
    assert 0 < selected < 8
    assert len(opened.designs()) == selected
    assert opened.drawn("picked") > 0
    assert opened.drawn("over") > 0
    opened.page.fill('input[data-column="reuse"]', "nowhere")
    opened.answered("0")
    opened.page.fill('input[data-column="reuse"]', "")
    opened.answered(str(selected))


def test_a_brush_over_nothing_selects_all(opened: Opened):
    opened.brush(0.5, 0.99)
    opened.page.wait_for_selector("body[data-selected]:not([data-selected=''])")
    opened.brush(0.1, 0.1)
    opened.answered("")
    assert len(opened.designs()) == 11
    assert opened.drawn("picked") == 0


def test_a_range_on_the_parallel_coordinates_selects(opened: Opened):
    opened.page.evaluate(
        "(() => {const plot = document.getElementById('lines'), all = plot.data[0].dimensions;"
        "const at = all.findIndex((one) => one.name === 'accuracy_mean');"
        "return Plotly.restyle(plot, {[`dimensions[${at}].constraintrange`]: [[83, 87]]}, [0]);})()"
    )
    opened.answered("2")
    assert len(opened.designs()) == 2


def test_a_heading_sorts_and_sorts_back(opened: Opened):
    finished = [point.label() for point in POINTS]  # their spans ascend
    heading = opened.page.locator("#table thead th", has_text="effective span")
    heading.click()
    up = opened.designs()
    heading.click()
    down = opened.designs()
    assert up[:9] == finished
    assert down[:9] == finished[::-1]
    assert up[9:] == down[9:], "those without a value are last either way"


def test_a_click_tells_all_of_a_design(opened: Opened):
    opened.page.locator(ROWS, has_text="phased/xor lfsr16 8b x8").click()
    opened.page.wait_for_selector("#detail:not([hidden])")
    text = opened.page.inner_text("#detail")
    assert "phased/xor lfsr16 8b x8" in text
    assert "80.00 ± 0.80" in text
    assert opened.page.locator("#curve svg.main-svg").count() > 0
    opened.page.keyboard.press("Escape")
    assert opened.page.locator("#detail").is_hidden()


def test_hovering_shows_the_whole_point(opened: Opened):
    point = opened.page.locator("#plane .points path").first.bounding_box()
    assert point is not None
    opened.page.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    opened.page.wait_for_selector("#tip:not([hidden])")
    text = opened.page.inner_text("#tip")
    for name in ("lut", "accuracy mean", "reuse", "lanes", "effective span"):
        assert name in text


def test_markup_in_a_run_is_shown_and_never_run(browser: Browser, tmp_path: Path):
    folder = make_evil_run(tmp_path / "<img src=x onerror=window.evil=1>")
    path = tmp_path / "report.html"
    path.write_text(render(report_of(read_run(folder))), encoding="utf-8")
    opened = Opened(browser, path)
    opened.page.locator('#table tr[data-row="0"]').click()
    opened.page.locator("details").first.click()
    assert EVIL in opened.page.inner_text("#failures")
    assert EVIL in opened.page.inner_text("#detail")
    assert opened.page.evaluate("window.evil") is None
    assert opened.page.locator("img").count() == 0
    assert opened.requests == [path.as_uri()]
    opened.page.close()


def test_of_very_many_designs_some_are_drawn_and_all_are_in_the_table(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    own = page_module._own
    monkeypatch.setattr(
        page_module, "_own", lambda name: own(name).replace("MOST = 4000", "MOST = 3")
    )
    file = tmp_path / "report.html"
    file.write_text(render(report_of(read_run(make_run(tmp_path / "small")))), encoding="utf-8")
    opened = Opened(browser, file)
    assert opened.errors == []
    told = opened.page.inner_text("#key")
    count = int(re.search(r"(\d+) of 11 designs drawn", told).group(1))
    front = opened.page.evaluate("JSON.parse(document.getElementById('data').textContent).front")
    assert sum(front) <= count < 11
    assert len(opened.designs()) == 11
