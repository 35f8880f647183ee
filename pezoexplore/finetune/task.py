"""Tasks of the user in PyTorch: a module, data and a loss, trained in sweeps and searches."""

from __future__ import annotations

import copy
import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.finetune.weights import positions
from pezoexplore.train.networks.network import Array, Block, layout
from pezoexplore.train.task import Split, Task
from pezoexplore.train.user_task import Examples, carved, splits
from pezoexplore.user_code import guarded

TorchLoss = Callable[[Any, torch.Tensor], torch.Tensor]
"""Losses of examples [n], or their mean, from a model's outputs and the targets."""


@dataclass(frozen=True, eq=False)
class TorchTask:
    """A user's task in PyTorch, as the function of ``task: package.module:function`` returns it.

    Attributes:
        model: A module, the same for all training seeds, or a function that returns one for a
            training seed 0, 1, ... after ``torch.manual_seed`` of it. Weights that require a
            gradient are trained. It trains in the mode it is in (``train()``, ``eval()``) and is
            tested in ``eval()``.
        data: All examples, (inputs [n, ...], class numbers from 0 on [n]), as arrays or tensors.
            Inputs come as float32, int64 or bool. A task with a ``loss`` may have float targets
            [n, ...] instead: then it has no accuracy.
        loss: ``loss(outputs, targets)`` returns the losses [n] of the examples, or their mean; by
            default the cross-entropy. Outputs are the model's, or their ``logits``.
        test: Examples that accuracies and losses are reported on; by default a fifth of ``data``.
    """

    model: torch.nn.Module | Callable[[int], torch.nn.Module]
    data: Examples
    loss: TorchLoss | None = None
    test: Examples | None = None

    def task(self, name: str, source: bytes) -> Task:
        """Return the task of a name, whose module has this source.

        Raises:
            DesignError: A field is not of the form above, or a weight cannot be trained.
        """
        from pezoexplore.finetune.trainer import TorchTrainer

        train, test = splits(name, self)
        network = TorchNetwork(name, self, train[:1])
        network.check(train)
        fit, validation = carved(name, train)
        return Task(
            name,
            network,
            train,
            fit,
            validation,
            test,
            code_sha256=network.identity(source),
            trainer=TorchTrainer.of,
        )


