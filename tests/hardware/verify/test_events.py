"""Functional coverage: every goal is reached by a script, and only by what it names."""

from __future__ import annotations

import pytest
from test_checker import POINTS, WORDS, Model, play, text_of

from pezoexplore.design.point import resolve
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.hardware.verify.checker import check
from pezoexplore.hardware.verify.contract import READY, REPLAY, RESEED, RST, START
from pezoexplore.hardware.verify.engine.events import engine_goals
from pezoexplore.hardware.verify.engine.regress import engine_points
from pezoexplore.hardware.verify.engine.scenarios import SEGMENTS, make_engine_script
from pezoexplore.hardware.verify.events import StreamEvents, stream_goals
from pezoexplore.hardware.verify.script import Script
from pezoexplore.hardware.verify.stimulus import make_script
from pezoexplore.streams.stream import Stream

CHANCE = {"smallest word", "largest word"}
"""A short script of one point may miss these; the points of a module have them together."""


def events_of(point, script):
    stream = Stream(point)
    found = StreamEvents(stream)
    check(stream, script, text_of(play(script, Model(point))), found)
    return found.events()


def walked(name, controls):
    """Events of a script written by hand."""
    return events_of(POINTS[name], Script.of(Stream(POINTS[name]), controls))


@pytest.mark.parametrize("name", POINTS)
def test_a_script_reaches_every_goal_but_for_some_that_chance_decides(name):
    point = POINTS[name]
    found = events_of(point, make_script(Stream(point), WORDS))
    assert set(stream_goals(Stream(point))) - found <= CHANCE
    assert {event for event in found if "reseed" in event} <= set(stream_goals(Stream(point)))


@pytest.mark.parametrize(
    ("controls", "expected"),
    [
        ([RST, READY, READY], set()),
        ([RST, *[READY] * 8], {"eight beats in a row"}),
        ([RST, *[READY] * 7, 0, READY], set()),
        ([RST, 0, READY, 0], set()),
        ([RST, 0, 0, READY], {"a beat stalled for two clocks"}),
        ([RST, READY | START], {"start on an accepted beat"}),
        ([RST, START], {"start on a stalled beat"}),
        ([RST, READY, REPLAY], {"replay on a stalled beat", "replay with nothing kept"}),
        (
            [RST, READY | START, READY | REPLAY | START],
            {"start on an accepted beat", "replay on an accepted beat", "replay over start"},
        ),
        ([RST, READY, RST], {"reset in mid-stream"}),
        ([RST, RST | START | REPLAY], {"reset over start and replay"}),
        ([RST, RST | START, RST | RESEED], set()),
        ([RST, *[READY | RESEED] * 4], set()),  # a point without reseed
    ],
)
def test_an_event_is_what_it_says(controls, expected):
    assert walked("phased", controls) - {"two exponents"} - CHANCE == expected


def test_a_wrap_is_one_of_accepted_beats():
    rows = POINTS["pool"].rows
    steps = [READY] * (rows - 1)
    once, twice = "wrap", "second wrap"
    assert walked("pool", [RST, *steps]) & {once, twice} == set()
    assert walked("pool", [RST, *steps, 0]) & {once, twice} == set()
    assert walked("pool", [RST, *steps, READY]) & {once, twice} == {once}
    assert walked("pool", [RST, *steps, READY | REPLAY]) & {once, twice} == set()
    assert "wrap after a stall" in walked("pool", [RST, *steps, 0, READY])
    crossed = walked("pool", [RST, *steps, READY, READY, READY | REPLAY])
    assert "replay back over the wrap" in crossed
    assert walked("pool", [RST, *[READY] * (2 * rows)]) & {once, twice} == {once, twice}


def test_extreme_words_are_those_that_the_generator_has():
    point = resolve(lanes=3, bit_width=3, state_bits=3, reuse="none", scaling="none")
    assert {"smallest word", "largest word"} <= set(stream_goals(Stream(point)))
    events = StreamEvents(Stream(point))
    for word in (0b101, 0b011):  # -3 and 3: a symmetric lfsr has no -4
        events._take(word)
    assert {"smallest word", "largest word"} <= events.events()


@pytest.mark.parametrize("number", [2, 4, 8])
def test_an_engines_script_reaches_every_goal(number):
    point = engine_points()[number]
    shape = Shape.of(point, SEGMENTS)
    missing = set(engine_goals(shape)) - make_engine_script(point, shape).events
    assert missing == set()


def test_a_short_script_does_not():
    point = engine_points()[2]
    shape = Shape.of(point, SEGMENTS)
    found = make_engine_script(point, shape, 1).events
    assert "minus with new numbers" not in found
    assert "reset in mid-pass" in found


@pytest.mark.parametrize("number", range(len(engine_points())))
def test_an_engine_is_reset_and_written_to_in_every_state(number):
    point = engine_points()[number]
    shape = Shape.of(point, SEGMENTS)
    goals = {goal for goal in engine_goals(shape) if "reset: " in goal or " refused: " in goal}
    kinds = 4 + shape.has_reseed
    assert len([goal for goal in goals if goal.startswith("reset: ")]) == kinds
    assert goals - make_engine_script(point, shape).events == set()
