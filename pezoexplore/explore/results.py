"""What the records of a sweep amount to, read from the store when asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pezoexplore.explore.store import StoreError

if TYPE_CHECKING:
    from pezoexplore.explore.plan import Plan
    from pezoexplore.explore.stage import Payload, Stage
    from pezoexplore.explore.store import Record, Store


@dataclass(frozen=True)
class Result:
    """A record and what it amounts to; make it with :func:`judge`.

    Attributes:
        record: The record.
        payload: The stage's result; empty if there is none.
        status: ``ok``, ``failed`` or ``timeout``; a result may be there and still be a failure.
        reason: Why it is not ok, in one line.
        ran: Whether it was run in this sweep, not taken from the store.
    """

    record: Record
    payload: Payload
    status: str
    reason: str
    ran: bool


def judge(record: Record, stage: Stage, *, ran: bool) -> Result:
    """What a record amounts to, the stage's own verdict included."""
    if record.status != "ok":
        return Result(record, {}, record.status, record.reason, ran)
    payload = json.loads(record.payload)
    verdict = stage.verdict(payload)
    return Result(record, payload, "failed" if verdict else "ok", verdict or "", ran)


class StoredResults(Mapping[str, Result]):
    """Results of a plan by key, none of them kept in memory.

    Args:
        plan: The plan, which knows how every run ended.
        store: The store, which has every record.
    """

    def __init__(self, plan: Plan, store: Store) -> None:
        """Results of a plan; see the class."""
        self._plan, self._store = plan, store

    def __getitem__(self, key: str) -> Result:
        """The result of a key.

        Raises:
            KeyError: The plan has no such key.
            StoreError: Its record was damaged since.
        """
        stage, ran = self._plan.stage(key)
        record = self._store.get(key)
        if record is None:
            raise StoreError(
                f"the store lost the {stage.label} result {key}: run again to remake it"
            )
        return judge(record, stage, ran=ran)

    def __iter__(self) -> Iterator[str]:
        """The keys, in the order of first use."""
        return iter(self._plan.tasks)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._plan.tasks)


def tally(plan: Plan, results: Mapping[str, Result]) -> dict[tuple[str, str, bool], int]:
    """Number of results by stage name, status and whether they were run just now."""
    if isinstance(results, StoredResults):
        return plan.tally()
    counts: dict[tuple[str, str, bool], int] = {}
    for result in results.values():
        group = result.record.stage, result.status, result.ran
        counts[group] = counts.get(group, 0) + 1
    return counts
