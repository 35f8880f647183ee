"""Nothing in a design file, a result file or on the command line runs code or writes elsewhere."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pezoexplore.paths import designs_dir

CODE = "__import__('pathlib').Path('evil').touch()"
SHELL = "x; touch evil; $(touch evil) `touch evil`"
DESIGN = "name: quick\nspace: {reuse: [phased]}\n"


@pytest.fixture(autouse=True)
def nothing_evil(tmp_path: Path):
    """No test leaves a file of that name anywhere near; a plot may end in its target's name."""
    yield
    assert not list(tmp_path.rglob("evil*"))
    assert not list(tmp_path.parent.glob("evil*"))


@pytest.mark.parametrize(
    "text",
    [
        f'name: "{SHELL}"\n',
        "name: ../evil\n",
        "name: /tmp/evil\n",
        f'{DESIGN}constraints: ["{CODE} <= 1"]\n',
        f'{DESIGN}constraints: ["lut <= {CODE}"]\n',
        f'{DESIGN}objectives: {{maximize: ["{CODE}"]}}\n',
        f'{DESIGN}task: "{CODE}"\n',
        f"{DESIGN}task: ../evil:task\n",
        f'{DESIGN}train: {{steps: !!python/object/apply:pathlib.Path.touch ["evil"]}}\n',
        f"{DESIGN}space: !!python/name:os.system\n",
        f'name: quick\nspace: {{rng: ["{SHELL}"]}}\n',
        "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
        "c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c]\n",
    ],
)
def test_a_design_file(call, tmp_path: Path, text: str) -> None:
    (tmp_path / "design.yaml").write_text(text)
    answer = call("sweep", "design.yaml", "--dry-run")
    assert answer.status == 2
    assert answer.err.startswith("error: design.yaml:") and answer.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--where", CODE),
        ("--where", f"lut <= {CODE}"),
        ("--maximize", CODE),
        ("--minimize", SHELL),
    ],
)
def test_an_expression(call, tmp_path: Path, words: tuple[str, str]) -> None:
    results = designs_dir().parent / "reports" / "example" / "results.csv"
    answer = call("pareto", results, "--out", "plots", *words)
    assert answer.status == 2
    assert answer.err.count("\n") == 1


CELLS = ("../../evil", SHELL, CODE, "<script>evil</script>", "=cmd|evil")
COLUMNS = ("point_id", "target", "rng", "taps", "accuracy_per_seed")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        pytest.param(column, cell, marks=[] if place == other else [pytest.mark.regression])
        for place, column in enumerate(COLUMNS)
        for other, cell in enumerate(CELLS)
    ],
)
def test_a_result_file(call, tmp_path: Path, column: str, cell: str) -> None:
    good = designs_dir().parent / "reports" / "example" / "results.csv"
    with good.open(newline="") as lines:
        rows = list(csv.DictReader(lines))[:6]
    rows[0][column] = cell
    with (tmp_path / "results.csv").open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    answer = call("pareto", "results.csv", "--out", "plots")
    assert answer.status in (0, 2)
    assert "Traceback" not in answer.err
    assert {path.name for path in tmp_path.iterdir()} <= {"results.csv", "plots"}
    for plot in (tmp_path / "plots").glob("*.svg"):
        assert "<script" not in plot.read_text()


@pytest.mark.parametrize("option", ["--rtl-dir", "--stages", "--set", "--rng", "--cluster"])
def test_an_option(call, tmp_path: Path, option: str) -> None:
    answer = call("sweep", "--out", "run", option, SHELL)
    assert answer.status == 2
    assert sum(line.startswith("error: ") for line in answer.err.splitlines()) == 1
