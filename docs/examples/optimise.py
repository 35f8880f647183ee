"""Let an optimiser of your own choose designs: Optuna's TPE over `pezoexplore evaluate`."""

from __future__ import annotations

import json
import subprocess
import sys

import optuna

AXES = {"--state-bits": [12, 16, 24], "--taps": ["xor", "shared"], "--bit-width": [4, 8]}
QUICK = "-s train.steps=200 -s train.seeds=2"  # a first look; a result needs the defaults or more


def evaluate(trial: optuna.Trial) -> tuple[float, float]:
    """Return accuracy in percent and LUTs of the design that the trial chooses."""
    axes = {axis: trial.suggest_categorical(axis, values) for axis, values in AXES.items()}
    line = " ".join(f"{axis} {value}" for axis, value in axes.items())
    command = f"pezoexplore evaluate {line} {QUICK} --quiet --format json".split() + sys.argv[1:]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise optuna.TrialPruned("not a legal design, or a stage failed: see the message above")
    (row,) = json.loads(done.stdout)["results"]
    return row["accuracy_mean"], row["lut"]


study = optuna.create_study(
    directions=["maximize", "minimize"], sampler=optuna.samplers.TPESampler(seed=0)
)
study.optimize(evaluate, n_trials=4)
for best in study.best_trials:
    print(best.values, best.params)
