"""Where Dask workers come from: a scheduler's address, this machine, or a batch system's queue.

A cluster file is a few lines of YAML, read as safely as a design. Dask and dask-jobqueue are an
optional extra, ``pezoexplore[cluster]``, imported when they are used.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pezoexplore.design.kinds import nearest, shown
from pezoexplore.design.yaml_tree import Tree, key_text, read_tree
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.executors.dask_executor import MAX_TRIES, ClusterError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

BATCH_SYSTEMS = {
    "slurm": "SLURMCluster",
    "lsf": "LSFCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
}
"""Class of dask-jobqueue by kind."""

SUBMIT = {"slurm": "sbatch", "lsf": "bsub", "pbs": "qsub", "sge": "qsub"}
"""Program that submits a job."""

ACCOUNTS = {"slurm": "account", "lsf": "project", "pbs": "account", "sge": "project"}
"""Name of the option for the account that is charged."""

MAX_BYTES = 100_000
"""Largest cluster file."""

CONNECT_S = 20.0
"""How long to wait for a scheduler."""

WAIT_MINUTES, QUEUE_WAIT_MINUTES = 5, 24 * 60
"""Minutes to wait while there is no worker: on this machine, and where jobs queue."""

REFILL_S = 30.0
"""How often jobs that ended are submitted again."""

HTTP_SERVER = "127.0.0.1:0"
"""Address of a scheduler's HTTP server, any free port: else all sweeps want port 8787."""

INSTALL = "type: pip install 'pezoexplore[cluster]'"

Line = Annotated[str, Field(pattern=r"^[^\r\n]+$", max_length=1000)]
_ADDRESS = r"((tcp|tls)://)?[\w.-]+:\d{1,5}|((tcp|tls)://)\[[\da-f:]+\]:\d{1,5}"
_WORD = r"^[\w.:@%+=,/-]+$"
Word = Annotated[str, Field(pattern=_WORD, max_length=200)]


class Tls(BaseModel):
    """Files for encrypted, mutually authenticated connections.

    Attributes:
        ca: Certificate of the authority.
        cert: Own certificate.
        key: Its key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ca: Path
    cert: Path
    key: Path


class ClusterSettings(BaseModel):
    """The settings of a cluster file.

    Attributes:
        kind: ``local``: processes on this machine; or the batch system.
        workers: Workers to ask for; with a batch system, jobs in the queue.
        cores: Tasks a worker runs at the same time, each in its own process.
        memory: Memory of a job, such as ``8GB``.
        walltime: Longest time of a job, ``HH:MM:SS`` (LSF: ``HH:MM``).
        queue: Queue or partition.
        account: Account that is charged.
        directives: Further lines for the job script's head, such as ``--exclusive``.
        prologue: Commands that a job runs first, such as ``module load iverilog``.
        python: The Python of the workers; default: the same path as here.
        scratch: Folder on the workers' machines for Dask's own files.
        logs: Folder for the jobs' logs.
        interface: Network interface of the workers, such as ``ib0``.
        wait_minutes: Minutes to wait without a worker; default: ``WAIT_MINUTES``, with a batch
            system ``QUEUE_WAIT_MINUTES``.
        tls: Files for encrypted connections.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["local", "slurm", "lsf", "pbs", "sge"]
    workers: int = Field(default=1, ge=1, le=10_000, strict=True)
    cores: int = Field(default=1, ge=1, le=1024, strict=True)
    memory: str = Field(default="4GB", pattern=r"^[1-9]\d*(\.\d+)? ?[KMGT]i?B$")
    walltime: str | None = Field(default=None, pattern=r"^(\d+-)?\d{1,3}:\d{2}(:\d{2})?$")
    queue: Word | None = None
    account: Word | None = None
    directives: tuple[Line, ...] = ()
    prologue: tuple[Line, ...] = ()
    python: Word | None = None
    scratch: Word | None = None
    logs: Word | None = None
    interface: Word | None = None
    wait_minutes: int | None = Field(default=None, ge=1, le=100_000, strict=True)
    tls: Tls | None = None

    @property
    def wait_s(self) -> float:
        """Seconds to wait while there is no worker."""
        default = WAIT_MINUTES if self.kind == "local" else QUEUE_WAIT_MINUTES
        return 60.0 * (self.wait_minutes or default)

    @model_validator(mode="after")
    def _no_queue_here(self) -> ClusterSettings:
        if self.kind == "local":
            idle = ("walltime", "queue", "account", "directives", "prologue", "python", "logs")
            given = [name for name in idle if getattr(self, name)]
            if given:
                raise ValueError(f"{given[0]} means nothing to kind local")
        return self


