"""MeZO's zeroth-order SGD on a design's bit-true directions, for any ``torch.nn.Module``.

A step evaluates the closure's loss at w + eps z and at w - eps z and moves w along z (Malladi et
al., "Fine-Tuning Language Models with Just Forward Passes", arXiv 2305.17333; with q queries along
the mean of q directions):

    g = (L(w + eps z) - L(w - eps z)) / (2 eps),    w <- (1 - lr decay) w - lr g z.

MeZO adds eps z to the weights and subtracts it again, which leaves them changed by roundings. Here
the weights stay unchanged while the model is probed (:mod:`pezoexplore.finetune.moved`), and z is
regenerated from the step's number for each of the two probes and for the update. So a run is
replayed, bit for bit, from the numbers g alone.

The axes ``rank``, ``scope: sparse:S``, ``step_size`` and ``momentum_replay`` of a design apply.

Both probes of a query see the same random numbers of PyTorch (dropout), and buffers as they were
before the step (batch norm); the writes of the step's first pass last. Data-parallel processes
share their losses (:mod:`pezoexplore.finetune.parallel`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import torch

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.finetune.directions import Directions
from pezoexplore.finetune.moved import MovedWeights, Parameters
from pezoexplore.finetune.parallel import check_alike, means, processes
from pezoexplore.finetune.probe import Closure, loss_of, plain_tensors
from pezoexplore.finetune.steplog import StepRecord
from pezoexplore.finetune.steps.moments import Memory
from pezoexplore.finetune.steps.scope import ScopedDirections, digest, directions_of, places_of
from pezoexplore.finetune.weights import (
    UNCHANGED,
    DivergedError,
    check_design,
    check_losses,
    check_record,
    check_same,
    in_range,
    once,
    positions,
    surely_finite,
)
from pezoexplore.finetune.writes import Writes
from pezoexplore.train.steps.moments import BETA, Moments
from pezoexplore.train.steps.scope import check_decay

_OWN = "point epsilon moments seed steps last memory _places _window _distributed _weights"


class PezoSGD(torch.optim.Optimizer):
    """Zeroth-order SGD whose perturbations are a design's stream.

    Learning-rate schedules of ``torch.optim.lr_scheduler`` work as with any optimiser; groups may
    set ``lr`` and ``weight_decay``. The weights are those that require a gradient when the
    optimiser is constructed; group after group, tensor after tensor, row by row they are the
    positions 0 to d - 1 of the design's steps.

    Attributes:
        steps: Steps done.
        last: Record of the last step; None before the first.
        memory: What the next update takes from earlier steps.
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        point: DesignPoint,
        *,
        lr: float,
        epsilon: float = 1e-3,
        weight_decay: float = 0.0,
        momentum: float = BETA,
        seed: int = 0,
        window: int | None = None,
        distributed: bool = True,
    ) -> None:
        """Build the optimiser of a model's parameters and a design.

        Args:
            parameters: As for any PyTorch optimiser: tensors, or groups as mappings.
            point: The design; estimator ``rge`` and float weights, in scope ``all`` or ``sparse``.
            lr: Learning rate.
            epsilon: Length of a probe.
            weight_decay: Pull towards zero, as a share of the weights times ``lr``.
            momentum: Decay of the momentum of a design with ``momentum_replay``.
            seed: Master seed of the stream.
            window: Numbers generated at once; changes no bit, only memory and speed.
            distributed: Whether the processes of an initialised ``torch.distributed`` group train
                together.

        Raises:
            DesignError: An unsuitable design or weight, a number out of range, or no weights.
        """
        check_design(point)
        in_range("lr", lr)
        in_range("weight_decay", weight_decay)
        self.point, self.epsilon = point, in_range("epsilon", epsilon, positive=True)
        decay = in_range("momentum", momentum, below=1.0)
        self.moments = Moments(point.step_size == "scalar", point.momentum_replay, decay)
        self.seed = seed
        self.steps = 0
        self.memory = Memory()
        self.last: StepRecord | None = None
        self._window, self._distributed = window, distributed
        self._weights: list[list[torch.Tensor]] = []
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})
        self._weights = [
            [one for one in group["params"] if one.requires_grad] for group in self.param_groups
        ]
        self._settings()
        self._prepare()
        self._places = places_of(point, self._flat)

    def _prepare(self) -> None:
        """Set what follows from the weights."""
        self._flat = [weight for group in self._weights for weight in group]
        self._offsets, self.parameters = positions(self._flat)
        self._directions: dict[torch.device, Directions | ScopedDirections] = {}
        self._reads: Counter[int] = Counter()
        self._alike = False

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy is made of; its directions and caches it makes itself."""
        base: dict[str, Any] = super().__getstate__()
        return base | {name: getattr(self, name) for name in _OWN.split()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a copy, or take the groups of a loaded state."""
        super().__setstate__(state)
        if "_weights" in state:
            self._prepare()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refuse later groups: they would change which number each weight gets."""
        if self._weights:
            raise DesignError("PezoSGD takes all parameter groups when it is made, none later")
        seen = [one for group in self.param_groups for one in group["params"]]
        given = once(param_group["params"], seen)
        super().add_param_group({**param_group, "params": given})

    def step(self, closure: Closure | None = None) -> float:
        """Probe the loss and move the weights.

        Args:
            closure: Runs the model forward and returns its loss. Called twice per query, without
                gradients; must use the same batch both times.

        Returns:
            Mean loss of the probes.

        Raises:
            PezoError: A loss is not finite, a weight would not be after the step, or the closure
                does not do what it must. Weights and buffers are then as before.
        """
        if not callable(closure):
            raise DesignError(
                "PezoSGD.step needs a closure: a function that runs the model forward and returns "
                "its loss, without backward"
            )
        rates, decays = self._settings()
        together = self._distributed and processes() > 1
        if together and not self._alike:
            check_alike(self.identity | {"steps": self.steps}, self._flat)
            self._alike = True
        try:
            losses, still, writes = self._probes(closure)
        except Exception:
            if together:  # the others wait for numbers, and get NaN
                means([math.nan] * (2 * self._queries), self._flat[0].device)
            raise
        if together:
            losses = means(losses, self._flat[0].device)
        check_losses(losses, self.steps)
        pairs = zip(losses[::2], losses[1::2], strict=True)
        gradients = tuple((above - below) / (2 * self.epsilon) for above, below in pairs)
        mean = sum(losses) / len(losses)
        self._update(StepRecord(self.steps, gradients, rates, decays, mean, still))
        writes.redo()
        return mean

    def replay(self, record: StepRecord) -> None:
        """Repeat a step from its record, without a model.

        Raises:
            DesignError: The record is not of the next step, of another number of queries or
                groups, or its numbers are out of range.
        """
        expected = (self.steps, self._queries, len(self.param_groups))
        check_record(record, expected, self._flat)
        self._update(record)

    def state_dict(self) -> dict[str, Any]:
        """Return the groups as any optimiser does, and the position in the stream."""
        base: dict[str, Any] = super().state_dict()
        stream = self.identity | {"steps": self.steps}
        if self.moments.used:
            stream["memory"] = self.memory.to_json()
        if self._places is not None:
            stream["places"] = self._places
        return base | {"stream": stream}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from where ``state_dict`` was taken.

        Raises:
            DesignError: It is of another optimiser, design, seed, epsilon, number of weights or
                groups.
        """
        state = dict(state_dict)
        if not isinstance(state.get("stream"), dict) or "steps" not in state["stream"]:
            raise DesignError("not a state of PezoSGD: it holds no position in a stream")
        stream = dict(state.pop("stream"))
        steps, places = int(stream.pop("steps")), stream.pop("places", None)
        memory = Memory.from_json(stream.pop("memory", {}))
        check_same(self._identity(places), stream)
        try:
            super().load_state_dict(state)
        except ValueError as error:  # other groups
            raise DesignError(f"the state does not fit: {error}") from None
        self.steps, self.memory = steps, memory
        self._places, self._directions = places, {}

    def check_identity(self, other: dict[str, Any]) -> None:
        """Check that a state or log belongs to this run.

        Raises:
            DesignError: It does not; the message names what differs.
        """
        check_same(self.identity, other)

    @property
    def identity(self) -> dict[str, Any]:
        """Values that must be equal for a state or log to fit; plain values."""
        return self._identity(self._places)

    def _identity(self, places: torch.Tensor | None) -> dict[str, Any]:
        found: dict[str, Any] = {
            "axes": self.point.to_json(),
            "seed": self.seed,
            "epsilon": self.epsilon,
            "parameters": self.parameters,
        }
        if self.moments.replay:
            found["momentum"] = self.moments.beta
        if places is not None:
            found["places_sha256"] = digest(places)
        return found

    @property
    def _queries(self) -> int:
        return self.point.queries or 1

    def _settings(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the learning rates and the weight decays of the groups."""
        rates, decays = (
            tuple(
                in_range(f"{name} of parameter group {number}:", group[name])
                for number, group in enumerate(self.param_groups)
            )
            for name in ("lr", "weight_decay")
        )
        return rates, decays

    def _probes(self, closure: Closure) -> tuple[list[float], tuple[tuple[int, int], ...], Writes]:
        """Evaluate the losses at w + eps z and w - eps z of each query.

        Returns:
            Losses, [2 queries]; rows that no gradient reaches (:attr:`StepRecord.still`); the
            first pass's writes to buffers, undone.
        """
        accelerators = {w.device.index for w in self._flat if w.device.type == "cuda"}
        passes: list[MovedWeights] = []
        losses: list[float] = []
        for query in range(self._queries):
            index = self.steps * self._queries + query
            with torch.random.fork_rng(sorted(accelerators)):  # the other probe's numbers
                passes.append(self._pass(closure, index, 1, losses))
            passes.append(self._pass(closure, index, -1, losses))
        numbers = {id(weight): number for number, weight in enumerate(self._flat)}
        still = sorted((numbers[key], row) for key, row in passes[0].still())
        return losses, tuple(still), passes[0].writes

    def _pass(self, closure: Closure, index: int, sign: int, losses: list[float]) -> MovedWeights:
        """Evaluate one loss, append it to ``losses`` and return what the pass did."""

        def move(weight: torch.Tensor, rows: Any = None) -> torch.Tensor:  # noqa: ANN401
            with plain_tensors():
                if rows is not None:
                    return self._moved_rows(weight, rows, index, sign)
                return self._moved(weight, index, sign)

        mode = MovedWeights(Parameters(self._flat), move, self._reads)
        losses.append(loss_of(closure, self._flat, mode))
        self._reads = mode.reads
        return mode

    def _moved(self, weight: torch.Tensor, index: int, sign: int) -> torch.Tensor:
        """Return w + sign eps z, in the type of w: a new tensor."""
        flat = weight.detach().reshape(-1)
        out = torch.empty_like(flat)
        self._add(weight, index, flat, sign * self.epsilon, out)
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
        check_decay(self.point, max(record.decays))
        along, memory = self.memory.after(self.moments, record.gradients)
        first = (self.steps + 1) * self._queries - len(along)
        with plain_tensors():
            moves = [
                (weight, [-rate * g / self._queries * c for g, c in along], 1 - rate * decay)
                for group, rate, decay in zip(
                    self._weights, record.rates, record.decays, strict=True
                )
                for weight in group
            ]
            for weight, factors, shrink in moves:
                self._check_finite(weight, first, factors, shrink)
            rows = [(self._flat[number][row], row) for number, row in record.still]
            kept = [row.detach().clone() for row, _ in rows]
            for number in range(len(along)):  # one after the other, as windows are made
                for weight, factors, shrink in moves:
                    once, by = (shrink if number == 0 else 1.0), factors[number : number + 1]
                    self._shift(weight, weight, first + number, by, once)
            for (row, _), content in zip(rows, kept, strict=True):
                row.copy_(content)
        self.steps, self.memory, self.last = self.steps + 1, memory, record

    def _check_finite(
        self, weight: torch.Tensor, first: int, factors: list[float], shrink: float
    ) -> None:
        if surely_finite(weight, shrink, factors):
            return
        trial = weight.detach().clone()
        single = torch.finfo(torch.float32).max
        if all(abs(factor) < single for factor in factors):
            self._shift(trial, weight, first, factors, shrink)
            if trial.isfinite().all():
                return
        raise DivergedError(
            f"step {self.steps} would make a weight of shape {tuple(weight.shape)} and type "
            f"{weight.dtype} infinite: lower lr, or train float32 weights; {UNCHANGED}"
        )

    def _shift(
        self,
        target: torch.Tensor,
        weight: torch.Tensor,
        first: int,
        factors: list[float],
        shrink: float,
    ) -> None:
        """Scale a tensor in place and add the directions of some steps for a weight to it."""
        flat = target.detach().reshape(-1)  # shares memory if the tensor is contiguous
        if shrink != 1:
            flat.mul_(shrink)
        for query, factor in enumerate(factors):
            self._add(weight, first + query, flat, factor, flat)
        if not target.is_contiguous():
            target.copy_(flat.view(target.shape))

    def _add(
        self,
        weight: torch.Tensor,
        index: int,
        flat: torch.Tensor,
        factor: float,
        out: torch.Tensor,
    ) -> None:
        """Write a weight's values, flattened, plus factor times direction ``index``."""
        self._on(weight.device).add(index, self._offsets[id(weight)], flat, factor, out)

    def _on(self, device: torch.device) -> Directions | ScopedDirections:
        if device not in self._directions:
            self._directions[device] = directions_of(
                self.point, self.seed, self._flat, self._places, device, self._window
            )
        return self._directions[device]
