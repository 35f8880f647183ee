"""Apply ``-s key=value`` and the axis options to the tree of a design file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pezoexplore.design.kinds import nearest, shown
from pezoexplore.design.point import AXES
from pezoexplore.design.yaml_tree import Location, Tree, key_text, read_part, read_tree
from pezoexplore.errors import DesignError

AxisValues = Sequence[str | int | float]

_LISTS = (("learning_rates",), ("epsilon",), ("targets",))


def override(tree: Tree, text: str) -> None:
    """Put what ``-s`` says into the tree.

    Raises:
        DesignError: The text is no ``key=value``, or its value is not YAML.
    """
    option = f"-s {text}"
    key, equals, value = text.partition("=")
    parts = tuple(part.strip() for part in key.split("."))
    if not equals or not all(parts):
        raise DesignError(f"{option}: allowed: key=value, such as -s train.steps=2000")
    if "," in value and _takes_list(parts) and not value.lstrip().startswith(("[", "{")):
        value = f"[{value}]"
    put_value(tree, parts, read_part(value, lambda line: option, parts), option)


def _takes_list(parts: tuple[str, ...]) -> bool:
    """Return whether a setting may have several values, which an option may list as `4,8`."""
    return parts[0] in ("space", "objectives", "task") or parts[1:] in _LISTS


def always(place: str) -> Callable[[int], str]:
    """Return how messages name any line of the text of an option."""
    return lambda line: place


def option_name(key: str) -> str:
    """Return the option of a key: ``--bit-width`` of ``bit_width``."""
    return f"--{key.replace('_', '-')}"


def replace_axis(tree: Tree, axis: str, values: AxisValues | None) -> None:
    """Put the values of an axis option in the place of those in ``space``; None for none given.

    Raises:
        DesignError: There is no such axis, or the values are not YAML.
    """
    option = option_name(axis)
    if axis not in AXES:
        raise DesignError(
            f"{option}: no such axis{nearest(axis, AXES)}; allowed: {', '.join(AXES)}"
        )
    if not values:
        return
    at: Location = ("space", axis)
    read: list[object] = []
    for value in values:
        parsed = axis_value(value, option)
        read.extend(parsed if isinstance(parsed, list) else [parsed])
    single = len(read) == 1 and isinstance(read[0], dict)
    put_value(tree, at, Tree(read[0] if single else read), option)


def axis_value(value: str | int | float, option: str) -> object:
    """Parse one value of an axis option: `4,8` is a list, `[4, 8]` is YAML as it stands."""
    if not isinstance(value, str):
        return value
    whole = value.lstrip().startswith(("[", "{"))
    return read_tree(value if whole else f"[{value}]", lambda line: option).value


def put_value(tree: Tree, at: Location, branch: Tree, option: str) -> None:
    """Put a value at a location of the tree; everything at or below it came from the option."""
    holder = tree.value
    for depth, part in enumerate(at[:-1]):
        assert isinstance(holder, dict)
        if holder.get(str(part)) is None:
            holder[str(part)] = {}
            tree.marks.setdefault(at[: depth + 1], (0, option))
        holder = holder[str(part)]
        if not isinstance(holder, dict):
            where = key_text(at[: depth + 1])
            raise DesignError(f"{option}: {where} is {shown(holder)}, not a mapping; set it whole")
    assert isinstance(holder, dict)
    holder[str(at[-1])] = branch.value
    for location in [mark for mark in tree.marks if mark[: len(at)] == at]:
        del tree.marks[location]
    tree.marks[at] = (0, option)
