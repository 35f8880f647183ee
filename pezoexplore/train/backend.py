"""The one place that imports JAX: on the CPU, one thread, settings made before the import."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
_XLA_FLAG = "--xla_cpu_multi_thread_eigen=false"


def pin_threads() -> None:
    """Set the environment that keeps numeric libraries started later to one thread.

    A sum split over another number of threads is another float, and worker processes that each
    start a thread per core slow each other down. An XLA flag, platform or thread count that the
    user has set takes precedence; a library that is already loaded is not touched.
    """
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_multi_thread_eigen" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {_XLA_FLAG}".strip()


def load_jax() -> ModuleType:
    """Import and return ``jax``, after :func:`pin_threads`."""
    pin_threads()
    return importlib.import_module("jax")
