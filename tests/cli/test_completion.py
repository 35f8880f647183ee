"""What Tab offers, in a real bash and a real zsh."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pezoexplore import paths
from pezoexplore.cli import completion
from pezoexplore.design.columns import COLUMN_HELP, NUMERIC_COLUMNS
from pezoexplore.design.loading import load_design

EXAMPLE = paths.designs_dir().parent / "reports" / "example"
POINT = (EXAMPLE / "results.csv").read_text().splitlines()[1].partition(",")[0]
PATIENCE_S = 60.0
QUIET_S = 1.0


class Shell:
    """An interactive shell on a pseudo-terminal, with pezoexplore's completion loaded."""

    def __init__(self, words: list[str], folder: Path) -> None:
        program = folder / "bin" / "pezoexplore"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pezoexplore "$@"\n')
        program.chmod(0o755)
        env = {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "ZDOTDIR": str(folder),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "PS1": "ready> ",
        }
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=env,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def until(self, pattern: str) -> str:
        """Return the shell's output up to a match."""
        text, end = "", time.monotonic() + PATIENCE_S
        while not re.search(pattern, text):
            assert time.monotonic() < end, f"no {pattern!r} in {text!r}"
            if select.select([self._master], [], [], QUIET_S)[0]:
                text += os.read(self._master, 4096).decode(errors="replace")
        return text

    def completed(self, line: str, pattern: str) -> str:
        """Type a line and Tab twice; what is shown up to where it matches; then forget the line."""
        self.send(line + "\t\t")
        shown = self.until(pattern)
        self.send("\x15\n")  # Ctrl-U
        return shown


def bash(folder: Path) -> Shell:
    shell = Shell(["bash", "--norc", "--noprofile", "-i"], folder)
    shell.send("bind 'set enable-bracketed-paste off'; bind 'set page-completions off'\n")
    shell.send('eval "$(_PEZOEXPLORE_COMPLETE=source_bash pezoexplore)"; echo lo""aded\n')
    shell.until("loaded")
    return shell


def zsh(folder: Path) -> Shell:
    shell = Shell(["zsh", "-f", "-i"], folder)
    shell.send("autoload -Uz compinit; compinit -u; LISTMAX=1000; unsetopt zle_bracketed_paste\n")
    shell.send('eval "$(_PEZOEXPLORE_COMPLETE=source_zsh pezoexplore)"; echo lo""aded\n')
    shell.until("loaded")
    return shell


@pytest.fixture(
    scope="module",
    params=[bash, pytest.param(zsh, marks=pytest.mark.regression)],
    ids=["bash", "zsh"],
)
def shell(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.__name__)
    shutil.copytree(EXAMPLE, folder / "run")
    started = request.param(folder)
    yield started
    started.close()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("pezoexplore recomm", "recommend"),
        ("pezoexplore pareto run/results.csv --minimize rng_st", "rng_state_bits"),
        ("pezoexplore sensitivity x.csv --response accuracy_m", "accuracy_mean"),
        ("pezoexplore stream --rng box", "box_muller"),
        ("pezoexplore sweep --reuse pool,ba", "pool,bank"),
        ("pezoexplore sweep -s train.mask", "train.mask_epochs="),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                ("pezoexplore sweep --state", "--state-bits"),
                ("pezoexplore sweep --stages train,sy", "train,synth"),
                ("pezoexplore verify stream_ph", "stream_phased"),
                (f"pezoexplore diff run run --point {POINT[:6]}", POINT),
            )
        ),
    ],
)
def test_tab_completes(shell, line, shown):
    assert shown not in line
    assert shown in shell.completed(line, re.escape(shown))


def test_two_tabs_list_what_there_is(shell):
    shown = shell.completed("pezoexplore pareto run/results.csv --minimize reuse", "reuse_period")
    assert "reuse_period" in shown
    # The list arrives in any number of pieces: wait for all of its names, not for one of them.
    names = ("xorshift32", "lfsr", "rademacher", "clt")
    every = "(?s)" + "".join(f"(?=.*{name})" for name in names)
    assert shell.completed("pezoexplore stream --rng ", every)


def test_columns_are_those_an_objective_may_name():
    assert [name for name, _ in completion.columns("")] == list(NUMERIC_COLUMNS)
    assert all(text for _, text in completion.columns(""))
    assert completion.columns("no such") == []


def test_the_last_condition_is_continued():
    assert completion.conditions("lut <= 5 and reuse_p") == [
        ("lut <= 5 and reuse_period", COLUMN_HELP["reuse_period"])
    ]


@pytest.mark.parametrize("word", [word for word, _ in completion.settings("train.")])
def test_every_setting_offered_is_one(word, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("space: {lanes: 8}\n")
    key = word.removesuffix("=").removeprefix("train.")
    value = load_design(file).train.model_dump(mode="json")[key]
    if value is not None:
        assert load_design(file, [f"{word}{value}"]) == load_design(file)


def test_words_of_a_list_are_offered_once():
    offered = [word for word, _ in completion.stages("train,")]
    assert offered == ["train,rtl", "train,synth", "train,power"]


@pytest.mark.parametrize("axis", completion.AXIS_VALUES)
def test_every_word_of_an_axis_is_allowed(axis, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("space: {lanes: 8}\n")
    for word, _ in completion.axis_values(axis)(""):
        assert load_design(file, axes={axis: [word]}).space.named()[axis]


def test_designs_of_every_run_on_the_line_are_offered(monkeypatch, tmp_path):
    monkeypatch.setenv("COMP_WORDS", f"pezoexplore\ndiff\n{EXAMPLE}\n{tmp_path}\n'open\n--point\n")
    offered = completion.points("")
    assert len(offered) == 35
    name, label = offered[0]
    assert re.fullmatch("[0-9a-f]{12}", name)
    assert "rng=" in label
    assert completion.points(name[:6]) == [(name, label)]


def test_what_is_no_table_offers_nothing(monkeypatch, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe")
    (tmp_path / "b.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "c.csv").write_text("one,two\n1,2\n")
    words = "\n".join(str(tmp_path / name) for name in ("a.csv", "b.csv.gz", "c.csv", "none.csv"))
    monkeypatch.setenv("COMP_WORDS", words)
    assert completion.points("") == []
