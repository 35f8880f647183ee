"""The register map of a stream behind AXI4-Lite: one table for RTL, drivers and documentation.

A design has the registers that it needs: those of seeds where it is reseeded, that of the exponent
with scaling ``pow2``.
"""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.register_map import Field, Register
from pezoexplore.streams.scaling import EXPONENT_BITS
from pezoexplore.streams.stream import Stream

ADDRESS_BITS = 8
"""Bits of a byte address of the register file."""

ID_VALUE = 0x50455A53
VERSION_VALUE = 0x0001_0001

SHAPE = Register(
    "SHAPE",
    0x08,
    "r",
    "What the stream was built for.",
    (
        Field("LANES", 0, 9, "words of a beat"),
        Field("WORD_BITS", 9, 5, "bits of a word, which is signed"),
        Field("HALF", 14, 1, "whether a word w stands for w + 1/2"),
        Field("HAS_EXPONENT", 15, 1, "whether a beat has a scale exponent"),
        Field("HAS_RESEED", 16, 1, "whether the host loads seeds"),
        Field("STATE_BITS", 20, 12, "bits of a word to load; 0 without reseeds"),
    ),
)


def data_words(point: DesignPoint) -> int:
    """Return how many reads of DATA a beat takes."""
    return -(-point.lanes * point.bits // 32)


def shape_value(point: DesignPoint) -> int:
    """Return what SHAPE reads."""
    values = {
        "LANES": point.lanes,
        "WORD_BITS": point.bits,
        "HALF": int(Stream(point).half),
        "HAS_EXPONENT": int(point.scaling == "pow2"),
        "HAS_RESEED": int(point.reseeds),
        "STATE_BITS": point.load_bits if point.reseeds else 0,
    }
    return sum(SHAPE.field(name, value) for name, value in values.items())


def registers(point: DesignPoint) -> tuple[Register, ...]:
    """Return the map of a hardware point, by address."""
    words = data_words(point)
    status = [Field("VALID", 0, 1, "a beat is shown")]
    control = [
        Field("START", 0, 1, "1: a step begins, the beat shown is kept"),
        Field("REPLAY", 1, 1, "1: the kept beat is shown again; overrides START"),
    ]
    pulses = "Pulses; DATA is at word 0 again."
    if point.reseeds:
        status.append(Field("LOADING", 1, 1, "a word is waited for in SEED"))
        pulses += " Refused while LOADING."
        control.append(Field("RESEED", 2, 1, "1: words are waited for; overrides REPLAY"))
    status.append(Field("WORD", 8, 8, "which word of the beat DATA reads next"))
    found = [
        Register("ID", 0x00, "r", 'The letters "PEZS".'),
        Register("VERSION", 0x04, "r", "Version of the map: major in the upper half, minor below."),
        SHAPE,
        Register("STATUS", 0x0C, "r", "State of the stream.", tuple(status)),
        Register("CONTROL", 0x10, "w", pulses, tuple(control)),
        Register(
            "OUTPUT",
            0x14,
            "rw",
            "Where beats go.",
            (Field("TO_BUS", 0, 1, "0: to AXI4-Stream, as after reset; 1: to DATA"),),
        ),
        Register(
            "DATA",
            0x18,
            "r",
            f"The next 32 bits of the beat, lane 0 lowest; read {words} of {words} takes the beat.",
        ),
    ]
    if point.scaling == "pow2":
        exponent = Field("EXPONENT", 0, 32, f"of {EXPONENT_BITS} bits, sign extended")
        found.append(Register("EXPONENT", 0x1C, "r", "Scale exponent of the beat.", (exponent,)))
    if point.reseeds:
        found.append(Register("SEED", 0x20, "w", "Loads a word: these 32 bits, SEED_HIGH above."))
    if point.reseeds and point.load_bits > 32:
        found.append(
            Register("SEED_HIGH", 0x24, "w", "Pushes 32 bits of what SEED loads, highest first.")
        )
    return tuple(found)
