from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from sweep_fakes import INFO, Fake, points, runs_of, space

from pezoexplore.sweeps.cache import Cache, CacheError, exported
from pezoexplore.sweeps.outputs import StageCount
from pezoexplore.sweeps.stage import canonical_json, sha256
from pezoexplore.sweeps.store import Record
from pezoexplore.sweeps.sweep import SweepResult, run_sweep
from pezoexplore.sweeps.train_stage import TrainStage

CLAIMER = """
import sys
from pathlib import Path
from pezoexplore.sweeps.cache import Cache
cache = Cache(Path(sys.argv[1]))
print(cache.claim(sys.argv[2]), flush=True)
sys.stdin.read()
"""
"""Claims a key, says whether it got it, and holds it until its input ends or it is killed."""


def record(number: int = 0, stage: str = "train") -> Record:
    content = canonical_json({"stage": stage, "target": None, "key": {"n": number}})
    payload = canonical_json({"accuracy_mean": 90.0 + number})
    return Record(sha256(content), stage, content, "ok", payload, "", 1.5, "line\n\x00 µ")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def entry(cache: Cache, key: str) -> Path:
    return cache.folder / "entries" / key[:2] / key


def sweep(
    out: Path, stage: Fake, cache: Cache | None, count: int = 3, **more: object
) -> SweepResult:
    arguments = {"space": space(), "points": points(count), "info": INFO, "jobs": 1} | more
    return run_sweep(stages=[stage], out_dir=out, cache=cache, **arguments)  # type: ignore[arg-type]


def test_gives_back_what_it_was_given(cache: Cache) -> None:
    assert cache.get(record().key) is None
    assert cache.put(record())
    with Cache(cache.folder) as other:
        assert other.get(record().key) == record()
    assert cache.damaged == []


@pytest.mark.parametrize(
    "bad",
    [
        replace(record(), status="failed", payload="", reason="no luck"),
        replace(record(), key="ab" * 32),
        replace(record(), payload="[1]"),
        replace(record(), payload='{"lut":NaN}'),
        replace(record(), payload='{"a": 1}'),
        replace(record(), stage="synth"),
        replace(record(), determinants="{}", key=sha256("{}")),
    ],
)
def test_keeps_good_results_only_by_the_name_of_what_made_them(cache: Cache, bad: Record) -> None:
    assert not cache.put(bad)
    assert list(cache.keys()) == []


def test_no_damage_goes_unseen(cache: Cache) -> None:
    cache.put(record())
    path = entry(cache, record().key)
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert cache.get(record().key) is None
        assert not path.exists()
    path.write_bytes(good[:-5])
    assert cache.get(record().key) is None
    assert len(cache.damaged) == len(good) + 1


def test_an_entry_under_another_name_is_not_believed(cache: Cache) -> None:
    cache.put(record(1))
    path = entry(cache, record(2).key)
    path.parent.mkdir(exist_ok=True)
    entry(cache, record(1).key).rename(path)
    assert cache.get(record(2).key) is None
    assert cache.damaged == [record(2).key]


@pytest.mark.parametrize("key", ["../../etc/passwd", "a" * 63, "A" * 64, "", "/" * 64])
def test_what_is_no_key_names_no_file(cache: Cache, key: str) -> None:
    with pytest.raises(CacheError, match="is no key"):
        cache.get(key)


class Resumable(Fake):
    """Leaves a checkpoint when it is stopped, as training does."""

    clear = TrainStage.clear


def test_a_result_from_the_cache_ends_what_a_stopped_run_left(
    tmp_path: Path, cache: Cache, runs: Path
) -> None:
    stage, out = Resumable(name="train", runs=runs), tmp_path / "out"
    sweep(tmp_path / "other", stage, cache, count=2)
    sweep(out, replace(stage, revision=1), None, count=2)
    for log in out.glob("logs/*/train.log"):
        log.with_suffix(".npz").touch()
        log.with_name(".train.npz.tmp").touch()
    sweep(out, stage, cache, count=1)
    left = sorted(path.name for path in out.glob("logs/*/*") if path.suffix != ".log")
    assert left == [".train.npz.tmp", "train.npz"]


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(CacheError, match="not from a pezoexplore cache"):
        Cache(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CacheError, match="cannot use the cache"):
        Cache(tmp_path / "file")


def test_a_key_is_claimed_by_one_process_until_it_dies(cache: Cache) -> None:
    command = [sys.executable, "-c", CLAIMER, str(cache.folder), record().key]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        assert not cache.claim(record().key)
        assert cache.claim(record(1).key)
        process.kill()
        process.wait()
        assert cache.claim(record().key)
    cache.release(record().key)
    with Cache(cache.folder) as other:
        assert other.claim(record().key)
        assert not cache.claim(record().key)


