"""Models of a point's stream for host software: a C header and a Python module.

Both are made from one template each, with the parts and the tables that the point needs. They
state the generators anew, from their definitions, and share no code with the software stream that
the tests compare them with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pezoexplore.design.point import GAUSSIAN_HARDWARE, DesignPoint
from pezoexplore.hardware.export.template import fill
from pezoexplore.streams import scaling
from pezoexplore.streams.families import (
    box_muller,
    clt,
    icdf,
    lut_sr,
    sobol,
    table_hadamard,
    treegrng,
)
from pezoexplore.streams.strategy import Numbers
from pezoexplore.streams.stream import Stream

C_NAME, PYTHON_NAME = "pezo_stream.h", "pezo_stream.py"

_TOP_BITS = ("lfsr", "xorshift32", "rademacher", "lut_opt", "lut_sr", "xoshiro128pp", "trivium")
"""Generators whose words are bits of the state or of the output, side by side."""

_FOLDED = ("treegrng", "box_muller", "icdf")


@dataclass(frozen=True)
class _Constant:
    """A constant of the models.

    Attributes:
        value: A whole number, or a table of such.
        kind: C type of a table's entries, or of a number that is no plain int.
    """

    value: Numbers
    kind: str = "int"


def tags(stream: Stream) -> frozenset[str]:
    """Return the tags that select the parts of the templates."""
    point, strategy, made = stream.point, stream.strategy, stream.strategy.generator
    held: dict[str, bool] = {
        point.rng: not strategy.taps_one_state,
        point.reuse: True,
        "linear": made.stepped is None,
        "stepped": made.stepped is not None,
        "bits": point.rng in _TOP_BITS and not strategy.taps_one_state,
        "gaussian": point.rng in GAUSSIAN_HARDWARE,
        "folded": point.rng in _FOLDED,
        "pow2": point.scaling == "pow2",
        "reseeds": point.reseeds,
        "seeded": point.in_shift_registers,
        "table_load": strategy.loads_after_reset,
    }
    return strategy.model_tags | {tag for tag, holds in held.items() if holds}


def c_model(point: DesignPoint) -> str:
    """The stream of a point as a header of C99.

    Args:
        point: A hardware point, as it trains: its scaling tells what a word stands for.
    """
    stream = Stream(point)
    lines = list(_c_lines(_constants(stream)))
    if point.scaling != "pow2":
        lines.append(f"#define PEZO_SCALE {_scale(stream).hex()}")
    values = {"title": point.label(), "constants": "\n".join(lines)}
    return fill(f"{C_NAME}.in", tags(stream), values)


def python_model(point: DesignPoint) -> str:
    """The stream of a point as a module of Python 3.10 without imports; see :func:`c_model`."""
    stream = Stream(point)
    lines = list(_python_lines(_constants(stream)))
    if point.scaling != "pow2":
        lines.append(f"SCALE = {_scale(stream)!r}")
    values = {"title": point.label(), "constants": "\n".join(lines)}
    return fill(f"{PYTHON_NAME}.in", tags(stream), values)


def _scale(stream: Stream) -> float:
    """Return the scale in single precision, as training has it."""
    return float(np.float32(stream.scale))


def _constants(stream: Stream) -> dict[str, _Constant]:
    point, strategy, made = stream.point, stream.strategy, stream.strategy.generator
    found = {
        "LANES": _Constant(point.lanes),
        "BIT_WIDTH": _Constant(point.bits),
        "UNITS": _Constant(strategy.units),
        "GROUP": _Constant(strategy.served),
        "HALF": _Constant(int(made.half)),
    }
    if made.stepped is None:
        found["STATE_BITS"] = _Constant(made.state_bits)
        found["PERIOD"] = _Constant(made.period, "uint64_t")
        found["STEP"] = _Constant(made.step, "uint64_t")
    else:
        found["LIMBS_DRAWN"] = _Constant(made.stepped.drawn)
    found |= {name: _Constant(*table) for name, table in strategy.model_tables().items()}
    if not strategy.taps_one_state:
        found |= _family(point)
    if point.scaling == "pow2":
        found["MIN_EXPONENT"] = _Constant(scaling.MIN_EXPONENT)
        found["MAX_EXPONENT"] = _Constant(scaling.MAX_EXPONENT)
        found["THRESHOLDS"] = _Constant(scaling.thresholds(point.lanes), "uint64_t")
    if point.reseeds:
        found["LOADS"] = _Constant(len(strategy.load_words(1)))
        found["LIMBS"] = _Constant(-(-(point.state_bits or 0) // 32))
    if strategy.loads_after_reset and strategy.exponent_range is not None:
        found["EXPONENT_BASE"] = _Constant(strategy.exponent_range.base)
    return found


def _family(point: DesignPoint) -> dict[str, _Constant]:
    """Tables of a generator that has some."""
    rng = point.rng
    if rng == "clt":
        spread = (*clt.SPREAD, *(31 - value for value in clt.SPREAD))
        return {"SPREAD": _Constant(tuple(value & 15 for value in spread), "uint8_t")}
    if rng == "treegrng":
        truth = treegrng.tables()
        found = {
            name: _Constant(truth[name], "uint64_t")
            for name in ("LEVEL6", "LEVEL5", "LEVEL4", "SLOPE_A", "SLOPE_B", "LOW_3")
        }
        low = tuple(truth[f"LOW_{k}"] for k in range(3))
        return found | {"LOW": _Constant(low, "uint64_t")}
    if rng == "box_muller":
        radius = tuple(int(code) for code in box_muller.radius_codes())
        return {
            "RADIUS": _Constant(radius, "uint8_t"),
            "HIGH": _Constant(box_muller.HIGH, "uint8_t"),
            "FINE": _Constant(box_muller.LOW, "uint8_t"),
        }
    if rng == "icdf":
        return {
            "START": _Constant(icdf.START, "uint16_t"),
            "WIDTH": _Constant(icdf.WIDTH, "uint8_t"),
        }
    if rng == "table_hadamard":
        return {
            name: _Constant(tuple(table_hadamard.values(which)), "int8_t")
            for which, name in enumerate("ABCD")
        }
    if rng == "lut_sr":
        return {"MAP": _Constant(lut_sr.map_columns(), "uint32_t")}
    if rng == "sobol":
        numbers = sobol.directions()[: point.group] >> np.uint32(32 - point.bits)
        return {"DIRECTIONS": _Constant(tuple(map(tuple, numbers.tolist())), "uint32_t")}
    return {}


def _python_lines(constants: Mapping[str, _Constant]) -> Iterator[str]:
    for name, constant in constants.items():
        wide = constant.kind.startswith("uint64") or constant.kind == "uint32_t"
        yield f"{name} = {_listed(constant.value, hex if wide else str, '()')}"


def _c_lines(constants: Mapping[str, _Constant]) -> Iterator[str]:
    def text(value: int) -> str:
        if constant.kind == "uint64_t":
            return f"UINT64_C({value:#x})"
        return f"{value:#x}" if constant.kind == "uint32_t" else str(value)

    for name, constant in constants.items():
        if isinstance(constant.value, int):
            shown = text(constant.value)
            yield f"#define PEZO_{name} {f'({shown})' if constant.value < 0 else shown}"
        else:
            sizes = "".join(f"[{size}]" for size in _shape(constant.value))
            entries = _listed(constant.value, text, "{}")
            yield f"static const {constant.kind} PEZO_{name}{sizes} = {entries};"


def _shape(table: Numbers) -> list[int]:
    return [] if isinstance(table, int) else [len(table), *_shape(table[0])]


def _listed(value: Numbers, text: Callable[[int], str], brackets: str, deep: int = 0) -> str:
    """A table as source text, lines of at most 100 characters."""
    if isinstance(value, int):
        return text(value)
    margin = "    " * (deep + 1)
    entries = [_listed(entry, text, brackets, deep + 1) for entry in value]
    lines = [margin]
    for entry in entries:
        if len(lines[-1]) + len(entry) > 98 and lines[-1] != margin:
            lines.append(margin)
        lines[-1] += f"{entry}, "
    inside = "\n".join(line.rstrip() for line in lines)
    return f"{brackets[0]}\n{inside}\n{margin[4:]}{brackets[1]}"
