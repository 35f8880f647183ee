"""Tasks and generators of one's own that end the program: an error, whatever the command."""

from __future__ import annotations

from pathlib import Path

import pytest

TASK = """
import sys
import numpy as np
from pezoexplore.train.user_task import UserTask
{}
def task():
    {}
    return UserTask(np.zeros((3, 2)), lambda w, x: x @ w, (np.zeros((60, 3)), np.arange(60) % 2))
"""

ENDS = {"imported": ("sys.exit()", "pass"), "called": ("", "sys.exit(0)"), "exit": ("exit(0)", "1")}

GENERATOR = """
from pezoexplore.streams.generators import Family

class Own(Family):
    what, source, weaknesses = "A register.", "None.", "All."
    state, top_bits, rtl = 5, True, ("uniform_word.v", "{name}.v")
    widths = (1, 5)

    def columns(self, point):
        return (0b10100, 0b1, 0b10, 0b100, 0b1000)

    def words(self, states, point):
        if "{when}" == "checked" or type(point).__name__ == "DesignPoint":
            raise SystemExit
        return super().words(states, point)

if "{when}" == "imported":
    exit(0)
"""


def written(folder: Path, name: str, text: str, design: str) -> Path:
    (folder / f"{name}.py").write_text(text)
    (folder / f"{name}.v").write_text(f"module {name}; endmodule\n")
    (folder / "own.yaml").write_text(f"name: own\n{design}\ntrain: {{steps: 9, seeds: 2}}\n")
    return folder / "own.yaml"


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["run", "dry"])
@pytest.mark.parametrize("when", ENDS)
def test_a_task_that_calls_exit(call, tmp_path: Path, when: str, words: tuple[str, ...]) -> None:
    name = f"ending_task_{when}_{len(words)}"
    design = written(
        tmp_path, name, TASK.format(*ENDS[when]), f"space: {{lanes: 8}}\ntask: {name}:task"
    )
    answer = call("sweep", design, "--stages", "train", *words)
    assert answer.status == 2
    assert answer.err.startswith(f"error: task: '{name}:task': ") and answer.err.count("\n") == 1
    assert "it calls exit(" in answer.err
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("task", "reason"),
    [("nowhere:task", "no module nowhere"), ("broken_task:task", "ZeroDivisionError")],
)
def test_a_dry_run_loads_the_task(call, tmp_path: Path, task: str, reason: str) -> None:
    design = written(tmp_path, "broken_task", "1 / 0", f"space: {{lanes: 8}}\ntask: {task}")
    answer = call("sweep", design, "--dry-run")
    assert answer.status == 2
    assert task in answer.err and reason in answer.err and answer.err.count("\n") == 1


@pytest.mark.parametrize("when", ["imported", "checked"])
def test_a_generator_that_calls_exit(call, tmp_path: Path, when: str) -> None:
    name = f"ending_generator_{when}"
    text = GENERATOR.format(name=name, when=when)
    design = written(tmp_path, name, text, f"space: {{rng: '{name}:Own', reuse: none}}")
    answer = call("sweep", design, "--dry-run")
    assert answer.status == 2
    assert name in answer.err and "it calls exit(" in answer.err and answer.err.count("\n") == 1


def test_a_generator_that_calls_exit_when_it_is_used(call, tmp_path: Path) -> None:
    name = "ending_generator_used"
    written(tmp_path, name, GENERATOR.format(name=name, when="used"), "")
    answer = call("stream", "--rng", f"{name}:Own", "--bit-width", 5, "--count", 4)
    assert answer.status == 2
    assert f"{name}.py:" in answer.err and "exit(None)" in answer.err
    assert answer.err.count("\n") == 1
