"""Data-parallel processes: each has a copy of the weights and a part of the batch.

A step moves the weights along the same direction everywhere if all processes know the mean of their
losses: so they exchange two numbers per query, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import distributed

from pezoexplore.errors import DesignError


def processes() -> int:
    """Return the number of processes of the default process group; 1 without one."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 1
    return int(distributed.get_world_size())


def means(values: Sequence[float], device: torch.device) -> list[float]:
    """Return the means over the processes, the same bits in each.

    Args:
        values: As many in each process.
        device: Device of the weights, from which NCCL sends.
    """
    where = device if distributed.get_backend() == "nccl" else torch.device("cpu")
    own = torch.tensor(values, dtype=torch.float64, device=where)
    parts = [torch.empty_like(own) for _ in range(processes())]
    distributed.all_gather(parts, own)
    found: list[float] = (torch.stack(parts).sum(0) / len(parts)).tolist()
    return found


def check_alike(identity: dict[str, Any], weights: Iterable[torch.Tensor]) -> None:
    """Check that all processes train the same weights along the same stream.

    Raises:
        DesignError: They do not; raised in every process.
    """
    sums = [float(weight.detach().double().sum()) for weight in weights]
    own = identity | {"weights": sums}
    others: list[Any] = [None] * processes()
    distributed.all_gather_object(others, own)
    for name in own:
        if any(other.get(name) != others[0][name] for other in others):
            raise DesignError(
                f"the processes of this training differ in {name}: give each the same seed and "
                "settings and the same initial weights, or PezoSGD(..., distributed=False)"
            )
