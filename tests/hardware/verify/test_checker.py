"""The check of a trace catches every kind of fault; a model of a correct design passes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from stream_models import FAULTS, RESEED_FAULTS, Model, ReseedsInReset, play

from pezoexplore.design.point import resolve
from pezoexplore.hardware.verify.checker import check
from pezoexplore.hardware.verify.contract import (
    LOAD,
    READY,
    REPLAY,
    RESEED,
    RST,
    START,
    Contract,
    Phase,
)
from pezoexplore.hardware.verify.crosses import Crosses
from pezoexplore.hardware.verify.script import Script
from pezoexplore.hardware.verify.stimulus import TARGET_WORDS, make_script
from pezoexplore.hardware.verify.trace import MismatchError
from pezoexplore.streams.stream import Stream, strategy

WORDS = 1000
SMALL = {"lanes": 3, "bit_width": 6, "state_bits": 9}

POINTS = {
    "none": resolve(reuse="none", scaling="none", **SMALL),
    "none4": resolve(reuse="none", scaling="none", reuse_period=4, **SMALL),
    "pool": resolve(reuse="pool", scaling="pow2", pool_size=50, **SMALL),
    "pool4": resolve(reuse="pool", scaling="none", pool_size=50, reuse_period=4, **SMALL),
    "bank4": resolve(reuse="bank", scaling="none", reuse_period=4, **SMALL),
    "bank4 pow2": resolve(reuse="bank", scaling="pow2", reuse_period=4, **SMALL),
    "phased": resolve(reuse="phased", scaling="pow2", taps="shifted", **SMALL),
    "phased4": resolve(reuse="phased", scaling="none", taps="xor", reuse_period=4, **SMALL),
}
RESEEDING = ["none4", "pool4", "bank4", "bank4 pow2", "phased4"]


def text_of(trace: list[str]) -> bytes:
    """Return the file of a trace."""
    return "".join(f"{line}\n" for line in trace).encode()


@pytest.fixture(scope="module")
def good():
    """Script and trace of a correct design, by name of its point."""
    made = {}
    for name, point in POINTS.items():
        script = make_script(Stream(point), WORDS)
        made[name] = (script, play(script, Model(point)))
    return made


def caught(name: str, script: Script, trace: list[str]) -> str:
    with pytest.raises(MismatchError) as found:
        check(Stream(POINTS[name]), script, text_of(trace))
    return str(found.value)


every_point = pytest.mark.parametrize("name", POINTS)


@every_point
def test_a_correct_trace_passes(name, good):
    script, trace = good[name]
    found = check(Stream(POINTS[name]), script, text_of(trace))
    assert found["rtl_words_checked"] >= WORDS
    stalls = {"none4": 3, "pool4": 53, "bank4": 3, "bank4 pow2": 514, "phased4": 1}
    assert found["reseed_stall_beats"] == stalls.get(name, 0)
    seen = sum(
        line[1] == "1" and bool(control & READY) and not control & RST
        for line, control in zip(trace, script.controls.tolist(), strict=True)
    )
    assert found["rtl_words_checked"] == 3 * seen


def altered(trace: list[str], clock: int, line: str) -> list[str]:
    assert trace[clock] != line
    return [*trace[:clock], line, *trace[clock + 1 :]]


def accepted_clocks(script: Script, trace: list[str]) -> list[int]:
    pairs = zip(trace, script.controls.tolist(), strict=True)
    return [i for i, (line, control) in enumerate(pairs) if line[1] == "1" and control & READY]


@every_point
def test_one_digit_wrong(name, good):
    script, trace = good[name]
    clocks = accepted_clocks(script, trace)
    # Digits of the exponent, or of the data from the top down.
    for clock, place in product((clocks[0], clocks[100], clocks[-1]), (2, 3, 5, -1)):
        digits = list(trace[clock])
        digits[place] = f"{int(digits[place], 16) ^ 1:x}"
        message = caught(name, script, altered(trace, clock, "".join(digits)))
        assert message.startswith(f"clock {clock}:")


@every_point
def test_unknown_bits(name, good):
    script, trace = good[name]
    clock = accepted_clocks(script, trace)[7]
    unknown = trace[clock][:-1] + "x"
    assert caught(name, script, altered(trace, clock, unknown)).startswith(f"clock {clock}:")


@every_point
def test_data_that_changes_while_stalled(name, good):
    script, trace = good[name]
    controls = script.controls.tolist()
    clock = next(
        i for i in range(200, len(trace))
        if trace[i - 1 : i + 1] == [trace[i]] * 2 and trace[i][1] == "1"
        and not (controls[i - 1] | controls[i]) & (READY | RST)
    )  # fmt: skip
    digit = f"{int(trace[clock][-1], 16) ^ 8:x}"
    broken = altered(trace, clock, trace[clock][:-1] + digit)
    assert caught(name, script, broken).startswith(f"clock {clock}:")


@every_point
def test_a_beat_that_comes_and_goes(name, good):
    script, trace = good[name]
    clock = accepted_clocks(script, trace)[40]
    assert "out_valid is low" in caught(name, script, altered(trace, clock, "00"))


@every_point
@pytest.mark.parametrize("line", ["0x", "0z"])
def test_valid_that_is_unknown(name, line, good):
    script, trace = good[name]
    clock = accepted_clocks(script, trace)[40]
    assert "out_valid is low" in caught(name, script, altered(trace, clock, line))


@every_point
def test_valid_during_reset(name, good):
    script, trace = good[name]
    resets = [i for i, control in enumerate(script.controls.tolist()) if control & RST]
    assert len(resets) >= 6
    for clock in (resets[0], resets[-1]):
        broken = altered(trace, clock, f"01{trace[accepted_clocks(script, trace)[0]][2:]}")
        assert caught(name, script, broken) == f"clock {clock}: out_valid is high during rst"


@every_point
@pytest.mark.parametrize("end", [0, 1, -1])
def test_a_truncated_trace(name, end, good):
    script, trace = good[name]
    assert "clocks, not" in caught(name, script, trace[:end])


@every_point
def test_a_trace_that_is_too_long(name, good):
    script, trace = good[name]
    assert "clocks, not" in caught(name, script, [*trace, trace[-1]])


@every_point
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_design_is_caught(name, fault, good):
    script, trace = good[name]
    broken = play(script, fault(POINTS[name]))
    assert broken != trace
    assert caught(name, script, broken).startswith("clock ")


@pytest.mark.parametrize("name", RESEEDING)
@pytest.mark.parametrize("fault", RESEED_FAULTS)
def test_a_faulty_reseed_is_caught(name, fault, good):
    script, trace = good[name]
    broken = play(script, fault(POINTS[name]))
    if fault is ReseedsInReset and strategy(POINTS[name]).loads_after_reset:
        assert broken == trace  # rst alone begins that load
        return
    assert broken != trace
    assert caught(name, script, broken)


@every_point
def test_the_script_is_always_the_same(name):
    one, two = make_script(Stream(POINTS[name]), WORDS), make_script(Stream(POINTS[name]), WORDS)
    assert one.controls.tolist() == two.controls.tolist()
    assert one.deposits == two.deposits


@every_point
def test_the_script_exercises_what_the_contract_names(name, good):
    script, trace = good[name]
    controls = script.controls
    assert np.count_nonzero(controls & REPLAY) >= 4
    pulses = RST | START | REPLAY | RESEED
    assert np.any(controls & pulses == pulses)
    assert np.any((controls & RST == 0) & (controls & START > 0) & (controls & REPLAY > 0))
    stalled = np.array([line[1] == "1" for line in trace]) & (controls & (READY | RST) == 0)
    assert np.any(stalled & (controls & START > 0))
    assert np.any(stalled & (controls & REPLAY > 0))
    reseeds = controls & (RESEED | RST) == RESEED
    overridden = np.count_nonzero(reseeds & (controls & (START | REPLAY) == START | REPLAY))
    assert overridden >= 3 or not POINTS[name].reseeds
    assert script.missing == ()


@every_point
def test_every_wrap_is_crossed_twice(name):
    """Beats just before and after one and two periods are accepted, and again after a replay."""
    point = POINTS[name]
    script, counts = make_script(Stream(point), WORDS), {}

    class Counts(Model):
        def accepted(self, control: int) -> int:
            taken = super().accepted(control)
            counts[self.epoch, self.beat] = counts.get((self.epoch, self.beat), 0) + taken
            return taken

    play(script, Counts(point))
    period = strategy(point).wrap_period
    for beat in (period - 1, period, 2 * period - 1, 2 * period):
        assert counts[0, beat] >= 2


@pytest.mark.parametrize("lanes", [1, 31, 256])
def test_the_script_asks_for_the_words(lanes):
    point = resolve(reuse="none", rng="xorshift32", lanes=lanes, scaling="none")
    script = make_script(Stream(point), 20_000)
    assert np.count_nonzero(script.controls & READY) * lanes >= 20_000
    assert len(script.controls) >= 600


def test_wide_streams_see_as_many_beats_as_narrow_ones():
    """A beat counts for 32 words at most: control inputs come beat by beat."""
    point = resolve(reuse="none", rng="xorshift32", lanes=256, scaling="none")
    script = make_script(Stream(point), 20_000)
    assert np.count_nonzero(script.controls & READY) >= 625


@pytest.mark.parametrize("lanes", [8, 31])
def test_about_as_many_words_are_compared_as_are_asked_for(lanes: int):
    """Words under pulses at any time count as well."""
    stream = Stream(resolve(state_bits=16, lanes=lanes, scaling="constant"))
    script = make_script(stream)
    taken = (script.plan.phases == Phase.SHOWING) & (script.controls & (READY | RST) == READY)
    assert TARGET_WORDS <= lanes * np.count_nonzero(taken) <= 1.25 * TARGET_WORDS


def test_what_waits_for_the_host_waits_as_long_as_it_does():
    stream = Stream(POINTS["none4"])
    contract = Contract(stream)
    for control in (RST, RESEED, LOAD, 0, LOAD, RESEED | REPLAY | START, LOAD):
        contract.step(control)
    assert contract.phase is Phase.SHOWING
    assert contract.plan().words == ((1, 0), (1, 1), (1, 2))
    assert contract.plan().reseeds == 1
    assert (contract.epoch, contract.beat) == (1, 0)


def test_a_reset_ends_a_load():
    contract = Contract(Stream(POINTS["none4"]))
    for control in (RST, RESEED, LOAD, RST | LOAD, READY):
        contract.step(control)
    assert contract.plan().words == ((1, 0),)
    assert contract.plan().reseeds == 0
    assert (contract.epoch, contract.beat) == (0, 1)


@every_point
def test_a_cross_left_out_is_missing(name):
    """Of a script that never gives an input to a state, this cross and no other is missing."""
    crosses = Crosses(Stream(POINTS[name]))
    assert len(crosses.goals) > 40
    for state, given in crosses.goals:
        crosses.covered = set(crosses.goals) - {(state, given)}
        assert crosses.missing() == [(state, given)]


@pytest.mark.parametrize("name", RESEEDING)
@pytest.mark.parametrize("asks", ["0", "x"])
def test_a_stream_that_does_not_ask_for_its_words(name, asks, good):
    script, trace = good[name]
    clock = int(np.flatnonzero(script.plan.phases == Phase.LOADING)[0])
    message = caught(name, script, altered(trace, clock, asks + trace[clock][1:]))
    assert message.startswith(f"clock {clock}: ")
    assert f"load_ready is {asks}" in message


@every_point
def test_a_stream_that_asks_for_words_beside_a_beat(name, good):
    script, trace = good[name]
    clock = accepted_clocks(script, trace)[50]
    message = caught(name, script, altered(trace, clock, "1" + trace[clock][1:]))
    assert "load_ready is 1" in message
