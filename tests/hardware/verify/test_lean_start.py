"""cocotb starts without pytest, and still tells what fails; a whole check is in test_simulate."""

from __future__ import annotations

import subprocess
import sys

from pezoexplore.hardware.verify.lean_start import VERSION

PROGRAM = """
import sys
from pezoexplore.hardware.verify.lean_start import install_stubs
install_stubs()
import cocotb.regression
cocotb.regression.RegressionManager.setup_pytest_assertion_rewriting()
heavy = ("pluggy", "_pytest.fixtures", "asyncio.base_events", "importlib.metadata", "numpy")
print(cocotb.__version__, *(name for name in heavy if name in sys.modules))
"""


def test_cocotb_takes_the_stubs_and_imports_none_of_what_they_stand_for(monkeypatch):
    monkeypatch.setenv("COCOTB_REWRITE_ASSERTION_FILES", "")
    monkeypatch.setenv(VERSION, "1.2.3")
    program = [sys.executable, "-c", PROGRAM]
    ran = subprocess.run(program, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["1.2.3"]
