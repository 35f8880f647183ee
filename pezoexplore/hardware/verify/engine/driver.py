"""Host software of a perturbation engine: register operations, pass by pass.

Each stream of an engine has its position. Training step t of a point whose steps take ``sources``
steps of the stream each has its direction at stream step ``t * sources``, in stream 0, and what
stream j shows at stream step ``t * sources + j``. A pass moves all of them on by its beats;
:meth:`Host.seek` does the rest, by discarding beats and reseeding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.hardware.rtl.engine_map import BY_NAME, MODES, SEGMENT_BYTES
from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.streams.stream import Stream, beats_per_step


class Kind(IntEnum):
    """Operations of pezoexplore/hardware/verify/bench/engine_harness.v."""

    WRITE = 0
    READ = 1
    AWAIT_ZERO = 2
    AWAIT_ONE = 3
    STREAM = 4
    CUT = 5
    RESET = 6
    PRESSURE = 7
    PAIR = 8
    ABANDON = 9
    SEND = 10
    OFFER = 11


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        kind: Type of the operation.
        data: 32 bits: data to write, bits to wait for, beats, or clocks.
        address: Byte address of a register.
        strobe: Bytes that are written.
    """

    kind: Kind
    data: int = 0
    address: int = 0
    strobe: int = 15

    def line(self) -> str:
        """Return the operation as the harness reads it."""
        word = self.data & 0xFFFFFFFF
        return f"{self.kind:x}{self.strobe:x}{self.address:02x}{word:08x}\n"


def write(name: str, value: int, segment: int = 0, strobe: int = 15) -> Operation:
    """Write a register, of a segment where there is one per segment."""
    address = BY_NAME[name].address + SEGMENT_BYTES * segment
    return Operation(Kind.WRITE, value, address, strobe)


def read(name: str, segment: int = 0) -> Operation:
    """Read a register."""
    return Operation(Kind.READ, address=BY_NAME[name].address + SEGMENT_BYTES * segment)


def until_idle() -> Operation:
    """Wait until no pass or skip is under way."""
    status = BY_NAME["STATUS"]
    return Operation(Kind.AWAIT_ZERO, status.field("BUSY", 1), status.address)


def until_numbers() -> Operation:
    """Wait until every stream shows a beat."""
    status = BY_NAME["STATUS"]
    return Operation(Kind.AWAIT_ONE, status.field("NUMBERS", 1), status.address)


def begin(mode: str, replay: bool) -> Operation:
    """Begin a pass."""
    control = BY_NAME["CONTROL"]
    return write("CONTROL", control.field("MODE", MODES[mode]) | control.field("REPLAY", replay))


class Host:
    """The host of one engine: tracks the positions of its streams.

    Attributes:
        shape: Parameters of the engine.
        beats: Beats of a pass.
        positions: Epoch and beat of each stream.
    """

    def __init__(
        self, point: DesignPoint, shape: Shape, parameters: int, seed: int = MASTER_SEED
    ) -> None:
        self.shape = shape
        self.beats = beats_per_step(parameters, shape.lanes)
        self._stream = Stream(point.hardware(), seed)
        self.reset()

    def reset(self) -> None:
        """Note that the engine was reset."""
        self.positions = [(0, 0)] * self.shape.sources

    def position(self, stream_step: int) -> tuple[int, int]:
        """Return the epoch and beat at which a step of the stream starts."""
        if not self._stream.point.reseeds:
            return 0, stream_step * self.beats
        epoch, step = divmod(stream_step, int(self._stream.point.reuse_period))
        return epoch, step * self.beats

    def seek(self, step: int) -> list[Operation]:
        """Move every stream to its position in a training step, which is never behind it."""
        sources = self.shape.sources
        wanted = [self.position(step * sources + source) for source in range(sources)]
        operations: list[Operation] = []
        moved = [j for j in range(sources) if wanted[j][0] != self.positions[j][0]]
        for epoch, group in _grouped(moved, [position[0] for position in wanted]):
            operations += self.reseed(group, epoch)
        distances = [w[1] - p[1] for w, p in zip(wanted, self.positions, strict=True)]
        behind = [j for j in range(sources) if distances[j]]
        for distance, group in _grouped(behind, distances):
            assert distance > 0, "a stream cannot go back"
            operations += [write("SELECT", _mask(group)), write("SKIP", distance), until_idle()]
        self.positions = wanted
        return operations

    def moved_on(self, beats: int | None = None) -> None:
        """Note that all streams have shown so many more beats, or those of a pass."""
        more = self.beats if beats is None else beats
        self.positions = [(epoch, beat + more) for epoch, beat in self.positions]

    def scales(self, scales: Iterable[int], ends: Iterable[int]) -> list[Operation]:
        """Set s of every segment, and the weight at which each but the last ends.

        An s beyond the largest that the register takes saturates all the same.
        """
        largest = self.shape.scales[1]
        operations = [write("SCALE", min(s, largest), k) for k, s in enumerate(scales)]
        return operations + [write("END", end, k) for k, end in enumerate(ends)]

    def seed_words(self, epoch: int) -> list[Operation]:
        """Return the operations that load the seeds of an epoch, once the streams ask for them."""
        operations = []
        high_words = -(-max(self.shape.state_bits - 32, 0) // 32)
        for word in self._stream.strategy.load_words(epoch):
            for position in range(high_words, 0, -1):
                operations.append(write("SEED_HIGH", word >> (32 * position)))
            operations.append(write("SEED", word))
        return operations

    def reseed(self, group: list[int], epoch: int) -> list[Operation]:
        """Load the seeds of an epoch into some streams."""
        operations = [until_numbers(), write("SELECT", _mask(group)), write("RESEED", 1)]
        operations += self.seed_words(epoch)
        for source in group:
            self.positions[source] = (epoch, 0)
        return operations


def _grouped(sources: list[int], keys: list[int]) -> list[tuple[int, list[int]]]:
    """Group the sources by key, in the order of the keys."""
    listed = sorted(sources, key=lambda j: keys[j])
    return [(key, list(group)) for key, group in groupby(listed, key=lambda j: keys[j])]


def _mask(sources: list[int]) -> int:
    return sum(1 << source for source in sources)


def packed(weights: NDArray[np.int32], shape: Shape) -> list[str]:
    """Return beats of weights as lines of hexadecimal digits, zeros behind the last weight.

    Args:
        weights: int32 [d].
        shape: The engine.
    """
    beats = -(-weights.size // shape.lanes)
    padded = np.zeros(beats * shape.lanes, np.int32)
    padded[: weights.size] = weights
    digits = shape.lanes * shape.slot_bits // 4
    rows = pack_rows(padded.reshape(beats, shape.lanes), shape.slot_bits)
    return [f"{row:0{digits}x}" for row in rows]


def unpacked(lines: list[str], shape: Shape, parameters: int) -> NDArray[np.int32]:
    """Return the weights int32 [d] of the beats that an engine sent."""
    kind = np.dtype("<i1" if shape.slot_bits == 8 else "<i2")
    # The first slot of a beat is the last one of its line.
    rows = [np.frombuffer(bytes.fromhex(line)[::-1], kind) for line in lines]
    return np.concatenate(rows)[:parameters].astype(np.int32)
