"""What earlier steps add to an estimate: momentum by replay, and one second moment.

Neither keeps a number per weight. With slopes s_t (mean over q directions) and estimates g_t of
the steps t = 0, 1, ...:

- **Momentum by replay** (AdaMeZO's first moment, arXiv 2605.00650): the update takes

      m_t = (1 - b) sum_{k=0..h} b^k g_{t-k},

  where the h earlier directions are replayed from their seeds, and of each only its slopes are
  kept. It is what a stored velocity would be, cut off after h steps.
- **Scalar step size** (MEAZO, arXiv 2605.03869): the update is divided by sqrt(v) + 1e-8,

      v_t = c v_{t-1} + (1 - c) s_t^2,    v = v_t / (1 - c^(t+1)).

With both and directions of +-1, whose squares are all 1, this is of AdaMeZO's form: its second
moment is then the same for all weights, though cut off after h steps too. The decays are choices
made here: b as usual with Adam, c shorter.

The software keeps the replayed directions in a ring; hardware draws them again, which costs beats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array

BETA = 0.9
"""Decay b of the momentum by replay, where ``train.momentum`` gives no other."""

SECOND_BETA = 0.99
"""Decay c of the second moment."""

FLOOR = 1e-8
"""Added to the root of the second moment."""


@dataclass(frozen=True)
class Moments:
    """Adds to an update what it takes from earlier steps.

    Attributes:
        scalar: Whether one second moment scales the step.
        replay: Earlier directions that are replayed, h; 0: no momentum by replay.
        beta: Decay of the momentum, b.
    """

    scalar: bool = False
    replay: int = 0
    beta: float = BETA

    @property
    def used(self) -> bool:
        """Whether an update takes anything from earlier steps."""
        return self.scalar or self.replay > 0

    def replayed(self, steps: int) -> int:
        """Count the directions (of each query) that a run of so many steps replays."""
        full = max(steps - self.replay, 0)
        started = steps - full
        return full * self.replay + started * (started - 1) // 2

    def first(self, replicas: tuple[int, int], queries: int, parameters: int) -> list[Array]:
        """Return what is kept before the first step.

        Args:
            replicas: Seeds and rates.
            queries: Directions per step.
            parameters: Weights.

        Returns:
            With ``scalar`` the second moment and its weight, [seeds, rates, 2]; with ``replay``
            the slopes, [seeds, rates, h, q], and directions, [seeds, h, q, d], of earlier steps.
        """
        jnp = load_jax().numpy
        kept = [jnp.zeros((*replicas, 2))] if self.scalar else []
        if self.replay:
            ring = (self.replay, queries)
            kept += [jnp.zeros((*replicas, *ring)), jnp.zeros((replicas[0], *ring, parameters))]
        return kept

    def moved(
        self,
        kept: Sequence[Array],
        gradient: Array,
        slopes: Array,
        values: Array,
        scale: Array,
        step: Array,
    ) -> tuple[Array, list[Array]]:
        """Return the update's direction and what is kept after a step.

        Args:
            kept: As :meth:`first` returns it, before the step.
            gradient: The step's estimates, [seeds, rates, d].
            slopes: [seeds, rates, q].
            values: The step's directions in units of ``scale``, [seeds, q, d].
            scale: Worth of one unit.
            step: Number of the step.
        """
        rest = list(kept)
        if self.replay:
            *rest, past, ring = rest
            gradient, past, ring = self._replayed(past, ring, gradient, slopes, values, scale, step)
        if self.scalar:
            gradient, rest = _scaled(rest[0], gradient, slopes)
        return gradient, [*rest, past, ring] if self.replay else rest

    def _replayed(
        self,
        past: Array,
        ring: Array,
        gradient: Array,
        slopes: Array,
        values: Array,
        scale: Array,
        step: Array,
    ) -> tuple[Array, Array, Array]:
        jax = load_jax()
        jnp = jax.numpy
        slots = jnp.arange(self.replay)
        ages = 1 + (step - 1 - slots) % self.replay  # slot t mod h holds step t, h steps long
        weighed = past * (np.float32(self.beta) ** ages)[:, None] / slopes.shape[-1]
        older = jnp.einsum("srhq,shqd->srd", weighed, ring) * scale
        slot = step % self.replay
        past = past.at[:, :, slot].set(slopes)
        ring = ring.at[:, slot].set(values.astype(ring.dtype))
        return np.float32(1 - self.beta) * (gradient + older), past, ring


def _scaled(kept: Array, gradient: Array, slopes: Array) -> tuple[Array, list[Array]]:
    """Divide by the root of the second moment; its weight corrects the start, as Adam's does."""
    jnp = load_jax().numpy
    square = slopes.mean(-1) ** 2
    decay = np.float32(SECOND_BETA)
    kept = decay * kept + (1 - decay) * jnp.stack([square, jnp.ones_like(square)], -1)
    root = jnp.sqrt(kept[..., 0] / kept[..., 1]) + np.float32(FLOOR)
    return gradient / root[..., None], [kept]


NONE = Moments()
"""Nothing from earlier steps."""
