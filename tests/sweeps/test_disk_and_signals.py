"""A disk that fails and signals of a batch system, at random moments of a sweep.

``bench/faults.py moments`` tries each kind a hundred times.
"""

from __future__ import annotations

import pytest
from fault_kinds import KINDS, Faults


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Faults:
    return Faults(tmp_path_factory.mktemp("faults"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_costs_nothing_that_had_finished(faults: Faults, kind: str) -> None:
    faults.once(kind, 0)


@pytest.mark.regression
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_many_moments(faults: Faults, kind: str) -> None:
    hits = [faults.once(kind, number) for number in range(1, 101)]
    assert sum(hits) > 20, "the moments do not meet the sweep"
