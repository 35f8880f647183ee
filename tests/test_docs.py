"""The documentation says what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

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
