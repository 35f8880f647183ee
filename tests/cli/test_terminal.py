"""What every command prints with."""

from __future__ import annotations

import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pezoexplore.cli.progress import ProgressMeter
from pezoexplore.cli.terminal import (
    counted,
    duration,
    plain,
    print_json,
    print_table,
    set_verbosity,
)


@pytest.fixture(autouse=True)
def normal():
    set_verbosity()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(JSON)
def test_json_never_holds_a_number_that_is_not_finite(value):
    text = json.dumps(plain(value), allow_nan=False)
    assert json.loads(text) == json.loads(json.dumps(plain(plain(value))))


def test_what_is_not_finite_keeps_its_meaning(capsys):
    print_json({"a": math.nan, "b": [math.inf, -math.inf, 1.5], "c": "±"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"a": None, "b": ["inf", "-inf", 1.5], "c": "±"}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (8.26, "8.3 s"),
        (60, "1 min 00 s"),
        (125.4, "2 min 05 s"),
        (7260, "2 h 01 min"),
    ],
)
def test_durations(seconds, said):
    assert duration(seconds) == said


def test_counts():
    assert [counted(n, "run") for n in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]


def test_progress_in_a_pipe_is_plain_lines(capsys):
    with ProgressMeter("runs") as meter:
        meter.begin(2, 4)
        meter.advance(3, 4, "train a: ok, 1.0 s")
        meter.advance(4, 4, "synth a: failed, 0.1 s", "no [such] tool")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "2 of 4 already done, 2 to go",
        "[3/4] train a: ok, 1.0 s",
        "[4/4] synth a: failed, 0.1 s: no [such] tool",
    ]


def test_batches_in_a_long_log_are_not_left_out(capsys):
    """Of 400 runs every second has a line; of batches of five, each."""
    with ProgressMeter("evaluations") as meter:
        meter.begin(0, 400)
        for done in range(5, 401, 5):
            meter.advance(done, 400, "a batch", work=(float(done), 400.0 - done))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("/")[0] for line in lines] == [f"[{done}" for done in range(5, 401, 5)]


def test_progress_on_a_terminal_is_a_bar_that_goes_away(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with ProgressMeter("runs") as meter:
        meter.begin(0, 2)
        meter.advance(1, 2, "train a: ok, 1.0 s")
        meter.advance(2, 2, "synth a: failed, 0.1 s", "no [such] tool")
    said = capsys.readouterr()
    assert said.out == ""
    assert "synth a: failed, 0.1 s: no [such] tool" in said.err
    assert "2/2" in said.err


def test_a_terminal_too_narrow_cuts_no_word_and_no_number():
    header, rows = ["design", "accuracy_mean"], [["phased/xor", "89.21 ± 0.55"]]
    for width, ruled in ((60, True), (20, False)):
        text = io.StringIO()
        console = Console(file=text, force_terminal=True, width=width, color_system=None)
        print_table("a table", header, rows, ["below"], console)
        assert ("─" in text.getvalue()) == ruled
        assert all(word in text.getvalue() for word in (*header, *rows[0]))
        assert text.getvalue().endswith("\nbelow\n")
