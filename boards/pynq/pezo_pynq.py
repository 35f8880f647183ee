# SPDX-License-Identifier: Apache-2.0
"""Driver of the perturbation engine in the overlay of overlay.tcl, for Python on a PYNQ board.

It needs NumPy, and PYNQ on the board; of pezoexplore it needs nothing. The addresses are those of
docs/reference/registers.md.

    from pynq import Overlay, allocate
    overlay = Overlay("pezo.bit")
    engine = Engine(overlay.engine.mmio, Dma(overlay.dma, allocate))

The engine perturbs and updates; the loss of perturbed weights is computed by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

ID_VALUE = 0x50455A4F
ID, SHAPE, STATUS, CONTROL = 0x00, 0x08, 0x0C, 0x10
STEP, STEP_SHIFT, RESEED = 0x14, 0x18, 0x28
SCALE, END, SEGMENT_BYTES = 0x40, 0x44, 8
BUSY = 1
PLUS, MINUS, UPDATE, REPLAY = 1, 2, 3, 4

MOST_POLLS = 1_000_000
"""Reads of STATUS until the engine is taken for stuck."""

Weights = NDArray[np.int16]


class Registers(Protocol):
    """Register access, as pynq.MMIO has it."""

    def read(self, offset: int) -> int:
        """Return a register."""

    def write(self, offset: int, value: int) -> None:
        """Write a register."""


class Dma:
    """The AXI DMA between memory and engine: one transfer each way a pass."""

    def __init__(self, dma: Any, allocate: Callable[..., Any]) -> None:  # noqa: ANN401 - of PYNQ
        """Keep the DMA of the overlay and pynq.allocate."""
        self._dma, self._allocate = dma, allocate
        self._buffers: tuple[Any, Any] | None = None

    def __call__(self, beats: Weights) -> Weights:
        """Send whole beats through the engine and return what it sends, int16 alike."""
        if self._buffers is None or self._buffers[0].shape != beats.shape:
            self._buffers = tuple(self._allocate(beats.shape, dtype="i2") for _ in range(2))
        there, back = self._buffers
        there[:] = beats
        there.flush()
        self._dma.recvchannel.transfer(back)
        self._dma.sendchannel.transfer(there)
        self._dma.sendchannel.wait()
        self._dma.recvchannel.wait()
        back.invalidate()
        return np.array(back)


class Engine:
    """A perturbation engine whose weights take 16 bits each in a beat, rounded to nearest."""

    def __init__(self, registers: Registers, send: Callable[[Weights], Weights]) -> None:
        """Check what is there, and return its streams to their first beats.

        Args:
            registers: Its registers.
            send: Sends whole beats through it: int16 to int16, such as :class:`Dma`.

        Raises:
            RuntimeError: It is no such engine.
        """
        self._registers, self._send = registers, send
        if (found := registers.read(ID)) != ID_VALUE:
            raise RuntimeError(f"register ID is {found:08x}, not {ID_VALUE:08x}")
        shape = registers.read(SHAPE)
        self.lanes, self.weight_bits = shape & 511, shape >> 9 & 31
        self.segments, draws = shape >> 20 & 31, shape >> 25 & 3
        if draws or self.weight_bits <= 8:
            raise RuntimeError("the driver is for weights of 9 to 16 bits rounded to nearest")
        self._write(RESEED, 2)

    def set_up(self, scales: Sequence[int], ends: Sequence[int], step_shift: int) -> None:
        """Set the registers of a run.

        Args:
            scales: s of every segment: a direction v moves a weight by round(v 2**s).
            ends: Weight at which each segment but the last ends.
            step_shift: S, the shift of updates.
        """
        if len(scales) != self.segments or len(ends) != self.segments - 1:
            raise ValueError(f"the engine has {self.segments} segments")
        for segment, scale in enumerate(scales):
            self._write(SCALE + SEGMENT_BYTES * segment, scale)
        for segment, end in enumerate(ends):
            self._write(END + SEGMENT_BYTES * segment, end)
        self._write(STEP_SHIFT, step_shift)

    def step(
        self, weights: Weights, loss: Callable[[Weights], int], size: Callable[[int], int]
    ) -> Weights:
        """Train one step and return the new weights.

        Args:
            weights: int16 [d].
            loss: The loss of a batch at given weights, an integer.
            size: The step M, 16 bits signed, of the difference of losses.
        """
        plus = loss(self.pass_of(PLUS, weights))
        minus = loss(self.pass_of(MINUS | REPLAY, weights))
        self._write(STEP, size(plus - minus))
        return self.pass_of(UPDATE | REPLAY, weights)

    def pass_of(self, control: int, weights: Weights) -> Weights:
        """Send weights through the engine in one mode and return what comes back, int16 [d].

        Args:
            control: What is written to CONTROL: a mode, with REPLAY for the numbers of the step.
            weights: int16 [d].
        """
        beats = np.zeros(-(-weights.size // self.lanes) * self.lanes, np.int16)
        beats[: weights.size] = weights
        self._write(CONTROL, control)
        return self._send(beats)[: weights.size]

    def _write(self, offset: int, value: int) -> None:
        """Write a register of an idle engine: a busy one refuses, which PYNQ cannot see."""
        for _ in range(MOST_POLLS):
            if not self._registers.read(STATUS) & BUSY:
                self._registers.write(offset, value & 0xFFFFFFFF)
                return
        raise RuntimeError("the engine stays busy")
