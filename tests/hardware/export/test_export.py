"""A bundle stands on its own: its benches pass in it alone, and find what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.hardware.eda.tools import verilator_folder
from pezoexplore.hardware.export.bundle import MANIFEST, Order, bundle_files, write_bundle
from pezoexplore.hardware.rtl import engine_map
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

SMALL = resolve(reuse="phased", bit_width=4, state_bits=8, lanes=5)
WITH_RTL = {
    "phased": SMALL,
    "bank": resolve(reuse="bank", bit_width=5, lanes=5, scaling="pow2", reuse_period=4),
    "pool": resolve(rng="trivium", reuse="pool", lanes=3, pool_size=20, reuse_period=4),
}
"""Points whose benches are run."""


def files_of(point: DesignPoint, segments: int | None = None, seed: int = 0) -> dict[str, str]:
    command = "pezoexplore export --out DIR"
    return bundle_files(Order(point, segments, rtl_dir(), command, seed=seed))


def alone(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a bundle, from where pezoexplore cannot be imported."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, id=name, marks=[] if name == "phased" else [pytest.mark.slow])
        for name, point in WITH_RTL.items()
    ],
)
def test_make_checks_a_bundle_alone(point: DesignPoint, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    write_bundle(files_of(point), folder)
    assert not any("import pezoexplore" in path.read_text() for path in folder.rglob("*.py"))
    done = alone(folder, "make", f"PYTHON={sys.executable}", "CC=gcc -Werror")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TESTS=1 PASS=1" in done.stdout
    assert "Python model: " in done.stdout and "C model: " in done.stdout


SEEDED = {
    "phased": SMALL,
    "phased-pow2": resolve(
        reuse="phased", bit_width=4, state_bits=8, lanes=5, scaling="pow2", reuse_period=4
    ),
    "bank": WITH_RTL["bank"],
    "bank-inf": resolve(reuse="bank", bit_width=5, lanes=5, scaling="pow2"),
    "pool": WITH_RTL["pool"],
    "pool-inf": resolve(rng="clt", reuse="pool", lanes=3, pool_size=20, scaling="pow2"),
    "lut_sr": resolve(rng="lut_sr", reuse="none", lanes=3),
    "treegrng": resolve(rng="treegrng", reuse="none", lanes=3, reuse_period=4),
}
"""Points that are exported with master seeds."""


@pytest.mark.parametrize("point", SEEDED.values(), ids=SEEDED)
def test_a_bundle_shows_the_stream_of_its_master_seed(point: DesignPoint, tmp_path: Path) -> None:
    shown: list[tuple[Any, ...]] = []
    for seed in (0, 7, 2**64 - 1):
        files = files_of(point, seed=seed)
        model = ModuleType("model")
        exec(files["sw/pezo_stream.py"], model.__dict__)
        stream = model.Stream()
        beats = [stream.beat() for _ in range(300)]
        assert np.array_equal(beats, Stream(point, seed).beats(0, 0, 300))
        assert f"| master seed | {seed}, " in files["DATASHEET.md"]
        assert f"master seed {seed}," in files["README.md"]
        assert f"#define PEZO_SEED UINT64_C({seed:#x})" in files["sw/pezo_stream.h"]
        assert json.loads(files[MANIFEST])["seed"] == seed
        rtl = {path: text for path, text in files.items() if path.startswith("rtl/")}
        shown.append((beats, rtl, files["vectors/stream.txt"]))
        write_bundle(files, tmp_path)
        done = alone(tmp_path, sys.executable, "test/check_model.py")
        assert done.returncode == 0, done.stdout + done.stderr
    for i in range(3):
        assert all(a != b for a, b in zip(shown[i], shown[i - 1], strict=True))


@pytest.mark.parametrize(
    "name", [n if n == "phased" else pytest.param(n, marks=pytest.mark.slow) for n in SEEDED]
)
def test_the_benches_pass_with_another_master_seed(name: str, tmp_path: Path) -> None:
    write_bundle(files_of(SEEDED[name], seed=7), tmp_path)
    done = alone(tmp_path, "make", f"PYTHON={sys.executable}", "CC=gcc -Werror")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TESTS=1 PASS=1" in done.stdout and "C model: " in done.stdout


@pytest.mark.regression
def test_an_engine_runs_with_another_master_seed(tmp_path: Path) -> None:
    axes = {"bit_width": 4, "state_bits": 6, "lanes": 3, "weight_bits": 8, "activation_bits": 8}
    point = resolve(reuse="phased", reuse_period=4, **axes)
    files = files_of(point, segments=1, seed=7)
    assert files["vectors/engine.txt"] != files_of(point, segments=1)["vectors/engine.txt"]
    write_bundle(files, tmp_path)
    done = alone(tmp_path, sys.executable, "test/run.py")
    assert done.stdout.count("TESTS=1 PASS=1") == 2, done.stdout + done.stderr


@pytest.mark.regression
def test_the_engine_of_a_bundle_passes_its_bench(tmp_path: Path) -> None:
    point = resolve(reuse="phased", bit_width=4, lanes=3, weight_bits=8, activation_bits=8)
    files = files_of(point, segments=1)
    assert files["sw/pezo_engine.h"] == engine_map.c_header()
    assert engine_map.markdown() in files["REGISTERS.md"]
    write_bundle(files, tmp_path)
    done = alone(tmp_path, sys.executable, "test/run.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("TESTS=1 PASS=1") == 2
    answers = tmp_path / "vectors" / "engine.txt"
    lines = answers.read_text().splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("b "))
    lines[place] = lines[place][:-1] + ("0" if lines[place][-1] != "0" else "1")
    answers.write_text("\n".join(lines) + "\n")
    assert alone(tmp_path, sys.executable, "test/run.py").returncode != 0


def test_the_benches_of_a_bundle_find_an_edit(tmp_path: Path) -> None:
    write_bundle(files_of(SMALL), tmp_path)
    table = tmp_path / "rtl" / "lfsr_taps.vh"
    before = table.read_text()
    table.write_text(before.replace("(STATE_BITS == 8) ? 32'h000000b8", "0 ? 32'h0"))
    assert table.read_text() != before
    assert alone(tmp_path, sys.executable, "test/run.py").returncode != 0
    model = tmp_path / "sw" / "pezo_stream.py"
    again = model.read_text().replace("following = 0, self._again", "following = 0, following")
    model.write_text(again)
    assert alone(tmp_path, sys.executable, "test/check_model.py").returncode != 0
    header = tmp_path / "sw" / "pezo_stream.h"
    header.write_text(header.read_text().replace("now->state[0] = stream->again;", ""))
    assert alone(tmp_path, "make", "c", "CC=gcc").returncode != 0


@pytest.mark.slow
def test_fusesoc_takes_the_core_file(tmp_path: Path) -> None:
    point = resolve(rng="icdf", reuse="none", lanes=2, weight_bits=8, activation_bits=8)
    write_bundle(files_of(point, segments=2), tmp_path / "bundle")
    core = yaml.safe_load((tmp_path / "bundle" / "pezo.core").read_text().partition("\n")[2])
    verilator = verilator_folder()
    assert verilator is not None
    environment = os.environ | {
        "PATH": f"{verilator}{os.pathsep}{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
    }

    def fusesoc(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from fusesoc.main import main; main()"]
        command += ["--cores-root", "bundle", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )

    assert core["name"] in fusesoc("core", "list").stdout
    linted = fusesoc("run", "--target=lint", core["name"])
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert "%Warning" not in linted.stdout + linted.stderr


def test_a_bundle_holds_the_rtl_that_its_point_needs() -> None:
    files = files_of(SMALL)
    names = {path.removeprefix("rtl/") for path in files if path.startswith("rtl/")}
    assert {"pezo_top.v", "stream_phased.v", "generator.v", "lfsr.v", "lfsr_taps.vh"} <= names
    assert not names & {"stream_bank.v", "clt.v", "perturb_engine.v"}
    assert files["rtl/lfsr.v"] == (rtl_dir() / "lfsr.v").read_text()


def test_the_same_point_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again = files_of(SMALL), files_of(SMALL)
    assert first == again
    assert str(rtl_dir()) not in "".join(first.values())
    write_bundle(first, tmp_path / "a")
    write_bundle(again, tmp_path / "a")
    shown = {
        path.relative_to(tmp_path / "a").as_posix(): path.read_bytes().decode()
        for path in (tmp_path / "a").rglob("*")
        if path.is_file()
    }
    assert shown == first


def test_a_bundle_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    pool = resolve(reuse="pool", pool_size=20, lanes=5)
    write_bundle(files_of(pool), tmp_path)
    assert (tmp_path / "rtl" / "rows.hex").exists()
    (tmp_path / "notes.txt").write_text("mine")
    write_bundle(files_of(SMALL), tmp_path)
    assert not (tmp_path / "rtl" / "rows.hex").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("content", ["", "{}", '{"program": "another", "files": {}}', "[1]"])
def test_a_foreign_folder_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(content)
    (tmp_path / "LICENSE").write_text("theirs")
    with pytest.raises(DesignError, match="not an exported bundle"):
        write_bundle(files_of(SMALL), tmp_path)
    assert (tmp_path / "LICENSE").read_text() == "theirs"


def test_a_manifest_cannot_have_other_files_removed(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    folder = tmp_path / "bundle"
    write_bundle(files_of(SMALL), folder)
    content = json.loads((folder / MANIFEST).read_text())
    content["files"] |= {"../victim.txt": "", str(victim): ""}
    (folder / MANIFEST).write_text(json.dumps(content))
    write_bundle(files_of(SMALL), folder)
    assert victim.read_text() == "mine"


def test_a_point_without_hardware_is_refused() -> None:
    with pytest.raises(DesignError, match="no hardware to export"):
        files_of(resolve(rng="gaussian", reuse="none"))


@pytest.mark.parametrize(
    ("axes", "of_generator", "of_stream"),
    [
        ({"reuse": "phased", "state_bits": 16}, "65,535", "65,521"),
        ({"rng": "sobol", "reuse": "none"}, "2^32", "2^32"),
        ({"rng": "trivium", "reuse": "none"}, "not known; 2^64 bits allowed a key", "not known"),
        ({"rng": "trivium", "pool_size": 60}, "not known; 2^64 bits allowed a key", "23"),
        ({"rng": "lut_opt", "reuse": "none"}, "2^48 - 1", "2^48 - 1"),
        ({"reuse": "bank", "reuse_period": 4}, "255", "reseeded by the host"),
    ],
)
def test_a_datasheet_tells_periods_as_they_are(axes, of_generator, of_stream) -> None:
    sheet = files_of(resolve(**{"reuse": "pool", "lanes": 3, **axes}))["DATASHEET.md"]
    assert f"| period of the generator (clocks) | {of_generator} |" in sheet
    assert f"| period of the stream (beats) | {of_stream} |" in sheet


@pytest.mark.parametrize(
    ("axes", "until", "stalls"),
    [
        ({"reuse": "phased"}, "until rst or replay.", False),
        ({"reuse": "bank", "reuse_period": 4}, "until rst, replay or reseed.", False),
        ({"rng": "lut_sr", "reuse": "none"}, "until rst or replay.", True),
    ],
)
def test_a_datasheet_tells_what_moves_a_beat_that_is_not_accepted(axes, until, stalls) -> None:
    sheet = files_of(resolve(lanes=3, **axes))["DATASHEET.md"]
    assert until in sheet
    assert ("1 to 15 accepted beats lowers valid" in sheet) == stalls


def test_no_mark_of_a_template_is_left() -> None:
    for point in WITH_RTL.values():
        for path, text in files_of(point).items():
            if not path.startswith("rtl/"):
                assert "@if" not in text and "@end" not in text and "@title" not in text, path
