"""Start cocotb inside a simulator without pytest, which takes half of the processor time.

cocotb 2.1 imports pytest for exceptions by which a test may skip itself or expect an error, and for
rewritten assertions, asyncio for two of its exceptions, and importlib.metadata for its own version.
Benches use none of pytest: they get stubs of it, of asyncio the exceptions alone, without the event
loop and its sockets, and the version from the process that starts the simulator.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType, SimpleNamespace

USERS = (
    "pezoexplore.hardware.verify.lean_start:install_stubs",
    "cocotb.logging:_configure",
    "cocotb._init:init_package_from_simulation",
    "cocotb.regression:_run_regression",
)
"""Functions that cocotb calls, in order, once the simulator has loaded Python (PYGPI_USERS)."""

VERSION = "PEZOEXPLORE_COCOTB"
"""Environment variable with cocotb's version, which it tells in its log."""


class _NeverRaisedError(Exception):
    """Stands for each exception of pytest."""


def install_stubs() -> None:
    """Install stubs of what cocotb imports and a bench does not use."""
    _install_asyncio()
    raised = SimpleNamespace(Exception=_NeverRaisedError)
    parts: dict[str, dict[str, object]] = {
        "pytest": {"raises": raised, "skip": raised, "xfail": raised},
        "_pytest": {},
        "_pytest.assertion": {"install_importhook": None},
        "_pytest.config": {"Config": None},
        "cocotb._version": {"__version__": os.environ[VERSION]},
    }
    for name, members in parts.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(members)


def _install_asyncio() -> None:
    """Install a package asyncio that holds its exceptions and has not run its own code."""
    spec = find_spec("asyncio")
    assert spec is not None
    package = sys.modules["asyncio"] = module_from_spec(spec)
    from asyncio import exceptions

    vars(package).update({name: vars(exceptions)[name] for name in exceptions.__all__})
