"""What host and board say to each other: the commands of boards/host_link.v.

An :class:`Exchange` is a command and the length of its answer. The same exchanges are played on a
serial line and in simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import ToolError
from pezoexplore.hardware.rtl.engine_map import BY_NAME, SEGMENT_BYTES

MOST_CHOICES = 64
"""Most examples of a step."""

STATUS_OK = 0

_NUMBER_BITS = 12


@dataclass(frozen=True)
class Exchange:
    """A command and its answer.

    Attributes:
        sent: Bytes to the board.
        answer: Number of bytes that come back.
    """

    sent: bytes
    answer: int


@dataclass(frozen=True)
class Stepped:
    """What the board says of a step.

    Attributes:
        difference: D, the sum of the loss differences.
        size: M, the step.
    """

    difference: int
    size: int


def read(name: str) -> Exchange:
    """Return the command that reads a register of the engine."""
    return Exchange(b"R" + bytes([BY_NAME[name].address]), 5)


def write(name: str, value: int, segment: int = 0) -> Exchange:
    """Return the command that writes a register of the engine, of a segment if it has them."""
    address = BY_NAME[name].address + SEGMENT_BYTES * segment
    word = (value & 0xFFFFFFFF).to_bytes(4, "little")
    return Exchange(b"W" + bytes([address]) + word, 1)


def load_weights(weights: NDArray[np.int32], lanes: int) -> Exchange:
    """Return the command that loads all weights, zeros behind the last in its beat.

    Args:
        weights: int32 [d], each of 16 bits.
        lanes: Weights a beat.
    """
    padded = np.zeros(-(-weights.size // lanes) * lanes, "<i2")
    padded[: weights.size] = weights
    return Exchange(b"L" + padded.tobytes(), 1)


def dump_weights(parameters: int, lanes: int) -> Exchange:
    """Return the command that asks for all weights."""
    return Exchange(b"D", -(-parameters // lanes) * lanes * 2)


def load_example(number: int, inputs: NDArray[np.int16]) -> Exchange:
    """Return the command that loads the inputs of one example.

    Args:
        number: Which example, below 4096.
        inputs: Integers of 8 bits, [features].
    """
    return Exchange(b"X" + number.to_bytes(2, "little") + inputs.astype(np.int8).tobytes(), 1)


def step(rate: int, numbers: Sequence[int], labels: Sequence[int]) -> Exchange:
    """Return the command that trains one step.

    Args:
        rate: C, the learning rate of the step, 15 bits.
        numbers: Examples, 1 to 64 of them, each below 4096.
        labels: Their classes, each below 16.
    """
    words = [
        (label << _NUMBER_BITS | number).to_bytes(2, "little")
        for number, label in zip(numbers, labels, strict=True)
    ]
    head = b"S" + rate.to_bytes(2, "little") + bytes([len(words)])
    return Exchange(head + b"".join(words), 7)


def accepted(answer: bytes) -> bytes:
    """Return an answer without the status at its end.

    Raises:
        ToolError: The status is not OK.
    """
    if answer[-1] != STATUS_OK:
        raise ToolError(f"the board refused a command (status {answer[-1]})")
    return answer[:-1]


def stepped(answer: bytes) -> Stepped:
    """Read the answer to a step.

    Raises:
        ToolError: The status is not OK.
    """
    body = accepted(answer)
    difference = int.from_bytes(body[:4], "little", signed=True)
    return Stepped(difference, int.from_bytes(body[4:], "little", signed=True))


def weights_of(answer: bytes, parameters: int) -> NDArray[np.int32]:
    """Read the answer to a dump: the weights, int32 [d]."""
    return np.frombuffer(answer, "<i2")[:parameters].astype(np.int32)
