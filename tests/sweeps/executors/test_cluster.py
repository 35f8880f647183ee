from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from pezoexplore.errors import DesignError
from pezoexplore.sweeps.executors.cluster import (
    BATCH_SYSTEMS,
    SUBMIT,
    ClusterSettings,
    connected,
    make_cluster,
    read_cluster,
    started,
)
from pezoexplore.sweeps.executors.dask_executor import ClusterError

TUTORIAL = Path(__file__).parents[3] / "docs" / "cluster.md"

FULL = """\
kind: slurm
workers: 3
cores: 8
memory: 16GB
walltime: "02:00:00"
queue: short
account: lab
directives: ["--exclusive"]
prologue: ["module load iverilog"]
python: /opt/venv/bin/python
scratch: /tmp/dask
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    settings = read_cluster(write(tmp_path, FULL))
    assert (settings.kind, settings.workers, settings.cores) == ("slurm", 3, 8)
    assert settings.directives == ("--exclusive",)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "a mapping is needed"),
        ("workers: 2\n", 1, "kind is missing"),
        ("kind: slurn\n", 1, "kind: Input should be 'local', 'slurm'"),
        ("kind: pbs\nquue: long\n", 2, "quue: unknown key; did you mean queue?; allowed: kind,"),
        ("kind: pbs\ncores: 0\n", 2, "cores: Input should be greater than or equal to 1"),
        ("kind: pbs\ncores: two\n", 2, "cores: Input should be a valid integer"),
        ("kind: lsf\nmemory: lots\n", 2, "memory: String should match"),
        ("kind: sge\nqueue: 'a; rm -rf /'\n", 2, "queue: String should match"),
        ("kind: sge\nprologue: ['a\\nb', \"c\\nd\"]\n", 2, "prologue[1]: String should match"),
        ("kind: local\nqueue: long\n", 1, "queue means nothing to kind local"),
        ("kind: slurm\ntls: {ca: a, cert: b}\n", 2, "tls.key is missing"),
        (
            "kind: slurm\ntls: {ca: a, cert: b, key: c, x: 1}\n",
            2,
            "tls.x: unknown key; allowed: ca",
        ),
        ("kind: !!python/object/apply:os.system ['touch evil']\n", 1, "is not allowed"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DesignError) as caught:
        read_cluster(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="cannot be read"):
        read_cluster(tmp_path / "none.yaml")


DIRECTIVES = {
    "slurm": ["#SBATCH -p short", "#SBATCH -A lab", "#SBATCH -t 02:00", "#SBATCH --exclusive"],
    "pbs": ["#PBS -q short", "#PBS -A lab", "walltime=02:00", "#PBS --exclusive"],
    "lsf": ["#BSUB -q short", '#BSUB -P "lab"', "#BSUB -W 02:00", "#BSUB --exclusive"],
    "sge": ["#$ -q short", "#$ -P lab", "h_rt=02:00", "#$ --exclusive"],
}


@pytest.mark.parametrize("kind", sorted(BATCH_SYSTEMS))
def test_a_job_says_what_the_file_says(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake submit program keeps the job script it is given; another sweep has Dask's port."""
    other = socket.socket()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with suppress(OSError):  # really another
        other.bind(("", 8787))
        other.listen()
    fake = tmp_path / "bin" / SUBMIT[kind]
    fake.parent.mkdir()
    kept = tmp_path / "jobs"
    kept.mkdir()
    fake.write_text(
        f'#!/bin/sh\nif [ -f "$1" ]; then cat "$1"; else cat; fi > "{kept}/$$"\n'
        "echo 'Submitted batch job 17'; echo 'Job <17> is submitted' >&2\n"
    )
    fake.chmod(0o755)
    for name in ("scancel", "qdel", "bkill"):
        (fake.parent / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    text = FULL.replace("kind: slurm", f"kind: {kind}").replace("02:00:00", "02:00")
    cluster = make_cluster(read_cluster(write(tmp_path, text)))
    try:
        cluster.scale(jobs=3)
        cluster.sync(cluster._correct_state)
        script = cluster.job_script()
        for line in DIRECTIVES[kind]:
            assert line in script
        assert "module load iverilog" in script
        assert "/opt/venv/bin/python -m distributed.cli.dask_worker" in script
        assert "--nthreads 8" in script
        jobs = list(kept.iterdir())
    finally:
        other.close()
        cluster.close()
    assert len(jobs) == 3
    # Apart from the worker's name every job is the script shown.
    assert all("module load iverilog" in job.read_text() for job in jobs)


@pytest.mark.parametrize("kind", sorted(BATCH_SYSTEMS))
def test_no_batch_system_there_is_one_line(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = f"^kind {kind} submits jobs with {SUBMIT[kind]}, which is not on PATH: [^\n]*$"
    with (
        pytest.raises(ClusterError, match=message),
        started(ClusterSettings(kind=kind, memory="1GB", walltime="01:00")),
    ):
        pass


def test_no_scheduler_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pezoexplore.sweeps.executors.cluster.CONNECT_S", 0.5)
    with pytest.raises(ClusterError) as caught, connected("tcp://127.0.0.1:9"):
        pass
    assert str(caught.value).startswith("--scheduler tcp://127.0.0.1:9: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["x", "10.0.0.1", "ucx://a:1", "tcp://a:1; touch evil", "tcp://:1", "http://a:8", ""]
)
def test_what_is_no_address_is_one_line(address: str) -> None:
    match = r"^--scheduler .*: no address; allowed: "
    with pytest.raises(ClusterError, match=match) as caught, connected(address):
        pass
    assert "\n" not in str(caught.value)


def test_dask_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ClusterError, match=r"pip install 'pezoexplore\[cluster\]'"),
        started(ClusterSettings(kind="local")),
    ):
        pass


