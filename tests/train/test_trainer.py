"""Directions that are kept from one run of a point to the next."""

from __future__ import annotations

import numpy as np

from pezoexplore.train import trainer


class Counted:
    """Directions that count how often each block is made."""

    scale = 0.5

    def __init__(self, seeds, made):
        self.seeds, self.made = seeds, made

    def block(self, first_step, steps):
        self.made.append((tuple(self.seeds), first_step, steps))
        shape = (steps, len(self.seeds), 4)
        return np.full(shape, 100 * self.seeds[0] + first_step, np.int16)


def test_a_block_is_made_once_for_all_runs_on_the_same_seeds():
    made = []
    source = trainer.keeping(lambda seeds: Counted(seeds, made))
    for seeds in ((0, 1), (2, 3), (0, 1)):
        run = source(seeds)
        assert run.scale == 0.5
        for first in (0, 10):
            expected = Counted(seeds, []).block(first, 10)
            np.testing.assert_array_equal(run.block(first, 10), expected)
    assert made == [((0, 1), 0, 10), ((0, 1), 10, 10), ((2, 3), 0, 10), ((2, 3), 10, 10)]


def test_no_more_is_kept_than_the_limit(monkeypatch):
    monkeypatch.setattr(trainer, "KEPT_BYTES", 2 * 10 * 1 * 4 * 2)
    made = []
    source = trainer.keeping(lambda seeds: Counted(seeds, made))
    for _ in range(2):
        for first in (0, 10, 20):
            source((0,)).block(first, 10)
    assert [first for _, first, _ in made] == [0, 10, 20, 20]
