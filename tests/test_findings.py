"""The scripts of findings/, and the pages that list them and the faults that are held."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = {path.stem for path in (ROOT / "findings").glob("*.sh")} - {"common"}


def test_every_finding_is_listed_and_every_row_has_its_script() -> None:
    page = (ROOT / "docs" / "tool-behaviour.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")][2:]
    listed = {row[4].strip().strip("`") for row in rows}
    assert listed == SCRIPTS
    own = (ROOT / "findings" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)\.sh`", own, re.MULTILINE)) == SCRIPTS


def test_the_tests_of_the_guards_are_there() -> None:
    page = (ROOT / "docs" / "tool-behaviour.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", page))
    assert named
    assert not sorted(name for name in named if not (ROOT / name).is_file())


def test_the_tests_that_hold_each_fault_are_there() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "| --- |" not in line]
    faults = [row for row in rows if row != "| fault | what happens | test |"]
    assert len(faults) > 30
    for row in faults:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row.split("|")[3])
        assert named, f"no test: {row}"
        for path, test in named:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^ *(async )?def {test}\(", text, re.MULTILINE), f"{path}::{test}"
