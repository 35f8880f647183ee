"""Resources by module in the datasheet of a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pezoexplore.hardware.eda.module_counts import ModuleCounts, module_commands
from pezoexplore.markdown import markdown_table

_HOW = (
    "**Resources by module.** Every module is mapped on its own, its border kept, and its cells "
    "are counted by the rules of the whole; a row is all instances of a module without the modules "
    "in them. The last rows are the sum and the counts of the design mapped as one, which a sweep "
    "has: there Yosys also changes logic across borders, so the two differ. The commands, in the "
    "folder `rtl`:"
)


def modules_section(targets: Sequence[ModuleCounts]) -> list[str]:
    """Return how many cells each module takes, as parts of a datasheet in Markdown.

    Args:
        targets: Resources of the modules on each target; may be empty.
    """
    return [*([_HOW] * bool(targets)), *(part for counted in targets for part in _table(counted))]


def _table(counted: ModuleCounts) -> list[str]:
    columns = [name for name in counted.flat if counted.flat[name] or counted.total(name)]
    rows: list[list[object]] = [
        [f"`{row.name}`", row.instances, *_cells(row.counts, columns)] for row in counted.modules
    ]
    sums = {name: counted.total(name) for name in columns}
    apart = {name: counted.flat[name] - sums[name] for name in columns}
    rows += [
        ["sum", "", *_cells(sums, columns)],
        ["mapped as one", "", *_cells(counted.flat, columns)],
        ["difference", "", *(f"{apart[name]:+,.6g}" for name in columns)],
    ]
    commands = ["read_verilog -defer *.v", *module_commands(counted.target)]
    return [
        "```text\n" + "\n".join(commands) + "\n```",
        f"Resources by module on `{counted.target}`, {counted.version}:",
        markdown_table(["module", "instances", *(f"`{name}`" for name in columns)], rows),
    ]


def _cells(counts: Mapping[str, float], columns: list[str]) -> list[str]:
    return [f"{counts[name]:,.6g}" for name in columns]
