"""Tests that need torch are collected where torch is: `make test-torch` has a Python with it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

WITHOUT_TORCH = ("test_without_torch.py", "test_few_shot.py", "test_fetch.py")

if importlib.util.find_spec("torch") is None:
    collect_ignore = [
        path.name for path in Path(__file__).parent.glob("*.py") if path.name not in WITHOUT_TORCH
    ] + ["steps"]
