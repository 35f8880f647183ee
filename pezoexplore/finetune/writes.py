"""What a forward pass writes: to weights it may not, to older tensors once a step.

A batch-norm layer updates its running statistics in every forward pass, and a step has several. So
a tensor that is older than the pass is copied before its first write; the optimiser then decides
which pass's writes last (:meth:`Writes.undo`, :meth:`Writes.redo`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

STATISTICS = ("running_mean", "running_var")
"""Arguments that batch norm writes to in training, although most of its schemas do not say so."""


class Storages:
    """Memory that tensors share, by identity; a tensor may be dropped while it is listed."""

    def __init__(self) -> None:
        """Start empty."""
        # A weak reference keeps the identity from being given to other memory, but of PyTorch 2.13
        # the memory as well, until the reference is dropped: those to tensors gone are, soon.
        self._listed: dict[int, StorageWeakRef] = {}
        self._most = 1

    def add(self, tensor: torch.Tensor) -> None:
        """List a tensor's memory."""
        if len(self._listed) >= self._most:
            self._listed = {key: ref for key, ref in self._listed.items() if not ref.expired()}
            self._most = 1 + len(self._listed) * 9 // 8
        reference = StorageWeakRef(tensor.untyped_storage())
        self._listed[reference.cdata] = reference

    def __len__(self) -> int:
        """Return the number of listed pieces of memory, some of tensors that are gone."""
        return len(self._listed)

    def __contains__(self, tensor: torch.Tensor) -> bool:
        """Return whether a tensor's memory is listed."""
        return storage(tensor) in self._listed


def storage(tensor: torch.Tensor) -> int:
    """Return the identity of a tensor's memory; 0 where it has none of its own."""
    if tensor.layout != torch.strided:
        return 0
    identity: int = tensor.untyped_storage()._cdata
    return identity


class Writes:
    """Writes of one forward pass to tensors that are older than the pass."""

    def __init__(self) -> None:
        """Start with no write and no tensor of this pass."""
        self._made = Storages()
        self._before: dict[tuple[Any, ...], tuple[torch.Tensor, torch.Tensor]] = {}
        self._after: list[tuple[torch.Tensor, torch.Tensor]] = []

    def note(self, tensor: torch.Tensor) -> None:
        """Copy a tensor that is about to be written to, unless this pass made it."""
        if tensor.layout != torch.strided or tensor in self._made:
            return
        key = (storage(tensor), tensor.storage_offset(), tensor.shape, tensor.stride())
        if key not in self._before:
            self._before[key] = (tensor, _copied(tensor))

    def made(self, results: Any, arguments: Iterable[Any], *, fresh: bool = False) -> None:  # noqa: ANN401
        """List the results of an operation that do not share memory with its arguments.

        Args:
            results: What the operation returned.
            arguments: What it was given.
            fresh: Whether its results are new even if they share memory.
        """
        given = set() if fresh else {storage(tensor) for tensor in tensors(arguments)}
        for tensor in tensors([results]):
            if tensor.layout == torch.strided and storage(tensor) not in given:
                self._made.add(tensor)

    def undo(self) -> None:
        """Put back what was there before the pass; :meth:`redo` can write it again."""
        self._after = [(tensor, _copied(tensor)) for tensor, _ in self._before.values()]
        _write(reversed(self._before.values()))

    def redo(self) -> None:
        """Write again what :meth:`undo` took back."""
        _write(self._after)


def written(function: Any, args: Sequence[Any], named: dict[str, Any]) -> Iterator[torch.Tensor]:  # noqa: ANN401
    """Yield the arguments that an operation writes to.

    Args:
        function: An operation of PyTorch's dispatcher.
        args: Its positional arguments.
        named: Its keyword arguments.
    """
    names, changed = _changed(function)
    if not changed:
        return
    given = dict(zip(names, args, strict=False)) | named
    for name, in_training in changed:
        if not in_training or given.get("training", True):
            yield from tensors([given.get(name)])


@cache
def _changed(function: Any) -> tuple[tuple[str, ...], tuple[tuple[str, bool], ...]]:  # noqa: ANN401
    """Return an operation's arguments, and those that it writes to: whether in training alone."""
    declared = function._schema.arguments
    writes = {one.name: one.alias_info is not None and one.alias_info.is_write for one in declared}
    changed = ((name, not writes[name]) for name in writes if writes[name] or name in STATISTICS)
    return tuple(writes), tuple(changed)


def tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """Yield the tensors among values, and in lists and tuples among them."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors(value)


def _copied(tensor: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode(False):
        return tensor.detach().clone()


def _write(values: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> None:
    for tensor, content in values:
        with torch.inference_mode(tensor.is_inference()), torch.no_grad():
            if tensor.shape != content.shape:
                tensor.resize_(content.shape)
            tensor.copy_(content)
