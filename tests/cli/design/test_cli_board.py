"""board: bitstreams, and training on a connected board."""

from __future__ import annotations

import pytest

from pezoexplore.hardware.board import bitstream, serial_line, training
from pezoexplore.hardware.board.bitstream import Bitstream
from pezoexplore.hardware.board.build import Sources
from pezoexplore.hardware.board.training import Trained


@pytest.fixture
def built(monkeypatch):
    """Replace the tools; keep what they were asked for."""
    asked = []

    def build(sources: Sources, device: str, log_path, *, seed: int) -> Bitstream:
        asked.append((sources.board.name, device, seed, sources.folder))
        path = sources.folder / "board.bin"
        return Bitstream(
            sources.board.name, device, path, "00", {"LC": (40, 80)}, 20.0, 12, "0.70", "0.11"
        )

    monkeypatch.setattr(bitstream, "build_bitstream", build)
    return asked


def test_sources_and_figures(call, tmp_path, built):
    answer = call("board", "icebreaker", "--out", "b", "--seed", 3)
    assert answer.status == 0
    assert "LC: 40 of 80 (50 %)" in answer.out
    assert "highest clock: 20.00 MHz; the board's: 12 MHz" in answer.out
    assert built == [("icebreaker", "up5k", 3, tmp_path / "b")]
    assert {"icebreaker.v", "icebreaker.pcf", "pezo_board.v", "pezo_engine.v", "board_core.v"} <= {
        path.name for path in (tmp_path / "b").iterdir()
    }
    document = call("board", "ulx3s", "--device", "85k", "--out", "c", "--format", "json").document
    assert (document["device"], document["used"]) == ("85k", {"LC": [40, 80]})


class _Line:
    def __init__(self, port) -> None:
        assert str(port) == "tty"

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        pass


@pytest.mark.parametrize(("differing", "status"), [(0, 0), (3, 1)])
def test_training(call, tmp_path, monkeypatch, differing, status):
    def train(line, session, progress) -> Trained:
        assert (session.run.steps, session.run.batch) == (1000, 32)
        progress(500)
        return Trained(1000, 2400, differing, 94.5)

    monkeypatch.setattr(serial_line, "SerialLine", _Line)
    monkeypatch.setattr(training, "train_on", train)
    words = ["board", "icebreaker", "--port", "tty", "--steps", 1000, "--batch", 32]
    answer = call(*words)
    assert answer.status == status
    assert "500 of 1,000 steps" in answer.err
    if differing:
        assert "3 weights of the board differ from the software's" in answer.err
    else:
        assert "board and software are identical; test accuracy 94.50 %" in answer.out
    document = call(*words, "--format", "json").document
    assert (document["identical"], document["differing"]) == (differing == 0, differing)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nexys"], "board nexys: not known; one of icebreaker, ulx3s"),
        (["icebreaker", "--steps", 9], "--steps: for training: give --port too"),
        (["icebreaker", "--port", "tty", "--seed", 2], "--seed: for building: leave --port out"),
        (["icebreaker", "--device", "12k"], "device 12k: icebreaker has one of up5k"),
        (["icebreaker", "--task", "wine"], "must be multiples of 2 lanes"),
        (["icebreaker", "--batch", 65], "less than or equal to 64"),
        (["icebreaker", "--port", "none"], "--port none: cannot be opened"),
    ],
)
def test_mistakes(call, words, said):
    answer = call("board", *words)
    assert answer.status == 2
    assert said in answer.err
