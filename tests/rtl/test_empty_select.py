"""SKIP and RESEED with no stream selected: no error, nothing discarded, nothing asked for."""

from __future__ import annotations

from pathlib import Path

from pezoexplore.hardware.rtl.engine_map import BY_NAME
from pezoexplore.hardware.verify.directed.case import Case, simulated
from pezoexplore.paths import rtl_dir

COUNT = 5

REGISTERS = {
    "rst": 1, "write": 1, "write_address": 8, "write_data": 32, "write_strobe": 4,
    "read_address": 8, "busy": 1, "skipping": 1, "skip_left": 32, "numbers": 1, "selected": 1,
    "loading": 1, "unloaded": 1, "selected_unloaded": 1, "phase": 32,
}  # fmt: skip
CONTROL = {
    "rst": 1, "begin_pass": 1, "begin_mode": 2, "begin_replay": 1, "skip": 1, "skip_count": 32,
    "reseed": 1, "clear": 1, "load": 1, "select": 2, "taken": 1, "taken_last": 1, "drained": 1,
    "source_load_ready": 2, "source_valid": 2,
}  # fmt: skip


def _shown(folder: Path, case: Case) -> list[dict[str, int | None]]:
    (shown,) = simulated([case], rtl_dir(), folder / "work", folder / "log", 60.0)
    return [dict(clock) for clock in shown]


def _clock(inputs: dict[str, int], **given: int) -> dict[str, int]:
    return dict.fromkeys(inputs, 0) | given


def test_the_registers_take_both(tmp_path: Path) -> None:
    writes = {"SELECT": 0, "SKIP": COUNT, "RESEED": 1}
    script = [_clock(REGISTERS, rst=1)] + [
        _clock(
            REGISTERS,
            write=1,
            write_address=BY_NAME[name].address,
            write_data=value,
            write_strobe=15,
            selected=1,
        )
        for name, value in writes.items()
    ]
    outputs = {"write_error": 1, "skip": 1, "reseed": 1}
    parameters = {"SOURCES": 2, "HAS_RESEED": 1}
    shown = _shown(tmp_path, Case("perturb_registers", parameters, REGISTERS, outputs, script))
    assert [clock["write_error"] for clock in shown[1:]] == [0, 0, 0]
    assert [clock["skip"] for clock in shown[1:]] == [0, 1, 0]
    assert [clock["reseed"] for clock in shown[1:]] == [0, 0, 1]


def test_a_skip_takes_its_clocks_and_a_reseed_none(tmp_path: Path) -> None:
    script = [_clock(CONTROL, rst=1, source_valid=3)] * 2
    script += [_clock(CONTROL, skip=1, skip_count=COUNT, source_valid=3)]
    script += [_clock(CONTROL, source_valid=3)] * (COUNT + 3)
    script += [_clock(CONTROL, reseed=1, source_valid=3)]
    script += [_clock(CONTROL, source_valid=3)] * 3
    outputs = {"busy": 1, "source_ready": 2, "source_reseed": 2, "loading": 1}
    shown = _shown(tmp_path, Case("perturb_control", {"SOURCES": 2}, CONTROL, outputs, script))
    assert sum(clock["busy"] or 0 for clock in shown[3:]) == COUNT
    assert all(clock["source_ready"] == 0 for clock in shown[2:])
    assert all(clock["source_reseed"] == 0 and clock["loading"] == 0 for clock in shown[2:])