def read_cluster(path: Path) -> ClusterSettings:
    """Read and validate a cluster file.

    Raises:
        DesignError: One line that names the file, line and key, and what is allowed.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
        raise DesignError(f"{path}: cannot be read: {why}") from None
    if len(text) > MAX_BYTES:
        raise DesignError(f"{path}: larger than any cluster file ({MAX_BYTES} bytes)")
    tree = read_tree(text, lambda line: f"{path}:{line}")
    if not isinstance(tree.value, dict):
        raise DesignError(f"{path}:1: a mapping is needed, such as `kind: slurm`")
    try:
        return ClusterSettings.model_validate(tree.value)
    except ValidationError as error:
        raise DesignError(_explained(tree, error.errors()[0])) from None


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Provide a client of a running scheduler; TLS as in Dask's own configuration.

    Args:
        address: Such as ``tcp://10.0.0.1:8786`` or ``tls://...``.

    Raises:
        ClusterError: Dask is not installed, or nobody answers there.
    """
    distributed = _distributed()
    if not re.fullmatch(_ADDRESS, address, re.ASCII):
        raise ClusterError(
            f"--scheduler {address[:80]!r}: no address; allowed: such as tcp://10.0.0.1:8786"
        )
    encrypted = distributed.Security().get_connection_args("client").get("ssl_context")
    if address.startswith("tls:") and not encrypted:
        raise ClusterError(
            f"--scheduler {address}: needs a certificate: name it in the variables "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT, ..__CLIENT__KEY and .._TLS__CA_FILE"
        )
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise ClusterError(f"--scheduler {address}: {why}; is a Dask scheduler there?") from error
    try:
        yield client
    finally:
        client.close()


@contextmanager
def started(settings: ClusterSettings) -> Iterator[Any]:
    """Provide a client of a cluster that is started for it, and ended with it.

    Raises:
        ClusterError: Dask or the program that submits jobs is not installed, or the cluster cannot
            be started.
    """
    distributed = _distributed()
    import dask

    submit = SUBMIT.get(settings.kind)
    if submit and shutil.which(submit) is None:
        raise ClusterError(
            f"kind {settings.kind} submits jobs with {submit}, which is not on PATH: run this "
            "where jobs are submitted"
        )
    # The nanny starts a worker that died again; a task that kills them all is given up.
    with dask.config.set({"distributed.scheduler.allowed-failures": MAX_TRIES - 1}):
        try:
            cluster = make_cluster(settings)
        except (OSError, RuntimeError, ValueError) as error:
            why = " ".join(str(error).split())
            raise ClusterError(f"cannot start a {settings.kind} cluster: {why}") from error
        try:
            _submit(cluster, settings)
            with distributed.Client(
                cluster, set_as_default=False, security=_security(settings)
            ) as client:
                yield client
        finally:
            cluster.close()


def make_cluster(settings: ClusterSettings) -> Any:  # noqa: ANN401 - Dask has no types
    """Return the cluster of some settings; with a batch system no job is submitted yet.

    Raises:
        ClusterError: Dask is not installed.
    """
    if settings.kind == "local":
        return _distributed().LocalCluster(
            n_workers=settings.workers,
            threads_per_worker=settings.cores,
            processes=True,
            memory_limit=0,
            dashboard_address=HTTP_SERVER,
            scheduler_kwargs={"dashboard": False},
            local_directory=settings.scratch,
            security=_security(settings),
        )
    try:
        import dask_jobqueue
    except ImportError as error:
        raise ClusterError(f"kind {settings.kind} needs dask-jobqueue: {INSTALL}") from error
    make = getattr(dask_jobqueue, BATCH_SYSTEMS[settings.kind])
    return make(**job_options(settings))


