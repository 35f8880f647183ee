"""What runs the stages and which finished runs are shared, as the command line says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.commands.terminal import counted, note
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.cache import VARIABLE, Cache
from pezoexplore.sweeps.executors.local import Executor, Local
from pezoexplore.sweeps.stage import Stage

EXECUTORS = ("local", "dask")


@dataclass(frozen=True)
class Workers:
    """What the command line says on workers and the shared cache.

    Attributes:
        executor: One of ``EXECUTORS``; None: ``dask`` if a scheduler or cluster is named.
        scheduler: Address of a running Dask scheduler; None for none.
        cluster: Cluster file; None for none.
        cache: Folder of the shared cache; None: what ``PEZOEXPLORE_CACHE`` names, if anything.
        no_cache: Whether to use no shared cache even so.
    """

    executor: str | None = None
    scheduler: str | None = None
    cluster: Path | None = None
    cache: Path | None = None
    no_cache: bool = False

    def check(self) -> None:
        """Find contradictions before anything is done.

        Raises:
            DesignError: Options that do not go together.
        """
        if self.executor not in (None, *EXECUTORS):
            allowed = ", ".join(EXECUTORS)
            raise DesignError(f"--executor: unknown {self.executor[:80]!r}; allowed: {allowed}")
        if self.scheduler is not None and self.cluster is not None:
            raise DesignError("--scheduler and --cluster each name the workers: give one of them")
        named = "--scheduler" if self.scheduler is not None else "--cluster"
        if self.executor == "local" and (self.scheduler or self.cluster) is not None:
            raise DesignError(f"{named} needs --executor dask, not local")
        if self.cache is not None and self.no_cache:
            raise DesignError("--cache and --no-cache: give one of them")


@contextmanager
def executor_of(workers: Workers, stages: Sequence[Stage], jobs: int) -> Iterator[Executor]:
    """What runs the stages.

    Args:
        workers: What the command line says.
        stages: The stages, whose tools the workers must have.
        jobs: Processes on this machine, where no others are named.

    Raises:
        PezoError: The cluster file, Dask, the scheduler or the cluster cannot be used.
    """
    workers.check()
    if workers.executor != "dask" and workers.scheduler is None and workers.cluster is None:
        yield Local(jobs)
        return
    # Imported here: Dask is an extra, and starting without it must stay quick.
    from pezoexplore.sweeps.executors.cluster import (
        ClusterSettings,
        connected,
        read_cluster,
        started,
    )
    from pezoexplore.sweeps.executors.dask_executor import DaskExecutor

    settings = ClusterSettings(kind="local", workers=jobs)
    if workers.cluster is not None:
        settings = read_cluster(workers.cluster)
        note(
            f"{settings.kind}: {counted(settings.workers, 'worker')} of "
            f"{counted(settings.cores, 'core')}; waiting for the first"
        )
    source = started(settings) if workers.scheduler is None else connected(workers.scheduler)
    with source as client:
        yield DaskExecutor(client, stages, settings.wait_s)


@contextmanager
def cache_of(workers: Workers) -> Iterator[Cache | None]:
    """The shared cache; None for none.

    Raises:
        CacheError: It cannot be used.
    """
    workers.check()
    folder = cache_folder(workers.cache)
    if folder is None or workers.no_cache:
        yield None
        return
    with Cache(folder.absolute()) as cache:
        yield cache


def cache_folder(asked: Path | None) -> Path | None:
    """The folder of the shared cache: as asked, or as the environment says; None for none."""
    if asked is not None:
        return asked
    text = os.environ.get(VARIABLE, "").strip()
    return Path(text).expanduser() if text else None
