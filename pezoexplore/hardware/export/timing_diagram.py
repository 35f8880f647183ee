"""The timing diagram of a stream's ports as SVG, played through the contract that RTL is held to.

It is drawn here because the package that would do it, wavedrom, has had no release since 2022 and
draws with svgwrite, which is no longer maintained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape

from pezoexplore.hardware.verify.contract import (
    LOAD,
    READY,
    REPLAY,
    RESEED,
    RST,
    START,
    Contract,
    Phase,
)
from pezoexplore.hardware.verify.trace import Expected
from pezoexplore.streams.stream import Stream

FILE = "timing.svg"
BEAT = "epoch, beat"
"""Name of the row that tells which beat is shown; all others are ports."""

Cell = tuple[object, str] | int | None
"""A bit; identity and text of a word; None where a port means nothing."""

_INPUTS = {"rst": RST, "start": START, "replay": REPLAY, "reseed": RESEED, "load_valid": LOAD}
_FIRST, _LAST = 4, 2  # clocks shown of a long wait
_LEFT, _WIDE, _ROW, _HIGH, _TOP, _GAP = 100, 46, 28, 18, 44, 22  # pixels
_STYLE = (
    "text{font:11px DejaVu Sans Mono,Menlo,Consolas,monospace;fill:#222}.note{fill:#06c}"
    "path{fill:none;stroke:#222;stroke-width:1.2}.word{fill:#e3eef6}.any{fill:#e4e4e4;stroke:none}"
    ".edge{stroke:#ddd}"
)


@dataclass(frozen=True)
class Clock:
    """Holds one clock of the diagram.

    Attributes:
        control: Control inputs, bits of :mod:`pezoexplore.hardware.verify.contract`.
        load: The word offered; None where none is.
        cells: What is drawn, by row; port names but for :data:`BEAT`.
        note: What happens, a word or none.
        waits: Whether it is one of a wait, of which the middle is left out where it is long.
    """

    control: int
    load: int | None
    cells: dict[str, Cell]
    note: str
    waits: bool


def clocks(stream: Stream) -> list[Clock]:
    """Return reset, start, back-pressure, replay and, where there is one, a reseed.

    Args:
        stream: The stream of a hardware point.
    """
    return list(_Scene(stream).play())


class _Scene:
    """Plays the clocks; a wait ends when the contract says so."""

    def __init__(self, stream: Stream) -> None:
        self._point, self._strategy = stream.point, stream.strategy
        self._contract, self._expected = Contract(stream), Expected(stream, chunk=16)

    def play(self) -> Iterator[Clock]:
        """Yield the clocks."""
        yield self._clock(RST, "rst")
        yield self._clock(RST)
        yield from self._wait("load")
        yield self._clock(READY)
        yield self._clock(READY | START, "start")
        yield from self._wait("")
        yield self._clock(READY)
        for note in ("not ready", ""):
            yield self._clock(0, note)
        yield self._clock(READY)
        yield self._clock(READY | REPLAY, "replay")
        yield from (self._clock(READY) for _ in range(3))
        if self._point.reseeds:
            yield self._clock(READY | RESEED, "reseed")
            yield from self._wait("load")
            yield from (self._clock(READY) for _ in range(2))

    def _wait(self, note: str) -> Iterator[Clock]:
        while self._contract.phase is not Phase.SHOWING:
            loads = self._contract.phase is Phase.LOADING
            yield self._clock(READY | (LOAD if loads else 0), note if loads else "", waits=True)
            note = ""

    def _clock(self, control: int, note: str = "", *, waits: bool = False) -> Clock:
        at, point = self._contract, self._point
        cells: dict[str, Cell] = {
            name: int(control & bit != 0) for name, bit in _INPUTS.items() if name != "load_valid"
        }
        word = None
        if point.reseeds:
            if control & LOAD:
                number = at.total - at.left
                word = self._strategy.load_words(at.epoch)[number]
                digits = -(-point.load_bits // 4)
                cells["load_data"] = ((at.epoch, number), _short(f"{word:0{digits}x}"))
            asks = None if at.phase is Phase.UNKNOWN else int(at.phase is Phase.LOADING)
            cells |= {"load_valid": int(word is not None), "load_ready": asks}
        else:
            del cells["reseed"]
        shows = at.phase is Phase.SHOWING and not control & RST
        cells |= {"out_ready": int(control & READY != 0), "out_valid": int(shows)}
        if shows:
            key, text = (at.epoch, at.beat), self._expected.line(at.epoch, at.beat)
            cells["out_data"] = (key, _short(text[3:]))
            if point.scaling == "pow2":
                cells["out_exponent"] = (key, text[:2])
            cells[BEAT] = (key, f"{at.epoch}, {at.beat}")
        at.step(control)
        return Clock(control, word, cells, note, waits)


def _short(digits: str) -> str:
    """Return the lowest digits, as many as a clock is wide."""
    return digits if len(digits) <= 5 else f"…{digits[-4:]}"


def timing_diagram(stream: Stream) -> str:
    """Return the diagram as SVG.

    Args:
        stream: The stream of a hardware point.
    """
    point, drawn = stream.point, _without_middles(clocks(stream))
    rows = ["rst", "start", "replay"]
    rows += ["reseed", "load_valid", "load_ready", "load_data"] if point.reseeds else []
    rows += ["out_valid", "out_ready", "out_data"]
    rows += ["out_exponent"] * (point.scaling == "pow2") + [BEAT]
    places, x = [], _LEFT
    for item in drawn:
        places.append(x)
        x += _GAP if isinstance(item, int) else _WIDE
    parts = [_clock_row(drawn, places)]
    parts += [_row(name, i + 1, drawn, places) for i, name in enumerate(rows)]
    high = _TOP + _ROW * (len(rows) + 1)
    for item, place in zip(drawn, places, strict=True):
        if isinstance(item, int):
            parts.append(_text(place + _GAP / 2, 14, f"+{item}"))
            parts.append(_text(place + _GAP / 2, _TOP + _HIGH - 4, "…"))
        elif item.note:
            parts.append(_text(place + 3, 30, item.note, "note", "start"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x + 10} {high}" width="{x + 10}" '
        f'height="{high}"><title>Timing of pezo_top: {escape(point.label())}</title>'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _without_middles(played: Sequence[Clock]) -> list[Clock | int]:
    """Replace the middle of each long wait by the number of its clocks."""
    found: list[Clock | int] = []
    for waits, group in groupby(played, key=lambda clock: clock.waits):
        members = list(group)
        if waits and len(members) > _FIRST + _LAST + 1:
            left = len(members) - _FIRST - _LAST
            found += [*members[:_FIRST], left, *members[-_LAST:]]
        else:
            found += members
    return found


def _clock_row(drawn: Sequence[Clock | int], places: Sequence[float]) -> str:
    def pulse(_: int, x: float) -> str:
        bottom, middle = _TOP + _HIGH, x + _WIDE / 2
        return f"M{x:g} {bottom}V{_TOP}H{middle:g}V{bottom}H{x + _WIDE:g}"

    path = "".join(
        pulse(0, x) for item, x in zip(drawn, places, strict=True) if not isinstance(item, int)
    )
    return f'{_text(_LEFT - 8, _TOP + _HIGH - 4, "clk", anchor="end")}<path d="{path}"/>'


def _row(name: str, number: int, drawn: Sequence[Clock | int], places: Sequence[float]) -> str:
    """Draw a row: runs of equal cells, each up to a gap."""
    top = _TOP + number * _ROW
    parts = [_text(_LEFT - 8, top + _HIGH - 4, name, anchor="end")]
    runs: list[tuple[Cell, float, float]] = []
    gap = True
    for item, x in zip(drawn, places, strict=True):
        if isinstance(item, int):
            gap = True
            continue
        cell = item.cells.get(name)
        if runs and not gap and runs[-1][0] == cell:
            runs[-1] = (cell, runs[-1][1], x + _WIDE)
        else:
            runs.append((cell, x, x + _WIDE))
        gap = False
    bits, before = "", -1.0
    for cell, x, end in runs:
        if isinstance(cell, tuple):
            middle, bottom = top + _HIGH / 2, top + _HIGH
            shape = (
                f"M{x:g} {middle:g}L{x + 4:g} {top}H{end - 4:g}L{end:g} {middle:g}"
                f"L{end - 4:g} {bottom}H{x + 4:g}Z"
            )
            parts.append(f'<path class="word" d="{shape}"/>')
            parts.append(_text((x + end) / 2, bottom - 5, cell[1]))
        elif cell is None:
            size = f'x="{x:g}" y="{top + 4}" width="{end - x:g}" height="{_HIGH - 8}"'
            parts.append(f'<rect class="any" {size}/>')
        else:
            level = top if cell else top + _HIGH
            bits += f"{'V' if before == x else f'M{x:g} '}{level}H{end:g}"
            before = end
    return "".join(parts) + (f'<path d="{bits}"/>' if bits else "")


def _text(x: float, y: float, text: str, name: str = "", anchor: str = "middle") -> str:
    mark = f' class="{name}"' if name else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{mark}>{escape(text)}</text>'
