"""MeZO's reference: float32 Gaussian numbers in software, fresh for ever or in a pool."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.packing import U64, Words
from pezoexplore.streams.seeding import seed_words
from pezoexplore.streams.strategies.pool import Pool
from pezoexplore.streams.strategy import Strategy, epoch_array
from pezoexplore.streams.walk import Repetition

_CHUNK = 2**16  # numbers per key


class Software(Strategy):
    """Fresh numbers, one lane, one epoch."""

    def words(self, epochs: U64, start: int, count: int) -> Words:
        """Implement :meth:`Strategy.words`; float32."""
        return _normals(self.seed, epochs, start, count)[:, :, None]

    def states(self, epochs: U64, start: int) -> U64:
        """Raise AssertionError: there is no hardware."""
        raise AssertionError("the software Gaussian has no hardware")

    @property
    def repetition(self) -> Repetition:
        """See :attr:`Strategy.repetition`; it never does."""
        return Repetition()


class SoftwarePool(Pool):
    """A pool of such numbers."""

    def _filling(self, epochs: U64, count: int) -> Words:
        return _normals(self.seed, epochs, 0, count)


def _normals(seed: int, epochs: U64, start: int, count: int) -> NDArray[np.float32]:
    """Return normal numbers [epochs, count] from number `start` of each epoch."""
    return np.stack([_normal(seed, int(epoch), start, count) for epoch in epochs])


def _normal(seed: int, epoch: int, start: int, count: int) -> NDArray[np.float32]:
    """Return `count` normal numbers: chunks of NumPy's Philox, keyed by position."""
    first, last = start // _CHUNK, (start + count - 1) // _CHUNK
    numbers = np.arange(first, last + 1, dtype=np.uint64)
    keys = seed_words(seed, epoch_array(epoch), numbers)
    chunks = [
        np.random.Generator(np.random.Philox(key=int(key))).standard_normal(
            _CHUNK, dtype=np.float32
        )
        for key in keys
    ]
    begin = start - first * _CHUNK
    drawn: NDArray[np.float32] = np.concatenate(chunks)[begin : begin + count]
    return drawn
