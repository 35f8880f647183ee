from __future__ import annotations

import io
import re

import numpy as np
import pytest
from report_rows import frame_of, quickstart
from rich.console import Console

from pezoexplore.analysis.pareto import front_of_frame
from pezoexplore.cli.terminal import print_table
from pezoexplore.design.conditions import parse_condition
from pezoexplore.errors import DesignError
from pezoexplore.report.tables import annotated_front, front_table, standings_document

OBJECTIVES = ("accuracy_mean", "lut", "ff")


def printed(terminal, *arguments, **more):
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=60, color_system=None)
    print_table(*annotated_front(*arguments, **more), console=console)
    return text.getvalue()


@pytest.fixture
def results(tmp_path):
    frame = frame_of(tmp_path, quickstart())
    return frame, front_of_frame(frame, ["accuracy_mean"], ["lut", "ff"])


def test_front_table_holds_the_front_in_order(results):
    header, rows = front_table(*results, OBJECTIVES)
    assert header == ["design", *OBJECTIVES]
    assert rows == [
        ["pool lfsr8 8b x31 N=255", "83.20 ± 0.70", "14", "10"],
        ["pool lfsr8 8b x31 N=4095", "89.20 ± 0.70", "14", "12"],
        ["phased/shared lfsr16 8b x31 leap 4", "89.30 ± 0.70", "138", "33"],
        ["phased/shared lfsr24 8b x31", "89.40 ± 0.70", "145", "49"],
    ]


def test_order_of_the_results_does_not_matter(results):
    frame, front = results
    turned = front_table(frame.iloc[::-1], front[::-1], OBJECTIVES)
    assert turned == front_table(frame, front, OBJECTIVES)


def test_a_pipe_gets_plain_aligned_lines(results):
    text = printed(False, *results, OBJECTIVES)
    lines = text.splitlines()
    assert lines[0] == "Pareto front: 4 designs"
    assert len(lines) == 6
    assert {len(line) for line in lines[1:]} == {len(lines[1])}
    assert not set(text) & set("│─━┃\x1b")


def test_a_terminal_gets_rules_and_the_same_cells(results):
    text = printed(True, *results, OBJECTIVES)
    assert "─" in text
    assert "89.40 ± 0.70" in text


def test_an_empty_front_is_said(results):
    frame, front = results
    failed = frame.assign(status="failed:train")
    said = printed(False, failed, front & False, OBJECTIVES)
    assert said == f"Pareto front: empty: none of {len(frame)} designs finished\n"
    limit = [parse_condition("accuracy_mean >= 99.5")]
    said = printed(False, frame, front & False, OBJECTIVES, constraints=limit)
    assert "meets the constraint accuracy_mean >= 99.5 (nearest: " in said


def test_warnings_are_given_where_nothing_was_synthesised_and_the_front_is_empty(results):
    frame, front = results
    trained = frame.assign(lut="", ff="", span_share=[0.0002, *[1.0] * (len(frame) - 1)])
    title, header, rows, notes = annotated_front(trained, front & False, OBJECTIVES)
    assert title.startswith("Pareto front: empty: ")
    assert not header and not rows
    (narrow,) = (note for note in notes if "span_share" in note)
    assert narrow.startswith("warning: 1 design reaches less than half of the dimensions")
    assert "down to 0.0002" in narrow


def test_unknown_column(results):
    with pytest.raises(DesignError, match="unknown column 'power'"):
        front_table(*results, ["power"])


def test_neighbours_that_the_seeds_do_not_tell_apart_are_marked(results):
    frame, front = results
    per_seed = {83.2: "82;83;84.6", 89.2: "88;89.2;90.4", 89.3: "90;88.9;89", 89.4: "90.1;89;89.1"}
    accuracies = frame["accuracy_mean"].tolist()
    frame = frame.assign(
        accuracy_per_seed=[per_seed.get(accuracy, "89;89") for accuracy in accuracies],
        front_confidence=[0.97] * len(frame),
    )
    lines = printed(False, frame, front, OBJECTIVES).splitlines()
    assert [re.split(r"  +", line.split("%")[1].strip()) for line in lines[2:6]] == [
        ["+6.00 ± 0.50", "-6.20 ± 4.49", "-6.50 ± 6.35"],
        ["+0.10 ± 4.31 ≈", "-0.20 ± 4.31 ≈", "-0.40 ± 7.62 ≈"],
        ["+0.10 ± 0.00", "-0.10 ± 0.00", "+0.45 ± 6.99 ≈"],
        ["+0.55 ± 6.99 ≈"],
    ]
    assert all("97 %" in line for line in lines[2:6])
    assert lines[6].startswith("≈: not distinguishable")


def test_what_is_not_transitive_is_compared_with_best_and_baseline(results):
    """Neighbours are alike by 2 points each; the first and the last differ by 4."""
    frame, front = results
    noise = np.array([[0.0, 2.1, -2.1, 1.3, -1.3], [0, -2, 2, -1.2, 1.2], [0, 2, -2, 1.3, -1.3]])
    per_seed = {
        83.2: [80.0, 80, 80, 80, 80] + noise[0],
        89.2: [82.0, 82, 82, 82, 82] + noise[1],
        89.3: [82.0, 82, 82, 82, 82] + noise[1],
        89.4: [84.0, 84, 84, 84, 84] + noise[2],
    }
    cells = [
        ";".join(f"{value:.2f}" for value in per_seed.get(accuracy, [84.0] * 5))
        for accuracy in frame["accuracy_mean"]
    ]
    lines = printed(False, frame.assign(accuracy_per_seed=cells), front, OBJECTIVES)
    first, second, *_ = [re.split(r"  +", line)[4:] for line in lines.splitlines()[2:6]]
    assert first[0].endswith("≈") and second[1].endswith("≈")
    assert first[1] == "-4.00 ± 0.09"
    document = standings_document(frame.assign(accuracy_per_seed=cells), front, OBJECTIVES)
    assert document[0]["best"]["mean"] == pytest.approx(-4.0)
    assert document[-1]["best"] is None


def test_an_interval_of_a_percentage_stays_within_its_bounds(results):
    frame, front = results
    wide = frame.assign(accuracy_ci95=[51.0] * len(frame), accuracy_per_seed=["10;90"] * len(frame))
    text = printed(False, wide, front, OBJECTIVES)
    assert "89.20 (38.20 to 100.00)" in text
    assert "warning: 2 seeds" in text


def test_a_front_that_has_not_learned_is_warned_of(results):
    frame, front = results
    noise = frame.assign(accuracy_mean=[11.0] * len(frame), accuracy_ci95=[0.8] * len(frame))
    text = printed(False, noise, front, OBJECTIVES, chance=10.3)
    assert "warning: nothing has learned" in text and "10.3 %" in text
    some = frame.assign(accuracy_ci95=[0.8] * 8 + [80.0] + [0.8] * (len(frame) - 9))
    text = printed(False, some, front, OBJECTIVES, chance=10.3)
    assert "warning: 1 design on the front not shown to be above the 10.3 %" in text
    assert "warning" not in printed(False, frame, front, OBJECTIVES, chance=10.3)
