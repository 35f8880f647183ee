"""A design's directions by step and position, a window of them at a time.

The parameters are flattened one after another into positions 0 to d - 1, and position i of a step
is lane i mod L of the step's beat i div L, as on the hardware. The d numbers are never in memory
together: a window of whole beats is generated at a time, in place of the window before, so memory
does not grow with d.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from pezoexplore.design.point import DesignPoint
from pezoexplore.finetune.sources import Source, Stepping, source
from pezoexplore.streams.stream import Stream, beats_per_step

WINDOW = {"cpu": 2**18}
"""Numbers of a window by type of device: few enough for a processor's caches."""

WIDE_WINDOW = 2**22
"""Numbers of a window on other devices: enough to keep an accelerator busy."""


class Directions:
    """The directions of every step, on one device.

    Attributes:
        parameters: Positions d of a step.
        scale: z = number * scale.
    """

    def __init__(
        self,
        point: DesignPoint,
        seed: int,
        parameters: int,
        device: torch.device,
        window: int | None = None,
    ) -> None:
        """Build the directions of a point and a master seed.

        Args:
            point: A point that draws numbers.
            seed: Master seed.
            parameters: Positions of a step.
            device: Device of the directions.
            window: Numbers generated at once, rounded up to whole beats; changes no bit. Default:
                by type of device.
        """
        self.parameters = parameters
        self.scale = Stream(point).scale
        self._point, self._beats = point, beats_per_step(parameters, point.lanes)
        numbers = window or WINDOW.get(device.type, WIDE_WINDOW)
        self._window = min(-(-numbers // point.lanes), self._beats)
        self._source: Source = source(point, seed, device, self._window)
        self._entered_step: int | None = None
        self._kept: tuple[tuple[int, int], torch.Tensor] | None = None
        self._scaled: tuple[tuple[int, int, float], torch.Tensor] | None = None

    def pieces(
        self, step: int, start: int, count: int, factor: float
    ) -> Iterator[tuple[int, int, torch.Tensor]]:
        """Yield what moving by ``factor`` times the direction adds to a range of positions.

        An addend is number * float32(factor * scale), rounded once to float32: the same bits
        whatever the window, the number of threads and the device.

        Args:
            step: Step of the stream.
            start: First position.
            count: Positions.
            factor: Such as epsilon.

        Yields:
            (first, one past the last, float32 addends) of positions counted from ``start``, in
            order. The tensor is reused for the next.
        """
        span, low = self._window * self._point.lanes, 0
        while low < count:
            window, within = divmod(start + low, span)
            high = min(count, low + span - within)
            addends = self._addends(step, window, factor)
            yield low, high, addends[within : within + high - low]
            low = high

    def picked(
        self, step: int, positions: torch.Tensor, factor: float
    ) -> Iterator[tuple[int, int, torch.Tensor]]:
        """Yield as :meth:`pieces`, for chosen positions; only windows that hold one are generated.

        Args:
            step: Step of the stream.
            positions: int64 [n], ascending.
            factor: Such as epsilon.

        Yields:
            (first, one past the last, float32 addends) of the chosen, in order.
        """
        span, low = self._window * self._point.lanes, 0
        while low < len(positions):
            window = int(positions[low]) // span
            high = int(torch.searchsorted(positions, (window + 1) * span))
            addends = self._addends(step, window, factor)
            yield low, high, addends.index_select(0, positions[low:high] - window * span)
            low = high

    def z(self, step: int) -> torch.Tensor:
        """Return a whole step's direction, float32 [d], for inspection."""
        parts = [piece.clone() for _, _, piece in self.pieces(step, 0, self.parameters, 1.0)]
        return torch.cat(parts)

    def _addends(self, step: int, window: int, factor: float) -> torch.Tensor:
        key = (step, window, factor)
        if self._scaled is None or self._scaled[0] != key:
            numbers = self._numbers(step, window)
            out = None if self._scaled is None else self._scaled[1]
            if out is None or len(out) != len(numbers):
                out = torch.empty_like(numbers)
            self._scaled = (key, out)
            torch.mul(numbers, float(np.float32(factor * self.scale)), out=out)
        return self._scaled[1]

    def _numbers(self, step: int, window: int) -> torch.Tensor:
        if self._kept is None or self._kept[0] != (step, window):
            epoch, start = self._place(step)
            if isinstance(self._source, Stepping) and self._entered_step != step:
                self._source.enter(epoch, start)
                self._entered_step = step
            first = window * self._window
            count = min(self._window, self._beats - first)
            numbers = self._source.numbers(epoch, start + first, count)
            self._kept = ((step, window), numbers.reshape(-1))
        return self._kept[1]

    def _place(self, step: int) -> tuple[int, int]:
        """Return epoch and first beat of a step."""
        if not self._point.reseeds:
            return 0, step * self._beats
        epoch, done = divmod(step, int(self._point.reuse_period))
        return epoch, done * self._beats
