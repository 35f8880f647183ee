"""Design files, ``-s key=value`` overrides and axis options, read into a :class:`DesignSpace`.

Whatever is wrong with them becomes one line that names the file and line (or the option), the key,
what was found and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pezoexplore.design.file_options import (
    AxisValues,
    always,
    axis_value,
    option_name,
    override,
    put_value,
    replace_axis,
)
from pezoexplore.design.kinds import nearest, shown
from pezoexplore.design.own_targets import put_beside
from pezoexplore.design.point import AXES, DEFAULTS
from pezoexplore.design.restrict import LeftOut, restrict
from pezoexplore.design.space import (
    DesignSpace,
    Entry,
    HardwareSettings,
    Objectives,
    SubSpace,
    TrainSettings,
)
from pezoexplore.design.training_axes import FLOAT, FLOAT_AXES, ROUNDINGS, UPDATE_ROUNDINGS
from pezoexplore.design.yaml_tree import (
    Location,
    PlainDumper,
    Tree,
    key_text,
    listed,
    read_part,
    read_tree,
)
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.own_family import look_in

MAX_BYTES = 1_000_000
"""Largest design file."""

EXTENDS = "extends"
"""Key that names the file that a design file extends."""

SHARED = "x-"
"""Prefix of keys that hold values for YAML anchors; nothing else reads them."""

_SECTIONS: dict[str | int, type[BaseModel]] = {
    "space": SubSpace,
    "include": Entry,
    "exclude": Entry,
    "train": TrainSettings,
    "hardware": HardwareSettings,
    "objectives": Objectives,
}


@dataclass(frozen=True)
class LoadedDesign:
    """A design file as read, and what the axis options left out of it.

    Attributes:
        space: The design.
        left_out: Combinations of the includes that the axis options do not allow.
        folder: Folder of the file, where modules of the user's tasks are looked for first; the
            working folder for a design that is not from a file.
        place: File and line of its key ``space``, for messages.
    """

    space: DesignSpace
    left_out: tuple[LeftOut, ...] = ()
    folder: Path = Path()
    place: str = ""


def load_design(
    path: Path | str,
    overrides: Sequence[str] = (),
    axes: Mapping[str, AxisValues | None] | None = None,
) -> DesignSpace:
    """Read and validate a design file; see :func:`read_design`."""
    return read_design(path, overrides, axes).space


def read_design(
    path: Path | str,
    overrides: Sequence[str] = (),
    axes: Mapping[str, AxisValues | None] | None = None,
    task: str | None = None,
) -> LoadedDesign:
    """Read and validate a design file.

    Args:
        path: The YAML file. A file without ``name`` takes the file's own name.
        overrides: ``key=value`` texts as after ``-s``: dotted keys, values in YAML, such as
            ``train.steps=2000`` or ``space.lanes=[8, 31]``. Later ones win.
        axes: Values by axis, as after the axis options. Each replaces that axis in ``space`` (after
            the overrides), and the includes keep only what these values allow (see
            :func:`restrict`); a design of includes alone gets no ``space`` from it. Text is read
            as YAML: ``8``, ``4,8``, ``inf`` or ``{range: [1, 8, 1]}``. None and no values mean
            "not given".
        task: Text as after ``--task``: one task or several; None for those of the file.

    Raises:
        DesignError: One line that names file and line (or the option), key, and what is allowed.
    """
    given = {axis: values for axis, values in (axes or {}).items() if values}
    look_in(Path(path).parent)
    with _one_line():
        tree = _read_file(Path(path))
        if tree.value is None:
            raise DesignError(f"{path}:1: the file is empty; allowed: {_keys(DesignSpace)}")
        only_includes = False
        if isinstance(tree.value, dict):
            tree.value.setdefault("name", _name_of(Path(path)))
            for text in overrides:
                override(tree, text)
            if task is not None:
                put_value(tree, ("task",), Tree(axis_value(task, "--task")), "--task")
            only_includes = not tree.value.get("space") and bool(tree.value.get("include"))
            for axis, values in given.items():
                replace_axis(tree, axis, values)
        space = _validate(tree)
        place = tree.mark(("space",))[1]
        if not given:
            return LoadedDesign(space, (), Path(path).parent, place)
        allowed = {axis: getattr(space.space, axis) for axis in given}
        if only_includes:
            space = space.model_copy(update={"space": SubSpace()})
        space, left_out = restrict(space, allowed)
        if not space.parts():
            options = ", ".join(option_name(axis) for axis in given)
            raise DesignError(f"{options}: {path} has no design with these values; try others")
        return LoadedDesign(space, left_out, Path(path).parent, place)


def space_of_options(
    axes: Mapping[str, str | None],
    settings: Mapping[str, str | None] | None = None,
    overrides: Sequence[str] = (),
) -> DesignSpace:
    """Return the design of one combination, from options alone.

    Args:
        axes: One value by axis, as text after the axis option; None means "not given".
        settings: Values by dotted key, such as ``train.steps``; each comes from the option named
            like the last part of the key.
        overrides: ``key=value`` texts as after ``-s``; the options win.

    Raises:
        DesignError: One line that names the option and what is allowed.
    """
    tree = Tree({"name": "options", "space": {}}, {(): (0, "options")})
    with _one_line():
        for text in overrides:
            override(tree, text)
        for key, value in (settings or {}).items():
            at = tuple(key.split("."))
            option = option_name(str(at[-1]))
            if value is not None:
                whole = f"[{value}]" if at[-1] == "learning_rates" else value
                put_value(tree, at, read_tree(whole, always(option), at=at), option)
        for axis, value in axes.items():
            replace_axis(tree, axis, None if value is None else [value])
        space = _validate(tree)
        for axis, values in space.space.named().items():
            if len(values) > 1:
                raise DesignError(f"{option_name(axis)}: got {len(values)} values; allowed: one")
    return space


@contextmanager
def _one_line() -> Iterator[None]:
    """Join the lines of a message: names and keys may hold line breaks, a message may not."""
    try:
        yield
    except DesignError as error:
        raise DesignError(" ".join(str(error).split())) from None


def resolved_yaml(space: DesignSpace) -> str:
    """Return the design with every setting written out; it loads back to an equal design space.

    The axes' defaults are named in a comment; an axis that a mapping does not name stays out.
    """
    data = space.model_dump(mode="python", exclude_none=True, by_alias=True)
    if len(space.tasks) == 1:
        data["task"] = space.task
    for part in (data["space"], *data["include"], *data["exclude"]):
        for axis in FLOAT_AXES & part.keys():
            part[axis] = [FLOAT if bits is None else bits for bits in part[axis]]
    data["constraints"] = [str(constraint) for constraint in space.constraints]
    defaults = ", ".join(f"{axis} {axis_default(axis)}" for axis in AXES)
    body = yaml.dump(
        _plain(data), Dumper=PlainDumper, sort_keys=False, default_flow_style=None, width=100
    )
    return f"# Axes that a mapping does not name: {defaults}.\n{body}"


def design_schema() -> dict[str, object]:
    """Return JSON Schema (draft 2020-12) of a design file; every key is described."""
    schema: dict[str, Any] = DesignSpace.model_json_schema()
    # A file without a name takes the file's own.
    schema["required"] = [key for key in schema.get("required", ()) if key != "name"]
    schema["properties"] = {EXTENDS: _EXTENDS, **schema["properties"]}
    schema["patternProperties"] = {"^x-": {}}  # for anchors that other keys share
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_EXTENDS: dict[str, object] = {
    "type": "string",
    "minLength": 1,
    "description": "Another design file, beside this one, whose settings this file replaces.",
}


_UNSET = {
    "state_bits": "the generator's own",
    "weight_bits": FLOAT,
    "activation_bits": FLOAT,
    "rounding": ROUNDINGS[0],
    "update_rounding": UPDATE_ROUNDINGS[0],
}
"""Meaning of the defaults that are None."""


def axis_default(axis: str) -> str:
    """Describe the value of an axis that is not named."""
    value = DEFAULTS[axis]
    return _UNSET.get(axis, str(value))


def _plain(value: object) -> object:
    """Turn tuples into lists, which the dumper writes without a tag."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _name_of(path: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).lstrip("._-")[:64] or "design"


