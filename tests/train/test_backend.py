from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pezoexplore.train.backend import keep_compiled, pin_threads


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


def test_what_is_compiled_is_kept_in_a_folder_of_this_kind_of_cpu(tmp_path, monkeypatch) -> None:
    for name in (
        "COMPILATION_CACHE_DIR",
        "PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
        "PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
    ):
        monkeypatch.setenv(f"JAX_{name}", "")  # so that it is undone
        monkeypatch.delenv(f"JAX_{name}")
    monkeypatch.setenv("PEZOEXPLORE_COMPILED", "")
    keep_compiled()
    assert "JAX_COMPILATION_CACHE_DIR" not in os.environ
    monkeypatch.setenv("PEZOEXPLORE_COMPILED", str(tmp_path / "file" / "below"))
    (tmp_path / "file").touch()
    keep_compiled()
    assert "JAX_COMPILATION_CACHE_DIR" not in os.environ
    monkeypatch.setenv("PEZOEXPLORE_COMPILED", str(tmp_path / "kept"))
    keep_compiled()
    (folder,) = (tmp_path / "kept").iterdir()
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(folder)
    assert os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] == "0"
