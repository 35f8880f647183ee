"""A stream behind registers on AXI4-Lite, with its AXI4-Stream output: top, driver, documentation.

Everything about the registers is made from :mod:`pezoexplore.hardware.rtl.stream_map`.
"""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.export.axis import whole_bytes
from pezoexplore.hardware.export.model import tags, template
from pezoexplore.hardware.rtl import register_map, stream_map
from pezoexplore.hardware.rtl.stream_map import ADDRESS_BITS, data_words, registers
from pezoexplore.streams.stream import Stream
from pezoexplore.templates import fill

AXIL_TOP = "pezo_axil"

AXIL_FILES = ("axil_port.v",)
"""The hand-written files that the top needs beside the stream's."""


def axil_tags(point: DesignPoint) -> frozenset[str]:
    """Return the tags of the templates: what the registers of a point are."""
    held = {
        "pow2": point.scaling == "pow2",
        "reseeds": point.reseeds,
        "wide": point.reseeds and point.load_bits > 32,
        "several": data_words(point) > 1,
    }
    return frozenset(tag for tag, holds in held.items() if holds)


def axil_top(point: DesignPoint) -> str:
    """Return the Verilog of ``pezo_axil``: ``pezo_top`` behind a register file.

    Args:
        point: A hardware point.
    """
    held, words, data = axil_tags(point), data_words(point), point.lanes * point.bits
    count = (words - 1).bit_length()
    values = {
        "title": point.label(),
        "address_bits": str(ADDRESS_BITS),
        "address_high": str(ADDRESS_BITS - 1),
        "id": f"{stream_map.ID_VALUE:08x}",
        "version": f"{stream_map.VERSION_VALUE:08x}",
        "shape": f"{stream_map.shape_value(point):08x}",
        "map": "\n".join(
            f"    {line}" for line in register_map.verilog_lines(registers(point), ADDRESS_BITS)
        ),
        "data_high": str(data - 1),
        "stream_high": str(whole_bytes(data) - 1),
        "words_high": str(32 * words - 1),
        "padded": _padded("out_data", data, 32 * words),
        "stream": _padded("out_data", data, whole_bytes(data)),
        "load_high": str(max(point.load_bits, 1) - 1),
        "seeds": " || is_seed" * point.reseeds + " || is_seed_high" * ("wide" in held),
        "pulses": str(2 + point.reseeds),
        "loading": "load_ready" if point.reseeds else "1'b0",
        "count_high": str(count - 1),
        "last": f"{count}'d{words - 1}",
        "number": _padded("word_q", count, 8),
    }
    return fill(template("axil.v"), held, values)


def _padded(name: str, bits: int, wanted: int) -> str:
    """Return the Verilog of a vector with zeros above it."""
    return f"{{{wanted - bits}'b0, {name}}}" if wanted > bits else name


def axil_header(point: DesignPoint) -> str:
    """Return the registers of a point and a driver for them as a C99 header."""
    constants = {
        "ID_VALUE": f"0x{stream_map.ID_VALUE:08X}u",
        "VERSION_VALUE": f"0x{stream_map.VERSION_VALUE:08X}u",
        "SHAPE_VALUE": f"0x{stream_map.shape_value(point):08X}u",
        "LANES": str(point.lanes),
        "WORD_BITS": str(point.bits),
        "DATA_WORDS": str(data_words(point)),
    }
    if point.reseeds:
        constants["LIMBS"] = str(-(-point.load_bits // 32))
    lines = [f"#define PEZO_AXIL_{name} {value}" for name, value in constants.items()]
    lines += register_map.c_lines(registers(point), "PEZO_AXIL_")
    values = {"title": point.label(), "map": "\n".join(lines)}
    return fill(template("pezo_axil.h"), axil_tags(point), values)


def axil_bench(stream: Stream) -> str:
    """Return the cocotb bench of a stream's top."""
    point, strategy = stream.point, stream.strategy
    known = registers(point)
    lines = [f"{each.name} = {each.address:#04x}" for each in known]
    lines += [
        f"READABLE = {{{', '.join(each.name for each in known if each.name != 'DATA')}}}",
        f"WRITABLE = {{{', '.join(each.name for each in known if 'w' in each.access)}}}",
        f"WORDS = {data_words(point)}  # of a beat",
        f"PULSES = {2 + point.reseeds}  # bits of CONTROL",
    ]
    values = {
        "map": "\n".join(lines),
        "shape": f"{stream_map.shape_value(point):#x}",
        "state": str(point.load_bits if point.reseeds else 0),
        "patience": str(max(strategy.reseed_stall, strategy.reset_stall) + 100),
    }
    return fill(template("bench_axil.py"), axil_tags(point) | tags(stream), values)


def axil_section(point: DesignPoint) -> list[str]:
    """Return the registers of a point as a section of a datasheet in Markdown."""
    return [
        "## Registers of pezo_axil",
        "`pezo_axil` is the stream behind AXI4-Lite, 32 bits, byte addresses of which the low two "
        "bits are ignored; `sw/pezo_axil.h` is a driver for it. `r` can be read; `rw` keeps what "
        "is written, each byte by its strobe; `w` acts on a write of the whole word and reads as "
        "zero.",
        register_map.markdown(registers(point)),
        "**Beats.** After reset they leave on `m_axis`, as on `pezo_axis`. With `TO_BUS` 1 they "
        "wait for the bus: each read of `DATA` gives the next 32 bits of the beat, and the read of "
        "its last word, no other access, takes the beat. A read of `DATA` while no beat is shown "
        "(`VALID` 0), or with `TO_BUS` 0, is answered by SLVERR and moves nothing; `VALID` does "
        "not fall within a beat but by `CONTROL`. A write to `CONTROL` begins the shown beat at "
        "its word 0 again. AXI4-Stream wants a beat that is shown to stay until it is taken: "
        "write `OUTPUT`, and `REPLAY`" + " or `RESEED`" * point.reseeds + ", when none waits.",
        "**Errors.** SLVERR, and nothing happens: an address that is not in the table or cannot be "
        "written, a write to a `w` register without all strobes, a bit of `CONTROL` beyond its "
        "fields"
        + ", `SEED` while `LOADING` is 0, `CONTROL` while it is 1"
        * point.reseeds
        + ". A write without strobes "
        "does nothing and is no error.",
        "**Reset.** `aresetn` low resets port and stream alike: an access under way is forgotten "
        "without an answer, `OUTPUT` is 0 and the stream at its first beat.",
    ]