def _read_file(path: Path, above: tuple[Path, ...] = ()) -> Tree:
    """Return the values of a design file and of those that it extends.

    The settings of a section are joined one by one; what both files name, lists too, is as this one
    has it. The name of a design is its own file's.

    Args:
        path: The file; a file that it extends is named relative to its folder.
        above: Files that extend it, outermost first.

    Raises:
        DesignError: A file cannot be read or is not YAML, or files extend each other in a circle.
    """
    text, here = _read(path), path.resolve()
    if here in above:
        circle = " extends ".join(map(str, (*above[above.index(here) :], here)))
        raise DesignError(f"{path}: {EXTENDS} goes in a circle: {circle}")
    tree = read_part(text, lambda line: f"{path}:{line}", tolerant=True)
    if not isinstance(tree.value, dict):
        return tree
    for key in [key for key in tree.value if key.startswith(SHARED)]:
        del tree.value[key]
    if isinstance(hardware := tree.value.get("hardware"), dict):
        put_beside(hardware.get("targets"), path.parent)
    if EXTENDS not in tree.value:
        return tree
    other = tree.value.pop(EXTENDS)
    place = tree.mark((EXTENDS,))[1]
    if not isinstance(other, str) or not other:
        raise DesignError(f"{place}: {EXTENDS}: got {shown(other)}; allowed: a design file (YAML)")
    try:
        base = _read_file(path.parent / other, (*above, here))
    except DesignError as error:
        raise DesignError(f"{error} ({EXTENDS} in {place})") from None
    if not isinstance(base.value, dict):
        raise DesignError(f"{path.parent / other}:1: no mapping ({EXTENDS} in {place})")
    base.value.pop("name", None)
    return base.joined(tree)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DesignError(f"{path}: no such file; give the path of a design file (YAML)") from None
    except IsADirectoryError:
        raise DesignError(f"{path}: a folder; give the path of a design file (YAML)") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DesignError(f"{path}: cannot be read ({reason})") from None
    if len(content) > MAX_BYTES:
        raise DesignError(f"{path}: too large; allowed: {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DesignError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def _validate(tree: Tree) -> DesignSpace:
    details: list[ErrorDetails] = []
    try:
        space = DesignSpace.model_validate(tree.value)
        if not tree.faults:
            return space
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for detail in details:
        location = _in_tree(tree.value, detail["loc"])
        line, place = tree.mark(location)
        key = key_text(_without_index(location))
        message = f"{place}: {key}: " if key and not _names(place, key) else f"{place}: "
        # One key with ten wrong values is one thing to put right.
        found.setdefault((place, key), (line, message + _explanation(detail)))
    every = [*tree.faults, *found.values()]
    raise DesignError(listed([message for _, message in sorted(every, key=lambda item: item[0])]))


def _names(place: str, key: str) -> bool:
    """Return whether a place is an option that says which key it sets."""
    return place == option_name(key.rpartition(".")[2]) or place.startswith(f"-s {key}=")


def _in_tree(value: object, location: Location) -> Location:
    """Return the part of a location that the tree has: ranges and scalars have no list index."""
    depth = 0
    for part in location:
        inside = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif inside:
            assert isinstance(value, list) and isinstance(part, int)
            value = value[part]
        else:
            break
        depth += 1
    return location[:depth]


def _without_index(location: Location) -> Location:
    """Return a location without its last list index; an entry's index is kept."""
    entry = len(location) == 2 and location[0] in ("include", "exclude")
    return location[:-1] if location and isinstance(location[-1], int) and not entry else location


def _explanation(detail: ErrorDetails) -> str:
    """Describe what was given and what is allowed, for pydantic's own checks."""
    location: Location = detail["loc"]
    kind = detail["type"]
    if kind == "design":
        return detail["msg"]
    if kind == "extra_forbidden":
        model = _SECTIONS[location[0]] if len(location) > 1 else DesignSpace
        hint = nearest(str(location[-1]), model.model_fields)
        return f"unknown key{hint}; allowed: {_keys(model)}"
    if kind == "missing":
        return "missing; name it"
    if kind == "tuple_type":
        return f"got {shown(detail['input'])}; allowed: a list of mappings"
    model = _SECTIONS[location[0]] if location else DesignSpace
    return f"got {shown(detail['input'])}; allowed: a mapping with the keys {_keys(model)}"


def _keys(model: type[BaseModel]) -> str:
    return _words([field.alias or name for name, field in model.model_fields.items()])


def _words(words: Mapping[str, object] | Sequence[str]) -> str:
    return ", ".join(words)
