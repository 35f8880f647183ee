"""A netlist that stages share is mapped once, and all get the same."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda import shared_netlist
from pezoexplore.hardware.eda.netlist import Netlist
from pezoexplore.hardware.eda.shared_netlist import Shared, map_shared
from pezoexplore.hardware.eda.synth import figures, map_point, synthesise
from pezoexplore.hardware.eda.timing import highest_clock
from pezoexplore.hardware.power.power import power_point
from pezoexplore.paths import rtl_dir

POINT = resolve(reuse="none", state_bits=4, lanes=2, bit_width=3)

Mapped = tuple[Netlist, dict[str, float]]


@pytest.fixture(name="runs")
def counted_runs(monkeypatch: pytest.MonkeyPatch) -> list[Mapped]:
    """Note what Yosys maps."""
    found: list[Mapped] = []

    def counting(*args: Any, **options: Any) -> Mapped:
        found.append(map_point(*args, **options))
        return found[-1]

    monkeypatch.setattr(shared_netlist, "map_point", counting)
    return found


@pytest.mark.parametrize("target", ["xcup", pytest.param("osu018", marks=pytest.mark.slow)])
def test_yosys_runs_once_for_resources_and_power(
    target: str, runs: list[Mapped], tmp_path: Path
) -> None:
    log, shared = tmp_path / "log", Shared(tmp_path / "netlists" / "a.json", 2)
    alone = power_point(POINT, target, 100.0, rtl_dir(), tmp_path / "w", log, clocks=32)
    assert len(runs) == 1
    after = power_point(
        POINT, target, 100.0, rtl_dir(), tmp_path / "w", log, clocks=32, shared=shared
    )
    counts = figures(*map_shared(POINT, target, rtl_dir(), tmp_path / "s", log, shared), target)
    assert len(runs) == 2
    assert not shared.path.exists() and after == alone
    assert counts == synthesise(POINT, target, rtl_dir(), tmp_path / "s", log)
    figures(*map_shared(POINT, target, rtl_dir(), tmp_path / "s", log, shared), target)
    assert len(runs) == 3, "the next pair maps again"
    again = power_point(
        POINT, target, 100.0, rtl_dir(), tmp_path / "w", log, clocks=32, shared=shared
    )
    assert len(runs) == 3 and again == alone


def test_clock_and_power_are_of_the_netlist_that_is_counted(
    runs: list[Mapped], tmp_path: Path
) -> None:
    log, shared = tmp_path / "log", Shared(tmp_path / "netlists" / "a.json", 3)
    target, places = "osu018", (rtl_dir(), tmp_path / "w", tmp_path / "log")
    clock = highest_clock(POINT, target, *places)
    power = power_point(POINT, target, 100.0, *places, clocks=32)
    assert len(runs) == 2
    assert highest_clock(POINT, target, *places, shared=shared) == clock
    counts = figures(*map_shared(POINT, target, *places, shared), target)
    assert shared.path.exists()
    assert power_point(POINT, target, 100.0, *places, clocks=32, shared=shared) == power
    assert len(runs) == 3 and not shared.path.exists()
    assert counts == synthesise(POINT, target, *places[:2], log)


def test_two_at_once_map_once(runs: list[Mapped], tmp_path: Path) -> None:
    found: dict[str, Mapped] = {}

    def stage(name: str) -> None:
        where = (
            rtl_dir(),
            tmp_path / name,
            tmp_path / f"{name}.log",
            Shared(tmp_path / "n" / "a.json", 2),
        )
        found[name] = map_shared(POINT, "osu018", *where)

    threads = [Thread(target=stage, args=(name,)) for name in ("synth", "power")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1
    assert found["synth"] == found["power"]


def test_a_folder_that_cannot_be_locked(tmp_path: Path) -> None:
    (tmp_path / "a.lock").mkdir()
    shared = Shared(tmp_path / "a.json", 2)
    with pytest.raises(ToolError, match=r"a\.lock: cannot be locked \(Is a directory\)"):
        map_shared(POINT, "osu018", rtl_dir(), tmp_path, tmp_path / "log", shared)
