"""Errors and help of a user without the extra."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run_without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m pezoexplore.finetune.sst2` where a module cannot be imported."""
    code = (
        f"import sys, runpy; sys.modules[{module!r}] = None; sys.argv[1:] = {list(arguments)!r}; "
        "runpy.run_module('pezoexplore.finetune.sst2', run_name='__main__')"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_missing_torch_is_one_line_that_says_what_to_type() -> None:
    done = run_without("torch", "--model", "m", "--data", "d")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: torch is missing; type: pip install 'pezoexplore[torch]'\n"


def test_help_needs_no_torch() -> None:
    done = run_without("torch", "--help")
    assert done.returncode == 0 and "--epsilon" in done.stdout and "--rng" in done.stdout


def test_the_command_line_itself_loads_no_torch() -> None:
    code = "import sys, pezoexplore.cli, pezoexplore.finetune; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_task_in_torch_names_the_extra(tmp_path: Path) -> None:
    design = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_torch_task.yaml"
    code = (
        "import sys; sys.modules['torch'] = None; "
        f"sys.argv[1:] = ['sweep', {str(design)!r}, '--out', {str(tmp_path / 'run')!r}]; "
        "from pezoexplore.cli import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and errors[0].endswith("type: pip install 'pezoexplore[torch]'")
    assert "Traceback" not in done.stderr
