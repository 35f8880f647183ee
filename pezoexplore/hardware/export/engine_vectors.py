"""Stimulus of the perturbation engine in a bundle's testbench, with the expected responses."""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.engine import TOP, Shape
from pezoexplore.hardware.verify.engine.scenarios import make_engine_script
from pezoexplore.hardware.verify.engine.script import BEATS, PRESSURES, pressure_lines
from pezoexplore.hardware.verify.engine.verify import HARNESS, clocks_enough
from pezoexplore.paths import bench_dir

STEPS = 4


def engine_vectors(point: DesignPoint, segments: int, seed: int, top: str) -> dict[str, str]:
    """Return the harness and its vectors, by path in the bundle.

    Args:
        point: A point with integer weights.
        segments: Segments of its engine.
        seed: Master seed of its streams.
        top: The module to test, with the ports of ``pezo_engine``.

    Raises:
        DesignError: The point has no engine.
    """
    shape = Shape.of(point, segments)
    script = make_engine_script(point, shape, STEPS, seed)
    sizes = {
        "DATA_BITS": shape.lanes * shape.slot_bits,
        "OPS": len(script.operations),
        "BEATS": max(len(script.beats), 1),
        "PRESSURES": PRESSURES,
        "PATIENCE": clocks_enough(point, BEATS),
    }
    defines = "".join(f"`define {name} {value}\n" for name, value in sizes.items())
    harness = (bench_dir() / f"{HARNESS}.v").read_text(encoding="utf-8")
    assert harness.count(f"{TOP} u_top") == 1
    harness = harness.replace(f"{TOP} u_top", f"{top} u_top")
    return {
        f"test/{HARNESS}.v": defines + harness,
        "vectors/ops.hex": "".join(operation.line() for operation in script.operations),
        "vectors/beats.hex": _lines(script.beats),
        "vectors/pressure.hex": _lines(pressure_lines()),
        "vectors/engine.txt": _lines(script.expected),
    }


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
