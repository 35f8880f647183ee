from __future__ import annotations

import torch

from pezoexplore.finetune.writes import Storages


def test_tensors_that_are_gone_leave_the_list() -> None:
    """An expired reference of PyTorch 2.13 keeps the memory: few of 1,000 may be listed."""
    storages, kept = Storages(), torch.ones(3)
    storages.add(kept)
    for _ in range(1000):
        storages.add(torch.ones(3))
    assert len(storages) < 10
    assert kept in storages
    assert torch.ones(3) not in storages
