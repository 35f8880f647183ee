"""A sweep on the jobs of a batch system, which is a few lines of shell here."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from sweep_fakes import INFO, Fake, points, space

from pezoexplore.sweeps.executors import cluster
from pezoexplore.sweeps.executors.cluster import ClusterSettings, started
from pezoexplore.sweeps.executors.dask_executor import ClusterError, DaskExecutor
from pezoexplore.sweeps.sweep import Progress, run_sweep

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SBATCH = """#!/bin/sh
cp "$1" "$JOBS.$$.sh"
setsid sh "$JOBS.$$.sh" > /dev/null 2>&1 &
echo $! >> "$JOBS"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
kill -9 -- "-$1"
"""


def end(job: int) -> None:
    """End a job as its time limit would, with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(job, signal.SIGKILL)


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """File that gets a line per job: the process group it runs in."""
    path = tmp_path / "jobs"
    path.touch()
    for name, text in {"sbatch": SBATCH, "scancel": SCANCEL}.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("JOBS", str(path))
    monkeypatch.chdir(tmp_path)  # where dask-jobqueue leaves job scripts and logs
    yield path
    for line in path.read_text().split():
        end(int(line))


SLURM = ClusterSettings(kind="slurm", workers=2, memory="1GB", interface="lo", walltime="00:10:00")


@pytest.mark.slow
def test_jobs_that_end_are_submitted_again_and_the_sweep_finishes(
    jobs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask  # not at the top: it takes long
    import distributed  # noqa: F401 - its settings must be there before one is changed

    monkeypatch.setattr(cluster, "REFILL_S", 0.2)
    (tmp_path / "runs").mkdir()
    stages = [Fake(name="train", runs=tmp_path / "runs", sleep_s=0.2)]
    ended: list[int] = []

    def end_all(news: Progress) -> None:
        if news.done == 3:
            ended.extend(map(int, jobs.read_text().split()))
            for job in ended:
                end(job)

    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1s"}),
        started(SLURM) as client,
    ):
        result = run_sweep(
            space(), points(10), stages, out_dir=tmp_path / "out", info=INFO,
            executor=DaskExecutor(client, stages, wait_s=60.0), progress=end_all,
        )  # fmt: skip
    assert result.ok
    assert {row["status"] for row in result.rows} == {"ok"}
    assert len(ended) == 2 < len(jobs.read_text().split())


def test_a_queue_that_takes_no_job_is_one_line(jobs: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "sbatch").write_text("#!/bin/sh\necho 'invalid account' >&2\nexit 1\n")
    with pytest.raises(ClusterError) as caught, started(SLURM):
        pass
    assert str(caught.value).startswith("slurm takes no job: ")
    assert "invalid account" in str(caught.value)
    assert "\n" not in str(caught.value)
