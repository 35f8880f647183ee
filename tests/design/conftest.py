"""Design files written as texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pezoexplore.design.loading import load_design
from pezoexplore.design.space import DesignSpace


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a text as `x.yaml` of the current folder, so that messages are short."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str | bytes, *overrides: str, **axes) -> DesignSpace:
        content = text if isinstance(text, bytes) else text.encode()
        Path("x.yaml").write_bytes(content)
        return load_design(Path("x.yaml"), overrides, axes)

    return load_text
