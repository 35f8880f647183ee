"""The live page in a real browser, while a sweep goes on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from browsers import chromium
from sweep_fakes import INFO, Fake, points, space

from pezoexplore.report.live.server import LiveServer
from pezoexplore.sweeps.sweep import run_sweep

pytestmark = pytest.mark.slow

EVIL = "<img src=x onerror=window.evil=1>"


def test_the_page_follows_a_sweep_to_its_end(tmp_path: Path):
    """It grows with the sweep, shows failures with logs, complains of nothing, asks nobody else."""
    go, half = threading.Event(), threading.Event()
    runs = tmp_path / "runs"
    runs.mkdir()
    stages = [
        Fake(name=name, target=target, runs=runs, acts=((32, "raise"),))
        for name, target in (("health", None), ("train", None), ("synth", "xcup"))
    ]

    def wait(news):
        if news.done == 9:
            half.set()
            go.wait(120)

    made = space().model_copy(update={"name": EVIL})

    def sweep():
        run_sweep(made, points(6), stages, out_dir=tmp_path / "run", info=INFO, progress=wait)

    sweeping = threading.Thread(target=sweep, daemon=True)
    sweeping.start()
    assert half.wait(60)
    errors: list[str] = []
    asked: list[str] = []
    with chromium() as browser, LiveServer(tmp_path / "run", 0, 0.2) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.url)
        page.wait_for_selector("body[data-ready]")
        before = page.inner_text("#line")
        assert before.startswith("running: ")
        assert int(before.split()[1]) in range(9, 18)
        assert page.inner_text("h1") == EVIL
        go.set()
        page.wait_for_selector("#line:has-text('finished')")
        sweeping.join()
        assert page.inner_text("#line") == "finished: 18 of 18 runs have ended"
        assert page.locator("#stages tbody tr").all_inner_texts() == [
            f"{stage}\t\t6 of 6\t1" for stage in ("health", "train", "synth-xcup")
        ]
        page.locator("#failed details").first.click()
        assert "ValueError" in page.locator("#failed pre").first.inner_text()
        assert page.inner_text("#front-line") == "5 designs have all their results."
        drawn = "[...document.querySelectorAll('#plane .scatterlayer .point')].length"
        assert page.evaluate(drawn) == 5
        page.select_option("#x", "2")
        title = page.locator("#x option").nth(2).text_content()
        assert page.locator("#plane .xtitle").text_content() == title
        assert page.locator("#failed details[open]").count() == 1, "an open log stays open"
        assert page.evaluate("window.evil") is None
        (tmp_path / "run").rename(tmp_path / "away")
        page.wait_for_selector("#error:not([hidden])")
        assert "no run directory" in page.inner_text("#error")
        assert page.inner_text("#line").startswith("finished"), "what was known stays"
        (tmp_path / "away").rename(tmp_path / "run")
        page.wait_for_selector("#error", state="hidden")
        assert errors == []
        assert all(url.startswith((server.url, "data:")) for url in asked)
        server.shutdown()
        serving.join()
        server.server_close()
        page.wait_for_selector("#error:has-text('may have been stopped')")
