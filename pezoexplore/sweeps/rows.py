"""Rows of results.csv: their identity, and one fixed way of writing each cell."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pezoexplore.design.columns import CERTIFIED_HELP, COLUMNS, NUMERIC_COLUMNS, OPTIONAL_HELP
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import AXES
from pezoexplore.design.training_axes import OPTIONAL_DEFAULTS, without_defaults
from pezoexplore.streams.generators.registry import family
from pezoexplore.streams.reuse import OWN_AXES, RULES
from pezoexplore.sweeps.stage import canonical_json, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace

_ENERGY, _PER_NUMBER = "generator_energy_to_target_uj_est", "energy_per_number_pj_est"

_SHARES = {
    "area_um2": "generator_share_pct",
    "lut": "generator_share_pct",
    "power_mw_est": "generator_power_share_pct",
}
"""Columns with the share of an engine that its streams are, by what of both is compared."""

Row = dict[str, str]
"""A row as written: text by column."""

AnyRow = TypeVar("AnyRow", bound=Mapping[str, str])

ON_FRONT, OFF_FRONT = "1", "0"
"""Values of the column `pareto`."""

_WHOLE, _PERCENT, _SIX_DIGITS = ".0f", ".2f", ".6g"

FORMATS = {
    "accuracy_mean": _PERCENT,
    "accuracy_ci95": _PERCENT,
    "accuracy_per_seed": _PERCENT,
    "learning_rate": ".12g",
    "forward_passes": _WHOLE,
    "effective_span": _WHOLE,
    "effective_dim": _SIX_DIGITS,
    "stream_mean": _SIX_DIGITS,
    "stream_std": _SIX_DIGITS,
    "stream_kurtosis": _SIX_DIGITS,
    "stream_lag1": _SIX_DIGITS,
    "lane_correlation": _SIX_DIGITS,
    "distinct_output_bits": _WHOLE,
    "rtl_words_checked": _WHOLE,
    "reseed_stall_beats": _WHOLE,
    "lut": _WHOLE,
    "lut_kept": _WHOLE,
    "lut_free": _WHOLE,
    "muxf": _WHOLE,
    "ff": _WHOLE,
    "carry": _WHOLE,
    "bram": ".1f",
    "dsp": _WHOLE,
    "fmax_mhz": ".2f",
    "power_mw_est": ".3f",
    "power_mw_zero_delay": ".3f",
    "leakage_mw_est": _SIX_DIGITS,
    "energy_per_number_pj_est": _SIX_DIGITS,
    "energy_to_target_uj_est": _SIX_DIGITS,
    "generator_energy_to_target_uj_est": _SIX_DIGITS,
    "epsilon": ".12g",
    "tuning_forward_passes": _WHOLE,
    "macs": _WHOLE,
    "random_numbers": _WHOLE,
    "rng_state_bits": _WHOLE,
    "random_bits_per_step": ".12g",
    "steps_to_target": _WHOLE,
    "accuracy_before": _PERCENT,
    "test_loss_mean": _SIX_DIGITS,
    "area_um2": ".10g",
    "gate_equivalents": ".1f",
    "fmax_mhz_low": ".2f",
    "fmax_mhz_high": ".2f",
    "front_confidence": ".3f",
    "effective_dim_ci95": _SIX_DIGITS,
    "span_share": ".4f",
    "engine_lut": _WHOLE,
    "engine_ff": _WHOLE,
    "engine_carry": _WHOLE,
    "engine_dsp": _WHOLE,
    "engine_area_um2": ".10g",
    "generator_share_pct": _PERCENT,
    "engine_power_mw_est": ".3f",
    "generator_power_share_pct": _PERCENT,
    **dict.fromkeys(CERTIFIED_HELP, _PERCENT),
}
"""How each numeric result is written (Python's format specification); the rest is text."""


def point_id(
    axes: Mapping[str, object],
    task: str,
    train: Mapping[str, Any],
    hardware: Mapping[str, Any],
) -> str:
    """Return identity of a point: the first 12 hexadecimal digits of a SHA-256.

    Args:
        axes: The axes as plain values; ``layers``, which the task says, does not count.
        task: Training task.
        train: Training settings as plain values.
        hardware: Hardware settings as plain values. The list of targets does not count: the
            target has a separate column, and adding one changes nothing in the others' rows. Nor
            do `power` and `engine`: which stages run is not what a row is of.
    """
    stages = ("targets", "power", "engine")
    settings = {key: value for key, value in hardware.items() if key not in stages}
    content = {
        "axes": {axis: axes[axis] for axis in without_defaults(axes) if axis != "layers"},
        "task": task,
        "train": dict(train),
        "hardware": settings,
    }
    if own := family(str(axes.get("rng"))).sha256:
        content["rng"] = own
    return sha256(canonical_json(content))[:12]


def point_ids(
    space: DesignSpace, task: str | None = None
) -> Callable[[DesignPoint | Mapping[str, object]], str]:
    """Return the function from a point of a design, or its axes in JSON form, to its id.

    Args:
        space: The design.
        task: One of its tasks; None for the only one.

    Raises:
        DesignError: No task is named, and there are several.
    """
    trained = space.task if task is None else task
    train, hardware = space.train.determining(), space.hardware.model_dump(mode="json")

    def identity(point: DesignPoint | Mapping[str, object]) -> str:
        axes = point if isinstance(point, Mapping) else point.to_json()
        return point_id(axes, trained, train, hardware)

    return identity


def result_row(
    identity: str,
    target: str,
    status: str,
    point: DesignPoint,
    cells: Mapping[str, object],
) -> Row:
    """Return one row of results, all cells as they are written.

    Args:
        identity: The point's id.
        target: Hardware target.
        status: Status of the row.
        point: The design point.
        cells: Results by column; None for an empty cell. Other names are left out.
    """
    row = dict.fromkeys(COLUMNS, "")
    row |= {axis: cell_text(axis, value) for axis, value in without_defaults(point.axes()).items()}
    known = row.keys() | OPTIONAL_HELP
    row |= {name: cell_text(name, value) for name, value in cells.items() if name in known}
    return row | {"point_id": identity, "target": target, "status": status}


def joined_row(
    identity: str,
    target: str,
    point: DesignPoint,
    parts: Iterable[tuple[str, str | None, str, Mapping[str, object]]],
) -> Row:
    """Return the row of a point on a target, joined from the results of its stages.

    Args:
        identity: The point's id.
        target: Hardware target.
        point: The design point.
        parts: Name, target, status and result of each stage, in ``STAGE_ORDER``; those of other
            targets are left out.
    """
    cells: dict[str, object] = {}
    status = "ok"
    for name, of_target, ended, payload in parts:
        if of_target not in (None, target):
            continue
        cells |= payload
        if status == "ok" and ended != "ok":
            status = f"{ended}:{name}"
    if status == "ok" and cells.get("diverged_step") is not None:
        status = f"diverged:{cells['diverged_step']}"
    return result_row(identity, target, status, point, with_generator(cells))


def with_generator(cells: Mapping[str, object]) -> dict[str, object]:
    """Return results with the generator's energy up to the target accuracy and share of the engine.

    Each where it is known. The energy is of the row's technology and stays apart from training's
    energy, which is of 45 nm.

    Args:
        cells: Results; ``numbers_to_target`` of training and ``energy_per_number_pj_est`` of the
            target's power give what the generator takes; ``engine_streams`` and LUTs, areas or
            powers of a stream and of the engine, which share of it the streams are.
    """

    def known(*names: str) -> list[float]:
        found = [f for f in map(cells.get, names) if isinstance(f, int | float)]
        return found if len(found) == len(names) else []

    made = dict(cells)
    if known_energy := known("numbers_to_target", _PER_NUMBER):
        made[_ENERGY] = math.prod(known_energy) * 1e-6
    for name, share in _SHARES.items():
        if parts := known("engine_streams", name, f"engine_{name}"):
            made[share] = 100 * parts[0] * parts[1] / parts[2]
    return made


def skipped_row(identity: str, axes: Mapping[str, object], reason: str) -> Row:
    """Return a row for a combination that is not legal; it has no target and no results.

    Axes that mean nothing to it are empty, as in the rows of legal points.
    """
    row = dict.fromkeys(COLUMNS, "")
    written = without_defaults({axis: axes.get(axis, OPTIONAL_DEFAULTS.get(axis)) for axis in AXES})
    row |= {axis: cell_text(axis, value) for axis, value in written.items()}
    rules = RULES.get(str(axes.get("reuse")))
    row |= dict.fromkeys(OWN_AXES - (rules.axes if rules else frozenset()), "")
    if "leap" not in family(str(axes.get("rng"))).chooses:
        row["leap"] = ""
    return row | {"point_id": identity, "status": f"skipped:{reason}", "pareto": OFF_FRONT}


def cell_text(column: str, value: object) -> str:
    """Return a cell as written: always the same text for the same value.

    Args:
        column: Name of the column; ``FORMATS`` has its number format.
        value: Number, text, None (empty) or, for ``accuracy_per_seed``, a list of numbers.
    """
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ";".join(cell_text(column, item) for item in value)
    if column not in FORMATS or isinstance(value, str):
        return str(value)
    text = format(value, FORMATS[column])
    # Rounding -0.001 to two decimals must not leave a sign.
    return text.removeprefix("-") if not text.strip("-0.") else text


def typed_row(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a row as typed values, for JSON: numbers, lists, truth values, None for an empty cell.

    Args:
        row: Cells as written; infinity stays the text ``inf``.
    """
    return {column: _typed(column, text) for column, text in row.items()}


def _typed(column: str, text: str) -> object:
    if not text:
        return None
    if column == "pareto":
        return text == ON_FRONT
    if column == "accuracy_per_seed":
        return [float(part) for part in text.split(";")]
    number = parse_number(text) if column in (*NUMERIC_COLUMNS, "parameters") else None
    if number is None or not math.isfinite(number):
        return text
    return int(number) if number.is_integer() and "." not in text else number


def rows_of(rows: Sequence[AnyRow], task: str) -> list[AnyRow]:
    """Return the rows of a task: all where no column says one."""
    return [row for row in rows if row.get("task", task) == task]


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """Return CSV with a header and LF line ends."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
