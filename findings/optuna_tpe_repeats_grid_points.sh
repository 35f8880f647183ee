#!/usr/bin/env bash
# Optuna TPE on a grid: half of the trials evaluate points that were evaluated before.
#
# Seen 2026-11-28, optuna 5.0.0. On a grid of 432 points (3 x 4 x 4 x 3 x 3 categories) and two
# objectives, TPESampler with its defaults visits fewer than 100 distinct points in 150 trials, for
# each of five seeds; RandomSampler visits more than 120. Where an evaluation is a training run and
# results are deterministic, the repeats buy nothing.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages optuna==5.0.0 numpy==2.4.6

cat > grid.py <<'P'
import optuna

optuna.logging.set_verbosity(optuna.logging.WARNING)
SIZES = (3, 4, 4, 3, 3)


def distinct(sampler: optuna.samplers.BaseSampler) -> int:
    seen = set()

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        point = tuple(trial.suggest_categorical(f"x{i}", range(n)) for i, n in enumerate(SIZES))
        seen.add(point)
        cost = sum(point) + 0.1 * point[0] * point[2]
        return cost, sum((n - 1 - x) ** 2 for n, x in zip(SIZES, point, strict=True)) + 0.1 * cost

    study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)
    study.optimize(objective, n_trials=150)
    return len(seen)


tpe = [distinct(optuna.samplers.TPESampler(seed=seed)) for seed in range(5)]
random = [distinct(optuna.samplers.RandomSampler(seed=seed)) for seed in range(5)]
print("distinct points of 150 trials, TPE and random:", tpe, random)
print("below 100" if max(tpe) < 100 else "more", "above 120" if min(random) > 120 else "fewer")
P
python grid.py > grid.log
head -1 grid.log
expect "TPE, random" "below 100 above 120" "$(tail -1 grid.log)"
