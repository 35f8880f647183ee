"""`pezoexplore doctor`: which tools are installed, and what each missing one costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pezoexplore.cli.options import Format, TableOrJson
from pezoexplore.cli.terminal import echo, print_json, print_table

if TYPE_CHECKING:
    from pezoexplore.hardware.eda.tools import Tool

EXTRAS = (
    ("pyarrow", "results.parquet (sweep --parquet)"),
    ("dask", "workers on other machines (--executor dask)"),
    ("distributed", "workers on other machines (--executor dask)"),
)
"""Packages that only some options need."""


def doctor(format_: Format = TableOrJson.table) -> int:
    """Show which tools are installed, and what each missing one costs."""
    from pezoexplore.hardware.eda.install import install_commands
    from pezoexplore.hardware.eda.tools import tools

    found = [*tools(), *_extras()]
    lacking = [tool for tool in found if tool.version is None and tool.required]
    if format_ is TableOrJson.json:
        listed = [_described(tool) for tool in found]
        commands = install_commands(lacking)
        print_json({"ok": not lacking, "tools": listed, "install": commands})
        return 1 if lacking else 0
    rows = [[tool.name, tool.version or "missing", _note(tool)] for tool in found]
    print_table("Tools", ["tool", "version", "needed for"], rows)
    echo("")
    for tool in found:
        if tool.version is None and not tool.required:
            echo(f"{tool.name}, for {tool.needed_for}: {install_commands([tool])[0]}")
    echo(_verdict(lacking))
    return 1 if lacking else 0


def _extras() -> list[Tool]:
    from pezoexplore.hardware.eda.tools import Tool, package_version

    return [
        Tool(name, package_version(name), needed, f"pip install {name}", required=False)
        for name, needed in EXTRAS
    ]


def _described(tool: Tool) -> dict[str, object]:
    from pezoexplore.hardware.eda.install import install_commands

    command = install_commands([tool])[0]
    return asdict(tool) | {"found": tool.version is not None, "install": command}


def _note(tool: Tool) -> str:
    return tool.needed_for if tool.required else f"{tool.needed_for} (optional)"


def _verdict(lacking: list[Tool]) -> str:
    from pezoexplore.hardware.eda.install import install_commands

    if not lacking:
        return "Everything that `pezoexplore sweep` needs is there."
    names = ", ".join(tool.name for tool in lacking)
    return f"Missing: {names}. Type: {' && '.join(install_commands(lacking))}"
