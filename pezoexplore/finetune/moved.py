"""Forward passes with moved weights, without writing to the weights.

While :class:`MovedWeights` is active, every operation that reads a parameter gets w + addends
instead, computed for that operation and dropped after it. The parameters themselves are not written
to, so there is nothing to restore, not even when a forward pass fails; and besides the model only
the weights of the current layer exist twice.

This happens where PyTorch dispatches its operations, below modules and autograd, so it does not
matter how a module obtains its parameters: weights shared by layers, weights of a child used by
its parent (``nn.MultiheadAttention``), views of weights, scripted modules, RNNs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pezoexplore.errors import PezoError

KEPT_NUMBERS = 2**20
"""Most moved weights kept to be read again, unless one parameter is larger."""

Move = Callable[..., torch.Tensor]
"""Returns a moved copy of a parameter, new and contiguous; or, given ascending rows of a matrix
besides, of these rows."""

_FEW = 4
"""A table of embeddings is moved row by row when less than 1 / _FEW of its rows are looked up."""


class Parameters:
    """The parameters by the memory that they occupy."""

    def __init__(self, parameters: Iterable[torch.Tensor]) -> None:
        """Index these tensors as they lie in memory now."""
        self._by_id = {id(parameter): parameter for parameter in parameters}
        self._by_storage: dict[int, list[torch.Tensor]] = {}
        for parameter in self._by_id.values():
            self._by_storage.setdefault(_storage(parameter), []).append(parameter)

    def shown_by(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """Return the parameter whose memory a tensor shows, None if there is none.

        Raises:
            PezoError: The tensor shows several parameters, or one as another type.
        """
        own = self._by_id.get(id(tensor))
        if own is not None:
            return own
        sharing = self._by_storage.get(_storage(tensor))
        if sharing is None or not tensor.numel():
            return None
        low, high = _extent(tensor)
        met = [own for own in sharing if _extent(own)[0] < high and low < _extent(own)[1]]
        if not met:
            return None
        first, last = _extent(met[0])
        if len(met) > 1 or low < first or high > last or tensor.dtype != met[0].dtype:
            raise PezoError(
                f"an operation reads a tensor of shape {tuple(tensor.shape)} that shows part of "
                f"the memory of {len(met)} parameters in another form: cannot be moved; use the "
                "module without such a view (flattened weights, another dtype)"
            )
        return met[0]


def _storage(tensor: torch.Tensor) -> int:
    if tensor.layout != torch.strided:
        return -1
    address: int = tensor.untyped_storage().data_ptr()
    return address


def _extent(tensor: torch.Tensor) -> tuple[int, int]:
    """Return the first element of the storage that a tensor shows, and one past its last."""
    low: int = tensor.storage_offset()
    reach = sum((n - 1) * by for n, by in zip(tensor.shape, tensor.stride(), strict=True))
    return low, low + int(reach) + 1


class MovedWeights(TorchDispatchMode):
    """Context manager in which every operation reads moved weights.

    Attributes:
        reads: Number of reads of each parameter, by its id.
    """

    def __init__(
        self, parameters: Parameters, move: Move, expected: Counter[int] | None = None
    ) -> None:
        """Prepare one forward pass.

        Args:
            parameters: Parameters to move.
            move: Function that moves one.
            expected: ``reads`` of an earlier pass of the same kind: weights that will be read again
                are kept, up to ``KEPT_NUMBERS`` or the size of the largest parameter.
        """
        super().__init__()
        self.reads: Counter[int] = Counter()
        self._parameters, self._move = parameters, move
        self._expected = expected or Counter()
        self._kept: dict[int, torch.Tensor] = {}
        self._budget = KEPT_NUMBERS

    def __torch_dispatch__(
        self,
        function: Any,  # noqa: ANN401 - PyTorch's own signature
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Run one operation on its arguments, parameters moved."""
        named = kwargs or {}
        if function._schema.is_mutable:
            self._refuse_writes(function, args, named)
        if function is torch.ops.aten.embedding.default:
            table = self._parameters.shown_by(args[0])
            if table is args[0] and self._expected[id(table)] <= 1:
                return self._embedded(function, *args, **named)
        swapped = {key: self._swapped(value) for key, value in named.items()}
        return function(*(self._swapped(value) for value in args), **swapped)

    def _embedded(
        self,
        function: Any,  # noqa: ANN401
        table: torch.Tensor,
        looked_up: torch.Tensor,
        padding: int = -1,
        *flags: bool,
        **named: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Look up in a table that nothing else reads: only its rows in use are moved."""
        rows, place = torch.unique(looked_up, return_inverse=True)
        if _FEW * len(rows) >= len(table):
            return function(self._moved(table), looked_up, padding, *flags, **named)
        self.reads[id(table)] += 1
        return function(self._move(table, rows), place)

    def _swapped(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, torch.Tensor):
            owner = self._parameters.shown_by(value)
            if owner is None:
                return value
            return _same_view(self._moved(owner), owner, value)
        if isinstance(value, list | tuple):
            return type(value)([self._swapped(item) for item in value])
        return value

    def _moved(self, owner: torch.Tensor) -> torch.Tensor:
        key = id(owner)
        self.reads[key] += 1
        made = self._kept.pop(key, None)
        if made is None:
            made = self._move(owner)
        self._budget = max(self._budget, owner.numel())
        if self.reads[key] < self._expected[key]:
            held = sum(tensor.numel() for tensor in self._kept.values())
            if held + owner.numel() <= self._budget:
                self._kept[key] = made
        return made

    def _refuse_writes(self, function: Any, args: Sequence[Any], named: dict[str, Any]) -> None:  # noqa: ANN401
        for index, declared in enumerate(function._schema.arguments):
            if declared.alias_info is None or not declared.alias_info.is_write:
                continue
            value = args[index] if index < len(args) else named.get(declared.name)
            for tensor in value if isinstance(value, list | tuple) else [value]:
                if (
                    isinstance(tensor, torch.Tensor)
                    and self._parameters.shown_by(tensor) is not None
                ):
                    raise PezoError(
                        f"the forward pass writes to a parameter ({function}): weights may only be "
                        "read while they are moved; freeze that parameter or take the write out"
                    )


def _same_view(moved: torch.Tensor, owner: torch.Tensor, view: torch.Tensor) -> torch.Tensor:
    """Return the view of ``moved`` that ``view`` is of ``owner``."""
    if view is owner or (view.shape == owner.shape and view.stride() == owner.stride()):
        return moved
    if not owner.is_contiguous():  # lay it out as its owner is
        moved = torch.empty_like(owner).copy_(moved)
    return moved.as_strided(
        view.shape, view.stride(), view.storage_offset() - owner.storage_offset()
    )
