"""The executor of a sweep or search, and the shared cache of finished runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.errors import DesignError
from pezoexplore.sweeps.cache import Cache, cache_folder
from pezoexplore.sweeps.executors.local import Executor, Local
from pezoexplore.sweeps.stage import Stage

log = logging.getLogger(__name__)

EXECUTORS = ("local", "dask")


@dataclass(frozen=True)
class Workers:
    """Where stages run, and the shared cache of finished runs.

    Attributes:
        jobs: Processes on this machine, where no other workers are named.
        executor: One of ``EXECUTORS``; None: ``dask`` if a scheduler or cluster is named.
        scheduler: Address of a running Dask scheduler; None for none.
        cluster: Cluster file; None for none.
        cache: Folder of the shared cache; None: what ``PEZOEXPLORE_CACHE`` names, if anything.
        no_cache: Whether to use no shared cache even so.

    Raises:
        DesignError: Options that contradict each other.
    """

    jobs: int = 1
    executor: str | None = None
    scheduler: str | None = None
    cluster: Path | None = None
    cache: Path | None = None
    no_cache: bool = False

    def __post_init__(self) -> None:
        """Refuse contradictions before anything is done."""
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
    def start(self, stages: Sequence[Stage]) -> Iterator[Executor]:
        """Start what runs the stages; Dask workers must have the tools of these stages.

        Raises:
            PezoError: The cluster file, Dask, the scheduler or the cluster cannot be used.
        """
        if self.executor != "dask" and self.scheduler is None and self.cluster is None:
            yield Local(self.jobs)
            return
        # Imported here: Dask is an extra, and starting without it must stay quick.
        from pezoexplore.sweeps.executors import cluster
        from pezoexplore.sweeps.executors.dask_executor import DaskExecutor

        settings = cluster.ClusterSettings(kind="local", workers=self.jobs)
        if self.cluster is not None:
            settings = cluster.read_cluster(self.cluster)
            workers, cores = settings.workers, settings.cores
            log.info(
                f"{settings.kind}: {workers} worker{'s' * (workers != 1)} of "
                f"{cores} core{'s' * (cores != 1)}; waiting for the first"
            )
        source = (
            cluster.started(settings)
            if self.scheduler is None
            else cluster.connected(self.scheduler)
        )
        with source as client:
            yield DaskExecutor(client, stages, settings.wait_s)

    @contextmanager
    def open_cache(self) -> Iterator[Cache | None]:
        """Open the shared cache; None for none.

        Raises:
            CacheError: It cannot be used.
        """
        folder = cache_folder(self.cache)
        if folder is None or self.no_cache:
            yield None
            return
        with Cache(folder.absolute()) as cache:
            yield cache
