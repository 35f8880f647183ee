"""The C and Python models of a bundle show the software stream, bit for bit."""

from __future__ import annotations

import importlib.util
import math
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.export.model import C_NAME, PYTHON_NAME, c_model, python_model
from pezoexplore.streams.generator import generator
from pezoexplore.streams.generators.registry import names
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.streams.stream import Stream, strategy

DRIVER = Path(__file__).with_name("export_driver.c")
EPOCHS = ((0, 0), (2**63 + 5, 3))
"""Master seeds and epochs looked at."""

_HARDWARE = [rng for rng in names() if rng != "gaussian"]
_UNIFORM = (
    "lfsr",
    "xorshift32",
    "xoshiro128pp",
    "ca",
    "trivium",
    "lut_opt",
    "sobol",
    "lut_sr",
    "xormix",
)


def points() -> list[DesignPoint]:
    """Every generator with every strategy it takes, narrow and wide, reseeded or not."""
    made: list[dict[str, Any]] = []
    for rng in _HARDWARE:
        made.append({"rng": rng, "reuse": "none", "lanes": 7, "reuse_period": 4})
        made.append({"rng": rng, "reuse": "pool", "lanes": 3, "pool_size": 100, "reuse_period": 2})
        widest = 24 if rng in _UNIFORM else 12
        more = {"bit_width": widest, "state_bits": 32} if rng == "lfsr" else {"bit_width": widest}
        made.append({"rng": rng, "reuse": "none", "lanes": 5, "scaling": "none", **more})
    for scaling in ("constant", "pow2"):
        for period in (2, math.inf):
            shared = {"scaling": scaling, "reuse_period": period}
            made.append({"reuse": "bank", "bit_width": 6, "lanes": 5, "leap": 5, **shared})
            made.append({"reuse": "pool", "pool_size": 100, "lanes": 8, "rng": "clt", **shared})
            for taps in ("shifted", "xor", "shared"):
                narrow = {"bit_width": 4, "state_bits": 8, "lanes": 15}
                made.append({"reuse": "phased", "taps": taps, **narrow, **shared})
            sparse = {"reuse": "phased", "taps": "sparse", "state_bits": 12, "lanes": 15}
            made.append({**sparse, "bit_width": 8, "leap": 11, **shared})
    made.append({"reuse": "phased", "taps": "sparse", "rng": "lut_opt", "state_bits": 16})
    made.append({"reuse": "none", "rng": "lut_opt", "state_bits": 32, "bit_width": 1})
    made.append({"reuse": "phased", "taps": "sparse", "rng": "xormix", "reuse_period": 2})
    made.append({"reuse": "bank", "bit_width": 8, "state_bits": 20, "lanes": 31})
    outer = {"rank": "1", "bit_width": 1, "lanes": 5, "layers": "4x5,5,3x6,6", "reuse_period": 2}
    made += [{"state_bits": 8, **outer}, {"rng": "rademacher", "reuse": "none", **outer}]
    for rank, layers in (("2", "6x6,7,7x5"), ("4", "9,9x12")):
        sums = {"rank": rank, "layers": layers}
        made.append({**outer, **sums, "state_bits": 12, "taps": "sparse"})
        made.append({**outer, **sums, "rng": "trivium", "reuse": "none"})
        made.append({**outer, **sums, "rng": "lut_sr", "reuse": "pool", "pool_size": 30})
        made.append({**outer, **sums, "rng": "ca", "reuse_period": math.inf, "reuse": "pool"})
    made.append({"reuse": "phased", "bit_width": 1, "state_bits": 24, "lanes": 31, "leap": 8})
    return [resolve(**axes) for axes in made]


def python_module(point: DesignPoint, folder: Path) -> ModuleType:
    """Return the Python model, imported."""
    path = folder / PYTHON_NAME
    path.write_text(python_model(Stream(point)), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("pezo_stream_under_test", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def c_program(point: DesignPoint, folder: Path) -> Path:
    """Return a program around the C model, compiled without a warning."""
    (folder / C_NAME).write_text(c_model(Stream(point)), encoding="utf-8")
    strict = ["-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Wshadow", "-Werror"]
    flags = ["-std=c99", "-O1", *strict]
    program = folder / "driver"
    subprocess.run(["gcc", *flags, f"-I{folder}", DRIVER, "-o", program], check=True)
    return program


def beats_to_compare(point: DesignPoint) -> int:
    """Past two wraps where the period is short."""
    if point.reuse == "pool":
        return 2 * point.rows + 3
    period = generator(point).period
    return 2 * period + 9 if period < 300 else 150


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=[pytest.mark.slow] if point.rng == "trivium" else [])
        for point in points()
    ],
    ids=DesignPoint.label,
)
def test_both_models_show_the_software_stream(point: DesignPoint, tmp_path: Path) -> None:
    model, program = python_module(point, tmp_path), c_program(point, tmp_path)
    count, lanes = beats_to_compare(point), point.lanes
    for seed, epoch in EPOCHS:
        stream = Stream(point, seed)
        words, z = stream.beats(epoch, 0, count), stream.z(epoch, 0, count)
        exponents = stream.exponents(epoch, 0, count)
        command = [program, str(seed), str(epoch), str(count)]
        out = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        size = 4 * (2 * lanes + 1) * count
        table = np.frombuffer(out[:size], np.int32).reshape(count, 2 * lanes + 1)
        assert np.array_equal(table[:, :lanes], words)
        assert np.array_equal(table[:, lanes + 1 :], z.view(np.int32))
        if exponents is not None:
            assert np.array_equal(table[:, lanes], exponents)

        python = model.Stream(seed, epoch)
        shown = [python.beat() for _ in range(count)]
        assert np.array_equal(np.array(shown), words)
        if exponents is None:
            scaled = [[model.z(word) for word in beat] for beat in shown[:20]]
        else:
            assert [model.exponent(beat) for beat in shown] == exponents.tolist()
            scaled = [[model.z(w, model.exponent(beat)) for w in beat] for beat in shown[:20]]
        assert np.array_equal(np.array(scaled).astype(np.float32), z[:20])
        if point.reseeds and seed == MASTER_SEED:
            loads = strategy(point).load_words(epoch)
            limbs = np.frombuffer(out[size:], np.uint32).reshape(len(loads), -1)
            assert [sum(int(v) << (32 * i) for i, v in enumerate(row)) for row in limbs] == loads
            assert model.load_words(seed, epoch) == loads


def test_the_points_cover_every_generator_and_strategy() -> None:
    listed = points()
    assert {(point.rng, "none") for point in listed} >= {(rng, "none") for rng in _HARDWARE}
    pairs = {(point.rng, point.reuse) for point in listed}
    assert pairs >= {(rng, "pool") for rng in _HARDWARE}
    assert {("lfsr", "bank"), ("lfsr", "phased")} <= pairs


@pytest.mark.parametrize("reuse", ["none", "pool", "bank", "phased"])
def test_a_replay_shows_the_same_beats_again(reuse: str, tmp_path: Path) -> None:
    point = resolve(reuse=reuse, bit_width=4, lanes=5, pool_size=30)
    model = python_module(point, tmp_path)
    stream = model.Stream()
    first = [stream.beat() for _ in range(12)]
    stream.replay()  # nothing was kept since rst
    assert [stream.beat() for _ in range(12)] == first
    stream.start()
    second = [stream.beat() for _ in range(20)]
    stream.replay()
    assert [stream.beat() for _ in range(20)] == second
    assert second != first
