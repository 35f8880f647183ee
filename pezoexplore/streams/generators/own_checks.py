"""What is checked of a generator of the user's before it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.family import MAX_LINEAR_BITS, Family, Stepped
from pezoexplore.streams.generators.models import Model
from pezoexplore.streams.linear import compose, identity, power
from pezoexplore.user_code import guarded

MAX_STATE_BITS = 4096
_MAX_WIDTH = 24
_PORTS = ("BIT_WIDTH", "STATE_BITS", "LEAP", "GROUP")
_NUMBERS = ("uniform", "signs", "normal", "ternary")
_STATES, _CLOCKS = 5, 7


@dataclass(frozen=True)
class _Tried:
    """A point at which the numbers are tried."""

    bits: int
    state_bits: int
    lanes: int
    group: int
    leap: int | None = None
    taps: str | None = None
    rows: int = 1


def check_family(kind: type[Family], place: str, name: str, folder: Path) -> Family:
    """Return an object of a user's class, its attributes and numbers checked.

    Args:
        kind: The class.
        place: Beginning of messages: file and class.
        name: Value of the axis ``rng``.
        folder: Folder of the module.

    Raises:
        DesignError: What is wrong, in one line.
    """
    made: Family = guarded(place, "making an object", kind)
    made.name, made.folder = name, folder
    for trouble in _attributes(made):
        raise DesignError(f"{place}: {trouble}")
    sources = [file for file in made.rtl if file.endswith(".v")]
    made.module = made.module or Path(sources[0]).stem
    for trouble in _verilog(made, folder):
        raise DesignError(f"{place}: {trouble}")
    low, high = made.widths or (0, 0)
    for bits in sorted({low, min(max(low, 8), high), high}):
        for trouble in _numbers(made, place, bits):
            raise DesignError(f"{place}: bit_width {bits}: {trouble}")
    return made


def _attributes(made: Family) -> Iterator[str]:
    for field in ("what", "source", "weaknesses"):
        if not isinstance(getattr(made, field), str) or not getattr(made, field):
            yield f"{field} must be a text, and is {getattr(made, field)!r}"
    if made.numbers not in _NUMBERS:
        yield f"numbers must be one of {', '.join(_NUMBERS)}, and is {made.numbers!r}"
    if not _whole_pair(made.widths):
        yield f"widths must be a pair of bits from 1 to {_MAX_WIDTH}, and is {made.widths!r}"
    if not _whole(made.state, 1, MAX_STATE_BITS):
        yield f"state must be 1 to {MAX_STATE_BITS} bits, and is {made.state!r}"
    for field in ("output_bits", "words_a_clock"):
        if not _whole(getattr(made, field), 0, 256):
            yield f"{field} must be a number from 0 to 256, and is {getattr(made, field)!r}"
    if made.chooses or not set(made.reuses) <= {"none", "pool"} or made.stream:
        yield "chooses, stream and the reuses bank and phased are for families of the package"
    if made.in_hardware is not True:
        yield "in_hardware must be True"
    if not isinstance(made.rtl, tuple) or not any(str(file).endswith(".v") for file in made.rtl):
        yield f"rtl must be a tuple of names of Verilog files, and is {made.rtl!r}"
    if not isinstance(made.ports, tuple) or not set(made.ports) <= set(_PORTS):
        yield f"ports must be some of {', '.join(_PORTS)}, and is {made.ports!r}"
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", str(made.colour)):
        yield f"colour must be of the form #rrggbb, and is {made.colour!r}"
    if not isinstance(made.c, Model) or not isinstance(made.python, Model):
        yield "c and python must be a pezoexplore.streams.generators.Model"


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _whole_pair(value: object) -> bool:
    if not isinstance(value, tuple) or len(value) != 2:
        return False
    return all(_whole(bits, 1, _MAX_WIDTH) for bits in value) and value[0] <= value[1]


def _verilog(made: Family, folder: Path) -> Iterator[str]:
    texts = []
    for file in (*made.rtl, *made.filler_rtl):
        own, packaged = folder / file, rtl_dir() / file
        if Path(file).name != file or Path(file).suffix not in (".v", ".vh"):
            yield f"rtl: {file!r} is not the name of a .v or .vh file beside the module"
        if own.is_file() and packaged.is_file():
            yield f"rtl: {file} is the name of a file of the package; name {own} otherwise"
        if not own.is_file() and not packaged.is_file():
            yield f"rtl: there is no file {own}"
        texts.append((own if own.is_file() else packaged).read_text(encoding="utf-8"))
    if not any(re.search(rf"\bmodule\s+{re.escape(made.module)}\b", text) for text in texts):
        yield f"rtl: no file has a module {made.module}"


def _numbers(made: Family, place: str, bits: int) -> Iterator[str]:
    group = guarded(place, "group", made.group, bits)
    if not _whole(group, 1, 256):
        yield f"group must be 1 to 256 words per clock, and is {group!r}"
    point = _Tried(bits, made.state, group, group)
    stepped = guarded(place, "stepped", made.stepped, point)
    if stepped is None:
        yield from _linear(made, place, point)
    elif not isinstance(stepped, Stepped):
        yield "stepped must return a pezoexplore.streams.generators.Stepped or None"
    else:
        yield from _stepped(made, place, point, stepped)


def _linear(made: Family, place: str, point: _Tried) -> Iterator[str]:
    if made.state > MAX_LINEAR_BITS:
        yield (
            f"a linear state has at most {MAX_LINEAR_BITS} bits, not {made.state}; write stepped "
            "for a wider one"
        )
    columns = guarded(place, "columns", made.columns, point)
    fits = isinstance(columns, tuple) and len(columns) == made.state
    if not fits or not all(_whole(c, 0, 2**made.state - 1) for c in columns):
        yield f"columns must be a tuple of {made.state} whole numbers of {made.state} bits"
    if not _has_full_period(columns):
        yield f"the map of columns has not the period 2^{made.state} - 1"
    spread = [(2**made.state - 1) * k // (2 * _STATES) or 1 for k in range(1, 1 + 2 * _STATES)]
    states = np.array(spread, dtype=np.uint64).reshape(2, _STATES)
    shown = guarded(place, "words_of_lanes", made.words_of_lanes, states, point)
    if getattr(shown, "ndim", 0) != 3 or shown.shape[:2] != states.shape:
        yield f"words_of_lanes must return [2, {_STATES}, lanes] for states [2, {_STATES}]"
    if shown.shape[2] < point.group:
        yield f"words_of_lanes must return words of {point.group} lanes, not {shown.shape[2]}"
    yield from _range(shown, point.bits)


def _has_full_period(columns: tuple[int, ...]) -> bool:
    same, period = identity(len(columns)), 2 ** len(columns) - 1
    if compose(columns, power(columns, period - 1)) != same:
        return False
    return all(power(columns, period // f) != same for f in _prime_factors(period))


def _prime_factors(number: int) -> set[int]:
    found, divisor = set(), 3
    while divisor * divisor <= number:
        if number % divisor:
            divisor += 2
        else:
            found.add(divisor)
            number //= divisor
    return found | ({number} if number > 1 else set())


def _stepped(made: Family, place: str, point: _Tried, stepped: Stepped) -> Iterator[str]:
    if not _whole(stepped.drawn, 1, 64) or not _whole(stepped.period, 1, 2**MAX_STATE_BITS):
        yield "Stepped: drawn must be 1 to 64, and period a whole number of clocks"
    limbs = -(-made.state // 64)
    draws = np.random.default_rng(0).integers(0, 2**64, (_STATES, stepped.drawn), dtype=np.uint64)
    draws[0] = 0
    states = guarded(place, "begin", stepped.begin, draws.copy())
    if not isinstance(states, np.ndarray) or states.dtype != np.uint64:
        yield "begin must return an array of uint64"
    if states.shape != (_STATES, limbs):
        yield (
            f"begin must return [n, {limbs}] for the {made.state} bits of state, not "
            f"{list(states.shape)} for n = {_STATES}"
        )
    if (states[:, -1] >> np.uint64(made.state - 64 * (limbs - 1) - 1) > 1).any():
        yield f"begin returns states of more than the {made.state} bits of state"
    if not made.zero_is_legal and not states.any(axis=1).all():
        yield "begin returns a state of zero, which never changes (zero_is_legal says otherwise)"
    whole, parts = states.copy(), states.copy()
    shown = _filled(place, stepped, whole, point, _CLOCKS)
    yield from _range(shown, point.bits)
    first = _filled(place, stepped, parts, point, 3)
    rest = _filled(place, stepped, parts, point, _CLOCKS - 3)
    if not np.array_equal(np.concatenate([first, rest], axis=1), shown):
        yield "fill must step the states in place: three clocks and four are not seven"
    if stepped.jump is not None:
        moved = states.copy()
        guarded(place, "jump", stepped.jump, moved, _CLOCKS)
        if not np.array_equal(moved, whole):
            yield f"jump by {_CLOCKS} clocks leads elsewhere than fill"


def _filled(
    place: str, stepped: Stepped, states: NDArray[np.uint64], point: _Tried, clocks: int
) -> NDArray[Any]:
    out = np.full((len(states), clocks, point.group), 2**31 - 1, dtype=np.int32)
    guarded(place, "fill", stepped.fill, states, point.bits, out)
    return out


def _range(words: NDArray[Any], bits: int) -> Iterator[str]:
    half = 2 ** (bits - 1)
    if words.dtype.kind != "i":
        yield f"words must be signed integers, not {words.dtype}"
    if words.min() < -half or words.max() >= half:
        yield (
            f"words must lie from {-half} to {half - 1}, and reach {words.min()} and {words.max()}"
        )
