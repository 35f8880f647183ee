"""A design's directions by step and position, a window of them at a time.

The parameters are flattened one after another into positions 0 to d - 1, and position i of a step
is lane i mod L of the step's beat i div L, as on the hardware. The d numbers are never in memory
together: a window of whole beats is generated at a time, in place of the window before, so memory
does not grow with d. On the CPU a compiled loop turns words into addends while it adds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.finetune.sources import Host, Source, Stepping, source
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.stream import Stream, beats_per_step

WINDOW = {"cpu": 2**18}
"""Numbers of a window by type of device: few enough for a processor's caches."""

WIDE_WINDOW = 2**22
"""Numbers of a window on other devices: enough to keep an accelerator busy."""


Values = tuple[Any, float]
"""Numbers of a window less a constant, [n], an array on the CPU and a tensor elsewhere; and that
constant."""


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
        self._on_cpu = device.type == "cpu"
        self._entered_step: int | None = None
        self._kept: tuple[tuple[int, int], Values] | None = None
        self._made: tuple[tuple[int, int, float], torch.Tensor] | None = None

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
        for low, high, window, within in self._windows(start, count):
            yield low, high, self._addends(step, window, factor)[within : within + high - low]

    def add(
        self, step: int, start: int, base: torch.Tensor, factor: float, out: torch.Tensor
    ) -> None:
        """Write a range of weights plus their addends, as :meth:`pieces` yields them.

        Args:
            step: Step of the stream.
            start: Position of the first weight.
            base: The weights, [n].
            factor: Such as epsilon.
            out: [n], of the type of ``base``; may be ``base``.
        """
        if self._on_cpu and base.dtype == torch.float32:
            weights, moved, by = base.detach().numpy(), out.detach().numpy(), self._factor(factor)
            for low, high, window, within in self._windows(start, len(base)):
                values, constant = self._values(step, window)
                part = values[within : within + high - low]
                if out is base:
                    _shift(weights[low:high], part, np.float32(constant), by)
                else:
                    _add(weights[low:high], part, np.float32(constant), by, moved[low:high])
            return
        for low, high, addends in self.pieces(step, start, len(base), factor):
            torch.add(base[low:high], addends, out=out[low:high])

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
            values, constant = self._values(step, window)
            chosen = positions[low:high] - window * span
            part = values[chosen.numpy() if self._on_cpu else chosen]
            yield low, high, self._scaled((part, constant), self._factor(factor))
            low = high

    def numbers(self, step: int, start: int, count: int) -> torch.Tensor:
        """Return the numbers of a range of positions, float32 [count]: a new tensor."""
        parts = []
        for low, high, window, within in self._windows(start, count):
            values, constant = self._values(step, window)
            part = values[within : within + high - low]
            parts.append(self._scaled((part, constant), np.float32(1)))
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def z(self, step: int) -> torch.Tensor:
        """Return a whole step's direction, float32 [d], for inspection."""
        parts = [piece.clone() for _, _, piece in self.pieces(step, 0, self.parameters, 1.0)]
        return torch.cat(parts)

    def _windows(self, start: int, count: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield the part of a range that each window holds: its ends, the window, where in it."""
        span, low = self._window * self._point.lanes, 0
        while low < count:
            window, within = divmod(start + low, span)
            high = min(count, low + span - within)
            yield low, high, window, within
            low = high

    def _ends(self, window: int) -> tuple[int, int]:
        """Return the first position of a window and the one after its last."""
        first = window * self._window * self._point.lanes
        return first, min(first + self._window * self._point.lanes, self.parameters)

    def _factor(self, factor: float) -> np.float32:
        return np.float32(factor * self.scale)

    def _addends(self, step: int, window: int, factor: float) -> torch.Tensor:
        key = (step, window, factor)
        if self._made is None or self._made[0] != key:
            room = None if self._made is None else self._made[1]
            self._made = (key, self._scaled(self._values(step, window), self._factor(factor), room))
        return self._made[1]

    def _scaled(
        self, numbers: Values, by: np.float32, room: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return numbers times a factor, in ``room`` if it has their size."""
        values, constant = numbers
        if not self._on_cpu:
            return torch.mul(values, float(by))
        if room is None or len(room) != len(values):
            room = torch.empty(len(values))
        _scale(values, np.float32(constant), by, room.numpy())
        return room

    def _values(self, step: int, window: int) -> Values:
        if self._kept is None or self._kept[0] != (step, window):
            epoch, start = self._place(step)
            if isinstance(self._source, Stepping) and self._entered_step != step:
                self._source.enter(epoch, start)
                self._entered_step = step
            first = window * self._window
            count = min(self._window, self._beats - first)
            made = self._made_by(self._source, epoch, start + first, count)
            self._kept = ((step, window), made)
        return self._kept[1]

    def _made_by(self, source: Source, epoch: int, start: int, count: int) -> Values:
        if isinstance(source, Host) and source.reads_words:
            return source.words(epoch, start, count).reshape(-1), source.constant
        numbers = source.numbers(epoch, start, count).reshape(-1)
        return (numbers.numpy() if self._on_cpu else numbers), 0.0

    def _place(self, step: int) -> tuple[int, int]:
        """Return epoch and first beat of a step."""
        if not self._point.reseeds:
            return 0, step * self._beats
        epoch, done = divmod(step, int(self._point.reuse_period))
        return epoch, done * self._beats


@compiled
def _add(
    weights: NDArray[np.float32],
    values: NDArray[Any],
    constant: np.float32,
    factor: np.float32,
    out: NDArray[np.float32],
) -> None:
    """Write weights + (values + constant) * factor, each operation rounded to float32."""
    for i in range(weights.size):
        out[i] = weights[i] + (np.float32(values[i]) + constant) * factor


@compiled
def _shift(
    weights: NDArray[np.float32], values: NDArray[Any], constant: np.float32, factor: np.float32
) -> None:
    """Add as :func:`_add` does, in place: of arrays that overlap it would use no SIMD."""
    for i in range(weights.size):
        weights[i] += (np.float32(values[i]) + constant) * factor


@compiled
def _scale(
    values: NDArray[Any], constant: np.float32, factor: np.float32, out: NDArray[np.float32]
) -> None:
    """Write (values + constant) * factor, each operation rounded to float32."""
    for i in range(values.size):
        out[i] = (np.float32(values[i]) + constant) * factor
