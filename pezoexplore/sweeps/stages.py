"""Composition: which stages a sweep of a design runs, each with all that determines its result."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pezoexplore.design.own_targets import CellLibrary, DesignTarget, VendorTool, target_name
from pezoexplore.design.point import resolve
from pezoexplore.design.setting_kinds import chance_of
from pezoexplore.design.training_axes import ALL
from pezoexplore.errors import DesignError, IllegalPointError
from pezoexplore.sweeps.provenance import (
    cpu_kind,
    library_versions,
    source_hash,
)
from pezoexplore.sweeps.stage import Stage
from pezoexplore.sweeps.stage_kinds import (
    EngineStage,
    HealthStage,
    PowerStage,
    RtlStage,
    SynthStage,
    TimingStage,
    VendorStage,
)
from pezoexplore.sweeps.stage_tools import (
    POWER_TOOL,
    RTL_TOOLS,
    WASM_YOSYS,
    install_command,
    library_tools,
    needed_tools,
    power_tools,
    synth_tools,
)
from pezoexplore.sweeps.train_stage import TrainStage, replica_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pezoexplore.design.space import DesignSpace
    from pezoexplore.hardware.eda.targets import Timer

SYNTH_SOURCES = ("design/point.py", "splitmix.py", "streams", "hardware")
"""Code that determines the results of synthesis."""

ENGINE_SOURCES = ("energies.py", "train/fixed_point.py")
"""Code that determines an engine's power besides."""

PARAMETERS = {"digits-mlp": 64 * 32 + 32 + 32 * 10 + 10}
"""Weights and biases of each task's network."""


def build_stages(
    space: DesignSpace,
    wanted: Iterable[str],
    *,
    rtl_dir: Path,
    work_dir: Path,
    tools: Mapping[str, str | None],
    folder: Path | None = None,
) -> list[Stage]:
    """Return the stages of a sweep.

    Args:
        space: The design space, for its settings.
        wanted: Some of ``SELECTABLE``.
        rtl_dir: Folder of the RTL.
        work_dir: Folder for what the tools build (``RunDir.work``).
        tools: Versions by tool, from :func:`tool_versions`.
        folder: The design file's, where modules of the user's tasks are looked for first.

    Raises:
        ToolError: A tool that a wanted stage needs is missing.
        DesignError: The task's data or code cannot be used.
    """
    chosen = set(wanted)
    rtl_dir, work_dir = rtl_dir.absolute(), work_dir.absolute()
    place = None if folder is None else str(folder.absolute())
    stages: list[Stage] = []
    for one in map(space.of_task, space.tasks):
        stages.append(_health(one, place))
        if "train" in chosen:
            stages.append(_train(one, place))
    if "rtl" in chosen:
        stages.append(
            RtlStage(
                rtl_dir=rtl_dir,
                work_dir=work_dir,
                source=source_hash(
                    "design/point.py", "splitmix.py", "streams", "hardware", benches=True
                ),
                tools=needed_tools("rtl", RTL_TOOLS, tools),
                timeout_s=1200.0,
            )
        )
    along = "synth" in chosen and space.hardware.power and tools.get(POWER_TOOL) is not None
    powered = "power" in chosen or along
    if powered:
        stages += _power(space, rtl_dir, work_dir, tools, synthesised="synth" in chosen)
    if "synth" in chosen:
        stages += _synthesis(space, rtl_dir, work_dir, tools, powered=powered)
    return stages


def _takers(
    target: DesignTarget, tools: Mapping[str, str | None], *, synthesised: bool, powered: bool
) -> int:
    """Return how many stages use the netlist of a design on a target."""
    from pezoexplore.hardware.power.power import has_power

    timer = _timer_found(target, tools)
    timed = synthesised and timer is not None and timer.of_cells
    return synthesised + (powered and has_power(target)) + timed


def _power(
    space: DesignSpace,
    rtl_dir: Path,
    work_dir: Path,
    tools: Mapping[str, str | None],
    *,
    synthesised: bool,
) -> Iterator[Stage]:
    """Yield power of each target that has a source for what its cells cost."""
    from pezoexplore.hardware.power.power import has_power

    for target in filter(has_power, space.hardware.targets):
        yield PowerStage(
            **_place(target),
            clock_mhz=space.hardware.clock_mhz,
            rtl_dir=rtl_dir,
            work_dir=work_dir,
            source=source_hash(
                "design/point.py", "energies.py", "splitmix.py", "streams", "hardware"
            ),
            tools=needed_tools("power", power_tools(target, tools), tools),
            timeout_s=3600.0,
            takers=_takers(target, tools, synthesised=synthesised, powered=True),
        )


def _place(target: DesignTarget) -> dict[str, Any]:
    """Return the fields of a stage that say its target."""
    from pezoexplore.hardware.eda.cell_library import read_own

    if isinstance(target, str):
        return {"target": target}
    library = read_own(target).sha256 if isinstance(target, CellLibrary) else ""
    return {"target": target.name, "own": target, "library": library}


def _synthesis(
    space: DesignSpace,
    rtl_dir: Path,
    work_dir: Path,
    tools: Mapping[str, str | None],
    *,
    powered: bool,
) -> Iterator[Stage]:
    """Yield resources for each target, and the highest clock where there is a tool for it."""
    from pezoexplore.hardware.power.power import has_power

    source = source_hash(*SYNTH_SOURCES)
    for target in space.hardware.targets:
        if isinstance(target, VendorTool):
            lacks = tools.get(target.tool) is None
            yield VendorStage(
                **_place(target),
                clock_mhz=space.hardware.clock_mhz,
                rtl_dir=rtl_dir,
                work_dir=work_dir,
                source=source,
                tools=() if lacks else needed_tools("synth", (target.tool,), tools),
                timeout_s=5 * 3600.0,
                skipped=f"{target.tool} not found" if lacks else "",
            )
            continue
        names, timer = synth_tools(target, tools), _timer_found(target, tools)
        takers = _takers(target, tools, synthesised=True, powered=powered)
        common = {
            **_place(target),
            "rtl_dir": rtl_dir,
            "work_dir": work_dir,
            "tools": needed_tools("synth", names, tools),
        }
        yield SynthStage(**common, source=source, timeout_s=1200.0, takers=takers)
        mapping = (WASM_YOSYS, *library_tools(target))
        if space.hardware.engine and powered and has_power(target):
            common["tools"] = needed_tools("power", (POWER_TOOL, *mapping), tools)
            yield EngineStage(
                **common,
                source=source_hash(*SYNTH_SOURCES, *ENGINE_SOURCES),
                timeout_s=7200.0,
                clock_mhz=space.hardware.clock_mhz,
            )
        elif space.hardware.engine:
            common["tools"] = needed_tools("synth", mapping, tools)
            yield EngineStage(**common, source=source, timeout_s=3600.0)
        if timer is not None:
            yield TimingStage(
                **_place(target),
                rtl_dir=rtl_dir,
                work_dir=work_dir,
                source=source,
                tools=needed_tools("synth", (*mapping, timer.tool), tools),
                timeout_s=3600.0,
                takers=takers if timer.of_cells else 1,
            )


def _timer(target: DesignTarget) -> Timer | None:
    """Return the method for a target's highest clock; None without one."""
    from pezoexplore.hardware.eda.cell_library import find_target, read_own

    if isinstance(target, VendorTool):
        return None
    lacks = isinstance(target, CellLibrary) and "fmax_mhz" in read_own(target).missing
    return None if lacks else find_target(target).timer


def _timer_found(target: DesignTarget, tools: Mapping[str, str | None]) -> Timer | None:
    """Return it; None where its tool is missing too."""
    timer = _timer(target)
    return None if timer is None or tools.get(timer.tool) is None else timer


def figures_missing(space: DesignSpace, tools: Mapping[str, str | None]) -> list[str]:
    """Return one line for each column that a missing tool or a cell library leaves empty.

    Args:
        space: The design space, for its targets.
        tools: Versions by tool; None for what is missing.

    Raises:
        ToolError: A cell library cannot be used.
    """
    from pezoexplore.hardware.eda.cell_library import read_own

    timers = {target_name(target): _timer(target) for target in space.hardware.targets}
    lines = [
        f"no fmax_mhz on {name}: {timer.tool} not found; type `{install_command([timer.tool])}`"
        for name, timer in timers.items()
        if timer is not None and tools.get(timer.tool) is None
    ]
    for target in space.hardware.targets:
        if isinstance(target, VendorTool) and tools.get(target.tool) is None:
            lines.append(f"target {target.name} is skipped: {target.tool} not found on PATH")
        if isinstance(target, CellLibrary):
            missing = read_own(target).missing
            lines += [f"no {column} on {target.name}: {why}" for column, why in missing.items()]
    if space.hardware.power and tools.get(POWER_TOOL) is None:
        lines.append(
            f"no power_mw_est: {POWER_TOOL} not found; type `{install_command([POWER_TOOL])}`"
        )
    return lines


def check_task(space: DesignSpace, folder: Path) -> None:
    """Load tasks whose code or data may be wrong or missing, as a run does first.

    Args:
        space: The design space, for its tasks.
        folder: The design file's, where modules of the user's tasks are looked for first.

    Raises:
        DesignError: The task's code or data cannot be used.
    """
    from pezoexplore.train.tasks.registry import task_identity

    for task in space.tasks:
        task_identity(task, space.train.data, str(folder.absolute()))


def chance_levels(space: DesignSpace, folder: Path) -> dict[str, float | None]:
    """Return the accuracy of always naming the most frequent class by task; see ``RunInfo``.

    A user's task is loaded for it; see :func:`check_task`.
    """
    import numpy as np

    from pezoexplore.train.tasks.registry import get_task

    levels = {}
    for task in space.tasks:
        levels[task] = chance_of(task)
        if levels[task] is None:
            test = get_task(task, space.train.data, str(folder.absolute())).test
            if test.has_classes:
                levels[task] = 100 * float(np.bincount(test.labels).max()) / len(test)
    return levels


def network_sizes(space: DesignSpace, folder: Path) -> dict[str, int]:
    """Return the weights of the networks by task, of a design with several; else nothing."""
    tasks = space.tasks if len(space.tasks) > 1 else ()
    return {task: parameters_of(space.of_task(task), folder) for task in tasks}


def parameters_of(space: DesignSpace, folder: Path | str | None) -> int:
    """Return the weights of a design's one network; the best known is not loaded for it."""
    from pezoexplore.train.tasks.registry import get_task

    if space.task in PARAMETERS:
        return PARAMETERS[space.task]
    place = None if folder is None else str(Path(folder).absolute())
    return get_task(space.task, space.train.data, place).parameters


def _health(space: DesignSpace, folder: str | None) -> HealthStage:
    return HealthStage(
        task=space.task,
        parameters=parameters_of(space, folder),
        scopes=_scopes(space, folder),
        layers=_layers(space, folder),
        steps=space.train.steps,
        source=source_hash("design/point.py", "exact.py", "splitmix.py", "streams"),
        libraries=library_versions(),
    )


def _scopes(space: DesignSpace, folder: str | None) -> tuple[tuple[str, int], ...]:
    """Return the numbers of a direction by scope, for the named ones that fit the network."""
    named = {scope for part in space.parts() for scope in part.named().get("scope", ())}
    if named <= {ALL}:
        return ()
    from pezoexplore.train.steps.scope import scope_of
    from pezoexplore.train.tasks.registry import get_task

    task, found = get_task(space.task, space.train.data, folder), {}
    for name in sorted(map(str, named)):
        with suppress(DesignError):
            scope = scope_of(resolve(scope=name), task)
            found[name] = scope.numbers if scope else task.parameters
    return tuple(found.items())


def _layers(space: DesignSpace, folder: str | None) -> tuple[tuple[str, str], ...]:
    """Return the shapes of the tensors that a design's outer products move, by scope."""
    if all(set(part.rank or ()) <= {"full"} for part in space.parts()):
        return ()
    from pezoexplore.train.steps.structured import with_layers
    from pezoexplore.train.tasks.registry import get_task

    task, found = get_task(space.task, space.train.data, folder), {}
    named = {str(scope) for part in space.parts() for scope in part.named().get("scope", ())}
    for name in sorted({ALL, *named}) if hasattr(task.model, "blocks") else ():
        with suppress(DesignError, IllegalPointError):
            found[name] = str(with_layers(resolve(scope=name, rank="1"), task).layers)
    return tuple(found.items())


def _gpu(space: DesignSpace, folder: str | None) -> str:
    """Return the GPU that trains the task; empty for the CPU."""
    from pezoexplore.train.device import Device, chosen, planned_gpu
    from pezoexplore.train.tasks.registry import get_task

    if chosen() is Device.cpu:
        return ""
    own = get_task(space.task, space.train.data, folder).trainer is not None
    return planned_gpu("PyTorch" if own else "JAX")


def _train(space: DesignSpace, folder: str | None) -> TrainStage:
    from pezoexplore.train.costs import step_seconds
    from pezoexplore.train.tasks.registry import get_task, task_identity

    task = get_task(space.task, space.train.data, folder)
    return TrainStage(
        task=space.task,
        folder=folder,
        identity=tuple(sorted(task_identity(space.task, space.train.data, folder).items())),
        settings=space.train,
        source=source_hash(
            *("design/point.py", "design/training_axes.py", "energies.py", "intervals.py"),
            *("splitmix.py", "streams", "train"),
        ),
        libraries=library_versions(),
        cpu=cpu_kind(),
        gpu=_gpu(space, folder),
        timeout_s=600.0 + replica_steps(space.train) * step_seconds(task, space.train.batch),
    )
