"""Compose the Yosys commands that map a design to standard cells."""

from __future__ import annotations

from collections.abc import Iterable

DRIVE = "abc.constr"
"""Name of the file with what drives and loads a design of standard cells."""

SYNTH = "synth -flatten -noabc -top {top}"
"""Yosys command that maps a design to its own gates."""

SYNTH_UNCHECKED = (
    *("hierarchy -check -top {top}", "proc", "flatten", "opt_expr", "opt_clean"),
    *("opt -nodffe -nosdff", "fsm", "opt", "wreduce", "peepopt", "opt_clean", "alumacc", "share"),
    *("opt", "memory -nomap", "opt_clean", "synth -flatten -noabc -run fine:check"),
)
"""Passes of :data:`SYNTH` without ``check``, which changes no cell, in up to half the time."""


def cell_script(liberty: Iterable[str], dont_use: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the Yosys commands that map a design to standard cells.

    Args:
        liberty: Names of the library's files.
        dont_use: Patterns of cells that are not used.
    """
    files = "".join(f" -liberty {name}" for name in liberty)
    not_used = "".join(f" -dont_use {pattern}" for pattern in dont_use)
    return (
        # The mapping to the library's gates would undo Yosys' first mapping.
        *SYNTH_UNCHECKED,
        f"dfflibmap{files}{not_used}",
        # With a driver and a load ABC inserts buffers and sizes gates. Without, one gate drives
        # hundreds of flip-flops: 5 % less area, an eighth of the clock.
        f"abc{files} -constr {DRIVE}{not_used}",
        "opt_clean -purge",
    )
