"""cocotb starts without pytest, and still tells what fails; a whole check is in test_simulate."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from pezoexplore.hardware.verify.lean_start import stand_in_for_pytest
stand_in_for_pytest()
import cocotb.regression
cocotb.regression.RegressionManager.setup_pytest_assertion_rewriting()
print(*(name for name in ("pluggy", "_pytest.fixtures", "numpy") if name in sys.modules))
"""


def test_cocotb_takes_the_stand_ins_and_imports_no_pytest(monkeypatch):
    monkeypatch.setenv("COCOTB_REWRITE_ASSERTION_FILES", "")
    program = [sys.executable, "-c", PROGRAM]
    ran = subprocess.run(program, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
