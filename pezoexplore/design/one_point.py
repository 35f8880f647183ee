"""A single design point from axis options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pezoexplore.design.loading import space_of_options
from pezoexplore.design.point import DEFAULTS, DesignPoint, IllegalPointError, resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.own_family import look_in
from pezoexplore.streams.generators.registry import family

ENGINE_BITS = {"weight_bits": "16", "activation_bits": "8"}
"""Widths of the perturbation engine where none are given: it adds integers."""


def one_point(
    axes: Mapping[str, str | None],
    settings: Mapping[str, str | None] | None = None,
    overrides: Sequence[str] = (),
) -> tuple[DesignPoint, DesignSpace]:
    """Return the point that axis options describe, and the design of that one point.

    An axis not given takes its default, with one exception: reuse is ``none`` for every generator
    but the lfsr, whose default is ``phased``.

    Args:
        axes: One value by axis, as text; None for an axis not given.
        settings: Values by dotted key of a design file, as text; None for one not given.
        overrides: ``key=value`` texts as after ``-s``.

    Raises:
        DesignError: A value is not allowed, or the values are not legal together.
    """
    look_in(Path.cwd())
    space = space_of_options(axes, settings, overrides)
    values = {axis: listed[0] for axis, listed in space.space.named().items()}
    try:
        rng = str(values.setdefault("rng", DEFAULTS["rng"]))
        usual = family(rng).reuses
        reuse = DEFAULTS["reuse"] if rng == DEFAULTS["rng"] else usual[0]
        named = {"rng": (rng,), "reuse": (values.setdefault("reuse", reuse),)}
        whole = space.space.model_copy(update=named)
        return resolve(**values), space.model_copy(update={"space": whole})
    except IllegalPointError as error:
        raise DesignError(f"not a legal combination: {error}") from None
