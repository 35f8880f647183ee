"""The one place that imports JAX: on the CPU, one thread, settings made before the import.

What JAX compiles is kept on disk, for the other workers of a run and for later ones: machine code
does not depend on who compiled it, so neither do results.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import warnings
from pathlib import Path
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


CACHE_VARIABLE = "PEZOEXPLORE_COMPILED"
"""Environment variable that names the folder of compiled functions; empty: none is kept."""


def load_jax() -> ModuleType:
    """Import and return ``jax``, after :func:`pin_threads` and :func:`keep_compiled`."""
    if "jax" not in sys.modules:
        pin_threads()
        keep_compiled()
    return importlib.import_module("jax")


def keep_compiled() -> None:
    """Set the environment that lets JAX keep what it compiles, however short that took.

    The folder is one of this kind of CPU, as machine code of another may not run; JAX's own keys
    hold its versions and flags. Settings of the user take precedence, and where the folder cannot
    be made nothing is kept.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named == "" or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(named or f"{home}/pezoexplore/compiled").expanduser() / _cpu()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # read-only, or there is no home
        return
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    # One that another process is just writing is compiled here as well.
    warnings.filterwarnings("ignore", "Error reading persistent compilation cache entry")


def _cpu() -> str:
    """Return a hash of what the kernel says of the first CPU's model and instructions."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        told = ""
    kept = ("vendor_id", "cpu family", "model", "stepping", "flags", "Features", "CPU part")
    lines = sorted(line for line in told.splitlines() if line.startswith(kept))
    return hashlib.sha256("\n".join([*os.uname()[4:], *lines]).encode()).hexdigest()[:16]
