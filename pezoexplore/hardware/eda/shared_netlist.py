"""A netlist that several stages of a design need: the first maps it, the others take it."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.files import replacing, write_atomically
from pezoexplore.hardware.eda.netlist import Netlist, read_netlist
from pezoexplore.hardware.eda.synth import NETLIST, map_point
from pezoexplore.hardware.rtl.build import TOP

_LUTS, _LOCK = ".luts", ".lock"
_LEFT = "takers"  # key of how many are still to take it, beside the LUTs


@dataclass(frozen=True)
class Shared:
    """Where a netlist is left for other stages.

    Attributes:
        path: File, the same for all of them and for no other design, target, RTL or version of a
            tool.
        takers: Stages that need the netlist, at least 2: the last one removes it.
    """

    path: Path
    takers: int


def map_shared(
    point: DesignPoint,
    target: DesignTarget,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    shared: Shared | None,
    yosys: str | None = None,
) -> tuple[Netlist, dict[str, float]]:
    """Map a point's stream top, or take the netlist that another stage has left.

    While one stage maps, the others wait.

    Args:
        point: As in :func:`pezoexplore.hardware.eda.synth.map_point`.
        target: As there.
        rtl_dir: As there.
        work_dir: As there.
        log_path: As there.
        shared: Where the first leaves it for the others; None to map in any case.
        yosys: As in :func:`pezoexplore.hardware.eda.synth.map_point`.

    Returns:
        As :func:`pezoexplore.hardware.eda.synth.map_point`.

    Raises:
        ToolError: As there.
        ToolTimeoutError: Yosys timed out.
    """
    if shared is None:
        return map_point(point, target, rtl_dir, work_dir, log_path, yosys=yosys)
    shared.path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(shared.path.with_suffix(_LOCK)):
        if shared.path.is_file():
            return _take(shared.path)
        netlist, luts = map_point(point, target, rtl_dir, work_dir, log_path, yosys=yosys)
        _note(shared.path, luts, shared.takers - 1)
        with replacing(shared.path, durable=False) as path:
            shutil.copyfile(work_dir / NETLIST, path)
        return netlist, luts


def _take(path: Path) -> tuple[Netlist, dict[str, float]]:
    """Return what has been left; remove it where no other stage needs it."""
    netlist, luts = read_netlist(path, TOP), json.loads(path.with_suffix(_LUTS).read_text("utf-8"))
    takers = luts.pop(_LEFT) - 1
    if takers:
        _note(path, luts, takers)
    else:
        path.unlink()
        path.with_suffix(_LUTS).unlink()
    return netlist, luts


def _note(path: Path, luts: Mapping[str, float], takers: int) -> None:
    """Write the LUTs, and how many stages are to take the netlist, beside it."""
    content = json.dumps({**luts, _LEFT: takers})
    write_atomically(path.with_suffix(_LUTS), content, durable=False)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock, which the system takes back from a process that ends."""
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise ToolError(f"{path}: cannot be locked ({error.strerror})") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
