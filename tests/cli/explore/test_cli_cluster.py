"""Sweeps on Dask workers, typed as the documentation says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cli_calls import spawn

DOCUMENT = Path(__file__).parents[3] / "docs" / "cluster.md"

DESIGN = """\
name: small
space: {rng: [lfsr], reuse: [phased], bit_width: [4], lanes: [7, 8]}
train: {steps: 20, seeds: 2, learning_rates: [0.005]}
objectives: {minimize: [rng_state_bits]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a design, and the results of a sweep in local processes."""
    path = tmp_path_factory.mktemp("cluster")
    (path / "design.yaml").write_text(DESIGN)
    done = sweep(path, "here", "--jobs", 1)
    assert done.returncode == 0, done.stderr
    return path


def sweep(folder: Path, out: str, *words: object, **env: str) -> subprocess.CompletedProcess[str]:
    words = ("sweep", "design.yaml", "--stages", "train", "--out", out, *words)
    return spawn(*words, cwd=folder, env=os.environ | env)


def typed(start: str) -> list[list[str]]:
    """Command lines of the document that begin so, as words."""
    text = DOCUMENT.read_text().replace("\\\n", " ")
    return [shlex.split(line) for line in re.findall(rf"^    ({re.escape(start)}.*)$", text, re.M)]


def same(folder: Path, out: str) -> bool:
    names = ("results.csv", "pareto.csv")
    return all(
        (folder / "here" / name).read_bytes() == (folder / out / name).read_bytes()
        for name in names
    )


@pytest.mark.regression
def test_workers_on_this_machine(folder: Path) -> None:
    done = sweep(folder, "dask", "--executor", "dask", "--jobs", 2)
    assert done.returncode == 0, done.stderr
    assert same(folder, "dask")


@pytest.mark.regression
def test_a_search_of_every_point_on_workers_has_the_rows_of_the_sweep(folder: Path) -> None:
    words = ("search", "design.yaml", "--stages", "train", "--budget", 2, "--out", "search")
    done = spawn(*words, "--no-rungs", "--executor", "dask", "--jobs", 1, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert same(folder, "search")


@pytest.fixture
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of an encrypted scheduler, and two workers, started as the document says."""
    ((*openssl,),) = typed("openssl req")
    subprocess.run(openssl, cwd=folder, check=True, capture_output=True)
    (scheduler,), (worker,) = typed("dask scheduler --protocol tls"), typed("dask worker tls:")
    python = [sys.executable, "-m"]
    with ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [*python, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        where = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        start(*scheduler[:2], *scheduler[2:], *where, "--scheduler-file", "scheduler.json")
        address = _address(folder / "scheduler.json")
        worker = [address if word.startswith("tls://") else word for word in worker]
        workers = [start(*worker, "--no-nanny", "--no-dashboard") for _ in range(2)]
        yield address, workers


def _address(path: Path) -> str:
    end = time.monotonic() + 60
    while not path.exists() or not path.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    return str(json.loads(path.read_text())["address"])


@pytest.mark.regression
def test_an_encrypted_scheduler_whose_worker_is_killed(folder: Path, cluster) -> None:
    address, workers = cluster
    assert address.startswith("tls://")
    settings = dict(words[1].split("=", 1) for words in typed("export DASK_"))
    assert len(settings) == 4
    command = [sys.executable, "-m", "pezoexplore", "sweep", "design.yaml", "--stages", "train"]
    with subprocess.Popen(
        [*command, "--out", "tls", "--scheduler", address],
        cwd=folder, env=os.environ | settings, stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "[1/" in line:
                workers[0].kill()
    assert process.returncode == 0, "".join(said)
    assert same(folder, "tls")


@pytest.mark.slow
def test_who_has_no_certificate_is_told_what_is_missing(call, tmp_path: Path) -> None:
    (tmp_path / "design.yaml").write_text(DESIGN)
    words = ("--scheduler", "tls://127.0.0.1:9", "--out", "refused")
    refused = call("sweep", "design.yaml", "--stages", "train", *words)
    assert refused.status == 2
    line = refused.err.splitlines()[-1]
    assert line.startswith("error: --scheduler tls://127.0.0.1:9: needs a certificate")
    assert "Traceback" not in refused.err
