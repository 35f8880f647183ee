"""Two thousand mutated design files and command lines: a result, or one line that says where.

Files are made from the bundled designs by changing their text or their values; command lines from
good ones by changing, dropping and doubling words. Every command is a dry run, or stops before it
would work, so only reading and checking is tried.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pezoexplore import paths
from pezoexplore.cli import run
from pezoexplore.design.point import AXES

some_cases = pytest.mark.parametrize(
    "count", [200, pytest.param(700, marks=pytest.mark.regression)]
)

fuzz = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

TEXTS = {
    name: (paths.designs_dir() / name).read_text() for name in ("quickstart.yaml", "pezo.yaml")
}
SMALL = """\
name: small
task: digits-mlp
space:
  rng: [lfsr, clt]
  reuse: [none, pool]
  pool_size: [255, 4095]
  reuse_period: inf
  bit_width: {powers_of_two: [4, 8]}
  lanes: {range: [2, 5, 3]}
  weight_bits: [float, 8]
include: [{reuse: phased, taps: [xor, shared]}]
exclude: [{rng: clt, bit_width: 4}]
train: {steps: 20, seeds: 2, learning_rates: [0.003, 0.01], batch: 8, epsilon: 1e-3}
hardware: {targets: [xcup], clock_mhz: 200}
objectives: {maximize: [accuracy_mean], minimize: [lut, ff]}
constraints: ["lut <= 2000"]
"""
TEXTS["small.yaml"] = SMALL

ODD = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                "~",
                "null",
                "inf",
                "-inf",
                ".nan",
                "1e999",
                "-1",
                "0",
                "1e-3",
                "true",
                "[]",
                "{}",
            ),
            *(
                "[[]]",
                "{range: [1, 2]}",
                "{range: [1, 9, 0]}",
                "{powers_of_two: [3, 3]}",
                "!!python/",
            ),
            *("9" * 5000, "0x10", "1_000", "12:30", "'", '"', "*a", "&a 1", "<<: {}", "lut <= 1"),
            *(
                "{range: [1, 1000000000, 1]}",
                "../../etc",
                "<b>",
                "\u0000",
                "\ud7ff",
                "é",
                "- 1",
                "? a",
            ),
            *("lfsr", "phased", "4096", "float", "constant", "accuracy_mean", "%s", "{}%d", "\t"),
        ]
    ),
    st.text(max_size=6),
    st.integers().map(str),
    st.floats().map(str),
)
PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.sampled_from(["lfsr", "inf", "range", "powers_of_two", "lut", "xor", 4, 8, 255]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def commands_built_once():
    """Typer makes the commands anew for each line; they are the same each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture
