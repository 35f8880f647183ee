"""Looking at a run directory, at work or at rest."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from rich.console import Console
from sweep_fakes import INFO, Fake, points, space

from pezoexplore.cli.explore.watch import picture
from pezoexplore.sweeps.rundir import RunDirError
from pezoexplore.sweeps.sweep import run_sweep
from pezoexplore.sweeps.watch import Snapshot, look


@pytest.fixture
def sweep(tmp_path):
    """Run fake stages of three points, and tell of every end."""

    def run(progress=None, acts=()):
        runs = tmp_path / "runs"
        runs.mkdir(exist_ok=True)
        stages = [Fake(name=name, runs=runs, acts=acts) for name in ("health", "train")]
        out = tmp_path / "run"
        run_sweep(space(), points(3), stages, out_dir=out, info=INFO, progress=progress)
        return out

    return run


def test_every_moment_of_a_sweep(sweep, tmp_path):
    seen = []
    out = sweep(lambda news: seen.append((news, look(tmp_path / "run"))))
    assert len(seen) == 7
    for news, now in seen:
        assert now.running
        assert not now.finished
        assert news.done <= now.done  # several may be told of after they were kept at once
        assert now.total == news.total
        assert sum(sum(counts.values()) for counts in now.stages.values()) == now.done
        assert (now.left_s is None) == (now.done == 0)
        if news.point is not None:
            told = {(ended.stage, ended.label, ended.status) for ended in now.latest}
            assert (news.stage, news.point.label(), "ok") in told
    assert seen[0][1].done == 0
    assert seen[-1][1].left_s == 0
    now = look(out)
    assert not now.running and now.finished and now.failures == 0
    assert now.total is None
    assert now.stages == {"health": {"ok": 3}, "train": {"ok": 3}}


def test_failures_are_told(sweep):
    now = look(sweep(acts=((32, "raise"),)))
    assert now.finished
    assert now.failures == 2
    assert now.stages["train"]["failed"] == 1
    assert {ended.stage for ended in now.latest_failures} == {"health", "train"}
    assert all(ended.result for ended in now.latest_failures)


def test_a_stopped_sweep_is_neither_running_nor_finished(sweep, tmp_path):
    def stop(news):
        if news.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(stop)
    now = look(tmp_path / "run")
    assert not now.running and not now.finished
    assert sum(sum(counts.values()) for counts in now.stages.values()) >= 2


def test_a_resumed_sweep_is_not_finished_by_its_earlier_end(sweep, tmp_path):
    out = sweep()
    os.utime(out / "run.json", (1, 1))
    assert not look(out).finished


def test_looking_changes_nothing(sweep):
    out = sweep()
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in out.rglob("*")}
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    look(out)
    assert before == {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in out.rglob("*")}


def test_a_store_being_written_is_not_waited_for_for_ever(sweep, monkeypatch):
    out = sweep()
    monkeypatch.setattr("pezoexplore.sweeps.watch.PATIENCE_S", 0.01)
    with closing(sqlite3.connect(out / "store.sqlite", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert look(out) is None
        database.execute("ROLLBACK")
    assert look(out) is not None


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunDirError, match="no run directory"):
        look(tmp_path)
    (tmp_path / "store.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 4000)
    with pytest.raises(RunDirError, match="is damaged"):
        look(tmp_path)


def test_a_sweep_that_only_begins(tmp_path):
    (tmp_path / ".lock").touch()
    assert look(tmp_path) == Snapshot(running=False, finished=False, failures=0)


def test_the_command_draws_a_sweep_at_work(sweep, tmp_path):
    """One picture at every end of a run."""
    pictures = []

    def draw(news):
        console = Console(file=io.StringIO(), width=100)
        now = look(tmp_path / "run")
        console.print(picture(now))
        pictures.append((now, console.file.getvalue().splitlines()))

    sweep(draw, acts=((32, "raise"),))
    for now, lines in pictures:
        assert lines[0].startswith(f"[{now.done}/6] ")
        assert set(lines[1].strip()) <= {"━", "╸"}
        assert len([line for line in lines[2:] if line.strip()]) == now.done
    assert [line for line in pictures[-1][1] if "failed" in line and "luck" in line]
    assert "writing the results" in pictures[-1][1][0]
    assert pictures[-1][1][1].strip() == "━" * 40


def test_the_command_follows_a_sweep_to_its_end(sweep, tmp_path):
    watchers = []

    def follow(news):
        if not watchers:
            command = [sys.executable, "-m", "pezoexplore", "watch", "run", "--interval", "0.05"]
            watcher = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
            watchers.append(watcher)
            assert watcher.stdout is not None
            watchers.append(watcher.stdout.readline())

    sweep(follow)
    watcher, first = watchers
    out, _ = watcher.communicate(timeout=60)
    assert first.startswith("[0/6] ")
    assert out.splitlines()[-1] == "finished: 0 failures, 6 results"
    assert watcher.returncode == 0


def test_rtl_that_delivers_other_words_is_a_failure(sweep):
    out = sweep()
    with closing(sqlite3.connect(out / "store.sqlite")) as database:
        payload = json.dumps({"rtl_status": "fail"}, separators=(",", ":"))
        database.execute("UPDATE results SET payload = ? WHERE stage = 'train'", (payload,))
        database.commit()
    assert look(out).stages["train"] == {"failed": 3}
