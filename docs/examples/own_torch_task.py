"""A task of one's own in PyTorch: iris flowers on a module with batch norm and a frozen layer."""

from __future__ import annotations

import torch
from sklearn.datasets import load_iris
from torch import nn

from pezoexplore.finetune.task import TorchTask


class Flowers(nn.Module):
    """Scores [n, 3] of flowers [n, 4]."""

    def __init__(self) -> None:
        """Make the layers; the first one, random features, is not trained."""
        super().__init__()
        self.features = nn.Linear(4, 24).requires_grad_(False)
        self.norm = nn.BatchNorm1d(24)
        self.scores = nn.Linear(24, 3)

    def forward(self, measures: torch.Tensor) -> torch.Tensor:
        """Compute the scores."""
        return self.scores(self.norm(self.features(measures).relu()))


def model(seed: int) -> nn.Module:
    """Return the module of a training seed, which is PyTorch's seed at this moment."""
    del seed
    return Flowers()


def build() -> TorchTask:
    """Return the task that ``task: own_torch_task:build`` names."""
    measures, species = load_iris(return_X_y=True)
    standard = (measures - measures.mean(0)) / measures.std(0)
    return TorchTask(model, (standard, species))
