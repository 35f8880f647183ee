"""The weights that directions move, where these are not all: axis ``scope``.

- ``last:N``: backprop trains the last N layers along with the estimate, which moves the others
  (ElasticZO, arXiv 2501.04287). Directions are zero in the last layers, so that both sides of a
  probe have them as they are; their gradient is that of the same batch's mean loss at w, and needs
  no gradient of earlier layers. Both moves are of one learning rate.
- ``sparse:S``: of each tensor of two axes and more the share S of the weights that are smallest in
  absolute value at the start, and all biases (Sparse MeZO, arXiv 2402.15751, perturbs the smallest
  weights of each layer, too, but chooses them anew at every step). The others never move.

A direction takes a number of the stream for each weight that it moves, in the order of the flat
weights, and starts on a beat. The stream is that of any direction, only shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.design.training_axes import ALL, backprop_layers, sparse_share
from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.cnn import Cnn
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Array, Block, Loss, Network
from pezoexplore.train.task import Task
from pezoexplore.train.trainer import Directions


@dataclass(frozen=True)
class Scope:
    """Where the numbers of a direction go.

    Attributes:
        blocks: Tensors that directions move, in the order of the flat weights.
        share: Share of the weights of each that they move, biases apart.
    """

    blocks: tuple[Block, ...]
    share: float = 1.0

    def kept(self, block: Block) -> int:
        """Count the weights of a tensor that directions move."""
        return round(self.share * block.size) if len(block.shape) > 1 else block.size

    @cached_property
    def numbers(self) -> int:
        """Numbers of a direction."""
        return sum(map(self.kept, self.blocks))

    def places(self, initial: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the indices of the weights that directions move, ascending, [numbers].

        Args:
            initial: Weights at the start, [d]; of equal ones the lower index is kept.
        """
        found = [self.chosen(b, initial[b.start : b.stop]) for b in self.blocks]
        return np.concatenate(found)

    def chosen(self, block: Block, initial: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the indices within a tensor, as :meth:`places`, from its weights at the start."""
        order = np.argsort(np.abs(initial), kind="stable")
        found: NDArray[np.int64] = block.start + np.sort(order[: self.kept(block)])
        return found


@dataclass(frozen=True)
class ScopedDirections:
    """Puts the numbers of a direction at the weights that they move, with zeros elsewhere.

    Attributes:
        inner: The numbers, [steps, seeds, numbers] a block.
        places: Of each seed the indices of the weights, [numbers].
        parameters: Weights d.
    """

    inner: Directions
    places: Sequence[NDArray[np.int64]]
    parameters: int

    @property
    def scale(self) -> float:
        """Worth of one unit of the values in z."""
        return self.inner.scale

    def block(self, first_step: int, steps: int) -> NDArray[Any]:
        """Return the values of consecutive steps, [steps, seeds, d]."""
        values = self.inner.block(first_step, steps)
        found = np.zeros((*values.shape[:2], self.parameters), values.dtype)
        for seed, places in enumerate(self.places):
            found[:, seed, places] = values[:, seed]
        return found


def scope_of(point: DesignPoint, task: Task) -> Scope | None:
    """Return the scope of a point's directions on a task; None where they move all weights.

    Raises:
        DesignError: The task's network has no such scope.
    """
    if point.scope == ALL:
        return None
    network, last = task.model, backprop_layers(point.scope)
    if last:
        scope = Scope(blocks_before(network, last, task.name))
    else:
        scope = Scope(network.blocks, sparse_share(point.scope) or 1.0)
    if not scope.numbers:
        raise DesignError(f"scope {point.scope} keeps none of {task.name}'s weights; raise it")
    return scope


def check_decay(point: DesignPoint, decay: float) -> None:
    """Check that weights outside of a sparse scope stay.

    Raises:
        DesignError: A weight decay would move them.
    """
    if decay and sparse_share(point.scope):
        raise DesignError(f"train: weight_decay moves all weights; scope {point.scope} needs 0")


def blocks_before(network: Network, last: int, name: str) -> tuple[Block, ...]:
    """Return the tensors before the last layers, which must be dense.

    Raises:
        DesignError: The network has not so many dense layers at its end, and others before them.
    """
    dense = 0
    if isinstance(network, Mlp | Cnn):
        convolutions = len(network.convs) if isinstance(network, Cnn) else 0
        dense = min(network.layers - convolutions, network.layers - 1)
    dense = getattr(network, "last_layers", dense)
    if last > dense:
        allowed = f"last:1 to last:{dense}" if dense > 1 else "last:1" if dense else "none"
        raise DesignError(
            f"scope last:{last}: backprop trains dense layers of perceptrons and convolution "
            "networks and layers of PyTorch models, at least one layer before them; allowed for "
            f"{name}: {allowed}"
        )
    return tuple(block for block in network.blocks if block.layer < network.layers - last)


def backward_share(network: Network, last: int) -> float:
    """Return the cost of a backward sweep through the last layers, dense ones, in forward passes.

    A sweep costs twice the multiply-accumulates of these layers, one for each weight.
    """
    if (counted := getattr(network, "backward_share", None)) is not None:
        return float(counted(last))
    first = network.layers - last
    dense = [block for block in network.blocks if block.layer >= first and len(block.shape) > 1]
    return 2 * sum(block.size for block in dense) / network.macs


def tail_gradient(
    network: Network, loss: Loss, flat: Array, inputs: Array, targets: Array, last: int
) -> Array:
    """Compute the mean loss's gradient in the last layers, [d], zero elsewhere.

    Args:
        network: The network.
        loss: Losses of examples by outputs and targets.
        flat: Weights, [d].
        inputs: A batch, [n, ...].
        targets: [n, ...].
        last: Number of last layers.
    """
    first = network.layers - last
    entering = network.prefix(flat, inputs, first)

    def mean(weights: Array) -> Array:
        return loss(network.suffix(weights, entering, first), targets).mean()

    return load_jax().grad(mean)(flat)
