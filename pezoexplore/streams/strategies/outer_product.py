"""Structured directions: of each weight matrix a sum of outer products of a stream's words.

A step of rank 1 takes the beats of a dense step. Weights in no matrix, and those of a matrix's
first row, are the words in their places; this row is the column vector v of the matrix. Row r > 0
is v times u_r, the word in the place of the last weight of the row that lies in the beat in which
the row begins: of a row as long as a beat or longer that of the last lane. So a matrix of m rows
and n columns takes n + m - 1 words instead of m n (LOZO, arXiv 2410.07698; EGGROLL, arXiv
2511.16652), the others are not used, and hardware needs no words but those of the beat and the n
weights before it (rtl/outer_product.v). Rank r is the sum of r such directions over the root of r,
each of a stream with a master seed of its own.

A tensor of more than two axes is a matrix whose columns are its last axis. A matrix that has no
more weights than its vectors would take words is dense.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from pezoexplore.design.point import DesignPoint

if TYPE_CHECKING:  # the rules are asked before NumPy is needed
    import numpy as np
    from numpy.typing import NDArray

Shape = tuple[int, ...]
_Array: TypeAlias = "NDArray[Any]"

MAX_WEIGHTS = 2**23
"""Weights up to which the hardware counts."""


def layers_text(shapes: Iterable[Shape]) -> str:
    """Return shapes of tensors as ``DesignPoint.layers`` holds them, such as ``32x64,32``.

    Scalars are vectors of one; tensors without weights are left out.
    """
    return ",".join("x".join(map(str, shape)) or "1" for shape in shapes if math.prod(shape))


def seed_of(seed: int, number: int) -> int:
    """Return the master seed of outer product `number` of a direction; of number 0 the point's."""
    from pezoexplore.splitmix import GOLDEN, MASK64, mix64

    return mix64(seed + number * GOLDEN & MASK64) if number else seed


@dataclass(frozen=True)
class Matrix:
    """A matrix within the flat weights, of two rows or more.

    Attributes:
        start: Index of its first weight.
        rows: Its rows m.
        columns: Its columns n; weight (r, c) is number start + r n + c.
    """

    start: int
    rows: int
    columns: int

    @property
    def second(self) -> int:
        """Index of the first weight of its second row."""
        return self.start + self.columns

    @property
    def stop(self) -> int:
        """Index after its last weight."""
        return self.start + self.rows * self.columns


@dataclass(frozen=True)
class Layout:
    """Where the words of a step go, of one outer product a matrix.

    Attributes:
        shapes: Shapes of the tensors, in the order of the flat weights.
        rank: Outer products of a direction, which say what matrices are dense.
        lanes: Words of a beat.
    """

    shapes: tuple[Shape, ...]
    rank: int
    lanes: int

    @classmethod
    def of(cls, point: DesignPoint) -> Layout:
        """Return the layout of a point that has ``layers``."""
        assert point.layers is not None, "the tensors' shapes are not known"
        shapes = (tuple(map(int, text.split("x"))) for text in point.layers.split(","))
        return cls(tuple(shapes), point.outer_products or 1, point.lanes)

    @cached_property
    def weights(self) -> int:
        """Number of weights d."""
        return sum(map(math.prod, self.shapes))

    @property
    def beats(self) -> int:
        """Beats of a step."""
        return -(-self.weights // self.lanes)

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """The matrices that are not dense, in the order of the flat weights."""
        found, start = [], 0
        for shape in self.shapes:
            size = math.prod(shape)
            rows, columns = size // shape[-1], shape[-1]
            if self.rank * (rows + columns - 1) < size:
                found.append(Matrix(start, rows, columns))
            start += size
        return tuple(found)

    @property
    def numbers(self) -> int:
        """Words of a direction that are used."""
        saved = sum((m.rows - 1) * (m.columns - 1) for m in self.matrices)
        return self.rank * (self.weights - saved)

    @cached_property
    def factors(self) -> tuple[NDArray[np.int64], ...]:
        """Places in the step of the words u_1, u_2, ... of each matrix."""
        import numpy as np

        found = []
        for matrix in self.matrices:
            begin = matrix.second + np.arange(matrix.rows - 1) * matrix.columns
            beat = (begin // self.lanes + 1) * self.lanes
            found.append(np.minimum(beat, begin + matrix.columns) - 1)
        return tuple(found)

    def combined(self, words: _Array, times: Callable[[_Array, _Array], _Array]) -> _Array:
        """Return the directions of rank 1 of steps.

        Args:
            words: Words or values of whole steps, [..., beats * lanes].
            times: Multiplies u [..., m - 1, 1] and v [..., 1, n].

        Returns:
            An array like `words`; places that no weight has are left as they are.
        """
        shown = words.copy()
        for matrix, places in zip(self.matrices, self.factors, strict=True):
            factors = words[..., places, None]
            row = words[..., None, matrix.start : matrix.second]
            rest = times(factors, row)
            shown[..., matrix.second : matrix.stop] = rest.reshape(*words.shape[:-1], -1)
        return shown

    def unsuitable(self) -> str:
        """Return why rtl/outer_product.v cannot be built for the layout; empty if it can."""
        if not self.matrices:
            return f"no tensor of {layers_text(self.shapes)} is worth an outer product"
        if self.weights > MAX_WEIGHTS:
            return f"the RTL of outer products counts up to {MAX_WEIGHTS:,} weights"
        gaps = [(after - before) for before, after in self._gaps()]
        short = min(*gaps, *(matrix.columns for matrix in self.matrices))
        if short < self.lanes:
            return (
                f"the RTL of outer products needs rows of at least as many weights as lanes: there "
                f"are {short} in a row and {self.lanes} lanes"
            )
        return ""

    def _gaps(self) -> list[tuple[int, int]]:
        """Return the runs of dense weights and first rows: ahead of each matrix's second row."""
        stops = [0, *(matrix.stop for matrix in self.matrices)]
        return list(zip(stops, (matrix.second for matrix in self.matrices), strict=False))

    def rtl_vectors(self) -> dict[str, list[int]]:
        """Return COLUMNS, ENDS and GAPS of rtl/outer_product.v, by matrix."""
        gaps = [second - stop for stop, second in self._gaps()[1:]]
        rest = self.lanes * (self.beats + 1) - self.matrices[-1].stop
        return {
            "COLUMNS": [matrix.columns for matrix in self.matrices],
            "ENDS": [matrix.stop // self.lanes for matrix in self.matrices],
            "GAPS": [*gaps, rest],
        }


def without_stream(point: DesignPoint) -> str:
    """Return why a point's outer products are no stream of words; empty if they are one."""
    if not point.outer_products or point.bit_width == 1:
        return ""
    return (
        "outer products are a stream of words, and have RTL, with bit_width 1, not "
        f"{point.bit_width or 'float'}"
    )


def is_stream(point: DesignPoint) -> bool:
    """Return whether a point's directions are a stream of words; outer products of ``layers``."""
    shaped = not point.outer_products or bool(point.layers)
    return point.draws and shaped and not without_stream(point)


def without_rtl(point: DesignPoint) -> str:
    """Return why a point with outer products has no RTL; empty if it has, or needs none."""
    if not point.outer_products:
        return ""
    if not point.layers:
        return "outer products need the shapes of a network's tensors"
    return without_stream(point) or Layout.of(point).unsuitable()
