"""A board's top, through the pins of its serial line, trains as the software does: bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixed_reference import Replica, held
from tiny_board import TIMEOUT_S, differing, sources, tiny_session, tiny_trainer, weights_after

from pezoexplore.errors import ToolError
from pezoexplore.hardware.board import protocol
from pezoexplore.hardware.board.boards import BOARDS
from pezoexplore.hardware.board.build import board_trainer
from pezoexplore.hardware.board.protocol import Exchange
from pezoexplore.hardware.board.session import Session, run_of
from pezoexplore.hardware.board.simulate import play
from pezoexplore.hardware.rtl.engine_map import BY_NAME, ID_VALUE
from pezoexplore.streams.stream import Directions


@pytest.mark.parametrize(
    "board",
    [pytest.param(b.name, marks=pytest.mark.regression if n else ()) for n, b in enumerate(BOARDS)],
)
def test_a_small_network_trains_identically(tmp_path, board):
    trainer = tiny_trainer()
    session = tiny_session(trainer)
    assert differing(session, sources(tmp_path, trainer, board)) == []
    assert (list(weights_after(session))[-1] != session.initial).all()


@pytest.mark.regression
@pytest.mark.parametrize("lanes", [1, 4])
def test_other_lanes_train_identically(tmp_path, lanes):
    """Of four lanes the last beat of weights has one that stands for no weight."""
    trainer = tiny_trainer(lanes)
    assert differing(tiny_session(trainer, steps=6), sources(tmp_path, trainer)) == []


@pytest.mark.regression
def test_weights_at_their_rails_train_identically(tmp_path):
    trainer = tiny_trainer()
    session = tiny_session(trainer, steps=20, learning_rate=100.0, batch=20)
    low, high = -(2**15), 2**15 - 1
    assert np.isin(list(weights_after(session))[-1], (low, high)).any()
    assert differing(session, sources(tmp_path, trainer)) == []


@pytest.mark.regression
def test_digits_train_identically(tmp_path):
    trainer = board_trainer()
    session = Session(trainer, run_of(1, 0.01, 1e-3, 2))
    assert differing(session, sources(tmp_path, trainer)) == []


@pytest.mark.regression
@pytest.mark.parametrize("board", [board.name for board in BOARDS])
def test_digits_train_identically_for_some_steps_of_whole_batches(tmp_path, board):
    trainer = board_trainer()
    session = Session(trainer, run_of(8, 0.01, 1e-3, 64))
    assert differing(session, sources(tmp_path, trainer, board)) == []


EDITS = {
    "step_sequencer.v": ("replay_q <= 1'b1;", "replay_q <= 1'b0;"),
    "cross_entropy.v": ("4'ha: coefficient = -18'sd23505;", "4'ha: coefficient = -18'sd23504;"),
    "mlp_forward.v": ("8'd127 : unit[7:0]", "8'd126 : unit[7:0]"),
    "step_size.v": ("40'sd16384", "40'sd0"),
}


@pytest.mark.regression
@pytest.mark.parametrize("file", EDITS)
def test_a_defect_is_found(tmp_path, file):
    old, new = EDITS[file]

    def edit(folder: Path) -> None:
        text = (folder / file).read_text()
        assert text.count(old) == 1
        (folder / file).write_text(text.replace(old, new))

    trainer = tiny_trainer()
    session = tiny_session(trainer, steps=30, learning_rate=2.0)
    assert differing(session, sources(tmp_path, trainer, edit=edit)) != []


def test_a_break_of_the_line_begins_anew(tmp_path):
    """The steps of a run before the break leave nothing that the run after it notices.

    An unfinished command goes first, so that the bytes behind it would be taken for its data.
    """
    trainer = tiny_trainer()
    session = tiny_session(trainer, steps=3)
    first = ["04c", "001", "002", "200"]  # "L", two bytes of weights, the line held low
    assert differing(session, sources(tmp_path, trainer), first) == []


@pytest.mark.regression
def test_a_second_run_needs_no_reset(tmp_path):
    """RESEED = 2, which a run begins with, brings the stream back to its first beat."""
    trainer = tiny_trainer()
    session = tiny_session(trainer, steps=3)
    before = [*session.set_up(), *session.examples(), *session.steps()]
    assert differing(session, sources(tmp_path, trainer), before=before) == []


def test_registers_and_what_is_refused(tmp_path):
    trainer = tiny_trainer()
    shape = BY_NAME["SHAPE"]
    answers = play(
        sources(tmp_path, trainer),
        [
            protocol.read("ID"),
            protocol.read("SHAPE"),
            Exchange(b"W\x00" + bytes(4), 1),  # ID cannot be written
            Exchange(b"?", 1),
            Exchange(b"S\x00\x01\x00", 1),  # no examples
            Exchange(b"S\x00\x01\x41", 1),  # 65
            protocol.read("ID"),
        ],
        tmp_path / "log",
        timeout_s=TIMEOUT_S,
    )
    identity = int.from_bytes(protocol.accepted(answers[0]), "little")
    assert identity == ID_VALUE
    assert int.from_bytes(answers[1][:4], "little") & shape.field("LANES", 511) == 2
    assert [answer[0] for answer in answers[2:6]] == [1, 255, 255, 255]
    assert answers[6] == answers[0]
    with pytest.raises(ToolError, match="refused"):
        protocol.accepted(answers[2])


def test_the_differences_and_steps_are_those_of_the_contract(tmp_path):
    """D and M of each step, by the slow trainer in plain integers."""
    trainer, steps = tiny_trainer(), 6
    session = tiny_session(trainer, steps)
    model, network, task = trainer.network.model, trainer.network, trainer.task
    exchanges = [*session.set_up(), *session.examples(), *session.steps()]
    answers = play(sources(tmp_path, trainer), exchanges, tmp_path / "log", timeout_s=TIMEOUT_S)
    found = [protocol.stepped(answer) for answer in answers[-steps:]]

    values = Directions.of(trainer.point.perturbation(), task.parameters, session.run.seeds)
    arithmetic, rates = trainer.prepare(session.run, values.scale)
    replica = Replica(
        layers=[(w.copy(), b.copy()) for w, b in model.unpack(session.initial.astype(np.int64))],
        weight_points=network.scales.weights,
        activation_points=network.scales.activations,
        weight_bits=16,
        activation_bits=8,
        exponent=arithmetic.exponent,
        update_shift=arithmetic.update_shift,
        noise_bits=8,
        sign=False,
    )
    inputs, expected = network.inputs(task.train.inputs), []
    for step, exchange in enumerate(session.steps()):
        words = np.frombuffer(exchange.sent[4:], "<u2")
        chosen, labels = words & 0xFFF, words >> 12
        assert (task.train.labels[chosen] == labels).all()
        rate = int(rates[step, 0])
        probe = replica.rounded(model.unpack(values.block(step, 1)[0, 0]), None)
        difference = replica.step(inputs[chosen], labels, rate, probe, probe, None)
        size = held((held(difference, 24) * rate + 2**14) // 2**15, 16)
        expected.append((difference, size))
    assert [(one.difference, one.size) for one in found] == expected
    assert len(set(expected)) > 3