@dataclass(frozen=True, eq=False)
class TorchNetwork:
    """The trained weights of a module as flat weights, in its own order of parameters.

    Attributes:
        name: The task's name.
        user: The user's fields.
        sample: An example.
    """

    name: str
    user: TorchTask
    sample: Split
    _made: dict[int, torch.nn.Module] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """How messages begin."""
        return f"task: '{self.name}'"

    def module(self, seed: int) -> torch.nn.Module:
        """Return a module of a training seed; trained weights and buffers are its own.

        Raises:
            DesignError: It is no module, or a weight cannot be trained.
        """
        if seed not in self._made:
            self._made.clear()  # large models: one is kept
            self._made[seed] = self._make(seed)
        return copied(self._made[seed])

    def _make(self, seed: int) -> torch.nn.Module:
        made: Any = self.user.model
        if not isinstance(made, torch.nn.Module) and callable(made):
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                made = guarded(self.place, "model", made, seed)
        if not isinstance(made, torch.nn.Module):
            raise DesignError(
                f"{self.place}: model must be a torch.nn.Module, or a function of a seed that "
                f"returns one, not {type(made).__name__}"
            )
        try:
            positions(trained(made))
        except DesignError as error:
            raise DesignError(f"{self.place}: {error}") from None
        if any(weight.dtype == torch.float64 for weight in trained(made)):
            raise DesignError(
                f"{self.place}: weights of float64 are kept as float32: give model.float()"
            )
        return made

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Its trained tensors in the order of the flat weights.

        A layer is a part of the module that has trained weights of its own.
        """
        named = self._first.named_parameters()
        shapes = {name: tuple(one.shape) for name, one in named if one.requires_grad}
        owners = list(dict.fromkeys(map(_owner, shapes)))
        return layout([(name, shapes[name], owners.index(_owner(name))) for name in shapes])

    @property
    def layers(self) -> int:
        """Parts with trained weights of their own."""
        return self.blocks[-1].layer + 1

    @property
    def last_layers(self) -> int:
        """Most layers that backprop can train with others before them."""
        return self.layers - 1

    def backward_share(self, last: int) -> float:
        """Return the cost of a backward sweep through the last layers, in forward passes."""
        first = self.layers - last
        owners = {_owner(block.name) for block in self.blocks if block.layer >= first}
        counted = sum(sum(ops.values()) for owner, ops in self._counts.items() if owner in owners)
        return counted / self.macs

    @property
    def parameters(self) -> int:
        """Number of trained weights d."""
        return self.blocks[-1].stop

    @property
    def _first(self) -> torch.nn.Module:
        return self.module(0)

    def init(self, seed: int) -> NDArray[np.float32]:
        """Return the initial weights of a training seed, float32 [d]."""
        return flat_weights(self.module(seed))

    @property
    def macs(self) -> int:
        """Half the floating-point operations that PyTorch counts in the pass of an example."""
        return max(1, sum(self._counts["Global"].values()) // 2)

    @property
    def activations(self) -> int:
        """Outputs of one example."""
        return int(self._example[1].numel())

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Refuse: JAX cannot trace a PyTorch module.

        Raises:
            DesignError: Always.
        """
        del flat, inputs, layer
        raise DesignError(f"{self.place}: a PyTorch model only trains, by estimator rge")

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Refuse, as :meth:`prefix`."""
        return self.prefix(flat, inputs, 0)

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Refuse, as :meth:`prefix`."""
        return self.prefix(flat, entering, layer)

    def predict(self, module: torch.nn.Module, inputs: NDArray[Any]) -> torch.Tensor:
        """Compute a module's outputs on stored inputs [n, ...]."""
        device = next(module.parameters()).device
        out = guarded(self.place, "model", module, _tensor(inputs).to(device))
        logits = getattr(out, "logits", out)
        if not isinstance(logits, torch.Tensor):
            raise DesignError(
                f"{self.place}: model must return a tensor, or an object with logits, not "
                f"{type(out).__name__}"
            )
        return logits

    def losses(self, outputs: torch.Tensor, targets: NDArray[Any]) -> torch.Tensor:
        """Compute the losses of examples, float64 [n], or their mean, []."""
        aims = _tensor(targets).to(outputs.device)
        if self.user.loss is None:
            found = torch.nn.functional.cross_entropy(outputs.float(), aims, reduction="none")
        else:
            found = guarded(self.place, "loss", self.user.loss, outputs, aims)
        if not isinstance(found, torch.Tensor) or found.shape not in ((len(targets),), ()):
            raise DesignError(
                f"{self.place}: loss must return a loss for each example, [n], or their mean, not "
                f"{tuple(found.shape) if hasattr(found, 'shape') else type(found).__name__}"
            )
        return found.double()

    def check(self, train: Split) -> None:
        """Check outputs and losses of one example.

        Raises:
            DesignError: They have not the form that :class:`TorchTask` asks for.
        """
        outputs = self._example[1]
        if train.has_classes and self.user.loss is None:
            classes = int(train.labels.max()) + 1
            if outputs.ndim != 2 or outputs.shape[0] != 1 or outputs.shape[1] < classes:
                raise DesignError(
                    f"{self.place}: model must return outputs [n, {classes} classes or more] for "
                    f"inputs [n, ...], not {tuple(outputs.shape)} for n = 1"
                )
        with torch.no_grad():
            self.losses(outputs, self.sample.labels)

    def identity(self, source: bytes) -> str:
        """Return a hash of code, this package's for PyTorch included, and weights.

        Args:
            source: Source of the task's module.
        """
        module = self._first
        found = hashlib.sha256(source + str(module).encode() + torch.__version__.encode())
        for name, tensor in sorted(module.state_dict().items()):
            found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            found.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
        found.update(str([block.name for block in self.blocks]).encode())
        for path in (*sorted(_sources(module)), *sorted(Path(__file__).parent.rglob("*.py"))):
            found.update(path.read_bytes())
        return found.hexdigest()

    @cached_property
    def _example(self) -> tuple[dict[str, dict[Any, int]], torch.Tensor]:
        """Operations of an example's pass by part of the module and kind, and its outputs."""
        from torch.utils.flop_counter import FlopCounterMode

        module = self._first
        with evaluating(module), torch.no_grad(), FlopCounterMode(display=False) as flops:
            outputs = self.predict(module, self.sample.inputs)
        return flops.get_flop_counts(), outputs

    @property
    def _counts(self) -> dict[str, dict[Any, int]]:
        """Operations by part: ``Global`` all, others by their path in the module."""
        return {name.partition(".")[2] or name: ops for name, ops in self._example[0].items()}


def _owner(name: str) -> str:
    """Return the path of the part of a module that owns a parameter."""
    return name.rpartition(".")[0]


def trained(module: torch.nn.Module) -> list[torch.Tensor]:
    """Return the weights of a module that are trained, in its order."""
    return [weight for weight in module.parameters() if weight.requires_grad]


def flat_weights(module: torch.nn.Module) -> NDArray[np.float32]:
    """Return a module's trained weights, float32 [d]."""
    parts = [weight.detach().cpu().float().reshape(-1).numpy() for weight in trained(module)]
    return np.concatenate(parts)


def copied(module: torch.nn.Module) -> torch.nn.Module:
    """Return a copy of a module that shares its frozen weights."""
    shared = {id(weight): weight for weight in module.parameters() if not weight.requires_grad}
    return copy.deepcopy(module, shared)


class evaluating:  # noqa: N801 - read as a verb: with evaluating(module)
    """Context in which a module is in ``eval()``; each part then returns to its own mode."""

    def __init__(self, module: torch.nn.Module) -> None:
        """Note the modes of all parts."""
        self._module = module
        self._modes = [(part, part.training) for part in module.modules()]

    def __enter__(self) -> None:
        """Enter evaluation mode."""
        self._module.eval()

    def __exit__(self, *error: object) -> None:
        """Return to the modes noted."""
        for part, training in self._modes:
            part.training = training


def _tensor(values: NDArray[Any]) -> torch.Tensor:
    """Return stored values as a tensor: float32, int64 or bool."""
    kind = {"f": np.float32, "b": np.bool_}.get(values.dtype.kind, np.int64)
    return torch.from_numpy(np.ascontiguousarray(values, dtype=kind))


def _sources(module: torch.nn.Module) -> Iterator[Path]:
    """Yield the files of a module's classes, but for those of installed packages."""
    for kind in {type(part) for part in module.modules()}:
        try:
            path = Path(inspect.getfile(kind))
        except (TypeError, OSError):  # made by a tracer
            continue
        if path.is_file() and "site-packages" not in path.parts:
            yield path
