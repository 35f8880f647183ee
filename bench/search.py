"""Share of the grid's hypervolume that a search finds, replayed on a run of designs/full.yaml.

    python bench/search.py [GRID.csv[.gz]] [--last-mile] [--seeds 10] [--first-seed 100]
                           [--samplers ...] [--all]

Samplers are those of `pezoexplore search` and, where PyTorch is there, `gp`, Optuna's GPSampler.

The grid is a finished `pezoexplore sweep designs/full.yaml --stages train,synth`; nothing is
trained here. With --last-mile accuracies are those of adapting a trained network with few examples:

    pezoexplore sweep designs/full.yaml --task last-mile-rotated-64 --stages train \
        -s train.steps=2000 -s train.tuning_seeds=2 -s 'train.learning_rates=[0.003,0.01,0.03]' \
        -s train.epsilon=0.016

No setting of the search was chosen on that grid. An *evaluation* is a point trained in full; points
that the cheap stages rule out (software references have no resources) are not counted as such but
in the column `ruled out`.

Hypervolume: objectives accuracy_mean (maximised), lut, ff, bram (minimised), normalised to their
range over the grid's feasible rows (status ok, all objectives known, accuracy_mean >= 80; of the
last mile >= 65: an eighth of the designs are below either), the reference point at the worst corner
of that box. With --all the range is over all rows with objectives, feasible or not: a larger box,
in which every share is higher. A share is the hypervolume of the points evaluated so far over that
of the whole grid; the table has the median over the study seeds. Budgets are shares of the 563
points of the design.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pezoexplore.analysis.hypervolume import Box, box_of
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.run import Request, load, plan_run
from pezoexplore.search import search as loop
from pezoexplore.search.candidates import Candidates, candidates_of
from pezoexplore.search.goal import COMPLETE, SCREENED, Finding, Goal, Known
from pezoexplore.search.samplers import WARMUP, LegalSampler, make_sampler, violations_of
from pezoexplore.search.screening import ruled_out
from pezoexplore.search.search import SearchSettings, evaluations, progress, search
from pezoexplore.sweeps.stage_kinds import HealthStage

HERE = Path(__file__).parent
GRID = HERE / "data" / "full_grid.csv.gz"
LAST_MILE = HERE / "data" / "last_mile_grid.csv.gz"
LAST_MILE_CONSTRAINTS = 'constraints=["accuracy_mean >= 65"]'
DESIGN = HERE.parent / "designs" / "full.yaml"
BUDGETS = (0.05, 0.10, 0.15, 0.20)
GOAL_SHARE = 0.98
Cells = dict[str, float]


def read_grid(path: Path, goal: Goal) -> dict[DesignPoint, Cells]:
    """Return the objectives of every point of the grid; None for a software reference."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    grid = {}
    for row in rows:
        if row["status"] != "ok":
            continue
        numbers = {name: parse_number(row.get(name, "")) for name in goal.objectives}
        grid[DesignPoint.from_json(row)] = {name: n for name, n in numbers.items() if n is not None}
    return grid


class Replay:
    """Evaluates points from the grid, screening as a search does."""

    def __init__(self, goal: Goal, grid: dict[DesignPoint, Cells]) -> None:
        """Of a goal and a grid."""
        self.goal, self.grid = goal, grid

    def __call__(self, points: Sequence[DesignPoint], history: Sequence[Known]) -> list[Finding]:
        """Return the outcome of each point."""
        findings = []
        for point in points:
            cells = self.grid[point]
            cheap = {name: value for name, value in cells.items() if name != "accuracy_mean"}
            reason = ruled_out(self.goal, cheap, history)
            if reason:
                findings.append(Finding(SCREENED, cheap, reason))
            else:
                findings.append(Finding(COMPLETE, cells, full=True))
        return findings


def with_gp(name: str, candidates: Candidates, **settings: Any) -> LegalSampler:  # noqa: ANN401
    """Return a sampler by name, as make_sampler does; it knows ``gp`` as well."""
    if name != "gp":
        return make_sampler(name, candidates, **settings)
    from optuna.samplers import GPSampler

    own = int(np.random.SeedSequence([settings["seed"], settings["batch"]]).generate_state(1)[0])
    check = violations_of if settings["bounds"] else None
    inner = GPSampler(seed=own, n_startup_trials=WARMUP, constraints_func=check)
    return LegalSampler(candidates, inner, own)


