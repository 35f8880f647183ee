"""`pezoexplore doctor`: which tools are there, and what each missing one costs."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console

from pezoexplore.commands.terminal import print_json, say
from pezoexplore.hardware.tools import Tool, tools
from pezoexplore.report.tables import print_table


def check_up(as_json: bool) -> int:
    """Print the tools.

    Returns:
        0 when all that the quickstart needs is there, else 1.
    """
    found = tools()
    lacking = [tool for tool in found if tool.version is None and tool.required]
    if as_json:
        listed = [asdict(tool) | {"found": tool.version is not None} for tool in found]
        print_json({"ok": not lacking, "tools": listed})
    else:
        rows = [
            [tool.name, tool.version or "missing", _note(tool), _install(tool)] for tool in found
        ]
        print_table("Tools", ["tool", "version", "needed for", "install"], rows, Console())
        say("")
        say(_verdict(lacking))
    return 1 if lacking else 0


def _note(tool: Tool) -> str:
    return tool.needed_for if tool.required else f"{tool.needed_for} (optional)"


def _install(tool: Tool) -> str:
    return "" if tool.version is not None else tool.install


def _verdict(lacking: list[Tool]) -> str:
    if not lacking:
        return "Everything that `pezoexplore sweep` needs is there."
    names = ", ".join(tool.name for tool in lacking)
    commands = " && ".join(dict.fromkeys(tool.install for tool in lacking))
    return f"Missing: {names}. Type: {commands}"
