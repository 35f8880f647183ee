from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Folder in which fake stages note that they ran."""
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder
