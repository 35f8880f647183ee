"""The way of a request of `sweep` through the package: which modules, in which order.

One real `sweep` is run from its command, of the training stage of one design, up to where the
stage's work begins (`train_point`, which a fake answers). A function is on the main path if it is
on the call stack

- when the design file is read,
- when it becomes another thing: the design, the chosen points, the stages, what run.json records,
  the run's plan, a task, its outcome, its record, a result, the result of the sweep,
- when the plan, or the record of a run, is written to the run database,
- when a stage's work begins,
- when results.csv, pareto.csv, timings.csv, run.json or design.yaml is written,
- when the answer is printed.

Plots, which `pareto` draws of any results.csv, are left out.

What is asked on the way and answers with a value (a hash, a count, a check) is aside. The path goes
from stack to stack in the order in which they come for the first time; from one to the next it
returns to the function that both have last in common. Modules of the room of basics (`errors`,
`files` and so on: the first row of docs/architecture.md), and the terminal and the parser of
options, which every command has, do not count. What a worker process does is done in this one:
`executors/local` and `executors/worker` count as entered in between.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pezoexplore.cli import run
from pezoexplore.design.lattice.counting import Selection
from pezoexplore.design.loading import LoadedDesign
from pezoexplore.run import RunPlan
from pezoexplore.sweeps.executors.local import Local, Outcome, Task
from pezoexplore.sweeps.outputs import RunInfo
from pezoexplore.sweeps.stage import canonical_json
from pezoexplore.sweeps.stage_kinds import HealthStage
from pezoexplore.sweeps.store import Record, Result, Store
from pezoexplore.sweeps.sweep import SweepResult
from pezoexplore.sweeps.train_stage import TrainStage
from pezoexplore.train import evaluate

PACKAGE = Path(evaluate.__file__).parents[1]
BASICS = re.findall(
    r"`(\w+)`",
    (PACKAGE.parent / "docs/architecture.md").read_text("utf-8").split("| room | holds")[1]
    .splitlines()[2].split("|")[1],
)  # fmt: skip
ASIDE = ("__main__", "cli.__init__", "cli.app", "cli.axis_options", "cli.terminal", *BASICS)

DESIGN = """\
name: one
space: {lanes: 8}
train: {steps: 2, seeds: 2, learning_rates: 0.01}
objectives: {maximize: [accuracy_mean], minimize: [effective_dim]}
"""

FORMS: tuple[type, ...] = (
    *(LoadedDesign, Selection, HealthStage, TrainStage, RunInfo, RunPlan),
    *(Task, Outcome, Record, Result, SweepResult),
)
"""What the request becomes, in this order."""

WRITTEN = ("results.csv", "pareto.csv", "timings.csv", "run.json", "design.yaml")

BETWEEN = (("sweeps.executors.local", "run_tasks"), ("sweeps.executors.worker", "main"))
"""What hands a task to a worker process, and takes it there."""

Stack = tuple[tuple[str, str], ...]
"""Module and name of each function, the outermost first."""


def stack_of(frame: FrameType | None) -> Stack:
    """Return the functions of the package that are active, but for those aside."""
    found: list[tuple[str, str]] = []
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
            if module not in ASIDE:
                found.append((module, frame.f_code.co_qualname))
        frame = frame.f_back
    return tuple(reversed(found))


def walked(stacks: list[Stack]) -> list[str]:
    """Return the modules that a path enters, one after another."""
    modules: list[str] = []
    before: Stack = ()
    for stack in dict.fromkeys(stacks):
        shared = 0
        while shared < min(len(before), len(stack)) and before[shared] == stack[shared]:
            shared += 1
        modules += [module for module, _ in stack[max(shared - 1, 0) :]]
        before = stack
    return [module for at, module in enumerate(modules) if not at or modules[at - 1] != module]


def turns(modules: list[str]) -> int:
    """Count how often a path returns to a module that it left before."""
    return sum(module in modules[:at] for at, module in enumerate(modules))


def followed(folder: Path) -> list[str]:
    """Return the modules that a sweep of one design enters, one after another."""
    stacks: list[Stack] = []
    asking = threading.current_thread()

    def note(inner: tuple[str, str] | None = None) -> None:
        outer: Stack = ()
        if threading.current_thread() is not asking and asking.ident is not None:
            outer = stack_of(sys._current_frames()[asking.ident])
            began = next(k for k, (_, name) in enumerate(outer) if name == "_Collector.run")
            outer = outer[: began + 1]  # which started this thread, and waits for it
        stack = outer + stack_of(sys._getframe(2))
        if inner:  # in another process: the stage's own functions are the last ones
            at = max(k for k, (module, _) in enumerate(stack) if module == "sweeps.collect") + 1
            stack = (*stack[:at], *BETWEEN, *stack[at:], inner)
        stacks.append(stack)

    def noting(method: Any) -> Any:
        def call(*args: Any, **named: Any) -> Any:
            note()
            return method(*args, **named)

        return call

    def in_this_process(self: Local, tasks: Any, stop: Any = None) -> Iterator[Outcome]:
        for task in filter(None, tasks):
            task.log_path.parent.mkdir(parents=True, exist_ok=True)
            answer = canonical_json(task.stage.run(task.point, task.log_path))
            yield Outcome(task, "ok", answer, "", 0.1, "")

    def work(*args: Any) -> Mapping[str, object]:
        note(("train.evaluate", "train_point"))
        return {"accuracy_mean": 80.0, "accuracy_per_seed": [79.0, 81.0], "learning_rate": 0.01}

    design, listening = folder / "one.yaml", [True]
    design.write_text(DESIGN, encoding="utf-8")

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if not listening:
            return
        reads = event == "open" and str(args[0]) == str(design)
        if reads or (event == "os.rename" and Path(args[1]).name in WRITTEN):
            note()

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(sys.stderr):
        patch.setattr(Local, "__call__", in_this_process)
        patch.setattr(evaluate, "train_point", work)
        for form in FORMS:
            patch.setattr(form, "__init__", noting(form.__init__))
        for method in ("write", "put"):
            patch.setattr(Store, method, noting(getattr(Store, method)))
        patch.setattr(sys.stdout, "write", noting(sys.stdout.write))
        sys.addaudithook(heard)
        words = ["sweep", str(design), "--stages", "train", "--out", str(folder / "out")]
        assert run([*words, "--quiet", "--no-cache"]) == 0
        listening.clear()
    return walked(stacks)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        path = followed(Path(name))
    sys.stderr.write("\n".join(path) + "\n")
    sys.stderr.write(f"{len(set(path))} modules, {turns(path)} turns back\n")
