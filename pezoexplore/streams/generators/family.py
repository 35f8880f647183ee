"""Generator families: all that is known of a generator, in one object that one file holds.

A file of :mod:`pezoexplore.streams.families` holds one subclass of :class:`Family`, and the file's
name is the value of the axis ``rng``; the registry finds them. This module imports nothing heavy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pezoexplore.errors import IllegalPointError
from pezoexplore.streams.generators.models import C_TOP_BITS, PYTHON_CUT, Constant, Model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    U64 = NDArray[np.uint64]
    I32 = NDArray[np.int32]
    Words = NDArray[Any]

MAX_LINEAR_BITS = 48
"""Widest state of a linear family: starting phases are computed modulo its period in 64 bits."""

Axes = Mapping[str, str | int | float]
Columns = tuple[int, ...]


class Point(Protocol):
    """What a family may ask of a design point."""

    @property
    def bits(self) -> int:
        """Bits of a word."""

    @property
    def state_bits(self) -> int | None:
        """Bits of a generator's state."""

    @property
    def lanes(self) -> int:
        """Words of a beat."""

    @property
    def group(self) -> int:
        """Lanes that one generator serves."""

    @property
    def leap(self) -> int | None:
        """State updates per clock."""

    @property
    def taps(self) -> str | None:
        """How the lanes of a phased stream are wired."""

    @property
    def rows(self) -> int:
        """Rows of a pool."""


@dataclass(frozen=True)
class Stepped:
    """How a generator steps whose state is too wide for a phase, or whose map is not linear.

    Attributes:
        period: Clocks until the state returns, or a number of them that no run reaches.
        drawn: Random limbs of 64 bits that a state is made of.
        begin: Returns legal states uint64 [n, limbs], lowest limb first, of random limbs uint64
            [n, drawn].
        fill: ``fill(states, bits, out)`` writes the words of successive clocks into the integer
            array out [n, clocks, lanes served] and steps the states in place.
        jump: Steps states in place by any number of clocks at once; None if it only steps.
    """

    period: int
    drawn: int
    begin: Callable[[U64], U64]
    fill: Callable[[U64, int, Words], None]
    jump: Callable[[U64, int], None] | None = None


FILLER: Axes = {
    "reuse": "pool",
    "pool_size": 100,
    "lanes": 8,
    "bit_width": 8,
    "reuse_period": 4,
}
"""A pool that is refilled: the generator makes a word per clock."""


def grid_of_lanes(*widths: int) -> tuple[Axes, ...]:
    """Return a regression of a generator per lane: words of these widths."""
    return tuple({"reuse": "none", "bit_width": bits, "lanes": 3} for bits in widths)


GROUP_SHAPES = ((8, 1, math.inf), (1, 31, math.inf), (8, 31, 4), (12, 5, math.inf), (24, 3, 4))
"""Word bits, lanes and reuse period of a regression of a generator for several lanes."""


def grid_of_groups(*shapes: tuple[int, int, float]) -> tuple[Axes, ...]:
    """Return a regression of a generator for several lanes, by default ``GROUP_SHAPES``."""
    return tuple(
        {"reuse": "none", "bit_width": bits, "lanes": lanes, "reuse_period": period}
        for bits, lanes, period in shapes or GROUP_SHAPES
    )


