"""The column rng_state_bits against the flip-flops of synthesis, where none is a shift register."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.synth import synthesise
from pezoexplore.paths import rtl_dir
from pezoexplore.train.costs import rng_state_bits


def point(lanes: int, **axes: str | int | float) -> DesignPoint:
    return resolve(lanes=lanes, scaling="none", **axes)


STATES = [
    (point(7, rng="lut_opt", reuse="none", bit_width=8), 0),
    (point(9, rng="xoshiro128pp", reuse="none", bit_width=4), 0),
    (point(9, rng="trivium", reuse="none", bit_width=8), 0),
    (point(5, rng="table_hadamard", reuse="none", bit_width=4), 0),
    (point(3, rng="xorshift32", reuse="none", bit_width=4), 0),
    (point(3, reuse="bank", bit_width=4, state_bits=5), 5),
    (point(7, reuse="phased", bit_width=4, state_bits=9), 0),
]


@pytest.mark.slow
@pytest.mark.parametrize(("made", "counter"), STATES, ids=lambda case: getattr(case, "rng", ""))
def test_a_stream_is_its_states_a_counter_and_their_copies(
    made: DesignPoint, counter: int, tmp_path: Path
) -> None:
    counts = synthesise(made, "ice40", rtl_dir(), tmp_path / "work", tmp_path / "log")
    assert counts["ff"] == 2 * ((rng_state_bits(made) or 0) + counter)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "target"),
    [
        (point(3, rng="lut_sr", reuse="none", bit_width=8), "ice40"),
        (point(3, rng="sobol", reuse="none", bit_width=4, reuse_period=4), "ice40"),
        (point(2, reuse="pool", pool_size=6, bit_width=4, reuse_period=4), "osu018"),
        (point(2, reuse="none", bit_width=4, reuse_period=4), "osu018"),
    ],
)
def test_flip_flops_hold_the_states(made: DesignPoint, target: str, tmp_path: Path) -> None:
    """Shift registers hold more than the state, a reseed needs control; memories are flip-flops.

    Without a reseed Yosys merges bits of Sobol numbers that always toggle together.
    """
    counts = synthesise(made, target, rtl_dir(), tmp_path / "work", tmp_path / "log")
    assert counts["ff"] >= (rng_state_bits(made) or inf)
