"""verify --mutants: whether the benches notice small defects."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pezoexplore.cli.design import verify_mutants
from pezoexplore.regression.mutation_run import COLUMNS, MutantResult, merged


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_every_mutant_has_a_verdict_and_a_row(call, tmp_path):
    answer = call("verify", "rademacher", "--mutants", 3, "--format", "json", "--jobs", 2)
    assert answer.status == 0, answer.err
    document = answer.document
    assert (document["ok"], document["killed"], document["survived"]) == (True, 3, 0)
    listed = rows(tmp_path / document["list"])
    assert [row["mutant"] for row in listed] == [row["mutant"] for row in document["results"]]
    assert {row["file"] for row in listed} == {"rademacher.v"}
    assert all(row["point"].startswith("none rademacher") for row in listed)


@pytest.mark.regression
def test_what_a_list_says_is_taken_over_and_the_rest_stays(call, tmp_path):
    """Nothing is simulated: all mutants of the module are in the list."""
    answer = call("verify", "rademacher", "--mutants", 2, "--mutant-list", "m.csv", "--jobs", 2)
    assert answer.status == 0, answer.err
    first = rows(tmp_path / "m.csv")
    kept = {**first[0], "verdict": "equivalent", "point": "", "reason": "said so"}
    other = {**first[1], "file": "other.v"}
    with (tmp_path / "m.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows([kept, first[1], other])
    again = call("verify", "rademacher", "--mutants", 2, "--mutant-list", "m.csv")
    assert "2 mutants: 1 killed, 100.0 % of those not equivalent, 1 equivalent, 0 survived" in (
        again.out
    )
    assert rows(tmp_path / "m.csv") == [other, *[kept, first[1]]]


@pytest.mark.regression
def test_again_believes_no_verdict_of_the_list(call, tmp_path):
    """One was killed by another design, the other is no defect, says the list; both are tested."""
    words = ("verify", "rademacher", "--mutants", 2, "--mutant-list", "m.csv", "--jobs", 2)
    assert call(*words).status == 0
    path = tmp_path / "m.csv"
    sound = path.read_text(encoding="utf-8")
    killed, equal = rows(path)
    said = [{**killed, "point": "elsewhere"}, {**equal, "verdict": "equivalent", "point": ""}]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(said)
    assert call(*words, "--again").status == 0
    assert path.read_text(encoding="utf-8") == sound


def test_a_few_mutants_do_not_take_the_others_off_the_list():
    """As many as listed, or more, replace them: the others are gone from the RTL."""
    old = [MutantResult("a.v", n, "a", "stuck", "x", "y", n, "killed", "", "") for n in range(3)]
    new = [MutantResult("a.v", n, "a", "stuck", "z", "y", n, "killed", "", "") for n in range(3)]
    assert merged(old, old[:1], whole=True) == old
    assert set(merged(old, [*new, old[0]], whole=True)) == {*new, old[0]}
    assert set(merged(old, new[:1], whole=False)) == {*old, new[0]}


@pytest.mark.parametrize(("least", "status"), [("66", 0), ("67", 1)])
def test_junit_has_a_test_a_mutant(call, tmp_path, monkeypatch, least, status):
    """Two of three not equivalent are killed; the one that survives fails, whatever is enough."""
    verdicts = ["killed", "killed", "survived", "equivalent"]
    found = [
        MutantResult("a.v", n, "a", "stuck", "x", "y", n, v, "", v) for n, v in enumerate(verdicts)
    ]
    monkeypatch.setattr(verify_mutants, "run_mutants", lambda *_, **__: found)
    answer = call("verify", "--mutants", 4, "--least-killed", least, "--junit", "new/m.xml")
    assert answer.status == status
    assert (f"fewer than {least} %" in answer.err) == bool(status)
    suite = ET.parse(tmp_path / "new" / "m.xml").getroot()[0]
    told = [[result.tag for result in case] for case in suite]
    assert told == [[], [], ["failure"], ["skipped"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch", "--mutants", "3"], "nosuch: no such module of rtl/; there are axil_port, "),
        (["lfsrr", "--mutants", "3"], "lfsrr: no such module of rtl/; did you mean lfsr?; there "),
        (["--mutants", "3", "--mutant-list", "bad.csv"], "bad.csv: not a list of mutants"),
        (["--mutants", "0"], "--mutants"),
        (["--mutants", "3", "--waves"], "--sim, --waves and --words are for simulations"),
        (["--formal", "--words", "9"], "--sim, --waves and --words are for simulations"),
        (["--again"], "--mutant-list and --again are for mutants: say how many with --mutants"),
        (["--formal", "--sim", "verilator"], "--sim, --waves and --words are for simulations"),
    ],
)
def test_what_cannot_be_done_is_one_line(call, tmp_path, words, said):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    answer = call("verify", *words)
    assert answer.status == 2
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