class Family:
    """A generator family. A subclass states what differs from a linear map on 32 bits.

    Either the clock is linear over the bits of the state and :meth:`columns` gives it, or
    :meth:`stepped` says how it steps. Words are the top bits of the state unless :meth:`words` or
    the ``fill`` of :class:`Stepped` says otherwise.

    Attributes:
        name: Value of the axis ``rng``; set by the registry.
        what: What it is, in a line.
        source: Where it was published.
        weaknesses: What is known to be wrong with its numbers.
        numbers: Distribution of its words: uniform, signs, normal or ternary.
        widths: Narrowest and widest word, bits; None for floats.
        state: Bits of one generator's state; the widest where there is a choice.
        output_bits: Bits per clock whose words serve several lanes; 0 for one word.
        words_a_clock: Words per clock of a generator that makes several, whatever their width; 0
            for one word.
        chooses: Axes, of state_bits and leap, that have a meaning.
        reuses: Reuse strategies that take it.
        known: Whether it is here; False for a name in results from elsewhere.
        draws: Whether it makes numbers at all.
        in_hardware: Whether there is RTL.
        half: Whether z = (w + 1/2) * scale, because w alone has a mean of -1/2.
        scaled: Whether a scaling other than none has a meaning.
        one_count: Whether the words of all lanes are functions of one count.
        linear_steps: Whether the steps of :meth:`stepped` and its words are linear over GF(2).
        zero_is_legal: Whether zero is a state like any other.
        module: Verilog module of the next state and, unless ``top_bits``, of the words.
        ports: Parameters that the module takes, of BIT_WIDTH, STATE_BITS, LEAP and GROUP.
        top_bits: Whether words are the top bits of the state, made by rtl/uniform_word.v.
        rtl: Files of the module, beside generator.v; none for software.
        filler_rtl: The same for the generator that fills a pool, if it is another one.
        stream: Module of the whole stream with reuse none, if its state is not loaded at once.
        colour: Colour in plots.
        defect: File, text and replacement that break the RTL: every formal proof must notice.
        proof_bits: Bits of state and word in the formal proofs, if other than usual.
        small: Points that mutants are simulated at first.
        c: What the C model of an exported bundle needs.
        python: What the Python model needs.
        sha256: Hash of the user's files; empty for a family of the package.
        folder: Folder of the user's files.
    """

    name: str = ""
    what: str = ""
    source: str = ""
    weaknesses: str = ""
    numbers: str = "uniform"
    widths: tuple[int, int] | None = (1, 24)
    state: int = 32
    output_bits: int = 0
    words_a_clock: int = 0
    chooses: tuple[str, ...] = ()
    reuses: tuple[str, ...] = ("none", "pool")
    known: bool = True
    draws: bool = True
    in_hardware: bool = True
    half: bool = True
    scaled: bool = True
    one_count: bool = False
    linear_steps: bool = False
    zero_is_legal: bool = False
    module: str = ""
    ports: tuple[str, ...] = ()
    top_bits: bool = False
    rtl: tuple[str, ...] = ()
    filler_rtl: tuple[str, ...] = ()
    stream: str = ""
    colour: str = "#8a8a8a"
    defect: tuple[str, str, str] | None = None
    proof_bits: tuple[int, int] | None = None
    small: tuple[Axes, ...] = ({"lanes": 5, "reuse_period": 4},)
    c: Model = Model(clock=C_TOP_BITS)
    python: Model = Model("    words = _cut(s, STATE_BITS)\n", PYTHON_CUT)
    sha256: str = ""
    folder: Path | None = None

    def own_files(self) -> tuple[Path, ...]:
        """Return the paths of the user's Verilog; the package's files lie in rtl/."""
        if self.folder is None:
            return ()
        paths = (self.folder / name for name in dict.fromkeys((*self.rtl, *self.filler_rtl)))
        return tuple(path for path in paths if path.is_file())

    @property
    def sources(self) -> tuple[str, ...]:
        """Files of the generator whose state is loaded as a whole."""
        return ("generator.v", *(self.filler_rtl or self.rtl))

    @property
    def kind(self) -> str:
        """What the Verilog parameter KIND holds."""
        return self.name if self.folder is None else self.module

    @property
    def kind_parameters(self) -> dict[str, int | str]:
        """Verilog parameters of a stream that tell which generator it holds."""
        return {"KIND": self.kind} | ({"ZERO_IS_LEGAL": 1} if self.zero_is_legal else {})

    def inverted(self, point: Point) -> int:
        """Return the state bits that words show inverted, as their sign; 0 if those are no bits.

        The hardware stores them so, which costs no inverter.
        """
        return 1 << (point.state_bits or 1) - 1 if self.top_bits else 0

    # What is legal.

    @property
    def gaussian(self) -> bool:
        """Whether its words are approximately normal, in hardware."""
        return self.in_hardware and self.numbers == "normal"

    @property
    def uniform(self) -> bool:
        """Whether its words are uniform, a single bit included."""
        return self.numbers in ("uniform", "signs")

    @property
    def fixed_bits(self) -> int | None:
        """Word bits of a family that leaves no choice."""
        return self.widths[0] if self.widths and self.widths[0] == self.widths[1] else None

    @property
    def fixed_axes(self) -> tuple[str, ...]:
        """Axes that the family leaves no choice of."""
        fixed = [] if self.widths and not self.fixed_bits else ["bit_width"]
        fixed += [] if "state_bits" in self.chooses else ["state_bits"]
        return (*fixed, *(() if self.in_hardware else ("scaling",)))

    def state_bits(self, point: Point) -> int:
        """Return the bits of the state of a point whose other axes are resolved."""
        return self.state

    def group(self, bits: int) -> int:
        """Return the words of so many bits that a generator makes a clock."""
        return self.words_a_clock or max(1, self.output_bits // bits)

    def served(self, point: Point) -> int:
        """Return the words that a point's generator makes a clock; other sizes may make others."""
        return self.group(point.bits)

    def check(self, point: Point) -> None:
        """Refuse what is not legal together.

        Args:
            point: The point with its state bits.

        Raises:
            IllegalPointError: The message says why.
        """
        assert self.widths is not None, "the software Gaussian has no bits to check"
        low, high = self.widths
        if not low <= point.bits <= high:
            raise IllegalPointError(
                f"{self.name} is built for bit_width {low} to {high}, not {point.bits}"
            )

    # The numbers in software.

    def columns(self, point: Point) -> Columns:
        """Return the map of one clock over GF(2): entry i is the image of bit i alone."""
        raise NotImplementedError(f"{type(self).__name__} has neither columns nor stepped")

    def stepped(self, point: Point) -> Stepped | None:
        """Return how the generator steps; None for a linear one, which gives its columns."""
        return None

    def words(self, states: U64, point: Point) -> I32:
        """Return the words that states show to their first lane: int32, same shape."""
        import numpy as np

        top = (states >> np.uint64((point.state_bits or 0) - point.bits)).astype(np.int32)
        return top - np.int32(2 ** (point.bits - 1))

    def words_of_lanes(self, states: U64, point: Point) -> I32:
        """Return the words that states show to all lanes served: int32 [*shape, lanes or more]."""
        return self.words(states, point)[..., None]

    def fill_rows(
        self, states: U64, point: Point, out: Words, period: int = 0, position: int = 0
    ) -> bool:
        """Write words of successive clocks, where a compiled loop is faster than two.

        Args:
            states: uint64 [epochs, generators], stepped in place.
            point: The point.
            out: Integer array [epochs, clocks, generators].
            period: Clocks between rotations; 0 for none.
            position: Clock within that period.

        Returns:
            Whether it did; if not, :meth:`words_of_lanes` of each state is taken.
        """
        return False

    def has_half(self, point: Point) -> bool:
        """Return whether z = (w + 1/2) * scale."""
        return self.half

    def sigma(self, point: Point) -> float:
        """Return the deviation of w (+ 1/2): exact for uniform words, nominal for normal ones."""
        values = 2**point.bits if self.has_half(point) else 2**point.bits - 1
        return math.sqrt((values**2 - 1) / 12)

    def unscaled(self, bits: int) -> float:
        """Return the scale of z with scaling none."""
        return float(2.0 ** (1 - bits))

    def seeds(self, limbs: U64) -> U64 | None:
        """Return the words uint64 [n] that stand for whole states; None where states are loaded."""
        return None

    def rare_beats(self, state: int) -> list[int]:
        """Return beats, counted from a state, that the verification must not miss."""
        return []

    # Words about it, its tests and its models.

    def label(self, point: Point) -> str:
        """Return a short name."""
        return self.name

    def facts(self) -> dict[str, str]:
        """Return what is known of the family in words, by key of ``catalogue.FACTS``."""
        low, high = self.widths or (0, 0)
        served = f"{self.output_bits} / bit_width" if self.output_bits else "1"
        return {
            "what": self.what,
            "numbers": self.numbers,
            "bit_widths": str(low) if low == high else f"{low} to {high}",
            "state_bits": str(self.state),
            "period": f"2^{self.state} - 1",
            "fresh_bits": str(self.output_bits or self.state),
            "serves": str(self.words_a_clock or served),
            "source": self.source,
            "weaknesses": self.weaknesses,
        }

    @property
    def grid(self) -> tuple[Axes, ...]:
        """Axes of the points whose verification is the family's regression."""
        low, high = self.widths or (1, 24)
        if self.group(low) == 1:
            return (*grid_of_lanes(*dict.fromkeys((low, min(max(low, 8), high), high))), FILLER)
        shapes = ((min(max(bits, low), high), n, t) for bits, n, t in GROUP_SHAPES)
        return (*grid_of_groups(*shapes), FILLER)

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the tables of the exported models."""
        return {}
