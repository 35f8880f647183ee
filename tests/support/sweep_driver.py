"""A sweep over fake stages, to be killed: sweep_driver.py OUT RUNS JOBS [ACT [CACHE]].

With SWEEP_DRIVER_DISK set, no file can grow beyond so many bytes, as on a full disk.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import ExitStack
from pathlib import Path

from sweep_fakes import INFO, Fake, points, say, space

from pezoexplore.errors import PezoError
from pezoexplore.processes import Terminated, terminable
from pezoexplore.sweeps.cache import Cache
from pezoexplore.sweeps.sweep import Progress, run_sweep

COUNT = 6
"""Points of the sweep; each has the stages health, train, rtl and synth."""


def main(out: str, runs: str, jobs: str, act: str = "", folder: str = "") -> int:
    if disk := os.environ.get("SWEEP_DRIVER_DISK"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(disk), resource.RLIM_INFINITY))
    stages = [
        Fake(
            name=name,
            target="xcup" if name == "synth" else None,
            runs=Path(runs),
            sleep_s=0.02,
            acts=((31, act),) if act and name == "train" else (),
        )
        for name in ("synth", "train", "rtl", "health")
    ]
    with ExitStack() as stack:
        cache = stack.enter_context(Cache(Path(folder))) if folder else None
        return run(stages, out, int(jobs), cache)


def run(stages: list[Fake], out: str, jobs: int, cache: Cache | None) -> int:
    try:
        result = run_sweep(
            space(),
            points(COUNT),
            stages,
            out_dir=Path(out),
            info=INFO,
            jobs=jobs,
            progress=_tell,
            cache=cache,
        )
    except PezoError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt as stop:
        say(str(stop))
        return 143 if isinstance(stop, Terminated) else 130
    return 0 if result.ok else 1


def _tell(news: Progress) -> None:
    say(f"{news.done}/{news.total}")
    sys.stdout.flush()


if __name__ == "__main__":
    with terminable():
        status = main(*sys.argv[1:])
    sys.exit(status)