def outcome(capsys, tmp_path, monkeypatch):
    """Run a command line in an empty folder: its status and what it wrote to stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        status = run(list(words))
        return status, capsys.readouterr().err

    return call


def check(status: int, said: str, places: list[str]) -> int:
    """No traceback; an error is one line that names one of the places it may come from."""
    assert "Traceback" not in said
    if status == 0:
        return status
    assert status == 2, said
    (line,) = [part for part in said.split("\n") if part.startswith("error: ")]
    assert said.endswith(line + "\n")
    assert len(line) < 2000, line
    assert any(place in line for place in places), line
    return status


def try_all(cases: st.SearchStrategy[Any], count: int, call: Callable[[Any], int]) -> None:
    """Call it with so many cases: neither nearly all of them good, nor nearly all bad."""
    seen: Counter[int] = Counter()

    @settings(fuzz, max_examples=count)
    @given(cases)
    def each(case: Any) -> None:
        seen[call(case)] += 1

    each()
    assert seen.total() >= count
    assert min(seen[0], seen[2]) > count // 100


@st.composite
def mutated_text(draw) -> str:
    """Return a design file with pieces of text replaced, dropped, doubled or moved."""
    text = TEXTS[draw(st.sampled_from(sorted(TEXTS)))]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, max(0, len(text) - 1)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        piece = draw(st.one_of(ODD, st.just(""), st.just(text[start:end] * 2), st.just("\n  ")))
        text = text[:start] + piece + text[end:]
    return text


@st.composite
def mutated_values(draw) -> str:
    """Return a design file with a few other values, keys and shapes."""
    tree = yaml.safe_load(SMALL)
    for _ in range(draw(st.integers(1, 2))):
        holder = tree
        while True:
            keys = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(holder[key], dict | list) and draw(st.booleans()):
                holder = holder[key]
                continue
            value = copy.deepcopy(draw(PLAIN))
            if isinstance(holder, dict) and draw(st.integers(0, 3)) == 0:
                holder[draw(st.one_of(st.text(max_size=6), st.sampled_from(AXES)))] = value
            else:
                holder[key] = value
            break
    return yaml.safe_dump(tree, allow_unicode=True)


def dry_run(outcome, text: str) -> int:
    Path("mutant.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    status, said = outcome("sweep", "mutant.yaml", "--dry-run", "--format", "json")
    if status and "mutant.yaml:" in said:
        assert re.search(r"mutant\.yaml:\d+: ", said), said  # a line, then what is wrong
    return check(status, said, ["mutant.yaml", "design "])


@pytest.mark.regression
@some_cases
def test_mutated_files(outcome, count):
    try_all(mutated_text(), count, partial(dry_run, outcome))


@pytest.mark.regression
@some_cases
def test_mutated_values(outcome, count):
    try_all(mutated_values(), count, partial(dry_run, outcome))


GOOD_LINES = (
    ("sweep", "small.yaml", "--dry-run", "--lanes", "2,5", "-s", "train.steps=9", "--jobs", "2"),
    ("sweep", "--dry-run", "--rng", "lfsr", "--sample", "3", "--sample-seed", "7"),
    ("sweep", "small.yaml", "--dry-run", "--stages", "train,synth", "--format", "json"),
    ("stream", "--count", "3", "--rng", "clt", "--bit-width", "8", "--format", "hex"),
    ("stream", "--count", "2", "--reuse", "pool", "--pool-size", "31", "--seed", "5"),
    ("pareto", "none.csv", "--maximize", "accuracy_mean", "--where", "lut <= 5", "--out", "o"),
    ("sensitivity", "none.csv", "--response", "lut", "--format", "json"),
    ("schema", "--format", "json"),
)
WORDS = st.one_of(
    ODD.filter(lambda word: "\0" not in word),
    st.sampled_from(
        [
            *("--", "-", "--format", "xml", "--lanes", "--lanes=", "--lanes=99999", "-s", "a=b"),
            *("space.lanes=[", "train=1", "train.steps=x", "include=1", "--no-such", "--dry-run"),
            *("--jobs", "-1", "--count", "1e3", "--stages", ",", "--where", "lut <", "a == b and"),
            *("--weight-bits", "float,8", "{range: [1, 3, 1]}", "--sample", "--help", "small.yaml"),
        ]
    ),
)  # fmt: skip


@st.composite
def mutated_line(draw) -> list[str]:
    """Return a command line with a few words changed, dropped, doubled or inserted."""
    words = list(draw(st.sampled_from(GOOD_LINES)))
    kept = words[:3] if "--dry-run" in words[:3] else words[:1]
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(len(kept), len(words)))
        act = draw(st.sampled_from(["put", "change", "drop", "double"]))
        if act == "put" or place == len(words):
            words.insert(place, draw(WORDS))
        elif act == "change":
            words[place] = draw(WORDS)
        elif act == "drop":
            del words[place]
        else:
            words.insert(place, words[place])
    if words[0] == "stream":  # a long stream is right, but no quick one
        words = [word for word in words if not re.fullmatch(r"\d{4,}|1e\d+", word)]
    return words


def line_run(outcome, words: list[str]) -> int:
    Path("small.yaml").write_text(SMALL)
    status, said = outcome(*words)
    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    others = [word or "." for word in words[1:] if not word.startswith("-")]
    # An error is one line: of blanks and line breaks in a name it shows one blank.
    shown = [" ".join(word.split()) for word in others]
    files = [word if len(word) > 2 else f"error: {word}:" for word in shown]
    missing = ["(see --help)", "--count is needed"]
    return check(status, said, [*missing, "design ", *options, *files])


@pytest.mark.slow
def test_mutated_command_lines(outcome):
    try_all(mutated_line(), 600, partial(line_run, outcome))
