"""How often training compiles, as a count: seconds are for bench/."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

CODE = """
import json
from pezoexplore.train.backend import load_jax
load_jax()
import jax.monitoring
counts = {"compiled": 0, "/jax/compilation_cache/cache_misses": 0}
def took(name, seconds, **about):
    counts["compiled"] += name == "/jax/core/compile/backend_compile_duration"
def happened(name, **about):
    if name in counts:
        counts[name] += 1
jax.monitoring.register_event_duration_secs_listener(took)
jax.monitoring.register_event_listener(happened)
from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.train.evaluate import train_point
from pezoexplore.train.tasks.registry import get_task
task = get_task("digits-mlp")
settings = TrainSettings(steps=40, seeds=2, learning_rates=(0.003, 0.01), epsilon=(1e-3, 1e-2))
seen = []
lanes = {"rng": "xorshift32", "reuse": "none", "lanes": 8}
for axes in ({"reuse": "phased"}, {"reuse": "bank"}, lanes):
    before = dict(counts)
    result = train_point(resolve(**axes), task, settings)
    seen.append([counts[name] - before[name] for name in counts] + [result["accuracy_mean"]])
import sys
print(json.dumps([seen, "sklearn" in sys.modules]))
"""


@pytest.mark.slow
def test_designs_share_what_is_compiled_and_so_do_processes(tmp_path):
    answers = []
    for _ in range(2):
        env = os.environ | {"PEZOEXPLORE_COMPILED": str(tmp_path / "compiled")}
        done = subprocess.run(
            [sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True
        )
        answers.append(json.loads(done.stdout.splitlines()[-1]))
    (first, heavy), (again, _) = answers
    assert not heavy
    assert first[0][0] <= 22
    assert [of_design[0] for of_design in first[1:]] == [0, 0]
    assert first[0][1] > 0
    assert [of_design[1] for of_design in again] == [0, 0, 0]
    assert [of_design[2] for of_design in again] == [of_design[2] for of_design in first]
