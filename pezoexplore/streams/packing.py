"""Words as arrays, and as the whole numbers and hexadecimal lines that the RTL reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
Words = NDArray[Any]


def word_dtype(bits: int) -> type[np.signedinteger[Any]]:
    """Return the narrowest type that holds 2 w + 1 for words of `bits` bits."""
    return np.int16 if bits <= 15 else np.int32


def pack(values: Sequence[int], bits: int) -> int:
    """Concatenate values of `bits` bits each, the first in the least significant bits."""
    return sum(value << (i * bits) for i, value in enumerate(values))


def pack_rows(words: Words, bits: int) -> list[int]:
    """Return beats as whole numbers, lane 0 in the least significant bits.

    Args:
        words: Integers [beats, lanes].
        bits: Bits per word.
    """
    beats, lanes = words.shape
    fields = (words.astype(np.int64) & (2**bits - 1))[:, :, None] >> np.arange(bits) & 1
    flat = fields.reshape(beats, lanes * bits).astype(np.uint8)
    packed = np.packbits(flat, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def whole(state: U64) -> int:
    """Return a state of limbs of 64 bits [K], lowest first, as one whole number."""
    return sum(int(limb) << (64 * i) for i, limb in enumerate(state))


def hex_lines(values: Iterable[int]) -> str:
    """Return one hexadecimal number per line, as ``$readmemh`` reads them."""
    return "".join(f"{value:x}\n" for value in values)