def shares(goal: Goal, history: Sequence[Known], box: Box, budgets: Sequence[int]) -> list[float]:
    """Return the hypervolume after each budget, as a share of the box."""
    curve = progress(goal, history, box)
    counts = np.cumsum([item.finding.full for item in history])
    return [max((s for s, n in zip(curve, counts, strict=True) if n <= b), default=0.0)
            for b in budgets]  # fmt: skip


def main() -> None:
    """Replay the searches and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("grid", nargs="?", type=Path, default=GRID)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--samplers", default="surrogate,random,sobol")
    parser.add_argument("--last-mile", action="store_true", help="accuracies of the second grid")
    parser.add_argument("--all", action="store_true", help="the box of all rows, also infeasible")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    loop.make_sampler = with_gp
    loaded, _ = load(Request(DESIGN, [LAST_MILE_CONSTRAINTS] if options.last_mile else []))
    space = loaded.space
    (health,) = (
        stage
        for stage in plan_run(loaded, ["train"], Path("unused")).stages
        if isinstance(stage, HealthStage)
    )
    goal = Goal(space.objectives.maximize, space.objectives.minimize, space.constraints)
    candidates = replace(candidates_of(space), span=health.span)
    grid = read_grid(options.grid, goal)
    if options.last_mile:
        grid = {point: grid[point] | cells for point, cells in read_grid(LAST_MILE, goal).items()}
    missing = [point for point in candidates.points if point not in grid]
    if missing:
        raise SystemExit(f"{options.grid} lacks {len(missing)} points, such as {missing[0]}")
    everything = [Known(p, Finding(COMPLETE, grid[p], full=True)) for p in candidates.points]
    complete = [k for k in everything if all(o in k.finding.cells for o in goal.objectives)]
    wide = np.array([goal.costs(known.finding.cells) for known in complete])
    box = box_of(wide if options.all else goal.front_costs(everything))
    whole = box.share(goal.front_costs(everything))
    budgets = [int(part * len(candidates.points)) for part in BUDGETS]
    print(f"{len(candidates.points)} points, {len(goal.front_costs(everything))} feasible; box")
    for name, best, worst in zip(goal.objectives, box.best, box.worst, strict=True):
        print(f"  {name}: best {abs(best):g}, worst {abs(worst):g} (the reference point)")
    print(f"the grid's own hypervolume: {whole:.4f} of the box; {options.seeds} seeds from "
          f"{options.first_seed}")  # fmt: skip
    head = "".join(f"{b:>6} ({part:.0%})" for b, part in zip(budgets, BUDGETS, strict=True))
    print(f"{'evaluations':12}{head}   ruled out  s/search   last budget by seed, sorted")
    medians = {}
    for name in options.samplers.split(","):
        table, ruled, start = [], [], time.process_time()
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            plan = SearchSettings(max(budgets), name, seed)
            history = search(goal, candidates, Replay(goal, grid), plan)
            assert evaluations(history) <= max(budgets)
            table.append([share / whole for share in shares(goal, history, box, budgets)])
            ruled.append(len(history) - evaluations(history))
        medians[name] = np.median(table, axis=0)
        cells = "".join(f"{share:>12.4f}" for share in medians[name])
        each = " ".join(f"{row[-1]:.3f}" for row in sorted(table, key=lambda row: row[-1]))
        seconds = (time.process_time() - start) / options.seeds
        print(f"{name:12}{cells}{np.median(ruled):>10.0f}{seconds:>10.1f}   {each}", flush=True)
    first, *others = medians
    for other in others:
        missed = (1 - medians[other]) / (1 - medians[first])
        text = "".join(f"{ratio:>12.2f}" for ratio in missed)
        print(f"what {other} misses over what {first} misses:\n{'':12}{text}")
    reached = medians[first][-1] >= GOAL_SHARE
    better = all((medians[first] > medians[other]).all() for other in others if other == "random")
    print(f"{GOAL_SHARE:.0%} with {BUDGETS[-1]:.0%}: {'yes' if reached else 'NO'}; "
          f"better than random at every budget: {'yes' if better else 'NO'}")  # fmt: skip


if __name__ == "__main__":
    main()
