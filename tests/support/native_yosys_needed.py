"""Skip tests of native Yosys on machines for which the package does not ask for it."""

from __future__ import annotations

from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

from pezoexplore.hardware.eda.yosys import NATIVE


def installed_here() -> bool:
    """Return whether the package's own requirements bring it; one that is missing then fails."""
    found = map(Requirement, requires("pezoexplore") or ())
    return any(one.name == NATIVE and (not one.marker or one.marker.evaluate()) for one in found)


native_yosys = pytest.mark.skipif(not installed_here(), reason=f"{NATIVE} has no wheel here")
