"""The documentation agrees with the code."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from vendor_fakes import write_reports

from pezoexplore.analysis.sensitivity import MIN_ROWS
from pezoexplore.cli import run
from pezoexplore.design.lattice.counting import select
from pezoexplore.design.loading import load_design
from pezoexplore.hardware.verify import regress

ROOT = Path(__file__).parents[1]


def test_the_reference_is_as_the_code_has_it() -> None:
    command = [sys.executable, str(ROOT / "docs" / "make_reference.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_every_command_and_file_that_the_readme_names_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    reference = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^## pezoexplore (\w+)", reference, re.MULTILINE))
    blocks = "".join(re.findall(r"^```sh$(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    named = set(re.findall(r"^pezoexplore (\w+)", blocks, re.MULTILINE))
    assert named and named <= known
    files = re.findall(r"\b(?:bench|designs|docs)/\w+\.\w+", text)
    assert files and all((ROOT / name).is_file() for name in files)


QUICK = {
    "sweep": "--stages train --sample 1 -s train.steps=20 -s train.seeds=2",
    "search": "--stages train -s train.steps=20 -s train.seeds=2 --budget 1 "
    "-s objectives.minimize=[rng_state_bits]",
    "compare": "--stages train --lanes 3 --bit-width 4 --seeds 2 -s train.steps=5",
    "train": "--steps 20 --seeds 2 --learning-rates 0.01",
    "evaluate": "--stages train -s train.steps=20 -s train.seeds=2",
    "report": "--no-figures",
    "verify": "--words 2000",
}
"""Options that make a command of the documentation short; the rest of it stays as it is written.
Of the points that ``verify`` has of each module it takes one, and of all modules one."""


def test_the_tutorials_design_has_enough_rows_for_sensitivity(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "index.md").read_text("utf-8")
    (design,) = re.findall(r"^```yaml$\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "my.yaml").write_text(design)
    points = list(select(load_design(tmp_path / "my.yaml")))
    assert sum(point.in_hardware for point in points) >= MIN_ROWS


def snippets() -> list[str]:
    """Return every command line of pezoexplore in the documentation, once.

    Lines that differ in the run directory alone are the same: all of them hold the same run.
    """
    found: dict[str, str] = {}
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        blocks = re.findall(r"^```sh$(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        for line in "".join(blocks).replace("\\\n", " ").splitlines():
            command = line.partition(" #")[0].strip()
            if command.startswith("pezoexplore "):
                found.setdefault(
                    re.sub(r"reports/(my|eight)\b", "reports/quickstart", command), command
                )
    return list(found.values())


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that the documentation names."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("designs", "docs"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "rtl", folder / "my_rtl")
    (folder / "DIR").mkdir()
    page = (ROOT / "docs" / "index.md").read_text("utf-8")
    (design,) = re.findall(r"^```yaml$\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (folder / "my.yaml").write_text(design)
    for name in ("quickstart", "my", "eight"):
        shutil.copytree(ROOT / "reports" / "example", folder / "reports" / name)
    for name, rng in (("phased8", "lfsr"), ("other9", "treegrng")):
        design = ["--rng", rng, "--reuse", "phased" if rng == "lfsr" else "none", "--lanes", "8"]
        vendor = ["--tool", "vivado", "--part", "xcku5p-ffvb676-2-e"]
        assert run(["project", *design, *vendor, "--out", str(folder / name)]) == 0
        write_reports("vivado", folder / name)
    return folder


@pytest.fixture(scope="module")
def swept(workplace: Path) -> Path:
    """Return the same folder, with complete run directories and a cache."""
    finished = workplace / "reports" / "quickstart"
    shutil.rmtree(finished)
    words = [str(workplace / "my.yaml"), *shlex.split(QUICK["sweep"])]
    assert run(["sweep", *words, "--out", str(finished), "--cache", str(workplace / "cache")]) == 0
    shutil.copytree(ROOT / "reports" / "example", finished, dirs_exist_ok=True)
    noted = json.loads((finished / "run.json").read_text())
    del noted["rows"], noted["results_sha256"]  # of the one row that the example's replace
    (finished / "run.json").write_text(json.dumps(noted))
    for name in ("my", "eight"):
        shutil.copytree(finished, workplace / "reports" / name, dirs_exist_ok=True)
    return workplace


LONG = (
    *("compare", "cosim", "evaluate", "quality", "report"),
    *("search", "sensitivity", "sweep", "train", "verify", "watch"),
)
"""Commands that take their time, or a finished sweep; each has tests of its own."""


def _is_long(command: str) -> bool:
    return command.split()[1] in LONG and "--dry-run" not in command


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=[pytest.mark.regression] if _is_long(command) else [])
        for command in snippets()
    ],
)
def test_a_command_of_the_documentation_runs(
    command: str,
    workplace: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if _is_long(command):
        request.getfixturevalue("swept")
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("PEZOEXPLORE_CACHE", "cache")
    every = regress.module_points
    monkeypatch.setattr(regress, "module_points", lambda module: every(module)[:1])
    # The live page is served until it is stopped.
    monkeypatch.setattr("pezoexplore.report.live.server.LiveServer.serve_forever", lambda _: None)
    _, name, *words = shlex.split(command)
    if command == "pezoexplore verify":
        words.append("lfsr")
    if not {"--dry-run", "--formal"} & set(words):
        words += shlex.split(QUICK.get(name, ""))
    if name in ("sweep", "search", "train") and "--distil" not in words:
        words += ["--out", str(tmp_path / "out")]
    assert run([name, *words]) == 0


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "index.html").is_file()
