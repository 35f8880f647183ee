"""Tasks of the user: parameters, a network, a loss and data from a function in a Python module."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array, Block, Loss, layout
from pezoexplore.train.task import Split, Task, carve, class_losses
from pezoexplore.user_code import error_line, guarded, load_module, on_path

Tree = Any
"""Arrays in lists, tuples and dictionaries, nested at will."""

Examples = tuple[Any, Any]
"""Inputs [n, ...] and class numbers [n], or float targets [n, ...] for a loss that takes them."""


@dataclass(frozen=True, eq=False)
class UserTask:
    """A user's task, as the function of ``task: package.module:function`` returns it.

    Attributes:
        parameters: Initial weights: arrays in lists, tuples or dictionaries. Or a function that
            returns them for a training seed 0, 1, ...
        predict: ``predict(parameters, inputs)`` returns outputs [n, classes] for inputs [n, ...],
            the largest being the class; any outputs [n, ...] where targets are no classes. Written
            with ``jax.numpy``; inputs come as float32.
        data: All examples, (inputs [n, ...], class numbers from 0 on [n]). A task with a ``loss``
            may have float targets [n, ...] instead: then it has no accuracy.
        loss: ``loss(outputs, targets)`` returns the losses [n] of the examples; by default the
            cross-entropy.
        test: Examples that accuracies and losses are reported on; by default a fifth of ``data``.
    """

    parameters: Tree
    predict: Callable[[Tree, Array], Array]
    data: Examples
    loss: Loss | None = None
    test: Examples | None = None


@runtime_checkable
class OwnTrainer(Protocol):
    """A user's task that is trained by other means than JAX: it makes its task itself."""

    def task(self, name: str, source: bytes) -> Task:
        """Return the task of a name, whose module has this source."""


@dataclass(frozen=True)
class Origin:
    """Where a user's task was loaded from; another process loads it again from there.

    Attributes:
        name: ``package.module:function``.
        folder: Folder searched first for the module.
    """

    name: str
    folder: str | None

    def part(self, name: str) -> Any:  # noqa: ANN401 - the user's
        """Return a field of the task."""
        return getattr(load_user_task(self.name, self.folder), name)


@dataclass(frozen=True, eq=False)
class UserLoss:
    """A user's loss.

    Attributes:
        origin: The task it belongs to.
        function: See :class:`UserTask`.
    """

    origin: Origin
    function: Loss

    def __call__(self, outputs: Array, targets: Array) -> Array:
        """Compute the losses of the examples, [n]."""
        return self.function(outputs, targets)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as an origin: code is not sent between processes."""
        return Origin.part, (self.origin, "loss")


@dataclass(frozen=True, eq=False)
class UserNetwork:
    """A user's network over flat weights, treated as a single layer.

    Attributes:
        origin: The task it belongs to.
        blocks: The arrays of the parameters, in JAX's order (dictionaries by key).
        macs: Half the floating-point operations that XLA counts in the pass of an example.
        build: Parameters from their arrays.
        predict: See :class:`UserTask`.
        start: Initial flat weights of a training seed.
    """

    origin: Origin
    blocks: tuple[Block, ...]
    macs: int
    build: Callable[[list[Array]], Tree]
    predict: Callable[[Tree, Array], Array]
    start: Callable[[int], NDArray[np.float32]]
    layers: int = 1

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as an origin: code is not sent between processes."""
        return Origin.part, (self.origin, "model")

    @property
    def parameters(self) -> int:
        """Number of weights d."""
        return self.blocks[-1].stop

    def init(self, seed: int) -> NDArray[np.float32]:
        """Return the initial weights of a training seed, float32 [d]."""
        return self.start(seed)

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Compute outputs [n, classes] at weights [d] on stored inputs [n, ...]."""
        return self.suffix(flat, self.prefix(flat, inputs, 0), 0)

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Return the inputs as float32: nothing precedes the only layer."""
        del flat, layer
        return inputs.astype(load_jax().numpy.float32)

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Compute outputs [n, classes] from the inputs."""
        del layer
        return self.predict(self.build([block.of(flat) for block in self.blocks]), entering)


@cache
def load_user_task(name: str, folder: str | None = None) -> Task:
    """Call a user's function and return its task; loaded once per process.

    Args:
        name: ``package.module:function``.
        folder: Folder searched first for the module; then the working folder and Python's path.

    Raises:
        DesignError: There is no such module or function, it fails, or it returns something else.
    """
    where, _, function = name.partition(":")
    module = load_module("task", name, folder)
    with on_path(folder, str(Path.cwd())):
        made = getattr(module, function, None)
        # Imported names are not called: they were not written as tasks.
        if not isinstance(made, FunctionType) or made.__module__ != where:
            raise DesignError(f"task: '{name}': {module.__file__} has no function {function}")
        user = guarded(f"task: '{name}'", function, made)
        source = Path(module.__file__ or "").read_bytes()
        if isinstance(user, OwnTrainer):
            return user.task(name, source)
        if not isinstance(user, UserTask):
            raise DesignError(
                f"task: '{name}' returned {type(user).__name__}; it must return a "
                "pezoexplore.train.user_task.UserTask or a pezoexplore.finetune.task.TorchTask"
            )
        return _task(Origin(name, folder), user, source)


def _task(origin: Origin, user: UserTask, source: bytes) -> Task:
    """Check a user's task by tracing it once, and turn it into a task."""
    name = origin.name
    train, test = splits(name, user)
    blocks, build = _layout(name, user)
    loss = user.loss or class_losses
    lowered = _lowered(name, user, _tree(name, user, 0), (train, loss))
    macs = max(1, round((lowered[0].cost_analysis() or {}).get("flops", 0) / 2))

    def start(seed: int) -> NDArray[np.float32]:
        arrays = load_jax().tree.leaves(_tree(name, user, seed))
        flat = np.concatenate([np.ravel(np.asarray(array)) for array in arrays])
        if len(flat) != blocks[-1].stop:
            raise DesignError(f"task: '{name}': parameters of seed {seed} have another size")
        return flat.astype(np.float32)

    fit, validation = carved(name, train)
    code = hashlib.sha256(source)
    code.update(start(0).tobytes())
    for part in lowered:
        code.update(part.as_text().encode())
    network = UserNetwork(origin, blocks, macs, build, user.predict, start)
    task = Task(name, network, train, fit, validation, test, code_sha256=code.hexdigest())
    return task if user.loss is None else replace(task, loss=UserLoss(origin, user.loss))


