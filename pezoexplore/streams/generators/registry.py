"""Generator families by name, imported when they are first asked for.

The package's are the modules of :mod:`pezoexplore.streams.families`; ``module:Class`` names one of
the user's in a module beside the design file.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.family import Family, Point

NO_RNG = "none"
"""What the axis rng holds for an estimator without random numbers."""

ORDER = (
    *("lfsr", "xorshift32", "rademacher", "clt", "treegrng", "box_muller"),
    *("xoshiro128pp", "ca", "trivium", "ternary", "icdf", "table_hadamard", "lut_opt"),
    *("sobol", "lut_sr", "xormix", "walsh", "gaussian"),
)
"""Order of the names in help and tables; a family that is not listed comes after these."""


_STREAM_AXES = (
    *("pool_size", "reuse_period", "bit_width", "state_bits", "lanes", "leap", "taps", "scaling"),
)


class NoNumbers(Family):
    """What stands for a generator where an estimator draws no numbers."""

    name = NO_RNG
    widths = None
    draws = False
    in_hardware = False
    scaled = False
    fixed_axes = ("reuse", *_STREAM_AXES)


class Unknown(Family):
    """A generator that results name and that is not here: it has a label and no numbers."""

    known = False
    reuses = ("none", "pool", "bank", "phased")

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason

    def check(self, point: Point) -> None:
        """Refuse any use of it."""
        raise DesignError(self.reason)

    def stepped(self, point: Point) -> None:
        """Refuse to make numbers."""
        raise DesignError(self.reason)


@cache
def names() -> tuple[str, ...]:
    """Return the names of the package's families: ``ORDER``, then those that it does not list."""
    found = {item.name for item in pkgutil.iter_modules([str(_FAMILIES)])}
    return (*(name for name in ORDER if name in found), *sorted(found - set(ORDER)))


_FAMILIES = Path(__file__).parent.parent / "families"


def family(name: str) -> Family:
    """Return the family of a name: one of the package's, or ``module:Class`` of the user's.

    A name that is not found, as in results from elsewhere, is :class:`Unknown`.

    Raises:
        DesignError: The user's class cannot be used; the message names its file.
    """
    if ":" in name:
        from pezoexplore.streams.generators.own_family import own_family

        return own_family(name) or Unknown(
            name,
            f"rng: '{name}': no module {name.partition(':')[0]} beside the design file, in "
            f"{Path.cwd()} or on Python's path",
        )
    return _built_in(name)


def known_family(name: str) -> Family:
    """Return the family of a name, which must be there.

    Raises:
        DesignError: It is not, or the user's class cannot be used.
    """
    found = family(name)
    if isinstance(found, Unknown):
        raise DesignError(found.reason)
    return found


@cache
def _built_in(name: str) -> Family:
    if name == NO_RNG:
        return NoNumbers()
    if name not in names():
        return Unknown(name, f"rng: no generator {name!r}; there are {', '.join(names())}")
    module = import_module(f"pezoexplore.streams.families.{name}")
    return family_in(vars(module), module.__name__)(name)


def family_in(contents: Mapping[str, object], module: str) -> Callable[[str], Family]:
    """Return what makes a named object of the one family class that a module defines."""
    classes = [
        item
        for item in contents.values()
        if isinstance(item, type) and issubclass(item, Family) and item.__module__ == module
    ]
    (chosen,) = classes

    def make(name: str) -> Family:
        made: Family = chosen()
        made.name = name
        made.module = made.module or name
        return made

    return make


def families() -> tuple[Family, ...]:
    """Return the package's families in the order of :func:`names`."""
    return tuple(map(family, names()))


def gaussian_names() -> tuple[str, ...]:
    """Return the names of the families with approximately normal words in hardware."""
    return tuple(item.name for item in families() if item.gaussian)