def _submit(cluster: Any, settings: ClusterSettings) -> None:  # noqa: ANN401 - Dask has no types
    """Submit the jobs, and from now on those again that ran and ended: their time was over.

    Jobs that ended before they brought a worker are not submitted again.

    Raises:
        ClusterError: The batch system refuses them.
    """
    if settings.kind == "local":
        return
    from distributed import Status
    from tornado.ioloop import PeriodicCallback

    # Not by `scale`, which works in the background: its errors would end up in a log.
    for _ in range(settings.workers):
        cluster.worker_spec.update(cluster.new_worker_spec())
    try:
        cluster.sync(cluster._correct_state)
    except (OSError, RuntimeError, ValueError) as error:
        for job in cluster._created:
            job.status = Status.closed  # else the cluster cannot be closed
        why = " ".join(str(error).split())
        raise ClusterError(f"{settings.kind} takes no job: {why}") from error

    def fill() -> None:
        cluster.scale(jobs=settings.workers)

    cluster.loop.add_callback(PeriodicCallback(fill, 1e3 * REFILL_S).start)


def job_options(settings: ClusterSettings) -> dict[str, Any]:
    """Return dask-jobqueue's options; its own configuration files give nothing but defaults."""
    options: dict[str, Any] = {
        "cores": settings.cores,
        "processes": 1,
        "memory": settings.memory,
        "queue": settings.queue,
        ACCOUNTS[settings.kind]: settings.account,
        "walltime": settings.walltime,
        "job_extra_directives": list(settings.directives),
        "job_script_prologue": list(settings.prologue),
        "python": settings.python,
        "local_directory": settings.scratch,
        "log_directory": settings.logs,
        "interface": settings.interface,
        "security": _security(settings),
        "scheduler_options": {"dashboard": False, "dashboard_address": HTTP_SERVER},
    }
    if settings.kind == "lsf":
        options["lsf_units"] = "mb"
    return {name: value for name, value in options.items() if value is not None}


def _security(settings: ClusterSettings) -> Any:  # noqa: ANN401 - Dask has no types
    tls = settings.tls
    if tls is None:
        return None
    for path in (tls.ca, tls.cert, tls.key):
        if not path.is_file():
            raise ClusterError(f"tls: {path}: no such file")
        if not re.fullmatch(_WORD, str(path.absolute()), re.ASCII):
            # The job script, a shell's, names it.
            raise ClusterError(f"tls: {path.absolute()}: name it with letters, digits and ._-/")
    ours = {
        f"tls_{role}_{what}": str(path.absolute())
        for role in ("client", "scheduler", "worker")
        for what, path in (("cert", tls.cert), ("key", tls.key))
    }
    return _distributed().Security(
        require_encryption=True, tls_ca_file=str(tls.ca.absolute()), **ours
    )


def _distributed() -> Any:  # noqa: ANN401 - Dask has no types
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(f"running on a cluster needs Dask: {INSTALL}") from error
    # A lost scheduler is reported in one line of this package.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    return distributed


def _explained(tree: Tree, error: ErrorDetails) -> str:
    """Return what pydantic found wrong, in one line."""
    at = tuple(error["loc"])
    place, key = tree.mark(at)[1], key_text(at)
    allowed = list(Tls.model_fields if at[:1] == ("tls",) else ClusterSettings.model_fields)
    if error["type"] == "extra_forbidden":
        hint = nearest(str(at[-1]), allowed)
        return f"{place}: {key}: unknown key{hint}; allowed: {', '.join(allowed)}"
    if error["type"] == "missing":
        return f"{place}: {key} is missing"
    message = error["msg"].removeprefix("Value error, ")
    given = f" (it is {shown(error['input'])})" if key else ""
    return f"{place}: {key or 'the file'}: {message}{given}"
