"""Words of long states on any device: look-ups in tables of XORs over GF(2).

The words of the next ``BEATS`` beats are an affine function over GF(2) of the state, so they are
the XOR of one table entry for each group of state bits, a fraction of a look-up per beat:

1. the host jumps to the state of the first beat;
2. the device finds the states of every ``BEATS``-th beat from it by doubling: the states of the
   second half of a run are those of the first, moved by one map;
3. each of these states gives the words of ``BEATS`` beats.
"""

from __future__ import annotations

import numpy as np
import torch

from pezoexplore.streams.generators.family import Columns
from pezoexplore.streams.linear import apply, byte_tables, power
from pezoexplore.streams.packing import U64, Words, word_dtype
from pezoexplore.streams.strategies.none import PerLane
from pezoexplore.streams.strategies.phased import Phased

BEATS = 16
"""Beats per look-up."""

_GROUP_BITS = 11
"""State bits of one table at most: larger ones leave the caches."""


class Linear:
    """Numbers of a phased stream, or of an lfsr or xorshift per lane, with long states."""

    def __init__(self, strategy: Phased | PerLane, device: torch.device) -> None:
        """Make the tables of a stream without exponents, on a device."""
        self._strategy, self._device, self._lanes = strategy, device, strategy.point.lanes
        self._phased = isinstance(strategy, Phased)
        step = strategy.generator
        self._bits = step.state_bits
        self._half = 0.5 * step.half
        self._leaps = power(step.step, BEATS)
        self._moves: list[torch.Tensor] = []
        groups = -(-self._bits // _GROUP_BITS)
        self._group_bits = -(-self._bits // groups)
        self._tables = self._on_device(_word_tables(strategy, self._group_bits))

    def numbers(self, epoch: int, start: int, count: int) -> torch.Tensor:
        """Return the numbers of beats, as :meth:`pezoexplore.finetune.sources.Source.numbers`."""
        parts, stop = [], start + count
        while start < stop:
            run = min(stop - start, self._strategy.until_wrap(epoch, start))
            parts.append(self._run(epoch, start, run))
            start += run
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _run(self, epoch: int, start: int, count: int) -> torch.Tensor:
        """Return the numbers of beats between which nothing wraps."""
        first = self._strategy.states(np.array([epoch], dtype=np.uint64), start)[0]
        states = self._on_device(first.astype(np.int64))[:, None]  # [lanes or 1, runs of beats]
        wanted = -(-count // BEATS)
        doublings = 0
        while states.shape[1] < wanted:
            states = torch.cat([states, self._moved(states, doublings)], dim=1)
            doublings += 1
        words = self._words(states[:, :wanted])
        if not self._phased:  # [lanes, runs, beats]
            words = words.reshape(self._lanes, wanted, BEATS).permute(1, 2, 0)
        words = words.reshape(wanted * BEATS, self._lanes)[:count]
        return torch.add(words, self._half) if self._half else words.to(torch.float32)

    def _words(self, states: torch.Tensor) -> torch.Tensor:
        """Look up the words of BEATS beats from each state: [states, BEATS * lanes or BEATS]."""
        flat, mask = states.reshape(-1), 2**self._group_bits - 1
        words = self._tables[0].index_select(0, flat & mask)
        for group in range(1, len(self._tables)):
            part = (flat >> (group * self._group_bits)) & mask
            words ^= self._tables[group].index_select(0, part)
        return words

    def _moved(self, states: torch.Tensor, doublings: int) -> torch.Tensor:
        """Return the states after BEATS * 2**doublings beats."""
        while len(self._moves) <= doublings:
            moves = power(self._leaps, 2 ** len(self._moves))
            self._moves.append(self._on_device(byte_tables(moves).astype(np.int64)))
        image = torch.zeros_like(states)
        for byte, table in enumerate(self._moves[doublings]):
            image ^= table[(states >> (8 * byte)) & 255]
        return image

    def _on_device(self, array: Words) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def _word_tables(strategy: Phased | PerLane, group_bits: int) -> Words:
    """Return words by group of state bits and their value: [groups, 2**group_bits, words].

    XORing one row of each group gives the words of BEATS beats; an affine function's constant, the
    words of the state zero, is in the first group.
    """
    bits = strategy.generator.state_bits
    basis = np.array([0, *(1 << i for i in range(bits))], dtype=np.uint64)
    if isinstance(strategy, Phased):
        shown = _phased_words(strategy, basis)
    else:  # [states, BEATS] of one generator a state
        shown = strategy.generator.rows(basis[:, None], BEATS)[:, :, 0]
    images = shown[1:] ^ shown[0]
    groups = -(-bits // group_bits)
    tables = np.zeros((groups, 2**group_bits, shown.shape[1]), dtype=shown.dtype)
    tables[0] = shown[0]
    value = np.arange(2**group_bits)
    for i, image in enumerate(images):
        group, bit = divmod(i, group_bits)
        tables[group, (value >> bit) & 1 == 1] ^= image
    return tables


def _phased_words(strategy: Phased, states: U64) -> Words:
    """Return words [states, BEATS * lanes] of a phased stream from each state, without a wrap."""
    bits = strategy.point.bits
    masks = np.array(strategy.masks, dtype=np.uint64)  # [lanes, bits]
    shown = np.stack([_walk(strategy.generator.step, int(state)) for state in states])
    ones = np.bitwise_count(shown[:, :, None, None] & masks) & 1  # [states, BEATS, lanes, bits]
    raw = (ones.astype(np.int64) << np.arange(bits)).sum(axis=-1)
    words: Words = ((raw ^ strategy.low_inverted) - 2 ** (bits - 1)).astype(word_dtype(bits))
    return words.reshape(len(states), -1)


def _walk(step: Columns, state: int) -> U64:
    """Return a state and those of the beats after it: uint64 [BEATS]."""
    seen = []
    for _ in range(BEATS):
        seen.append(state)
        state = apply(step, state)
    return np.array(seen, dtype=np.uint64)
