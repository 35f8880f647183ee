"""A log is read as far as it goes, and continued where the run is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from pezoexplore.design.point import resolve
from pezoexplore.errors import DesignError
from pezoexplore.finetune.optimizer import PezoSGD
from pezoexplore.finetune.steplog import StepLog, read_log

X = torch.linspace(-1, 1, 40).reshape(8, 5)


def run(seed: int = 0) -> tuple[nn.Module, PezoSGD]:
    torch.manual_seed(0)
    model = nn.Linear(5, 5)
    return model, PezoSGD(model.parameters(), resolve(), lr=0.1, seed=seed)


def train(path: Path, model: nn.Module, optimizer: PezoSGD, steps: int) -> None:
    with StepLog(path, optimizer.identity) as log:
        for _ in range(steps):
            optimizer.step(lambda: model(X).square().mean())
            log.add(optimizer.last)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    train(tmp_path / "steps.jsonl", *run(), 4)
    return tmp_path / "steps.jsonl"


def test_a_log_cut_at_any_byte_is_read_as_far_as_it_goes(log: Path) -> None:
    content = log.read_bytes()
    identity, records = read_log(log)
    header = content.index(b"\n") + 1
    for size in range(len(content) + 1):
        log.write_bytes(content[:size])
        if size < header:
            with pytest.raises(DesignError, match="empty, not a log"):
                read_log(log)
        else:
            lines = content[:size].count(b"\n") - 1
            assert read_log(log) == (identity, records[:lines])


def test_a_damaged_line_within_a_log_is_named(log: Path) -> None:
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([*lines[:2], "{}\n", *lines[3:]]))
    with pytest.raises(DesignError, match="line 3: not a line"):
        read_log(log)
    log.write_bytes(b"\xff\xfe\n")
    with pytest.raises(DesignError, match="no text in UTF-8"):
        read_log(log)


@pytest.mark.parametrize("state_at", [1, 3, 4])
@pytest.mark.parametrize("cut", [0, 5])
def test_a_resumed_run_continues_its_log(log: Path, state_at: int, cut: int) -> None:
    whole = log.read_bytes()
    model, optimizer = run()
    for record in read_log(log)[1][:state_at]:
        optimizer.replay(record)
    if cut and state_at < 4:
        log.write_bytes(whole[:-cut])
    train(log, model, optimizer, 6 - state_at)
    assert log.read_bytes().startswith(whole)
    assert [record.step for record in read_log(log)[1]] == list(range(6))


def test_a_run_from_its_start_replaces_its_log(log: Path) -> None:
    whole = log.read_bytes()
    train(log, *run(), 4)
    assert log.read_bytes() == whole


def test_opening_a_log_alone_changes_nothing(log: Path) -> None:
    whole = log.read_bytes()
    train(log, *run(), 0)
    assert log.read_bytes() == whole


@pytest.mark.parametrize("content", [None, "notes of mine\n", "notes", "{}\n"])
def test_a_file_of_something_else_is_left_alone(log: Path, content: str | None) -> None:
    if content is not None:
        log.write_text(content)
    before = log.read_bytes()
    with pytest.raises(DesignError, match="not the log of this run"):
        train(log, *run(seed=1), 1)
    assert log.read_bytes() == before


def test_a_gap_in_a_log_is_refused(log: Path) -> None:
    model, optimizer = run()
    for record in read_log(log)[1]:
        optimizer.replay(record)
    optimizer.step(lambda: model(X).square().mean())
    with pytest.raises(DesignError, match="step 5 does not follow, the next in this log is 4"):
        train(log, model, optimizer, 1)
    assert len(read_log(log)[1]) == 4


def test_a_log_may_begin_at_a_later_step(tmp_path: Path, log: Path) -> None:
    model, optimizer = run()
    for record in read_log(log)[1][:2]:
        optimizer.replay(record)
    train(tmp_path / "later.jsonl", model, optimizer, 2)
    assert read_log(tmp_path / "later.jsonl")[1] == read_log(log)[1][2:]
