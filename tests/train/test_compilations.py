"""How often training compiles, as a count: seconds are for bench/."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import json
from pezoexplore.train.backend import load_jax
load_jax()
import jax.monitoring
counts = {"compiled": 0, "/jax/compilation_cache/cache_misses": 0}
programs = 0
def took(name, seconds, *, fun_name="", **about):
    global programs
    if name == "/jax/core/compile/backend_compile_duration":
        counts["compiled"] += 1
        programs += "advance" in fun_name or "evaluate" in fun_name
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
whole = []
settings = settings.model_copy(update={"learning_rates": (0.003, 0.005, 0.01)})
bits = {"weight_bits": 8, "activation_bits": 8}
for axes in ({"reuse": "phased"}, {"reuse": "bank"}, lanes, {"weight_bits": 16}):
    before = programs
    train_point(resolve(**bits | axes), task, settings)
    whole.append(programs - before)
import sys
print(json.dumps([seen, whole, "sklearn" in sys.modules]))
"""


def keeping(folder: Path) -> dict[str, str]:
    """Return an environment with a folder for what is compiled, whatever this process keeps."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    return env | {"PEZOEXPLORE_COMPILED": str(folder)}


@pytest.mark.regression
def test_designs_share_what_is_compiled_and_so_do_processes(tmp_path):
    answers = []
    for _ in range(2):
        env = keeping(tmp_path / "compiled")
        done = subprocess.run(
            [sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True
        )
        answers.append(json.loads(done.stdout.splitlines()[-1]))
    (first, whole, heavy), (again, *_) = answers
    assert not heavy
    # Integers: a loop of three rates or two, one of a single rate, and one score for all.
    assert whole == [3, 0, 0, 3]
    assert first[0][0] <= 22
    assert [of_design[0] for of_design in first[1:]] == [0, 0]
    assert first[0][1] > 0
    assert [of_design[1] for of_design in again] == [0, 0, 0]
    assert [of_design[2] for of_design in again] == [of_design[2] for of_design in first]


@pytest.mark.regression
def test_a_sweep_of_more_designs_of_a_shape_compiles_nothing_more(tmp_path):
    """Count the files of compiled functions: the workers of both sweeps share them."""
    design = tmp_path / "design.yaml"
    settings = "{steps: 40, seeds: 2, learning_rates: [0.003, 0.01]}"
    kept = []
    for number, reuse in enumerate(("phased", "[phased, bank, pool]")):
        space = f"{{rng: lfsr, reuse: {reuse}, pool_size: 63}}"
        design.write_text(f"name: few\nspace: {space}\ntrain: {settings}\n", "utf-8")
        words = ["sweep", str(design), "--stages", "train", "--out", str(tmp_path / str(number))]
        program = [sys.executable, "-m", "pezoexplore", *words, "--jobs", "2"]
        env = keeping(tmp_path / "compiled")
        subprocess.run(program, env=env, capture_output=True, check=True)
        kept.append({path.name for path in (tmp_path / "compiled").rglob("*-cache")})
    assert 0 < len(kept[0]) <= 20
    assert kept[1] == kept[0]