class HasData(Protocol):
    """The fields of a user's task that say what it trains and tests on."""

    @property
    def data(self) -> Examples:
        """See :class:`UserTask`."""

    @property
    def loss(self) -> Any:  # noqa: ANN401 - of outputs and targets of either library
        """See :class:`UserTask`."""

    @property
    def test(self) -> Examples | None:
        """See :class:`UserTask`."""


def splits(name: str, user: HasData) -> tuple[Split, Split]:
    """Return training and test examples of a user's task.

    Raises:
        DesignError: They are not of the form that :class:`UserTask` asks for.
    """
    data = _examples(name, "data", user.data)
    if user.loss is None and not data.has_classes:
        raise DesignError(
            f"task: '{name}': data must have class numbers from 0 on as targets, unless the task "
            "sets loss"
        )
    if user.test is None:
        return carved(name, data)
    test = _examples(name, "test", user.test)
    if test.labels.shape[1:] != data.labels.shape[1:] or test.has_classes != data.has_classes:
        raise DesignError(f"task: '{name}': test must have the same kind of targets as data")
    return data, test


def _examples(name: str, what: str, pair: Examples) -> Split:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise DesignError(f"task: '{name}': {what} must be a pair (inputs, targets)")
    inputs, targets = np.asarray(pair[0]), np.asarray(pair[1])
    if inputs.dtype.kind not in "uifb" or not inputs.ndim or len(inputs) != len(targets):
        raise DesignError(f"task: '{name}': {what} must hold as many numeric inputs as targets")
    stored = inputs.astype(np.float32) if inputs.dtype == np.float64 else inputs
    if targets.dtype.kind == "f":
        return Split(stored, targets.astype(np.float32))
    if targets.ndim != 1 or targets.dtype.kind not in "ui" or targets.min(initial=0) < 0:
        raise DesignError(
            f"task: '{name}': {what} must have class numbers from 0 on or floats as targets"
        )
    if targets.max(initial=0) > 255:
        raise DesignError(f"task: '{name}': {what} has class {targets.max()}; at most 255 is known")
    return Split(stored, targets.astype(np.uint8))


def carved(name: str, data: Split) -> tuple[Split, Split]:
    """Hold out a fifth of a task's examples, the same share of each class if there are any.

    Raises:
        DesignError: They are too few.
    """
    try:
        return carve(data, len(data) // 5)
    except ValueError as error:
        raise DesignError(
            f"task: '{name}': {len(data)} examples cannot be split ({error_line(error)})"
        ) from error


def _layout(name: str, user: UserTask) -> tuple[tuple[Block, ...], Callable[[list[Array]], Tree]]:
    """Return the blocks of the parameters' arrays, and the function that reassembles the tree."""
    jax = load_jax()
    found, structure = jax.tree_util.tree_flatten_with_path(_tree(name, user, 0))
    if not found or not all(np.asarray(array).dtype.kind in "fui" for _, array in found):
        raise DesignError(f"task: '{name}': parameters must be arrays of numbers")
    shapes = [(jax.tree_util.keystr(path), np.shape(array), 0) for path, array in found]
    return layout(shapes), lambda arrays: jax.tree.unflatten(structure, arrays)


def _tree(name: str, user: UserTask, seed: int) -> Tree:
    if callable(user.parameters):
        return guarded(f"task: '{name}'", "parameters", user.parameters, seed)
    return user.parameters


def _lowered(name: str, user: UserTask, tree: Tree, used: tuple[Split, Loss]) -> tuple[Any, Any]:
    """Lower network and loss for one example to what XLA compiles; check their shapes."""
    jax, jnp = load_jax(), load_jax().numpy
    data, loss = used
    weights = jax.tree.map(lambda array: jax.ShapeDtypeStruct(np.shape(array), jnp.float32), tree)
    inputs = jax.ShapeDtypeStruct((1, *data.inputs.shape[1:]), jnp.float32)
    targets = jax.ShapeDtypeStruct((1, *data.labels.shape[1:]), data.labels.dtype)
    network = guarded(f"task: '{name}'", "predict", jax.jit(user.predict).lower, weights, inputs)
    outputs = network.out_info
    if data.has_classes:
        _check_classes(name, outputs, int(data.labels.max()) + 1)
    losses = guarded(f"task: '{name}'", "loss", jax.jit(loss).lower, outputs, targets)
    if getattr(losses.out_info, "shape", None) != (1,):
        raise DesignError(f"task: '{name}': loss must return a loss for each example, [n]")
    return network, losses


def _check_classes(name: str, outputs: Any, classes: int) -> None:  # noqa: ANN401 - the user's
    if getattr(outputs, "ndim", 0) != 2 or outputs.shape[0] != 1 or outputs.shape[1] < classes:
        raise DesignError(
            f"task: '{name}': predict must return outputs [n, {classes} classes or more] for "
            f"inputs [n, ...], not {getattr(outputs, 'shape', type(outputs).__name__)} for n = 1"
        )
