"""Verification of a point: what the software prepares for the simulation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.hardware.verify.stimulus import make_script
from pezoexplore.hardware.verify.verify import verify_point
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.strategies.bank import Bank
from pezoexplore.streams.stream import Stream


def test_words_to_load_are_computed_by_epoch_not_by_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[int] = Counter()
    load_words = Bank.load_words

    def counting(self: Bank, epoch: int) -> list[int]:
        asked[epoch] += 1
        return load_words(self, epoch)

    monkeypatch.setattr(Bank, "load_words", counting)
    point = resolve(
        reuse="bank", state_bits=4, bit_width=4, lanes=3, reuse_period=4, scaling="pow2"
    )
    words = make_script(Stream(point), 2000).plan.words
    of_the_script = asked.total()
    asked.clear()
    found = verify_point(point, rtl_dir(), tmp_path / "work", tmp_path / "log", words=2000)
    assert found["rtl_status"] == "pass"
    epochs = {epoch for epoch, _ in words}
    assert 2 < len(epochs) < len(words) / 5
    assert asked.total() - of_the_script < 2 * len(epochs)
