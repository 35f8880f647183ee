"""The command line as a whole: help, errors, signals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_calls import spawn

from pezoexplore import __version__

COMMANDS = ("sweep", "pareto", "stream", "train", "verify", "doctor", "schema")

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"

HEAVY = ("numpy", "numba", "scipy", "jax", "pandas", "matplotlib", "sklearn", "pydantic", "yaml")


@pytest.mark.parametrize("words", [["--help"], [], ["-h"]])
def test_help_names_every_command(call, words):
    answer = call(*words)
    assert answer.status == 0
    assert [name for name in COMMANDS if name not in answer.out] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(call, command):
    answer = call(command, "--help")
    assert answer.status == 0
    assert f"pezoexplore {command}" in answer.out


def test_help_imports_nothing_heavy_and_runs_no_tool(tmp_path):
    code = (
        "import json, sys\n"
        "sys.argv = ['pezoexplore', '--help']\n"
        "from pezoexplore.cli import run\n"
        "status = run(['--help'])\n"
        "sys.stderr.write(json.dumps([status, sorted(sys.modules)]))\n"
    )
    env = os.environ | {"PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    status, modules = json.loads(done.stderr)
    assert status == 0
    assert [name for name in HEAVY if name in modules] == []
    ours = {name.split(".")[1] for name in modules if name.startswith("pezoexplore.")}
    assert not ours & {"analysis", "api", "hardware", "report", "run", "search", "train"}


@pytest.mark.parametrize(("given", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_matrices_have_one_thread_unless_the_user_says_more(given, threads):
    code = (
        "import os, sys\n"
        "from pezoexplore.cli import main\n"
        "sys.argv = ['pezoexplore', '--version']\n"
        "try:\n    main()\n"
        "finally:\n    print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env | given, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == f"False {threads}"


def test_the_version(call):
    assert call("--version").out == f"pezoexplore {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["swep"], "No such command 'swep'"),
        (["sweep", "--lane", "8"], "No such option: --lane"),
        (["sweep", "a.yaml", "b.yaml"], "unexpected extra argument"),
        (["sweep", "--jobs", "0"], "--jobs"),
        (["sweep", "--format", "xml"], "--format"),
        (["stream"], "--count is needed"),
        (["stream", "--count", "many"], "--count"),
        (["pareto"], "Missing argument 'RESULTS.csv'"),
    ],
)
def test_a_slip_on_the_command_line_is_one_line(call, words, said):
    answer = call(*words)
    assert said in answer.error
    assert answer.status == 2


def test_what_cannot_be_written_is_one_line(tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "pezoexplore", "schema"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "No space left" in done.stderr
    assert "free some space" in done.stderr


def test_a_closed_standard_output_is_one_line(tmp_path):
    program = f"'{sys.executable}' -m pezoexplore schema >&-"
    done = subprocess.run(["sh", "-c", program], stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    said = "error: standard output is closed; send it to a file or to /dev/null\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_a_closed_standard_error_loses_nothing_else(tmp_path):
    program = f"'{sys.executable}' -m pezoexplore sweep nowhere.yaml 2>&-"
    done = subprocess.run(["sh", "-c", program], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_characters_that_the_terminal_lacks_are_replaced(tmp_path):
    env = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}
    done = spawn("init", "\u2248.yaml", cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("?.yaml: written")


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    command = [sys.executable, "-m", "pezoexplore", "stream", "--count", "1000000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "index,beat,lane,exponent,value\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_nor_is_one_that_goes_away_from_a_coloured_table(tmp_path):
    source, sink = os.pipe()
    os.close(source)
    done = subprocess.run(
        [sys.executable, "-m", "pezoexplore", "show", "1764287ab628", EXAMPLE],
        stdout=sink, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env=os.environ | {"FORCE_COLOR": "1"},
    )  # fmt: skip
    os.close(sink)
    assert (done.returncode, done.stderr) == (141, "")


def test_the_program_runs_as_a_module(tmp_path):
    done = spawn("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"pezoexplore {__version__}\n", "")


def test_the_schema_is_json_and_accepts_the_quickstart(call):
    answer = call("schema")
    assert answer.status == 0
    assert answer.document["properties"]["space"]
    assert call("schema", "--format", "json").document == answer.document
