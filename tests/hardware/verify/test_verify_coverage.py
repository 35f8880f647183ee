"""Coverage: what Verilator leaves is read right, and points are put together."""

from __future__ import annotations

import json

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.verify.coverage import (
    Coverage,
    Spot,
    keep_coverage,
    reason,
    reasons,
    write_events,
)
from pezoexplore.hardware.verify.verify import verify_point
from pezoexplore.paths import rtl_dir
from pezoexplore.report.coverage_page import coverage_page, coverage_rows

SOURCE = (
    "module lfsr;\n    always @(posedge clk)\n        if (go)\n            q <= d;\nendmodule\n"
)


def record(kind, line, text, count, name="lfsr.v"):
    fields = {"f": f"/anywhere/{name}", "l": line, "n": 9, "t": kind, "o": text, "h": "top.u"}
    body = "".join(f"\1{key}\2{value}" for key, value in fields.items())
    return f"C '{body}' {count}"


def simulated(folder, *records, hit=("wrap",)):
    """Return a working folder in the state after a simulation and its comparison."""
    folder.mkdir()
    (folder / "lfsr.v").write_text(SOURCE)
    (folder / "coverage.dat").write_text("\n".join(["# SystemC::Coverage-3", *records]) + "\n")
    write_events(folder, ["wrap", "hop"], hit)
    return folder


def taken(tmp_path, *points):
    """Return the coverage of some points of module lfsr."""
    found = Coverage()
    for number, records in enumerate(points):
        kept = tmp_path / f"{number}.json"
        keep_coverage(simulated(tmp_path / str(number), *records), kept)
        found.take(kept, "lfsr")
    return found


def test_points_are_put_together(tmp_path):
    narrow = [
        record("line", 2, "block", 3),
        record("branch", 3, "if", 0),
        record("toggle", 2, "q[0]:0->1", 0),
        record("expr", 3, "(go==0) => 0", 1),
        record("line", 1, "block", 0, "stream_harness.v"),
    ]
    wide = [
        record("branch", 3, "if", 2),
        record("toggle", 2, "q[0]:0->1", 7),
        record("toggle", 2, "q[0]:0->1", 0),  # of another instance
        record("toggle", 2, "q[1]:1->0", 0),
    ]
    found = taken(tmp_path, narrow, wide)
    assert found.modules() == ["lfsr"]
    assert found.counts("line") == {"lfsr": (2, 2)}
    assert found.counts("toggle") == {"lfsr": (1, 2)}
    assert found.counts("event") == {"lfsr": (1, 2)}
    assert found.missing() == [Spot("lfsr", "event", "hop"), Spot("lfsr", "toggle", "q[1]:1->0")]
    first = taken(tmp_path / "0", narrow)
    assert Spot("lfsr", "line", "3: if (go) (if, column 9)") in first.missing()


def test_what_did_not_come_to_its_end_covers_nothing(tmp_path):
    folder = simulated(tmp_path / "work", record("line", 2, "block", 3))
    (folder / "events.json").unlink()
    keep_coverage(folder, tmp_path / "kept.json")
    assert not (tmp_path / "kept.json").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "the simulator left no coverage"),
        ("# SystemC::Coverage-3\nnonsense\n", "not a record of coverage: 'nonsense'"),
    ],
)
def test_data_that_is_not_there_or_not_data(text, said, tmp_path):
    folder = simulated(tmp_path / "work")
    (folder / "coverage.dat").unlink()
    if text is not None:
        (folder / "coverage.dat").write_text(text)
    with pytest.raises(ToolError, match=said):
        keep_coverage(folder, tmp_path / "kept.json")


def test_a_reason_is_found_by_its_pattern():
    known = {"lfsr": {"toggle q[1]:*": "unused"}, "any": {"event h?p": "rare"}}
    assert reason(Spot("lfsr", "toggle", "q[1]:1->0"), known) == "unused"
    assert reason(Spot("lfsr", "toggle", "q[0]:1->0"), known) is None
    assert reason(Spot("lfsr", "toggle", "q1:1->0"), known) is None
    assert reason(Spot("clt", "toggle", "q[1]:1->0"), known) is None
    assert reason(Spot("lfsr", "toggle", "gen_a[0].gen_b.q[1]:1->0"), known) == "unused"
    assert reason(Spot("clt", "event", "hop"), known) == "rare"


def test_the_page_tells_what_is_left_and_why(tmp_path):
    found = taken(tmp_path, [record("toggle", 2, f"q[{i}]:0->1", 0) for i in range(3)])
    known = {"lfsr": {"toggle q[2]*": "Nothing reads it."}}
    assert coverage_rows(found, known) == [["lfsr", "", "", "0/3", "0.0", "1/2", "3"]]
    page = coverage_page(found, known, "the command", "1 design")
    assert "| lfsr |  |  | 0/3 | 0.0 | 1/2 | 3 |" in page
    assert "- Nothing reads it. `q` (1)" in page
    assert "- No reason is given. event `hop`; `q` (2)" in page
    assert coverage_page(Coverage(), {}, "x", "y").endswith("Nothing.\n")


def test_very_many_lines_are_counted(tmp_path):
    found = taken(tmp_path, [record("line", 3, f"part {i}", 0) for i in range(8)])
    page = coverage_page(found, {}, "x", "y")
    assert page.count("line `3: if (go) (part ") == 8
    found = taken(tmp_path / "0", [record("line", 3, f"part {i}", 0) for i in range(9)])
    page = coverage_page(found, {}, "x", "y")
    assert "- No reason is given. 9 lines and branches; event `hop`\n" in page


def test_every_reason_is_of_a_module_and_tells_something():
    known = reasons()
    files = {path.stem for path in rtl_dir().glob("*.v*")}
    assert set(known) <= files | {"any", "perturb_engine"}
    for listed in known.values():
        for pattern, why in listed.items():
            assert pattern.split()[0] in ("line", "toggle", "event")
            assert len(why.split()) > 3


def test_what_is_kept_is_sorted(tmp_path):
    records = [record("toggle", 2, f"q[{i}]:0->1", 1) for i in (2, 0, 1)]
    keep_coverage(simulated(tmp_path / "work", *records), tmp_path / "kept.json")
    spots = json.loads((tmp_path / "kept.json").read_text())["spots"]
    assert spots == sorted(spots)


@pytest.mark.regression
def test_the_widest_state_has_toggles(tmp_path):
    """Verilator leaves out signals of more than 256 bits unless told; Trivium's state has 288."""
    point = resolve(reuse="none", rng="trivium", lanes=1)
    verify_point(
        point, rtl_dir(), tmp_path / "work", tmp_path / "log", words=1000, simulator="verilator",
        coverage=True,
    )  # fmt: skip
    keep_coverage(tmp_path / "work", tmp_path / "kept.json")
    found = Coverage()
    found.take(tmp_path / "kept.json", "trivium")
    assert {f"state[287]:{change}" for change in ("0->1", "1->0")} <= {
        spot.text for spot in found.spots if (spot.module, spot.kind) == ("trivium", "toggle")
    }
