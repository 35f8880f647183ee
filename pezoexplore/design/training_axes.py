"""The axes that say how a point trains, and what is written for the values of all axes.

The numbers and their hardware do not depend on training axes but ``rank``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pezoexplore.design.conditions import cell_text, is_missing, parse_number
from pezoexplore.errors import DesignError, IllegalPointError

Value = str | int | float | None

_T = TypeVar("_T")

ESTIMATORS = (
    *("rge", "rge_onesided", "sign_spsa", "cge", "cge_sparse", "cocd"),
    *("forward_gradient", "backprop"),
)
"""How a step estimates the gradient; ``pezoexplore.train.estimators`` has the equations."""

ROUNDINGS = ("nearest", "stochastic")
UPDATE_ROUNDINGS = ("shared", "independent")

FIXED_ESTIMATORS = ("rge", "sign_spsa")
"""Estimators with an integer form."""

FIXED_NEAREST = ("momentum_replay", "rank")
"""Axes with an integer form where rounding is to nearest: random bits are words in between."""

STEP_SIZES = ("plain", "scalar")
"""Rules for the length of a step; see :mod:`pezoexplore.train.steps.moments`."""

SCALAR_ESTIMATORS = ("rge", "rge_onesided", "forward_gradient")
"""Estimators whose slopes have a size, which ``step_size: scalar`` divides by."""

RANKS = ("full", "1", "2", "4")
"""Outer products in the direction of a matrix: see ``streams/strategies/outer_product.py``."""

ALL = "all"
"""Value of ``scope`` where directions move all weights."""

MAX_REPLAY = 64
"""Most earlier directions that ``momentum_replay`` delivers again in each update."""

FIXED_BITS = (4, 16)
"""Narrowest and widest integer weights and activations."""

FLOAT = "float"
"""How bits are written that are None: float arithmetic."""

FLOAT_AXES = frozenset({"weight_bits", "activation_bits"})
"""Axes that may be ``float``."""

TRAINING_DEFAULTS: dict[str, Any] = {
    "estimator": "rge",
    "queries": 1,
    "weight_bits": None,
    "activation_bits": None,
    "rounding": None,
    "update_rounding": None,
    "step_size": "plain",
    "momentum_replay": 0,
    "rank": "full",
    "scope": ALL,
}
"""Value of a training axis that a design does not name; None for bits: float."""

OPTIONAL_DEFAULTS: dict[str, Any] = {
    axis: TRAINING_DEFAULTS[axis] for axis in ("step_size", "momentum_replay", "rank", "scope")
}
"""Axes that identities and results leave out at these values: those of older designs stay."""

TRAINING_AXES = tuple(TRAINING_DEFAULTS)

_WITHOUT_NUMBERS = ("cge", "cocd", "backprop")
_WITHOUT_QUERIES = ("cge", "cge_sparse", "backprop")
_WITHOUT_DIRECTIONS = (*_WITHOUT_QUERIES, "cocd")


def draws_numbers(estimator: str) -> bool:
    """Return whether an estimator draws random numbers."""
    return estimator not in _WITHOUT_NUMBERS


def without_defaults(axes: Mapping[str, _T]) -> dict[str, _T]:
    """Return axes without the optional ones that are at their defaults."""
    return {
        axis: value
        for axis, value in axes.items()
        if axis not in OPTIONAL_DEFAULTS or value != OPTIONAL_DEFAULTS[axis]
    }


def backprop_layers(scope: str) -> int:
    """Return how many last layers a value of ``scope`` leaves to backprop."""
    word, _, number = scope.partition(":")
    return int(number) if word == "last" else 0


def sparse_share(scope: str) -> float | None:
    """Return the share of the weights that a value of ``scope`` keeps; None: no sparse subset."""
    word, _, number = scope.partition(":")
    return float(number) if word == "sparse" else None


def training_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return the training axes in canonical form; those that do not matter are None.

    Args:
        values: A value for each of ``TRAINING_AXES``, and perhaps others.

    Raises:
        IllegalPointError: The values are not legal together.
    """
    training: dict[str, Any] = {axis: values[axis] for axis in TRAINING_AXES}
    estimator = training["estimator"]
    if estimator in _WITHOUT_QUERIES:
        training["queries"] = None
    _check_moments(training, values.get("scaling"))
    for axis in FLOAT_AXES:
        training[axis] = None if training[axis] == FLOAT else training[axis]
    weight, activation = training["weight_bits"], training["activation_bits"]
    if (weight is None) != (activation is None):
        raise IllegalPointError(
            "weight_bits and activation_bits are both float or both integers, not "
            f"{weight or FLOAT} and {activation or FLOAT}"
        )
    if weight is None:
        return training | {"rounding": None, "update_rounding": None}
    if estimator not in FIXED_ESTIMATORS:
        raise IllegalPointError(
            f"weight_bits {weight} needs estimator {' or '.join(FIXED_ESTIMATORS)}, not {estimator}"
        )
    training["rounding"] = training["rounding"] or ROUNDINGS[0]
    for axis, default in OPTIONAL_DEFAULTS.items():
        if training[axis] == default or sparse_share(str(training[axis])) is not None:
            continue
        if axis not in FIXED_NEAREST:
            raise IllegalPointError(f"{axis} {training[axis]} needs float weights")
        if training["rounding"] != ROUNDINGS[0]:
            raise IllegalPointError(
                f"{axis} {training[axis]} of integer weights needs rounding nearest, not "
                f"{training['rounding']}"
            )
    training["update_rounding"] = training["update_rounding"] or UPDATE_ROUNDINGS[0]
    if training["update_rounding"] == "independent" and training["rounding"] == "nearest":
        raise IllegalPointError(
            "update_rounding independent needs rounding stochastic, not nearest"
        )
    return training


