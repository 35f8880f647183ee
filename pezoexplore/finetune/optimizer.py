"""MeZO's zeroth-order SGD on a design's bit-true directions, for any ``torch.nn.Module``.

A step evaluates the closure's loss at w + eps z and at w - eps z and moves w along z (Malladi et
al., "Fine-Tuning Language Models with Just Forward Passes", arXiv 2305.17333; with q queries along
the mean of q directions):

    g = (L(w + eps z) - L(w - eps z)) / (2 eps),    w <- (1 - lr decay) w - lr g z.

MeZO adds eps z to the weights and subtracts it again, which leaves them changed by roundings. Here
the weights stay unchanged while the model is probed (:mod:`pezoexplore.finetune.moved`), and z is
regenerated from the step's number for each of the two probes and for the update. So a run is
replayed, bit for bit, from the numbers g alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.finetune.directions import Directions
from pezoexplore.finetune.moved import MovedWeights, Parameters

Closure = Callable[[], Any]
"""Runs the model forward and returns its loss: a number, or a tensor of one element."""


@dataclass(frozen=True)
class StepRecord:
    """Everything that determines a step's change of the weights.

    Attributes:
        step: Steps done before it.
        gradients: Projected gradient g of each query.
        rates: Learning rate of each parameter group.
        decays: Weight decay of each parameter group.
        loss: Mean loss of the probes.
    """

    step: int
    gradients: tuple[float, ...]
    rates: tuple[float, ...]
    decays: tuple[float, ...]
    loss: float


class PezoSGD(torch.optim.Optimizer):
    """Zeroth-order SGD whose perturbations are a design's stream.

    Learning-rate schedules of ``torch.optim.lr_scheduler`` work as with any optimiser; groups may
    set ``lr`` and ``weight_decay``. The weights are those that require a gradient when the
    optimiser is constructed; group after group, tensor after tensor, row by row they are the
    positions 0 to d - 1 of the design's steps.

    Attributes:
        steps: Steps done.
        last: Record of the last step; None before the first.
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        point: DesignPoint,
        *,
        lr: float,
        epsilon: float = 1e-3,
        weight_decay: float = 0.0,
        seed: int = 0,
        window: int | None = None,
    ) -> None:
        """Build the optimiser of a model's parameters and a design.

        Args:
            parameters: As for any PyTorch optimiser: tensors, or groups as mappings.
            point: The design; estimator ``rge`` and float weights.
            lr: Learning rate.
            epsilon: Length of a probe.
            weight_decay: Pull towards zero, as a share of the weights times ``lr``.
            seed: Master seed of the stream.
            window: Numbers generated at once; changes no bit, only memory and speed.

        Raises:
            DesignError: An unsuitable design, a number out of range, or no weights.
        """
        _check(point, lr=lr, epsilon=epsilon, weight_decay=weight_decay)
        self.point, self.epsilon, self.seed = point, epsilon, seed
        self.steps = 0
        self.last: StepRecord | None = None
        self._window = window
        self._offsets: dict[int, int] = {}
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})
        self._offsets, self.parameters = _positions(
            [one for group in self.param_groups for one in group["params"] if one.requires_grad]
        )
        self._directions: dict[torch.device, Directions] = {}
        self._reads: Counter[int] = Counter()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refuse later groups: they would change which number each weight gets."""
        if self._offsets:
            raise DesignError("PezoSGD takes all parameter groups when it is made, none later")
        super().add_param_group(param_group)

    def step(self, closure: Closure) -> float:
        """Probe the loss and move the weights.

        Args:
            closure: Called twice per query, without gradients; must use the same batch both times.

        Returns:
            Mean loss of the probes.

        Raises:
            PezoError: A loss is not finite, or the closure does not read the weights. The weights
                are then as before.
        """
        first = self.steps * self._queries
        probes = [self._probe(closure, first + query) for query in range(self._queries)]
        record = StepRecord(
            self.steps,
            tuple((above - below) / (2 * self.epsilon) for above, below in probes),
            tuple(float(group["lr"]) for group in self.param_groups),
            tuple(float(group["weight_decay"]) for group in self.param_groups),
            sum(above + below for above, below in probes) / (2 * len(probes)),
        )
        self._update(record)
        return record.loss

    def replay(self, record: StepRecord) -> None:
        """Repeat a step from its record, without a model.

        Raises:
            DesignError: The record is not of the next step, or of another number of queries or
                groups.
        """
        expected = (self.steps, self._queries, len(self.param_groups))
        given = (record.step, len(record.gradients), len(record.rates))
        if given != expected:
            raise DesignError(
                f"record of step {given[0]} with {given[1]} queries and {given[2]} groups does not "
                f"fit: the next is step {expected[0]}, with {expected[1]} and {expected[2]}"
            )
        self._update(record)

    def state_dict(self) -> dict[str, Any]:
        """Return the groups as any optimiser does, and the position in the stream."""
        base: dict[str, Any] = super().state_dict()
        return base | {"stream": self.identity | {"steps": self.steps}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from where ``state_dict`` was taken.

        Raises:
            DesignError: It belongs to another design, seed, epsilon or number of weights.
        """
        state = dict(state_dict)
        stream = dict(state.pop("stream", {}))
        steps = stream.pop("steps", None)
        self.check_identity(stream)
        super().load_state_dict(state)
        self.steps = int(steps or 0)

    def check_identity(self, other: dict[str, Any]) -> None:
        """Check that a state or log belongs to this run.

        Raises:
            DesignError: It does not; the message names what differs.
        """
        own = self.identity
        for name in own.keys() | other.keys():
            if own.get(name) != other.get(name):
                raise DesignError(
                    f"made with another {name}: {other.get(name)}, not {own.get(name)}"
                )

    @property
    def identity(self) -> dict[str, Any]:
        """Values that must be equal for a state or log to fit; plain values."""
        return {
            "axes": self.point.to_json(),
            "seed": self.seed,
            "epsilon": self.epsilon,
            "parameters": self.parameters,
        }

    @property
    def _queries(self) -> int:
        return self.point.queries or 1

    def _trained(self, group: Mapping[str, Any]) -> list[torch.Tensor]:
        return [one for one in group["params"] if id(one) in self._offsets]

    def _probe(self, closure: Closure, index: int) -> tuple[float, float]:
        """Evaluate the losses at w + eps z and w - eps z."""
        parameters = Parameters(one for group in self.param_groups for one in self._trained(group))
        losses = []
        for sign in (1, -1):
            # Weights cast for one probe must not serve the other.
            torch.clear_autocast_cache()

            def move(weight: torch.Tensor, rows: Any = None, sign: int = sign) -> torch.Tensor:  # noqa: ANN401
                if rows is not None:
                    return self._moved_rows(weight, rows, index, sign)
                return self._moved(weight, index, sign)

            with torch.no_grad(), MovedWeights(parameters, move, self._reads) as mode:
                loss = float(closure())
            self._reads = mode.reads
            if not mode.reads:
                raise PezoError(
                    "the closure reads none of the optimiser's weights: it must run the model "
                    "whose parameters the optimiser was given"
                )
            if not math.isfinite(loss):
                raise PezoError(
                    f"the loss of step {self.steps} is {loss}: lower lr or epsilon; the weights "
                    "are as they were before the step"
                )
            losses.append(loss)
        torch.clear_autocast_cache()
        return losses[0], losses[1]

    def _moved(self, weight: torch.Tensor, index: int, sign: int) -> torch.Tensor:
        """Return w + sign eps z, in the type of w: a new tensor."""
        flat = weight.detach().reshape(-1)
        out = torch.empty_like(flat)
        for low, high, addends in self._pieces(weight, index, self.epsilon):
            torch.add(flat[low:high], addends, alpha=sign, out=out[low:high])
        return out.view(weight.shape)

    def _moved_rows(
        self, weight: torch.Tensor, rows: torch.Tensor, index: int, sign: int
    ) -> torch.Tensor:
        """Return rows of w + sign eps z, ``rows`` ascending: a new tensor."""
        out = weight.index_select(0, rows)
        width = out.shape[1]
        within = rows[:, None] * width + torch.arange(width, device=rows.device)
        positions = (self._offsets[id(weight)] + within).reshape(-1)
        flat = out.view(-1)
        picked = self._on(weight.device).picked(index, positions, self.epsilon)
        for low, high, addends in picked:
            flat[low:high].add_(addends, alpha=sign)
        return out

    def _update(self, record: StepRecord) -> None:
        first = self.steps * self._queries
        settings = zip(self.param_groups, record.rates, record.decays, strict=True)
        with torch.no_grad():
            for group, rate, decay in settings:
                factors = [-rate * g / self._queries for g in record.gradients]
                for weight in self._trained(group):
                    self._shift(weight, first, factors, 1 - rate * decay)
        self.steps += 1
        self.last = record

    def _shift(self, weight: torch.Tensor, first: int, factors: list[float], shrink: float) -> None:
        """Scale a weight in place and add the directions of some steps of the stream to it."""
        flat = weight.detach().reshape(-1)  # shares memory if the weight is contiguous
        if shrink != 1:
            flat.mul_(shrink)
        for query, factor in enumerate(factors):
            for low, high, addends in self._pieces(weight, first + query, factor):
                flat[low:high].add_(addends)
        if not weight.is_contiguous():
            weight.copy_(flat.view(weight.shape))

    def _pieces(
        self, weight: torch.Tensor, index: int, factor: float
    ) -> Iterable[tuple[int, int, torch.Tensor]]:
        """Return the addends of a weight, by position within it."""
        offset = self._offsets[id(weight)]
        return self._on(weight.device).pieces(index, offset, weight.numel(), factor)

    def _on(self, device: torch.device) -> Directions:
        if device not in self._directions:
            self._directions[device] = Directions(
                self.point, self.seed, self.parameters, device, self._window
            )
        return self._directions[device]


def _positions(weights: list[torch.Tensor]) -> tuple[dict[int, int], int]:
    """Return the first position of each weight, by id, and the number of positions."""
    offsets, end = {}, 0
    for weight in weights:
        if not weight.is_floating_point():
            raise DesignError(f"a weight of type {weight.dtype} cannot be trained: freeze it")
        offsets[id(weight)] = end
        end += weight.numel()
    if not end:
        raise DesignError("no parameter requires a gradient: there is nothing to train")
    return offsets, end


def _check(point: DesignPoint, **numbers: float) -> None:
    if point.estimator != "rge" or point.fixed_point:
        raise DesignError(
            f"PezoSGD trains float weights by estimator rge, not {point.label()}: choose a design "
            "with weight_bits float and estimator rge"
        )
    for name, value in numbers.items():
        allowed = "above 0" if name == "epsilon" else "of 0 or more"
        if not math.isfinite(value) or value < 0 or (value == 0 and name == "epsilon"):
            raise DesignError(f"{name} {value} is out of range: it must be a number {allowed}")
