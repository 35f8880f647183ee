"""What holds for all tests, wherever they are started from."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, so that a failure can be had again; a busy machine is none.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", calm, derandomize=True)
settings.register_profile("search", calm)  # other examples each time: to find new ones
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# A shell ignores Ctrl-C for what it starts in the background, and programs inherit that; some
# tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# There are more workers than CPUs: more processes a test would only be in the way.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("PEZOEXPLORE_JOBS", "1")

# What one test has compiled the others of this run do not compile again, nor do their processes:
# most of the time of a short training is compilation. A cache of the user's is left alone.
if "PYTEST_XDIST_WORKER" not in os.environ:
    compiled = tempfile.mkdtemp(prefix="pezoexplore-tests-")
    os.environ["PEZOEXPLORE_COMPILED"] = compiled
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)

# Hides that a pipe was not flushed.
os.environ.pop("PYTHONUNBUFFERED", None)

# Tests start many Python processes. Without byte code each compiles all that it imports, which
# doubles the time of a simulation.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the workers of ``-n auto``: three for two CPUs, as a third of the time is waiting."""
    cpus = len(os.sched_getaffinity(0))
    return cpus + cpus // 2
