"""Start cocotb inside a simulator without pytest, which takes half of the processor time.

cocotb 2.1 imports pytest for exceptions by which a test may skip itself or expect an error, and for
rewritten assertions. Benches that use none of them get stand-ins.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

USERS = (
    "pezoexplore.hardware.verify.lean_start:stand_in_for_pytest",
    "cocotb.logging:_configure",
    "cocotb._init:init_package_from_simulation",
    "cocotb.regression:_run_regression",
)
"""Functions that cocotb calls, in order, once the simulator has loaded Python (PYGPI_USERS)."""


class _NeverRaisedError(Exception):
    """Stands for each exception of pytest."""


def stand_in_for_pytest() -> None:
    """Put stand-ins for the parts of pytest that cocotb imports in the place of these modules."""
    raised = SimpleNamespace(Exception=_NeverRaisedError)
    parts: dict[str, dict[str, object]] = {
        "pytest": {"raises": raised, "skip": raised, "xfail": raised},
        "_pytest": {},
        "_pytest.assertion": {"install_importhook": None},
        "_pytest.config": {"Config": None},
    }
    for name, members in parts.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(members)
