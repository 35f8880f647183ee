"""A netlist that two stages of a design need: the first maps it, the second takes it."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.files import replacing, write_atomically
from pezoexplore.hardware.eda.netlist import Netlist, read_netlist
from pezoexplore.hardware.eda.synth import NETLIST, map_point
from pezoexplore.hardware.rtl.build import TOP

_LUTS, _LOCK = ".luts", ".lock"


def map_shared(
    point: DesignPoint,
    target: DesignTarget,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    shared: Path | None,
    yosys: str | None = None,
) -> tuple[Netlist, dict[str, float]]:
    """Map a point's stream top, or take the netlist that the other stage has left.

    While one stage maps, the other waits.

    Args:
        point: As in :func:`pezoexplore.hardware.eda.synth.map_point`.
        target: As there.
        rtl_dir: As there.
        work_dir: As there.
        log_path: As there.
        shared: File that the first leaves and the second removes, the same for both and for no
            other design, target, RTL or version of a tool; None to map in any case.
        yosys: As in :func:`pezoexplore.hardware.eda.synth.map_point`.

    Returns:
        As :func:`pezoexplore.hardware.eda.synth.map_point`.

    Raises:
        ToolError: As there.
        ToolTimeoutError: Yosys timed out.
    """
    if shared is None:
        return map_point(point, target, rtl_dir, work_dir, log_path, yosys=yosys)
    shared.parent.mkdir(parents=True, exist_ok=True)
    counts = shared.with_suffix(_LUTS)
    with _alone(shared.with_suffix(_LOCK)):
        if shared.is_file():
            netlist, luts = read_netlist(shared, TOP), json.loads(counts.read_text("utf-8"))
            shared.unlink()
            counts.unlink()
            return netlist, luts
        netlist, luts = map_point(point, target, rtl_dir, work_dir, log_path, yosys=yosys)
        write_atomically(counts, json.dumps(luts), durable=False)
        with replacing(shared, durable=False) as path:
            shutil.copyfile(work_dir / NETLIST, path)
        return netlist, luts


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
