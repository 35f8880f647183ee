"""A real browser for tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"),
    *("--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PATIENCE = 300_000
"""Milliseconds that anything may take: the machine may be busy."""

BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
"""The last is a snap on Ubuntu, which needs more than a container has."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser that is installed."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert program, "chromium is missing; type: sudo apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=ARGUMENTS, timeout=PATIENCE
        )
        yield started
        started.close()
