"""A sweep over fake stages, to be killed: sweep_driver.py OUT RUNS JOBS [ACT]."""

from __future__ import annotations

import sys
from pathlib import Path

from sweep_fakes import INFO, Fake, points, say, space

from pezoexplore.errors import PezoError
from pezoexplore.explore.sweep import Progress, run_sweep

COUNT = 6
"""Points of the sweep; each has the stages health, train, rtl and synth."""


def main(out: str, runs: str, jobs: str, act: str = "") -> int:
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
    try:
        result = run_sweep(
            space(),
            points(COUNT),
            stages,
            out_dir=Path(out),
            info=INFO,
            jobs=int(jobs),
            progress=_tell,
        )
    except PezoError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    return 0 if result.ok else 1


def _tell(news: Progress) -> None:
    say(f"{news.done}/{news.total}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