def test_export_and_import_give_the_same_cache(cache: Cache, tmp_path: Path) -> None:
    for number in range(5):
        cache.put(record(number))
    assert cache.export(tmp_path / "a.gz") == 5
    other = Cache(tmp_path / "other")
    assert other.add(exported(tmp_path / "a.gz")) == (5, 0)
    assert list(other.records()) == list(cache.records())
    other.export(tmp_path / "b.gz")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_an_import_refuses_what_is_not_sound(cache: Cache, tmp_path: Path) -> None:
    good, forged = record(1), replace(record(2), payload='{"accuracy_mean":100.0}')
    lines = [
        json.dumps({"format": 1, "digest": good.digest(), "record": asdict(good)}),
        json.dumps({"format": 1, "digest": record(2).digest(), "record": asdict(forged)}),
        json.dumps({"format": 1, "digest": "", "record": {"key": "../../evil"}}),
        "not json",
        "[" * 100_000,
    ]
    with gzip.open(tmp_path / "in.gz", "wt") as file:
        file.write("\n".join(lines))
    assert cache.add(exported(tmp_path / "in.gz")) == (1, 4)
    assert list(cache.keys()) == [good.key]


def test_a_file_that_is_no_export_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(CacheError, match="cannot read"):
        list(exported(tmp_path / "file"))


def test_prune_leaves_the_newest_and_stats_count(cache: Cache) -> None:
    for number in range(4):
        cache.put(record(number, "synth" if number == 3 else "train"))
        os.utime(entry(cache, record(number, "synth" if number == 3 else "train").key), (9, number))
    size = cache.stats().size
    assert cache.stats().entries == {"train": 3, "synth": 1}
    assert cache.stats().seconds == 6.0
    (cache.folder / "entries" / "ab").mkdir(exist_ok=True)
    (cache.folder / "entries" / "ab" / "tmp.partial").touch()
    assert cache.prune(max_size=size - 1) == 1
    assert cache.get(record(0).key) is None
    assert not list(cache.folder.glob("*/*/*.partial"))
    assert cache.prune(stage="synth") == 1
    assert cache.stats().entries == {"train": 2}


def test_another_run_directory_takes_what_one_made(tmp_path: Path, cache: Cache) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    stage = Fake(name="rtl", runs=runs)  # the one with 33 lanes has a failing verdict
    first = sweep(tmp_path / "a", stage, cache)
    second = sweep(tmp_path / "b", stage, cache)
    assert first.counts == {"rtl": StageCount(3, 0, 1)}
    assert second.counts == {"rtl": StageCount(0, 3, 1)}
    assert len(runs_of(runs)) == 3
    assert list(second.rows) == list(first.rows)
    logs = sorted(path.read_text() for path in (tmp_path / "b").glob("logs/*/rtl.log"))
    assert logs == [f"rtl of {lanes} lanes\n" for lanes in (31, 32, 33)]


def test_a_damaged_entry_is_made_again_with_a_warning(
    tmp_path: Path, cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    stage = Fake(name="train", runs=runs)
    first = sweep(tmp_path / "a", stage, cache)
    key = next(cache.keys())
    path = entry(cache, key)
    path.write_text(path.read_text().replace('accuracy_mean\\":9', 'accuracy_mean\\":8'))
    second = sweep(tmp_path / "b", stage, cache)
    assert second.counts == {"train": StageCount(1, 2, 0)}
    assert list(second.rows) == list(first.rows)
    assert len(caplog.messages) == 1
    assert key in caplog.messages[0]
    assert cache.get(key) is not None


def test_a_cache_that_cannot_be_written_stops_nothing(
    tmp_path: Path,
    cache: Cache,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(record: Record) -> bool:
        raise CacheError("cannot write the cache: No space left on device")

    monkeypatch.setattr(cache, "put", full)
    runs = tmp_path / "runs"
    runs.mkdir()
    result = sweep(tmp_path / "a", Fake(name="train", runs=runs), cache)
    assert result.ok
    assert len(caplog.messages) == 1
    assert "No space left" in caplog.messages[0]


def test_the_time_of_day_means_nothing(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    stage = Fake(name="train", runs=runs)
    first = sweep(tmp_path / "a", stage, cache)
    for path in [*tmp_path.glob("a/*"), *cache.folder.glob("**/*")]:
        os.utime(path, (2**33, 2**33))  # written in the year 2242
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert list(sweep(tmp_path / "a", stage, cache).rows) == list(first.rows)
    assert list(sweep(tmp_path / "b", stage, cache).rows) == list(first.rows)
    assert len(runs_of(runs)) == 3
