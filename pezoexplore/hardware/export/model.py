"""Models of a point's stream for host software: a C header and a Python module.

Each is generated from a template, with the parts and the tables that the point needs. They
implement the generators independently, from their definitions, and share no code with the software
stream that the tests compare them with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from pezoexplore.streams import scaling
from pezoexplore.streams.generators.models import Constant, Model, Numbers
from pezoexplore.streams.stream import Stream
from pezoexplore.templates import fill

C_NAME, PYTHON_NAME = "pezo_stream.h", "pezo_stream.py"

_NAMES = (
    {"struct": "pezo_stream", "prefix": "pezo", "limbs": "PEZO_LIMBS"}
    | {"class": "Stream", "loads": "load_words"},
    {"struct": "pezo_words", "prefix": "pezo_words", "limbs": "PEZO_WORDS_LIMBS"}
    | {"class": "_Words", "loads": "_load_words"},
)
"""Names of what reads words, the stream itself or what its outer products are made of."""


def template(name: str) -> str:
    """Return the template of a file of the bundle."""
    path = Path(__file__).parent / "templates" / f"{name}.in"
    return path.read_text(encoding="utf-8")


def tags(stream: Stream) -> frozenset[str]:
    """Return the tags that select the parts of the templates."""
    point, strategy, made = stream.point, stream.strategy, stream.strategy.generator
    held: dict[str, bool] = {
        point.reuse: True,
        "linear": made.stepped is None,
        "stepped": made.stepped is not None,
        "drawn": made.stepped is not None and not point.family.filler_rtl,
        "pow2": point.scaling == "pow2",
        "reseeds": point.reseeds,
        "seeded": point.in_shift_registers,
        "table_load": strategy.loads_after_reset,
        "outer": strategy.step_beats > 1,
    }
    return frozenset(tag for tag, holds in held.items() if holds)


def c_model(stream: Stream) -> str:
    """Return the stream of a hardware point as a C99 header."""
    point = stream.point
    lines = list(_c_lines(_constants(stream)))
    if point.scaling != "pow2":
        lines.append(f"#define PEZO_SCALE {_scale(stream).hex()}")
    return fill(template(C_NAME), tags(stream), _values(stream, lines, point.family.c))


def python_model(stream: Stream) -> str:
    """Return the stream of a hardware point as a Python 3.10 module without imports."""
    point = stream.point
    lines = list(_python_lines(_constants(stream)))
    if point.scaling != "pow2":
        lines.append(f"SCALE = {_scale(stream)!r}")
    return fill(template(PYTHON_NAME), tags(stream), _values(stream, lines, point.family.python))


def _values(stream: Stream, constants: list[str], model: Model) -> dict[str, str]:
    """Return the texts of a template: lanes of one state have their own words and no more."""
    parts = vars(Model() if stream.strategy.taps_one_state else model)
    texts = {name: text.removesuffix("\n") for name, text in parts.items()}
    titles = {"title": stream.point.label(), "constants": "\n".join(constants)}
    return titles | _NAMES["outer" in tags(stream)] | texts


def _scale(stream: Stream) -> float:
    """Return the scale in single precision, as in training."""
    return float(np.float32(stream.scale))


def _constants(stream: Stream) -> dict[str, Constant]:
    point, strategy, made = stream.point, stream.strategy, stream.strategy.generator
    found = {
        "LANES": Constant(point.lanes),
        "WORD_BITS": Constant(point.bits),
        "BIT_WIDTH": Constant(made.bit_width),
        "UNITS": Constant(strategy.units),
        "GROUP": Constant(strategy.served),
        "HALF": Constant(int(stream.half)),
        "SEED": Constant(strategy.seed, "uint64_t"),
    }
    if made.stepped is None:
        found["STATE_BITS"] = Constant(made.state_bits)
        found["PERIOD"] = Constant(strategy.turn, "uint64_t")
        found["STEP"] = Constant(made.step, "uint64_t")
    else:
        found["LIMBS_DRAWN"] = Constant(made.stepped.drawn)
    found |= {name: Constant(*table) for name, table in strategy.model_tables().items()}
    if not strategy.taps_one_state:
        found |= point.family.constants(made.point)
    if point.scaling == "pow2":
        found["MIN_EXPONENT"] = Constant(scaling.MIN_EXPONENT)
        found["MAX_EXPONENT"] = Constant(scaling.MAX_EXPONENT)
        found["THRESHOLDS"] = Constant(scaling.thresholds(point.lanes), "uint64_t")
    if point.reseeds:
        found["LOADS"] = Constant(len(strategy.load_words(1)))
        found["LIMBS"] = Constant(-(-point.load_bits // 32))
    if strategy.loads_after_reset and strategy.exponent_range is not None:
        found["EXPONENT_BASE"] = Constant(strategy.exponent_range.base)
    return found


def _python_lines(constants: Mapping[str, Constant]) -> Iterator[str]:
    for name, constant in constants.items():
        wide = constant.kind.startswith("uint64") or constant.kind == "uint32_t"
        yield f"{name} = {_listed(constant.value, hex if wide else str, '()')}"


def _c_lines(constants: Mapping[str, Constant]) -> Iterator[str]:
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
    """Format a table as source text, in lines of at most 100 characters."""
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
