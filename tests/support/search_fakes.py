"""A search over fake stages: search_fakes.py OUT RUNS JOBS BUDGET [SLEEP]."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from sweep_fakes import INFO, Fake, say

from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import PezoError
from pezoexplore.search.search_run import SearchNews, SearchResult, SearchSettings, run_search
from pezoexplore.sweeps.cache import Cache
from pezoexplore.sweeps.executors.local import Executor, Outcome, Task
from pezoexplore.sweeps.stage import Payload, canonical_json

LANES = list(range(1, 31))
PERIODS = [1, 8, 64, "inf"]
POINTS = len(LANES) * len(PERIODS)


def search_space(**more: object) -> DesignSpace:
    """Return a design of 120 points with 5 LUTs per lane and an accuracy from both axes."""
    axes = {"rng": "xorshift32", "reuse": "none", "lanes": LANES, "reuse_period": PERIODS}
    return DesignSpace.model_validate({"name": "fake", "space": axes} | more)


def accuracy(point: DesignPoint) -> float:
    return 95 - 30 / point.lanes - (3 if point.reseeds else 0) - (point.lanes % 3) / 2


@dataclass(frozen=True, kw_only=True)
class Step(Fake):
    """A stage of a search: notes its run and gives what depends on the point.

    Attributes:
        share: What part of the accuracy the training budget brings.
        seeds: Seeds of training.
    """

    share: float = 1.0
    seeds: int = 5

    def key(self, point: DesignPoint) -> Payload:
        return super().key(point) | {"share": self.share, "seeds": self.seeds}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        usual = super().run(point, log_path)
        if self.name != "train":
            return {"lut": 5 * point.lanes, "ff": 3 * point.lanes} if usual.get("lut") else usual
        scores = [accuracy(point) * self.share + seed / 10 for seed in range(self.seeds)]
        mean = sum(scores) / len(scores)
        return {"accuracy_mean": mean, "accuracy_ci95": 0.2, "accuracy_per_seed": scores}


def inline(
    tasks: Iterable[Task | None], stop: Event | None = None
) -> Generator[Outcome, None, None]:
    """Return an executor in this process, which is fast."""
    for task in tasks:
        assert task is not None
        begun = time.monotonic()
        try:
            payload = canonical_json(task.stage.run(task.point, task.log_path))
            status, reason = "ok", ""
        except ValueError as error:
            payload, status = "", "failed"
            reason = f"ValueError: {' '.join(str(error).split())}"
        yield Outcome(task, status, payload, reason, time.monotonic() - begun, "")


def steps(runs: Path, **train: object) -> list[Step]:
    """Stages train and synth."""
    return [
        Step(name="train", runs=runs, **train),  # type: ignore[arg-type]
        Step(name="synth", target="xcup", runs=runs),
    ]


def run(
    out: Path,
    runs: Path,
    *,
    space: DesignSpace | None = None,
    stages: list[Step] | None = None,
    rungs: list[Step] | None = None,
    progress: list[SearchNews] | None = None,
    cache: Cache | None = None,
    executor: Executor | None = inline,
    **settings: object,
) -> SearchResult:
    """Run a search over fake stages."""
    return run_search(
        space or search_space(),
        stages or steps(runs),
        out_dir=out,
        info=INFO,
        settings=SearchSettings(**({"budget": 12, "jobs": 2, "batch": 8} | settings)),  # type: ignore[arg-type]
        rungs=rungs or [],
        executor=executor,
        cache=cache,
        progress=None if progress is None else progress.append,
    )


def main(out: str, runs: str, jobs: str, budget: str, sleep: str = "0") -> int:
    stages = steps(Path(runs), sleep_s=float(sleep))
    try:
        result = run(
            Path(out), Path(runs), stages=stages, executor=None, jobs=int(jobs), budget=int(budget)
        )
    except PezoError as error:
        say(str(error))
        return 2
    return 0 if result.complete else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
