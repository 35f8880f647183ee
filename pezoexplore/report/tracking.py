"""Results in MLflow: a run for each row of results.csv, with its learning curve."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pezoexplore.design.columns import AXIS_HELP, NUMERIC_COLUMNS
from pezoexplore.errors import PezoError, ToolError
from pezoexplore.sweeps.rows import typed_row
from pezoexplore.sweeps.stage import canonical_json, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient

    from pezoexplore.report.html.records import Curve

WHICH, CONTENT = "pezoexplore.row", "pezoexplore.sha256"
"""Tags of a run: which row it is of, and the hash of what was logged."""

BATCH = 500
"""Metrics sent at a time; MLflow takes 1000."""


@dataclass(frozen=True)
class Logged:
    """What came of logging rows.

    Attributes:
        experiment: Id of the experiment.
        new: Rows that got a run.
        changed: Rows whose run was of other results, and was replaced.
        same: Rows that were there already.
    """

    experiment: str
    new: int = 0
    changed: int = 0
    same: int = 0


def log_rows(
    rows: Sequence[Mapping[str, str]],
    curves: Mapping[str, Curve],
    uri: str,
    experiment: str,
    progress: Callable[[int, int, str], None] = lambda done, total, row: None,
) -> Logged:
    """Log rows of a run, each once: a row that is there with the same results is left alone.

    Args:
        rows: Rows as written; combinations that are not legal are left out.
        curves: Validation accuracy by ``point_id``.
        uri: Tracking URI of MLflow, such as ``sqlite:///mlflow.db``.
        experiment: Name of the experiment, made where there is none.
        progress: Called after each row: how many are done, of how many, and which it is.

    Raises:
        ToolError: MLflow is missing.
        PezoError: MLflow refuses, or its server does not answer.
    """
    if find_spec("mlflow") is None:
        raise ToolError("log needs MLflow, not found: type `pip install mlflow-skinny`")
    # Its default goes on trying a server that is not there for five minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    legal = [row for row in rows if not row["status"].startswith("skipped")]
    with _explained(uri):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri)
        found = client.get_experiment_by_name(experiment)
        where = found.experiment_id if found else client.create_experiment(experiment)
        known = _known(client, where)
        counts = {"new": 0, "changed": 0, "same": 0}
        for done, row in enumerate(legal, 1):
            which = f"{row['point_id']} {row['target']}".strip()
            curve = curves.get(row["point_id"], ())
            content = sha256(canonical_json([dict(row), [list(point) for point in curve]]))
            old, logged = known.get(which, ("", ""))
            if logged != content:
                _log(client, where, row, curve, {WHICH: which, CONTENT: content})
                if old:
                    client.delete_run(old)
            counts["same" if logged == content else "changed" if old else "new"] += 1
            progress(done, len(legal), which)
    return Logged(where, **counts)


def _known(client: MlflowClient, experiment: str) -> dict[str, tuple[str, str]]:
    """Return run and content of the rows that were logged completely."""
    found: dict[str, tuple[str, str]] = {}
    token = None
    while True:
        runs = client.search_runs(
            [experiment], filter_string="attributes.status = 'FINISHED'", page_token=token
        )
        for run in runs:
            if which := run.data.tags.get(WHICH):
                found[which] = run.info.run_id, run.data.tags.get(CONTENT, "")
        token = runs.token
        if not token:
            return found


def _log(
    client: MlflowClient,
    experiment: str,
    row: Mapping[str, str],
    curve: Curve,
    tags: Mapping[str, str],
) -> None:
    """Make the run of a row: axes as parameters, numbers as metrics, the rest as tags."""
    from mlflow.entities import Metric, Param

    from pezoexplore.design.point import DesignPoint

    axes = [name for name in ("task", "target", *AXIS_HELP) if row.get(name)]
    typed: dict[str, Any] = typed_row(row)
    numbers = {
        name: float(typed[name])
        for name in NUMERIC_COLUMNS
        if name not in axes and isinstance(typed.get(name), int | float)
    }
    words = {name: row[name] for name in row if name not in numbers and name not in axes}
    made = client.create_run(
        experiment,
        run_name=DesignPoint.from_json(row).label(),
        tags={**tags, **{name: text for name, text in words.items() if text}},
    )
    metrics = [Metric(name, value, 0, 0) for name, value in numbers.items()]
    metrics += [
        Metric("validation_accuracy", float(accuracy), 0, int(step))
        for step, accuracy, *_ in curve
        if step is not None and accuracy is not None
    ]
    client.log_batch(made.info.run_id, params=[Param(name, row[name]) for name in axes])
    for start in range(0, len(metrics), BATCH):
        client.log_batch(made.info.run_id, metrics=metrics[start : start + BATCH])
    client.set_terminated(made.info.run_id)


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    """Turn what MLflow and its stores raise into one line."""
    try:
        yield
    except PezoError:
        raise
    except Exception as error:
        why = " ".join(str(error).split())[:300] or type(error).__name__
        raise PezoError(f"MLflow at {uri}: {why}") from error
