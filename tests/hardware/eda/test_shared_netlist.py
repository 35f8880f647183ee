"""A netlist that two stages share is mapped once, and both get the same."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda import shared_netlist
from pezoexplore.hardware.eda.netlist import Netlist
from pezoexplore.hardware.eda.shared_netlist import map_shared
from pezoexplore.hardware.eda.synth import figures, map_point, synthesise
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
    log, shared = tmp_path / "log", tmp_path / "netlists" / "a.json"
    alone = power_point(POINT, target, 100.0, rtl_dir(), tmp_path / "w", log, clocks=32)
    assert len(runs) == 1
    after = power_point(
        POINT, target, 100.0, rtl_dir(), tmp_path / "w", log, clocks=32, shared=shared
    )
    counts = figures(*map_shared(POINT, target, rtl_dir(), tmp_path / "s", log, shared), target)
    assert len(runs) == 2
    assert not shared.exists() and after == alone
    assert counts == synthesise(POINT, target, rtl_dir(), tmp_path / "s", log)
    figures(*map_shared(POINT, target, rtl_dir(), tmp_path / "s", log, shared), target)
    assert len(runs) == 3, "the next pair maps again"
    again = power_point(
        POINT, target, 100.0, rtl_dir(), tmp_path / "w", log, clocks=32, shared=shared
    )
    assert len(runs) == 3 and again == alone


def test_two_at_once_map_once(runs: list[Mapped], tmp_path: Path) -> None:
    found: dict[str, Mapped] = {}

    def stage(name: str) -> None:
        where = (rtl_dir(), tmp_path / name, tmp_path / f"{name}.log", tmp_path / "n" / "a.json")
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
    with pytest.raises(ToolError, match=r"a\.lock: cannot be locked \(Is a directory\)"):
        map_shared(POINT, "osu018", rtl_dir(), tmp_path, tmp_path / "log", tmp_path / "a.json")
