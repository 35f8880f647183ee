"""The perturbation engine of a point: its shape, its sources, its generated top and its area.

``pezo_engine`` is generated: it joins rtl/perturb_engine.v to as many instances of the point's
stream top ``pezo_top`` as one training step takes steps of the stream. The first shows the
direction; each of the others the words that one rounding at random needs of every weight, which the
trainer takes from later steps of the same stream (:mod:`pezoexplore.train.fixed_loop`). So all of
a beat's numbers are there in one clock, whatever the size of the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from pezoexplore.design.point import DesignPoint
from pezoexplore.design.training_axes import (
    ALL,
    FIXED_NEAREST,
    OPTIONAL_DEFAULTS,
    ROUNDINGS,
    UPDATE_ROUNDINGS,
)
from pezoexplore.errors import DesignError
from pezoexplore.hardware.rtl import build as rtl
from pezoexplore.hardware.rtl.engine_map import ADDRESS_BITS, MAX_SEGMENTS
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.streams.stream import Stream

TOP = "pezo_engine"

ENGINE_FILES = (
    "perturb_engine.v",
    "perturb_control.v",
    "perturb_lane.v",
    "perturb_moves.v",
    "perturb_registers.v",
    "perturb_round.v",
    "perturb_segments.v",
    "perturb_sign_lane.v",
    "axil_port.v",
    "axis_slice.v",
    "perturb_engine_map.vh",
)
"""The hand-written files of the engine, streams not counted."""

NOISE_BITS = 8
"""Random bits a rounding at random takes at least, as in the trainer."""


@dataclass(frozen=True)
class Shape:
    """Parameters of an engine.

    Attributes:
        lanes: Weights a beat.
        bit_width: Bits of a word of the stream.
        half: Whether a word w stands for w + 1/2.
        state_bits: Bits of a word to load into a stream.
        weight_bits: Bits of a weight.
        segments: Parts of a model, of one scale each.
        draws: Roundings at random a weight takes a training step.
        noise_words: Words of the stream that one of them takes.
        has_reseed: Whether the streams are reseeded.
    """

    lanes: int
    bit_width: int
    half: bool
    state_bits: int
    weight_bits: int
    segments: int
    draws: int
    noise_words: int
    has_reseed: bool

    @classmethod
    def of(cls, point: DesignPoint, segments: int) -> Shape:
        """Return the engine of a point with integer weights.

        Args:
            point: The design.
            segments: Layers of the model.

        Raises:
            DesignError: The point has no integer weights, several directions a step or another
                scope than all, outer products or a replay, or the model too many segments.
        """
        if point.weight_bits is None:
            raise DesignError("the engine adds integers: give --weight-bits and --activation-bits")
        if point.queries != 1:
            raise DesignError(
                f"queries {point.queries}: the engine replays one direction a step; allowed: 1"
            )
        if point.scope != ALL:
            raise DesignError(f"scope {point.scope}: the engine moves all weights; allowed: {ALL}")
        for axis in FIXED_NEAREST:
            if (value := getattr(point, axis)) != (plain := OPTIONAL_DEFAULTS[axis]):
                raise DesignError(f"{axis} {value}: the engine has none; allowed: {plain}")
        if not 1 <= segments <= MAX_SEGMENTS:
            raise DesignError(f"the engine takes 1 to {MAX_SEGMENTS} layers, not {segments}")
        half = Stream(point.perturbation()).half
        draws = 0
        if point.rounding == "stochastic":
            rounds = point.bits - 1 + half > 1
            draws = 1 + rounds * (1 + (point.update_rounding == "independent"))
        return cls(
            lanes=point.lanes,
            bit_width=point.bits,
            half=half,
            state_bits=point.state_bits or 0,
            weight_bits=point.weight_bits,
            segments=segments,
            draws=draws,
            noise_words=-(-NOISE_BITS // point.bits),
            has_reseed=point.reseeds,
        )

    @property
    def sources(self) -> int:
        """Streams: one for the direction, the others for roundings."""
        return 1 + self.draws * self.noise_words

    @property
    def slot_bits(self) -> int:
        """Bits a weight takes in a beat: whole bytes."""
        return 8 if self.weight_bits <= 8 else 16

    @property
    def value_bits(self) -> int:
        """Bits of a stream value: the word, and its half."""
        return self.bit_width + self.half

    @property
    def scales(self) -> tuple[int, int]:
        """Smallest and largest s that a SCALE register takes."""
        return 1 - self.value_bits, self.weight_bits - 1

    def parameters(self) -> dict[str, int]:
        """Return the parameters of rtl/perturb_engine.v."""
        return {
            "LANES": self.lanes,
            "BIT_WIDTH": self.bit_width,
            "HALF": int(self.half),
            "STATE_BITS": self.state_bits,
            "WEIGHT_BITS": self.weight_bits,
            "SEGMENTS": self.segments,
            "DRAWS": self.draws,
            "NOISE_WORDS": self.noise_words,
            "HAS_RESEED": int(self.has_reseed),
            "SOURCES": self.sources,
            "SLOT_BITS": self.slot_bits,
        }


@dataclass(frozen=True)
class EngineBuild:
    """The files of an engine's RTL.

    Attributes:
        stream: The stream top and its sources.
        top: Verilog of the generated module ``pezo_engine``.
        sources: The hand-written files of the engine.
        parameters: Parameters of the instance ``u_engine``.
        name: Module of the wrapper.
    """

    name: ClassVar[str] = TOP
    stream: rtl.Build
    top: str
    sources: tuple[Path, ...]
    parameters: dict[str, int]

    def write(self, folder: Path) -> list[str]:
        """Write all files into a folder; see :meth:`pezoexplore.hardware.rtl.build.Build.write`."""
        names = self.stream.write(folder)
        (folder / f"{TOP}.v").write_text(self.top, encoding="utf-8", newline="\n")
        for source in self.sources:
            (folder / source.name).write_bytes(source.read_bytes())
        own = [f"{TOP}.v", *(s.name for s in self.sources if s.suffix == ".v")]
        return own + names


SEGMENTS, FLOAT_BITS = 2, 16
"""Layers and bits of a weight that an engine is sized for where none are known."""


def engine_point(point: DesignPoint) -> DesignPoint:
    """Return the point whose engine a design has: its hardware and its integer weights.

    A design that trains floats gets the engine of 16-bit weights, rounded to nearest.
    """
    bits = FLOAT_BITS if point.weight_bits is None else point.weight_bits
    return replace(
        point.hardware(),
        weight_bits=bits,
        activation_bits=bits,
        rounding=point.rounding or ROUNDINGS[0],
        update_rounding=point.update_rounding or UPDATE_ROUNDINGS[0],
    )


def engine_hash(point: DesignPoint, rtl_dir: Path) -> str:
    """Return the SHA-256 over a point's hand-written engine files, names and bytes.

    Raises:
        ToolError: The folder lacks a file.
    """
    stream = rtl.rtl_hash(point.hardware(), rtl_dir)
    return rtl.hash_files(rtl.source_paths(ENGINE_FILES, rtl_dir), stream.encode())


def build_engine(
    point: DesignPoint,
    segments: int,
    rtl_dir: Path,
    seed: int = MASTER_SEED,
    *,
    lockup_recovery: bool = False,
) -> EngineBuild:
    """Build the RTL of the engine of a point.

    Args:
        point: A point with integer weights.
        segments: Layers of the model it serves.
        rtl_dir: Folder of the hand-written Verilog.
        seed: Master seed of its streams.
        lockup_recovery: As in :func:`pezoexplore.hardware.rtl.build.build`.

    Raises:
        DesignError: There is no such engine.
        ToolError: The folder lacks a file.
    """
    shape, stream = Shape.of(point, segments), Stream(point.hardware(), seed)
    return EngineBuild(
        stream=rtl.build(stream, rtl_dir, lockup_recovery=lockup_recovery),
        top=_wrapper(point, shape),
        sources=rtl.source_paths(ENGINE_FILES, rtl_dir),
        parameters=shape.parameters(),
    )


def _ports(shape: Shape) -> list[tuple[str, str, int]]:
    """Return direction, name and width of the ports of the top."""
    data, address = shape.lanes * shape.slot_bits, ADDRESS_BITS
    return [
        ("input", "aclk", 1),
        ("input", "aresetn", 1),
        ("input", "s_axil_awaddr", address),
        ("input", "s_axil_awprot", 3),
        ("input", "s_axil_awvalid", 1),
        ("output", "s_axil_awready", 1),
        ("input", "s_axil_wdata", 32),
        ("input", "s_axil_wstrb", 4),
        ("input", "s_axil_wvalid", 1),
        ("output", "s_axil_wready", 1),
        ("output", "s_axil_bresp", 2),
        ("output", "s_axil_bvalid", 1),
        ("input", "s_axil_bready", 1),
        ("input", "s_axil_araddr", address),
        ("input", "s_axil_arprot", 3),
        ("input", "s_axil_arvalid", 1),
        ("output", "s_axil_arready", 1),
        ("output", "s_axil_rdata", 32),
        ("output", "s_axil_rresp", 2),
        ("output", "s_axil_rvalid", 1),
        ("input", "s_axil_rready", 1),
        ("input", "s_axis_tdata", data),
        ("input", "s_axis_tvalid", 1),
        ("output", "s_axis_tready", 1),
        ("input", "s_axis_tlast", 1),
        ("output", "m_axis_tdata", data),
        ("output", "m_axis_tvalid", 1),
        ("input", "m_axis_tready", 1),
        ("output", "m_axis_tlast", 1),
    ]


def _range(bits: int, scalar: bool = True) -> str:
    return "" if bits == 1 and scalar else f"[{bits - 1}:0] "


def _wrapper(point: DesignPoint, shape: Shape) -> str:
    """Return the Verilog of ``pezo_engine``."""
    count, state = shape.sources, shape.state_bits
    words = shape.lanes * shape.bit_width
    ports = [f"    {way} wire {_range(bits)}{name}" for way, name, bits in _ports(shape)]
    nets = {
        "source_rst": 0,
        "source_start": 0,
        "source_replay": 0,
        "source_reseed": count,
        "source_load_valid": count,
        "source_load_ready": count,
        "source_load_data": state,
        "source_valid": count,
        "source_ready": count,
        "source_data": count * words,
    }
    wires = [f"    wire {_range(bits, False) if bits else ''}{n};" for n, bits in nets.items()]
    settings = [f"        .{name}({value})" for name, value in shape.parameters().items()]
    pins = [f"        .{name}({name})" for name in [*(p[1] for p in _ports(shape)), *nets]]
    streams = [line for n in range(count) for line in _stream(shape, n, words)]
    if not shape.has_reseed:
        names = "source_reseed, source_load_valid, source_load_data"
        streams.append(f"    assign source_load_ready = {count}'b0;")
        streams.append(f"    wire unused = &{{1'b0, {names}}};")
    return "\n".join(
        [
            f"// {point.label()}: made from the design point; do not edit.",
            "`resetall",
            "`timescale 1ns/1ps",
            "`default_nettype none",
            f"module {TOP} (",
            ",\n".join(ports),
            ");",
            *wires,
            "    perturb_engine #(",
            ",\n".join(settings),
            "    ) u_engine (",
            ",\n".join(pins),
            "    );",
            *streams,
            "endmodule",
            "`resetall",
            "",
        ]
    )


def _stream(shape: Shape, number: int, words: int) -> list[str]:
    """Return one instance of the point's stream top."""
    pins = {
        "clk": "aclk",
        "rst": "source_rst",
        "start": "source_start",
        "replay": "source_replay",
        "out_valid": f"source_valid[{number}]",
        "out_ready": f"source_ready[{number}]",
        "out_data": f"source_data[{(number + 1) * words - 1}:{number * words}]",
    }
    if shape.has_reseed:
        pins |= {
            "reseed": f"source_reseed[{number}]",
            "load_valid": f"source_load_valid[{number}]",
            "load_ready": f"source_load_ready[{number}]",
            "load_data": "source_load_data",
        }
    listed = ",\n".join(f"        .{name}({net})" for name, net in pins.items())
    return [f"    {rtl.TOP} u_source{number} (", listed, "    );"]