def _check_moments(training: Mapping[str, Value], scaling: Value) -> None:
    estimator = training["estimator"]
    if training["step_size"] == "scalar" and estimator not in SCALAR_ESTIMATORS:
        raise IllegalPointError(
            f"step_size scalar needs estimator {', '.join(SCALAR_ESTIMATORS)}, not {estimator}"
        )
    if training["rank"] != "full" and scaling == "pow2":
        raise IllegalPointError(f"rank {training['rank']} needs scaling none or constant, not pow2")
    for axis in ("momentum_replay", "rank", "scope"):
        if training[axis] != OPTIONAL_DEFAULTS[axis] and estimator in _WITHOUT_DIRECTIONS:
            raise IllegalPointError(
                f"{axis} {training[axis]} needs an estimator along directions, not {estimator}"
            )
    scope = str(training["scope"])
    without = ["rank"] if sparse_share(scope) else []
    without += ["step_size", "momentum_replay"] if backprop_layers(scope) else []
    for axis in without:
        if training[axis] != (plain := OPTIONAL_DEFAULTS[axis]):
            raise IllegalPointError(f"scope {scope} needs {axis} {plain}, not {training[axis]}")


def integer_value(value: Value) -> int | None:
    """Return an axis's value as an integer; None if it has none."""
    return None if value is None else int(value)


def layers_value(value: object, rank: str = "") -> str | None:
    """Return the shapes of tensors as text, which directions of ``rank`` full have not."""
    if not value or rank == "full":
        return None
    if not _LAYERS.fullmatch(str(value)):
        raise IllegalPointError(
            f"layers {value}: shapes of tensors are written as 32x64,32,10x32,10"
        )
    return str(value)


def axis_value(axis: str, value: object) -> Any:  # noqa: ANN401 - as DesignPoint's fields
    """Return the value of an axis as :class:`DesignPoint` holds it; None for an empty cell.

    Args:
        axis: Name of the axis.
        value: The value as a design file, a results.csv or :meth:`DesignPoint.to_json` writes it.

    Raises:
        DesignError: A numeric axis holds something else.
    """
    if is_missing(value) or (axis in FLOAT_AXES and value == FLOAT):
        return None
    if axis in _WORD_AXES:
        return cell_text(value)
    number = parse_number(value)
    if number is None:
        raise DesignError(f"axis {axis} of a row holds {value!r}, not a number")
    return int(number) if axis != "reuse_period" and math.isfinite(number) else number


_WORD_AXES = frozenset(
    {
        *("rng", "reuse", "taps", "scaling", "estimator", "rounding", "update_rounding"),
        *("step_size", "rank", "scope", "layers"),
    }
)


_LAYERS = re.compile(r"[1-9]\d{0,8}(x[1-9]\d{0,8})*(,[1-9]\d{0,8}(x[1-9]\d{0,8})*)*")


def training_words(values: Mapping[str, Any]) -> list[str]:
    """Return the words of a label on how a point trains: none for the default."""
    words = []
    if values["estimator"] != "rge":
        words.append(values["estimator"])
    if values["queries"] not in (None, 1):
        words.append(f"q={values['queries']}")
    if values["weight_bits"] is not None:
        words.append(f"w{values['weight_bits']}a{values['activation_bits']}")
        words += [values["rounding"]] if values["rounding"] != "nearest" else []
        words += [values["update_rounding"]] if values["update_rounding"] != "shared" else []
    if values["step_size"] != "plain":
        words.append(f"{values['step_size']} step")
    if values["momentum_replay"]:
        words.append(f"replay {values['momentum_replay']}")
    if values["rank"] != "full":
        words.append(f"rank {values['rank']}")
    if values["scope"] != ALL:
        words.append(values["scope"])
    return words
