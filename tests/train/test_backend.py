from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pezoexplore.train.backend import pin_threads


def test_pins_every_library_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "JAX_PLATFORMS", "XLA_FLAGS")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    pin_threads()
    values = [os.environ[name] for name in names]
    assert values == ["1", "1", "cpu", "--xla_cpu_multi_thread_eigen=false"]


def test_keeps_what_the_user_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=/nowhere")
    pin_threads()
    pin_threads()
    assert os.environ["OMP_NUM_THREADS"] == "3"
    expected = "--xla_dump_to=/nowhere --xla_cpu_multi_thread_eigen=false"
    assert os.environ["XLA_FLAGS"] == expected


def test_importing_the_package_imports_no_jax() -> None:
    code = "import sys, pezoexplore.train.evaluate; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
