"""Command lines run in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_calls import Answer, Call
from matplotlib.figure import Figure

from pezoexplore.cli import run


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write plots without drawing them, which takes up to half a second each."""
    monkeypatch.setattr(Figure, "savefig", lambda self, file, **how: file.write(b"not drawn"))


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Run a command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call_line(*words: object) -> Answer:
        capsys.readouterr()
        status = run([str(word) for word in words])
        said = capsys.readouterr()
        return Answer(status, said.out, said.err)

    return call_line
