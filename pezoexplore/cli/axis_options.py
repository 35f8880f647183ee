"""The axes as command options, declared once for all commands that take them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any

import typer

from pezoexplore.cli.completion import axis_values
from pezoexplore.design.columns import AXIS_HELP
from pezoexplore.design.training_axes import ESTIMATORS
from pezoexplore.streams.generators.registry import names

Axes = dict[str, str | None]
"""Text of each axis option; None for one that is not given."""

_CHOICES = {"rng": (*names(), "or module:Class"), "estimator": ESTIMATORS}

_Command = Callable[..., int]


def axis_options(names: Sequence[str]) -> Callable[[_Command], _Command]:
    """Give a command an option for each of these axes.

    The command's first parameter receives the texts, a mapping by axis; the others are Typer's.
    """

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def called(**values: Any) -> int:  # noqa: ANN401 - whatever the command's parameters are
            axes = {name: values.pop(name) for name in names}
            return command(axes, **values)

        _, *others = inspect.signature(command, eval_str=True).parameters.values()
        by_name = [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in others]
        parameters = by_name + [_option(name) for name in names]
        signature = inspect.Signature(parameters, return_annotation=int)
        called.__signature__ = signature  # type: ignore[attr-defined]
        called.__annotations__ = {item.name: item.annotation for item in parameters}
        return called

    return decorate


def _option(name: str) -> inspect.Parameter:
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=_help(name),
        rich_help_panel="Axes",
        autocompletion=axis_values(name),
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, option],
    )


def _help(name: str) -> str:
    choices = f": {', '.join(_CHOICES[name])}" if name in _CHOICES else ""
    text = f"{AXIS_HELP[name]}{choices}."
    return text[0].upper() + text[1:]
