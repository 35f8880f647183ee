"""A run in MLflow, as its own library reads it back."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec

import pytest
from cli_calls import spawn
from report_run import DESIGN, POINTS, make_run

from pezoexplore.analysis.runs import read_rows
from pezoexplore.errors import PezoError, ToolError
from pezoexplore.report.tracking import log_rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("mlflow") is None, reason="needs the extra mlflow"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # MLflow's own, of SQLAlchemy
]


@pytest.fixture(scope="module")
def uri(tmp_path_factory) -> str:
    """Make an empty store once: its tables take seconds."""
    from mlflow import MlflowClient  # not at the top: it takes seconds

    made = f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'runs.db'}"
    MlflowClient(tracking_uri=made).search_experiments()
    return made


@pytest.fixture
def folder(tmp_path):
    return make_run(tmp_path / "run")


def logged(uri: str, experiment: str):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    where = client.get_experiment_by_name(experiment).experiment_id
    return client, list(client.search_runs([where], max_results=100))


@pytest.mark.regression
def test_every_row_is_a_run_with_its_axes_results_and_curve(uri, folder):
    said = spawn("log", str(folder), "--mlflow", uri, "--format", "json", cwd=folder)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) | {"experiment_id": ""} == {
        "experiment": "small",
        "experiment_id": "",
        "new": 10,
        "changed": 0,
        "same": 0,
    }
    assert "name: small" in DESIGN
    client, runs = logged(uri, "small")
    rows = {row["point_id"]: row for row in read_rows(folder)}
    assert len(runs) == 10  # nine finished, one failed; the one that is not legal is left out
    for run in runs:
        row = rows[run.data.tags["point_id"]]
        assert run.info.status == "FINISHED"
        assert run.data.params["lanes"] == row["lanes"]
        assert run.data.params["target"] == "xcup"
        assert run.data.tags["status"] == row["status"]
        for name in ("accuracy_mean", "lut", "ff", "effective_span"):
            assert (name in run.data.metrics) == bool(row[name]), name
            if row[name]:
                assert run.data.metrics[name] == float(row[name])
    finished = next(run for run in runs if run.data.params["lanes"] == str(POINTS[0].lanes))
    curve = client.get_metric_history(finished.info.run_id, "validation_accuracy")
    assert [point.step for point in curve] == list(range(200, 4001, 200))
    assert all(0 < point.value < 100 for point in curve)


def test_a_row_is_logged_once_and_replaced_when_it_changed(uri, folder):
    rows = read_rows(folder)
    log_rows(rows[:3], {}, uri, "twice")
    again = log_rows(rows, {}, uri, "twice")
    assert (again.new, again.changed, again.same) == (7, 0, 3)
    rows[0] |= {"lut": "77"}
    changed = log_rows(rows, {}, uri, "twice")
    assert (changed.new, changed.changed, changed.same) == (0, 1, 9)
    _, runs = logged(uri, "twice")
    assert len(runs) == 10
    (found,) = [run for run in runs if run.data.tags["point_id"] == rows[0]["point_id"]]
    assert found.data.metrics["lut"] == 77


def test_a_run_that_was_cut_short_is_logged_again(uri, folder):
    rows = read_rows(folder)

    def stop(done: int, total: int, row: str) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log_rows(rows, {}, uri, "cut", stop)
    again = log_rows(rows, {}, uri, "cut")
    assert (again.new, again.changed, again.same) == (6, 0, 4)


@pytest.mark.parametrize("where", ["http://127.0.0.1:9", "nonsense://x", "sqlite:///results.csv"])
def test_a_store_that_cannot_be_used_is_one_line(where, folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(PezoError, match=f"MLflow at {where}: ") as told:
        log_rows(read_rows(folder), {}, where, "x")
    assert "\n" not in str(told.value)


def test_without_mlflow_the_message_says_how_to_get_it(folder, monkeypatch):
    monkeypatch.setattr("pezoexplore.report.tracking.find_spec", lambda name: None)
    with pytest.raises(ToolError, match="pip install mlflow-skinny"):
        log_rows(read_rows(folder), {}, "sqlite:///x.db", "x")


def test_a_results_file_alone_is_logged_without_curves(uri, folder, tmp_path):
    shutil.copyfile(folder / "results.csv", tmp_path / "mine.csv")
    said = spawn(
        "log", str(tmp_path / "mine.csv"), "--mlflow", uri, "--experiment", "alone", cwd=folder
    )
    assert said.returncode == 0, said.stderr
    assert "10 new runs" in said.stdout
