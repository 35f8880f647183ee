"""Forward passes with moved weights, without writing to the weights.

While :class:`MovedWeights` is active, every operation that reads a parameter gets w + addends
instead, computed for that operation and dropped after it. The parameters themselves are not written
to, so there is nothing to restore, not even when a forward pass fails; and besides the model only
the weights of the current layer exist twice. A pass that writes to a parameter itself, or to its
moved copy, is refused; writes to other tensors are noted (:mod:`pezoexplore.finetune.writes`).

The row of an embedding's ``padding_idx`` is read as it is, as it has no gradient through that
look-up.

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
from pezoexplore.finetune.writes import Storages, Writes, written

KEPT_NUMBERS = 2**20
"""Most moved weights kept to be read again, unless one parameter is larger."""

Move = Callable[..., torch.Tensor]
"""Returns a moved copy of a parameter, new and contiguous; or, given ascending rows of a matrix
besides, of these rows."""

_EMBEDDINGS = (
    torch.ops.aten.embedding.default,
    torch.ops.aten._embedding_bag.default,
    torch.ops.aten._embedding_bag_forward_only.default,
    torch.ops.aten.embedding_bag.padding_idx,
)

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
        padded: Look-ups in each table of embeddings, by its id and its padding row.
        writes: Writes to tensors that are older than the pass.
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
        self.padded: Counter[tuple[int, int]] = Counter()
        self.writes = Writes()
        self._copies = Storages()
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
        for tensor in written(function, args, named):
            self._refuse_weight(function, tensor)
            self.writes.note(tensor)
        if function in _EMBEDDINGS:
            result = self._embedded(function, args, named)
        else:
            result = self._run(function, args, named)
        given = [*args, *named.values()]
        self.writes.made(result, given, fresh=function is torch.ops.aten.lift_fresh.default)
        return result

    def still(self) -> list[tuple[int, int]]:
        """Return (id, row) of the padding rows of tables that are read in no other way."""
        return [key for key, count in self.padded.items() if count == self.reads[key[0]]]

    def _run(self, function: Any, args: Sequence[Any], named: dict[str, Any]) -> Any:  # noqa: ANN401
        swapped = {key: self._swapped(value) for key, value in named.items()}
        return function(*(self._swapped(value) for value in args), **swapped)

    def _embedded(self, function: Any, args: Sequence[Any], named: dict[str, Any]) -> Any:  # noqa: ANN401
        """Look up in a table, the padding row as it is.

        Of a table that nothing else reads only the rows in use are moved.
        """
        given = {
            one.name: value for one, value in zip(function._schema.arguments, args, strict=False)
        }
        given |= named
        table, looked_up = given["weight"], given["indices"]
        padding = -1 if given.get("padding_idx") is None else given["padding_idx"]
        owner = self._parameters.shown_by(table)
        if owner is None:
            return function(*args, **named)
        if padding >= 0:
            self.padded[id(owner), padding] += 1
        if function is not torch.ops.aten.embedding.default:  # a bag leaves its padding out
            return self._run(function, args, named)
        rows, place = torch.unique(looked_up, return_inverse=True)
        if owner is table and self._expected[id(table)] <= 1 and _FEW * len(rows) < len(table):
            self.reads[id(table)] += 1
            moved = self._move(table, rows)
            result = function(moved, place)
        else:
            result = self._run(function, args, named)
        if padding >= 0:
            result[looked_up == padding] = table.detach()[padding].to(result.dtype)
        return result

    def _swapped(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, torch.Tensor):
            owner = self._parameters.shown_by(value)
            if owner is None:
                return value
            made = _same_view(self._moved(owner), owner, value)
            self._copies.add(made)
            return made
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

    def _refuse_weight(self, function: Any, tensor: torch.Tensor) -> None:  # noqa: ANN401
        if tensor in self._copies or self._parameters.shown_by(tensor) is not None:
            raise PezoError(
                f"the forward pass writes to a parameter ({function}): weights may only be read "
                "while they are moved; freeze that parameter or take the write out (max_norm of an "
                "embedding, a clamp)"
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