def test_certificates_that_are_missing_are_one_line(tmp_path: Path) -> None:
    files = {"ca": tmp_path / "ca.pem", "cert": tmp_path / "c.pem", "key": tmp_path / "k.pem"}
    settings = ClusterSettings.model_validate({"kind": "local", "tls": files})
    with pytest.raises(ClusterError, match=r"tls: .*ca\.pem: no such file"), started(settings):
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a certificate, made as the document says."""
    folder = tmp_path_factory.mktemp("tls")
    text = TUTORIAL.read_text().replace("\\\n", " ")
    (line,) = re.findall(r"^    (openssl .*)$", text, re.M)
    subprocess.run(shlex.split(line), cwd=folder, check=True, capture_output=True)
    return folder


def with_tls(folder: Path, kind: str) -> ClusterSettings:
    tls = {"ca": folder / "cert.pem", "cert": folder / "cert.pem", "key": folder / "key.pem"}
    return ClusterSettings.model_validate({"kind": kind, "memory": "1GB", "tls": tls})


@pytest.mark.slow
def test_workers_here_speak_tls(certificate: Path) -> None:
    with started(with_tls(certificate, "local")) as client:
        assert client.scheduler.address.startswith("tls://")
        assert client.submit(len, "four").result(timeout=60) == 4


def test_jobs_speak_tls(certificate: Path) -> None:
    cluster = make_cluster(with_tls(certificate, "slurm"))
    try:
        script = cluster.job_script()
    finally:
        cluster.close()
    assert " tls://" in script
    assert f"--tls-cert {certificate / 'cert.pem'}" in script
    assert f"--tls-key {certificate / 'key.pem'}" in script


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TUTORIAL.read_text(), re.M | re.S)


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    (code,) = blocks("python")
    (tmp_path / "tutorial.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "tutorial.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^killed worker process \d+$", done.stdout, re.M)
    assert done.stdout.endswith("6 of 6 points finished\n")
    rows = (tmp_path / "tutorial-run" / "results.csv").read_text().splitlines()
    assert sum(",ok," in row for row in rows) == 6


def test_the_files_of_the_tutorial_are_cluster_files(tmp_path: Path) -> None:
    files = blocks("yaml")
    assert len(files) >= 2
    assert {read_cluster(write(tmp_path, text)).kind for text in files} >= {"slurm", "lsf"}
