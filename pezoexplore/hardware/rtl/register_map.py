"""Tables of registers, and what is made of each: Verilog, C, documentation.

:mod:`pezoexplore.hardware.rtl.engine_map` and :mod:`pezoexplore.hardware.rtl.stream_map` hold one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """Bits of a register.

    Attributes:
        name: Its name.
        low: Its lowest bit.
        bits: How many.
        meaning: One phrase.
    """

    name: str
    low: int
    bits: int
    meaning: str

    @property
    def where(self) -> str:
        """Its bits as text, such as ``2`` or ``8:0``."""
        return f"{self.low + self.bits - 1}:{self.low}" if self.bits > 1 else str(self.low)


@dataclass(frozen=True)
class Register:
    """A register of 32 bits.

    Attributes:
        name: Its name.
        address: Byte address.
        access: ``r`` read only; ``rw`` keeps what is written, byte by byte; ``w`` acts on a write
            of the whole word and reads as zero; ``rw!`` acts and can be read.
        meaning: One sentence.
        fields: Its parts; none where the word is one number.
        stride: Bytes to the next of its kind; 0 where there is one alone.
    """

    name: str
    address: int
    access: str
    meaning: str
    fields: tuple[Field, ...] = ()
    stride: int = 0

    def field(self, name: str, value: int) -> int:
        """Return a value shifted to the bits of a field of this register."""
        (found,) = [each for each in self.fields if each.name == name]
        return (value & ((1 << found.bits) - 1)) << found.low

    def read(self, name: str, word: int) -> int:
        """Return the value that a field of this register holds."""
        (found,) = [each for each in self.fields if each.name == name]
        return (word >> found.low) & ((1 << found.bits) - 1)


def verilog_lines(registers: Iterable[Register], address_bits: int) -> list[str]:
    """Return the addresses as localparams."""
    return [
        f"localparam [{address_bits - 1}:0] {each.name} = {address_bits}'h{each.address:02x};"
        for each in registers
    ]


def c_lines(registers: Iterable[Register], prefix: str) -> list[str]:
    """Return addresses, and shift and mask of every field, as macros.

    Args:
        registers: The map.
        prefix: What the names begin with.
    """
    lines: list[str] = []
    for register in registers:
        lines += ["", f"/* {register.meaning} */"]
        lines.append(f"#define {prefix}{register.name} 0x{register.address:02X}u")
        for part in register.fields:
            name = f"{prefix}{register.name}_{part.name}"
            lines.append(f"#define {name}_SHIFT {part.low}u")
            lines.append(f"#define {name}_MASK 0x{((1 << part.bits) - 1) << part.low:X}u")
    return lines


def markdown(registers: Iterable[Register]) -> str:
    """Return a map as a table."""
    rows = ["| address | register | access | meaning |", "| --- | --- | --- | --- |"]
    for each in registers:
        address = f"0x{each.address:02X}" + (f" + {each.stride} k" if each.stride else "")
        rows.append(f"| {address} | `{each.name}` | {each.access} | {each.meaning} |")
        rows += [
            f"| | `{part.name}` | bits {part.where} | {part.meaning} |" for part in each.fields
        ]
    return "\n".join(rows)
