"""What a command line imports: nothing heavy before there is something to do."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys

import pytest
from cli_calls import spawn

from pezoexplore.cli.commands import COMMANDS

HEAVY = {"numpy", "numba", "scipy", "jax", "pandas", "matplotlib", "sklearn", "optuna", "plotly"}
LISTED = {name: item for panel in COMMANDS.values() for name, item in panel.items()}


def imported(lines: list[list[str]], folder) -> list[tuple[int, set[str]]]:
    """Run command lines one after another in a process: exit status, and modules loaded by then."""
    code = (
        "import json, sys\n"
        "from pezoexplore.cli import run\n"
        f"found = [[run(words), sorted(sys.modules)] for words in {lines!r}]\n"
        "sys.stdout.write('\\n' + json.dumps(found))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return [(status, set(modules)) for status, modules in found]


def test_help_imports_no_command(tmp_path):
    ((status, modules),) = imported([["--help"]], tmp_path)
    assert status == 0
    assert not modules & HEAVY
    assert not {f"pezoexplore.cli.{module}" for module, _ in LISTED.values()} & modules
    assert "pydantic" not in modules


MISTAKES = """
pareto nowhere.csv
pareto results.csv --minimize luts
report nowhere
sensitivity nowhere
diff nowhere elsewhere
recommend --params 9 --results nowhere
export --out bundle --results nowhere
watch nowhere
sweep nowhere.yaml
sweep --stages tain
search --budget 9 nowhere.yaml
compare --stages tain
stream --rng lfs --count 9
quality --rng lfs
train --rng lfs
cosim --rng lfs
export --out bundle --rng lfs
verify --sim icarsu
show 12
show 123456 nowhere
"""

LATER_MISTAKES = """
pareto wrong.csv
report wrong.csv
sensitivity wrong.csv
show 123456 wrong.csv
verify nothing --formal
verify nothing --mutants 3
"""
"""Reading the file, or the list of properties, takes NumPy; a table and a plot take longer."""


@pytest.mark.parametrize(("lines", "allowed"), [(MISTAKES, set()), (LATER_MISTAKES, {"numpy"})])
def test_a_mistake_is_told_before_what_takes_long_is_imported(lines, allowed, tmp_path):
    (tmp_path / "results.csv").write_text("point_id,status,lut\n")
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")
    lines = lines.strip().splitlines()
    found = imported([line.split() for line in lines], tmp_path)
    for line, (status, modules) in zip(lines, found, strict=True):
        assert (line, status, modules & HEAVY - allowed) == (line, 2, set())


@pytest.mark.parametrize("name", LISTED)
def test_the_help_is_the_first_sentence_of_the_command(name):
    module, said = LISTED[name]
    found = importlib.import_module(f"pezoexplore.cli.{module}")
    app = getattr(found, f"{name}_app", None)
    text = inspect.getdoc(getattr(found, name)) if app is None else app.info.help
    assert " ".join(text.split("\n\n")[0].split()) == said


@pytest.mark.parametrize(
    "words",
    [
        ["sweep", "nowhere.yaml"],
        ["pareto", "nowhere.csv"],
        ["recommend", "--params", "many"],
        ["evaluate", "--rng", "lfs"],
        ["verify", "lfs"],
    ],
)
def test_an_error_is_a_json_document_too(words, call):
    answers = [call(*words, *form) for form in (["--format", "json"], ["--format=json"])]
    for answer in answers:
        document = answer.document
        assert document == {"ok": False, "error": document["error"], "status": 2}
        assert (answer.status, answer.err) == (2, f"error: {document['error']}\n")


def test_a_program_exits_as_its_document_says(tmp_path):
    done = spawn("verify", "lfs", "--format=json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert (done.returncode, document["status"]) == (2, 2)
    assert done.stderr == f"error: {document['error']}\n"


def test_an_error_of_another_format_prints_nothing(tmp_path):
    done = spawn("pareto", "nowhere.csv", "--format", "table", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_mistyped_objective_is_told_the_nearest_column(tmp_path):
    (tmp_path / "results.csv").write_text("point_id,status,lut\n")
    done = spawn("pareto", "results.csv", "--minimize", "luts", cwd=tmp_path)
    assert "--minimize: unknown column 'luts'; did you mean lut?; there are: " in done.stderr
