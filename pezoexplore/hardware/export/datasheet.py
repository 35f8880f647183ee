"""The datasheet of a bundle, in Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pezoexplore.design.columns import COLUMN_HELP, RESULT_HELP
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.training_axes import without_defaults
from pezoexplore.hardware.eda.commands import XOR_RTL, recipe
from pezoexplore.hardware.eda.module_counts import ModuleCounts
from pezoexplore.hardware.eda.targets import TARGETS
from pezoexplore.hardware.export.module_table import modules_section
from pezoexplore.hardware.export.timing_diagram import FILE as TIMING
from pezoexplore.hardware.rtl.build import source_names
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.markdown import markdown_table
from pezoexplore.streams.quality import linear
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.streams.stream import Stream

_POWER_UP = (
    "**Power-up.** Hold `rst` high for at least one clock before anything is read: one is enough, "
    "whatever the registers hold. They have no initial values. Without `rst` valid may be high at "
    "once and the data mean nothing: on an FPGA, whose registers start at zero, all lanes may then "
    "show equal numbers, or one number for ever. "
)

_STUCK = (
    "A linear generator stands still in the state of "
    "zeros, should an upset or a load bring it there (of its 2^n - 1 other states, n are an upset "
    "of one bit away from it); it then shows the same word in every beat. Only `rst` or a reseed "
    "ends that, and nothing flags it: load no word of zeros."
)

_PICTURE = (
    "The diagram holds the numbers of this bundle, the lowest digits of each beat; `epoch, beat` "
    "is no port, +N clocks of a wait are left out, and grey means nothing."
)

_OTHER_SEED = (
    "Figures of the hardware and of the stream are of master seed 0, accuracies of the training "
    "seeds. This bundle differs by its states after `rst`, which may cost `phased` some LUTs (4 to "
    "7 for 31 lanes of 8 bits on xcup)."
)

_AGES = 64
"""Beats since a start within which another may stall."""

_LEFT_OUT = ("pareto", "front_confidence")
"""Results that depend on other designs."""


def datasheet(
    stream: Stream,
    rows: Sequence[Mapping[str, str]],
    segments: int | None,
    provenance: Mapping[str, str],
    modules: Sequence[ModuleCounts] = (),
    registers: Sequence[str] = (),
    lockup: str | None = None,
    reset: str | None = None,
) -> str:
    """Return the datasheet in Markdown.

    Args:
        stream: The stream of the design.
        rows: Its rows of results, as written, one per target; may be empty.
        segments: Segments of the engine in the bundle; None without one.
        provenance: Versions, hashes and command of the bundle.
        modules: Resources by module, one for each target asked for.
        registers: Parts that describe the registers of the stream; none without.
        lockup: What it says of the recovery from the state of zeros; None without one.
        reset: What it says of an asynchronous reset; None without one.
    """
    point = stream.point
    parts = [
        f"# {point.label()}",
        "A stream of random numbers for zeroth-order training in hardware: "
        f"{point.lanes} signed numbers of {point.bits} bits per clock.",
        "## Design",
        markdown_table(("axis", "value", "meaning"), _axes(point)),
        "## Numbers",
        markdown_table(("", ""), _numbers(stream)),
        "## Ports of pezo_top",
        markdown_table(("port", "direction", "bits", "meaning"), _ports(point)),
        _timing(stream),
        f"![Timing of pezo_top]({TIMING})\n\n{_PICTURE}",
        _POWER_UP + (lockup or _STUCK),
        *([reset] if reset else []),
        *registers,
    ]
    if segments is not None:
        parts += ["## Perturbation engine", _engine(point, segments)]
    parts += ["## Measured", *_measured(rows, stream)]
    parts += modules_section(modules)
    parts += ["## Provenance", markdown_table(("", ""), provenance.items())]
    return "\n\n".join(parts) + "\n"


def _axes(point: DesignPoint) -> list[tuple[str, str, str]]:
    return [
        (f"`{axis}`", str(value), COLUMN_HELP[axis])
        for axis, value in without_defaults(point.axes()).items()
        if value is not None
    ] + ([("`layers`", point.layers, "shapes of the tensors")] if point.layers else [])


def _numbers(stream: Stream) -> list[tuple[str, str]]:
    point, made, period = stream.point, stream.strategy.generator, stream.strategy.period
    item, word = point.family.facts(), "(w + 1/2)" if stream.half else "w"
    factor = "2^e, e its beat's exponent" if point.scaling == "pow2" else f"{stream.scale:.9g}"
    # Where it is not known, made.period is what a key may be used for.
    known = not item["period"].startswith("not known")
    if period is None:
        repeats = "reseeded by the host"
    else:
        repeats = _count(period) if known or period < made.period else "not known"
    return [
        ("master seed", f"{stream.strategy.seed}, of which `rst` shows epoch 0"),
        ("a word w stands for", f"{word} * {factor}"),
        ("distribution", f"sum of {point.streams} signs" if point.streams > 1 else item["numbers"]),
        ("generator", item["what"]),
        ("source", item["source"]),
        ("period of the generator (clocks)", _count(made.period) if known else item["period"]),
        ("period of the stream (beats)", repeats),
        ("known weaknesses", item["weaknesses"]),
        ("tests of randomness", _tests(stream)),
    ]


def _tests(stream: Stream) -> str:
    how = "`pezoexplore quality` and docs/quality.md have p-values"
    if not linear(stream):
        return how
    bits = stream.strategy.generator.state_bits
    return (
        f"linear over GF(2): fails linear complexity and, of {bits} bits, large matrix ranks; {how}"
    )


def _count(number: int) -> str:
    """Format a number in full, or as the power of two that it is near."""
    if number < 10**6:
        return f"{number:,}"
    if (number + 1).bit_count() == 1:
        return f"2^{number.bit_length()} - 1"
    if number.bit_count() == 1:
        return f"2^{number.bit_length() - 1}"
    return f"about 2^{math.log2(number):.1f}".removesuffix(".0")


def _ports(point: DesignPoint) -> list[tuple[str, str, str, str]]:
    first = ", if it is the first of a step" if point.layers else ""
    ports = [
        ("clk", "in", 1, "clock, rising edge"),
        ("rst", "in", 1, "back to the first beat of epoch 0; overrides the other pulses"),
        ("start", "in", 1, "pulse: keeps the beat shown, accepted or not" + first),
        (
            "replay",
            "in",
            1,
            "pulse: at the next clock the kept beat is shown, or with no start since "
            "rst or a reseed the first one; overrides start",
        ),
    ]
    if point.reseeds:
        ports += [
            ("reseed", "in", 1, "pulse: waits for words to load; overrides replay"),
            ("load_valid", "in", 1, "a word is there"),
            ("load_ready", "out", 1, "a word is taken"),
            ("load_data", "in", point.load_bits, "the word; sw/ computes them"),
        ]
    ports += [
        ("out_valid", "out", 1, "a beat is shown"),
        ("out_ready", "in", 1, "it is accepted"),
        ("out_data", "out", point.lanes * point.bits, "its words, lane 0 lowest, each signed"),
    ]
    if point.scaling == "pow2":
        ports.append(("out_exponent", "out", 6, "its scale exponent, signed"))
    return [(f"`{name}`", way, str(bits), meaning) for name, way, bits, meaning in ports]


def _timing(stream: Stream) -> str:
    strategy = stream.strategy
    ends = ["rst", "replay"] + ["reseed"] * stream.point.reseeds
    text = (
        "A beat per clock, replay included; a beat that is not accepted holds, valid and data, "
        f"until {', '.join(ends[:-1])} or {ends[-1]}."
    )
    if stall := max(strategy.start_stall(age) for age in range(_AGES)):
        text += (
            f" A start that follows the last start or replay by 1 to {stall} accepted beats lowers "
            "valid for as many clocks; then the same beat is shown again or, if it was accepted, "
            "the next one."
        )
    if strategy.step_beats > 1:
        text += f" A step has {strategy.step_beats:,} beats."
    if strategy.loads_after_reset:
        text += " After rst, too, the host loads the words of epoch 0."
    elif fill := strategy.reset_stall:
        text += f" After rst {fill:,} clocks pass before the first beat."
    if stream.point.reseeds:
        loads, stall = len(strategy.load_words(1)), strategy.reseed_stall
        text += (
            f" A reseed takes {loads:,} words and {stall:,} clocks without a beat, if the host is "
            "always ready."
        )
    return text


def _engine(point: DesignPoint, segments: int) -> str:
    shape = Shape.of(point, segments)
    return (
        f"`pezo_engine` adds the numbers to {shape.lanes} weights of {shape.weight_bits} bits a "
        f"clock, in {shape.slot_bits} bits each, over AXI4-Stream; a pass adds, subtracts or "
        "restores, or updates the weights. Its registers (AXI4-Lite) are in REGISTERS.md. It holds "
        f"{shape.sources} instance{'s' * (shape.sources > 1)} of `pezo_top` and takes a scale for "
        f"each of {shape.segments} segments of a model. The figures below are of `pezo_top` alone."
    )


def _measured(rows: Sequence[Mapping[str, str]], stream: Stream) -> list[str]:
    if not rows:
        return ["No results were at hand: export with `--results RUN_DIR` to have them here."]
    parts = [_OTHER_SEED] if stream.strategy.seed != MASTER_SEED else []
    narrow = XOR_RTL in source_names(stream.point)
    for row in rows:
        figures = [
            (f"`{name}`", row[name].replace(";", "; "), meaning)
            for name, meaning in RESULT_HELP.items()
            if row.get(name) and name not in _LEFT_OUT
        ]
        parts += [
            f"Target `{row.get('target', '')}`, point `{row['point_id']}`, status "
            f"`{row['status']}`; what is not listed was not measured.",
            markdown_table(("figure", "value", "meaning"), figures),
            *_counted(row, narrow),
        ]
    return parts


def _counted(row: Mapping[str, str], narrow: bool) -> list[str]:
    """Return how the resources of a row come from the bundle's RTL: text and Yosys commands."""
    target = TARGETS.get(row.get("target", ""))
    if target is None or not row.get("ff"):
        return []
    keep = row.get("lut") == row.get("lut_kept", row.get("lut"))
    commands = ["read_verilog -defer *.v", *recipe(target.name, keep=keep, narrow=narrow)]
    parts = ["Its resources are of the netlist that Yosys makes so, in the folder `rtl`:"]
    parts += ["```text\n" + "\n".join(commands) + "\n```"]
    if not (target.six_inputs and keep):
        parts.append(
            "`setattr` drops the hierarchy of functions that the RTL keeps whole for LUTs of six "
            "inputs; with it there are other counts, on targets with smaller LUTs higher ones."
        )
    for name, text in target.files.items():
        parts.append(f"The file `{name}` holds:\n\n```text\n{text}```")
    return parts
