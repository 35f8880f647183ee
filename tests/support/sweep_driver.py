"""A sweep over fake stages, to be killed: sweep_driver.py OUT RUNS JOBS [ACT [CACHE]].

With SWEEP_DRIVER_DISK set, no file can grow beyond so many bytes, as on a full disk. With
SWEEP_DRIVER_FULL set, synthesis runs a tool and the sweep ends with pictures.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_fakes import INFO, Fake, points, say, space

from pezoexplore.errors import PezoError
from pezoexplore.files import write_atomically
from pezoexplore.processes import Terminated, terminable
from pezoexplore.sweeps.cache import Cache
from pezoexplore.sweeps.sweep import Progress, run_sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pezoexplore.design.space import DesignSpace

COUNT = 6
"""Points of the sweep; each has the stages health, train, rtl and synth."""


FULL = bool(os.environ.get("SWEEP_DRIVER_FULL"))


def main(out: str, runs: str, jobs: str, act: str = "", folder: str = "") -> int:
    if disk := os.environ.get("SWEEP_DRIVER_DISK"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(disk), resource.RLIM_INFINITY))
    stages = [
        Fake(
            name=name,
            target="xcup" if name == "synth" else None,
            runs=Path(runs),
            sleep_s=0.02,
            acts=_acts(name, act),
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
            draw=_draw if FULL else None,
        )
    except PezoError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt as stop:
        say(str(stop))
        return 143 if isinstance(stop, Terminated) else 130
    return 0 if result.ok else 1


def _acts(name: str, act: str) -> tuple[tuple[int, str], ...]:
    if name == "synth" and FULL:
        return tuple((point.lanes, "a tool at work") for point in points(COUNT))
    return ((31, act),) if act and name == "train" else ()


def _draw(rows: Sequence[Mapping[str, str]], space: DesignSpace, out: Path) -> None:
    """Write pictures as the plots are written, but without the seconds that drawing takes."""
    marks = "".join(f"<circle cx='{row['lanes']}' r='1'/>" for row in rows) * 200
    write_atomically(out / "pareto_lut.svg", f"<svg>{marks}</svg>\n")
    write_atomically(out / "axis_lanes.png", b"\x89PNG" + bytes(50_000) + b"IEND\xaeB`\x82")


def _tell(news: Progress) -> None:
    say(f"{news.done}/{news.total}")
    sys.stdout.flush()


if __name__ == "__main__":
    with terminable():
        status = main(*sys.argv[1:])
    sys.exit(status)
