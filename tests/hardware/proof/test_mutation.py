"""Mutation testing: a few mutants tested and proven, and the list of many."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from pezoexplore.errors import ToolError
from pezoexplore.hardware.proof import mutation
from pezoexplore.hardware.proof.equivalence import proven_points, proves_equal
from pezoexplore.hardware.proof.mutants import Mutant, mutants_of
from pezoexplore.hardware.rtl.build import source_names
from pezoexplore.hardware.verify.directed.verify import DIRECTED
from pezoexplore.paths import rtl_dir
from pezoexplore.regression.mutation_run import EQUIVALENT, KILLED, SURVIVED, by_file, read_list

LIST = Path(__file__).parents[1] / "mutants.csv"


@pytest.fixture(scope="module")
def library() -> dict[str, list[Mutant]]:
    return mutation.library_mutants(rtl_dir(), by_file(read_list(LIST)))


def the_mutant(
    file: str, mutant: str, folder: Path | None = None, scope: str | None = None
) -> Mutant:
    source = ((folder or rtl_dir()) / file).read_text(encoding="utf-8")
    there = [each for each in mutants_of(file, source) if each.mutant == mutant]
    (found,) = [each for each in there if each.scope == (scope or each.scope)]
    return found


def simulated(mutant: Mutant, folder: Path, tmp_path: Path) -> mutation.Verdict:
    (tmp_path / "work").mkdir()
    return mutation.simulate_mutant(mutant, folder, tmp_path / "work", tmp_path / "log")


def test_a_defect_is_noticed(tmp_path):
    changed = "{1'b0, (~state[31 : 1])} ^ {state[30 : 0], 1'b0} ^ (state & RULE_150)"
    mutant = the_mutant("ca.v", f"assign next_state = {changed}")
    found = simulated(mutant, rtl_dir(), tmp_path)
    assert found == mutation.Verdict("killed", mutation.points_for("ca.v")[0][0].label())


def test_a_simulation_that_breaks_off_by_itself_kills_nothing(tmp_path, monkeypatch):
    point, words = mutation.points_for("ca.v")[0]
    outcomes = iter([ToolError("no memory"), {"rtl_status": "pass"}])

    def broken_off_once(*_, **__):
        outcome = next(outcomes)
        if isinstance(outcome, ToolError):
            raise outcome
        return outcome

    monkeypatch.setattr(mutation, "points_for", lambda file: ((point, words),))
    monkeypatch.setattr(mutation, "verify_point", broken_off_once)
    changed = "{1'b0, (~state[31 : 1])} ^ {state[30 : 0], 1'b0} ^ (state & RULE_150)"
    mutant = the_mutant("ca.v", f"assign next_state = {changed}")
    found = simulated(mutant, rtl_dir(), tmp_path)
    assert found == mutation.Verdict("survived", simulated=(point,))


def test_a_mutant_that_cannot_be_built_does_not_count(tmp_path, monkeypatch):
    points = [p for p in mutation.small_points() if "box_muller.v" in source_names(p)]
    monkeypatch.setattr(mutation, "points_for", lambda file: [(point, 1000) for point in points])
    text = ".value(1'b0)"
    mutant = the_mutant("box_muller.v", text, scope="box_muller:u_radius_0")
    assert simulated(mutant, rtl_dir(), tmp_path) == mutation.Verdict("invalid")


def spare_wire(tmp_path: Path) -> Path:
    """Return a copy of the RTL with an unused wire, for an equivalent mutant."""
    copy = tmp_path / "spare"
    shutil.copytree(rtl_dir(), copy)
    path = copy / "lut6.v"
    text = path.read_text(encoding="utf-8")
    assert text.count("    assign value") == 1
    edited = text.replace("    assign value", "    wire spare = &index;\n    assign value")
    path.write_text(edited, encoding="utf-8")
    return copy


@pytest.mark.regression
def test_a_mutant_that_changes_nothing_survives_and_is_proven(tmp_path, monkeypatch):
    copy = spare_wire(tmp_path)
    mutant = the_mutant("lut6.v", "wire spare = | index", copy)
    point = mutation.points_for("lut6.v")[0][0]
    monkeypatch.setattr(mutation, "points_for", lambda file: ((point, 1000),))
    found = simulated(mutant, copy, tmp_path)
    assert found == mutation.Verdict("survived", simulated=(point,))
    proven = proven_points(mutant, found.simulated, copy, tmp_path / "proof", tmp_path / "log")
    assert proven == (point,)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "changed"),
    [
        pytest.param("lut6.v", "assign value = TABLE[1'b0]", marks=pytest.mark.regression),
        ("stream_none.v", "state_q <= (SEEDS + 1) ^ STORED"),  # Yosys compares no initial values
    ],
)
def test_a_defect_is_not_proven(file, changed, tmp_path):
    point = mutation.points_for(file)[0][0]
    mutant = the_mutant(file, changed)
    assert not proves_equal(mutant, point, rtl_dir(), tmp_path / "proof", tmp_path / "log")


@pytest.mark.slow
def test_nothing_is_killed_by_a_bench_that_fails_anyway(tmp_path, monkeypatch):
    copy = tmp_path / "broken"
    shutil.copytree(rtl_dir(), copy)
    path = copy / "rademacher.v"
    path.write_text(path.read_text(encoding="utf-8").replace("80200003", "80200001"))
    mutant = the_mutant("rademacher.v", "input wire [31 - 1 : 0] state", copy)
    with pytest.raises(ToolError, match="as it is: run `pezoexplore verify`"):
        simulated(mutant, copy, tmp_path)


def test_every_file_has_points_that_test_it(library):
    assert set(library) == {path.name for path in rtl_dir().iterdir()}
    for file in library:
        points = [point for point, _ in mutation.points_for(file)]
        assert points
        assert all(point.fixed_point or file in source_names(point) for point in points)


def test_the_list_is_of_the_rtl_and_no_worse_than_it_was(library):
    """Rows whose statement has changed since do not count; test the mutants of a file again with

    pezoexplore verify --mutants N MODULE --mutant-list tests/hardware/mutants.csv
    """
    there = {mutant.identity for mutants in library.values() for mutant in mutants}
    rows = [row for row in read_list(LIST) if row.identity in there]
    verdicts = Counter(row.verdict for row in rows)
    assert set(verdicts) <= {KILLED, SURVIVED, EQUIVALENT}
    assert len(rows) >= 500
    assert verdicts[KILLED] >= 0.99 * (verdicts[KILLED] + verdicts[SURVIVED])
    for row in rows:
        labels = {point.label() for point, _ in mutation.points_for(row.file)}
        if (module := Path(row.file).stem) in DIRECTED:
            labels.add(f"{module}, directed tests")
        assert (row.point in labels) if row.verdict == KILLED else not row.point
        assert (len(row.reason) > 20) == (row.verdict != KILLED)
