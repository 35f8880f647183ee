"""The comparison of Gaussians with reused uniform numbers, on rows made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pezoexplore.analysis import compare
from pezoexplore.design.point import resolve
from pezoexplore.report.plots.compare_plot import draw_comparison
from pezoexplore.sweeps.rows import result_row, typed_row

KL = {"clt": 5.6e-4, "treegrng": 2.1e-4, "icdf": 3.8e-4, "table_hadamard": 8e-5}


def row(target: str = "xcup", cells: dict[str, Any] | None = None, **axes: Any) -> dict[str, Any]:
    point = resolve(**axes)
    identity = point.label()[:12]
    # A column that some later version writes is a number like any other.
    return {**(cells or {}), **typed_row(result_row(identity, target, "ok", point, cells or {}))}


def costs(lut: float, ff: float, *seeds: float, **more: Any) -> dict[str, Any]:
    mean = sum(seeds) / len(seeds)
    trained = {"accuracy_mean": mean, "accuracy_ci95": 1.0, "accuracy_per_seed": list(seeds)}
    return {"lut": lut, "ff": ff, **trained, **more}


def rows() -> list[dict[str, Any]]:
    return [
        row(
            rng="gaussian", reuse="none", cells=costs(0, 0, 90, 91, 92) | {"lut": None, "ff": None}
        ),
        row(rng="clt", reuse="none", cells=costs(100, 10, 90, 90, 90)),
        row(rng="treegrng", reuse="none", cells=costs(1000, 200, 90, 91, 92)),
        row(rng="table_hadamard", reuse="none", cells=costs(800, 100, 90, 91, 92)),
        row(rng="icdf", reuse="none", cells=costs(2000, 100, 90, 91, 92)),
        row(reuse="bank", cells=costs(400, 110, 90.5, 91.5, 92.5)),
        row(reuse="phased", state_bits=24, cells=costs(200, 50, 80, 91, 92)),
        row(reuse="phased", state_bits=24, bit_width=1, cells=costs(20, 50, 88, 89, 90)),
        row(rng="lut_opt", reuse="none", cells=costs(300, 576, 90, 91, 92)),
    ]


def by_label(found: compare.Comparison) -> dict[str, compare.Line]:
    return {line.label: line for line in found.lines}


def test_the_reference_is_the_cheapest_gaussian_that_is_near_enough() -> None:
    (found,) = compare.compare_rows(rows(), KL)
    assert found.reference == "none table_hadamard 8b x31"  # clt is cheaper, and too far
    assert found.alone is not None and found.alone.label == "none treegrng 8b x31"
    (other,) = compare.compare_rows(rows(), KL | {"clt": 4e-4})
    assert other.reference == "none clt 8b x31" and other.alone is None


def test_changes_and_differences_are_against_the_reference() -> None:
    (found,) = compare.compare_rows(rows(), KL)
    lines = by_label(found)
    bank = lines["bank lfsr8 8b x31"]
    assert bank.change == pytest.approx({"lut": -50.0, "ff": 10.0})
    assert bank.drop is not None and bank.drop.mean == pytest.approx(0.5)
    assert bank.drop.half == pytest.approx(0.0) and bank.not_worse is True
    phased = lines["phased/xor lfsr24 8b x31"]
    assert phased.drop is not None and phased.drop.mean == pytest.approx(-10 / 3)
    assert phased.not_worse is False
    reference = lines[found.reference]
    assert reference.drop is None and reference.not_worse is None
    assert lines["none gaussian"].change == {} and lines["none gaussian"].kind == "software"


def test_columns_without_a_number_are_left_out() -> None:
    (found,) = compare.compare_rows(rows(), KL)
    assert list(found.costs) == ["lut", "ff"]
    more = [*rows(), row(reuse="bank", leap=7, cells=costs(1, 1, 1, 2, power_mw_est=2.0, bram=1))]
    (found,) = compare.compare_rows(more, KL)
    assert list(found.costs) == ["lut", "ff", "bram", "power_mw_est"]
    header, cells = compare.table(found)
    assert "power (mW, est.)" in header and "power %" not in header
    assert all(len(line) == len(header) for line in cells)


def test_sentences_take_designs_of_equal_width_and_name_what_beats_the_bank() -> None:
    (found,) = compare.compare_rows(rows(), KL)
    said = "\n".join(compare.sentences(found))
    assert (
        "Cheapest phased of 8 bits (none sure not to be worse): phased/xor lfsr24 8b x31 ag" in said
    )
    assert "phased/xor lfsr24 8b x31 against the reference: -75.0 % LUT, -50.0 % FF" in said
    assert (
        "bank of 8 bits (not worse): bank lfsr8 8b x31 against the reference: -50.0 % LUT" in said
    )
    assert "against none treegrng 8b x31: -60.0 % LUT, -45.0 % FF" in said
    last = said.splitlines()[-1]
    assert last == (
        "Fewer LUTs than the cheapest bank: phased/xor lfsr24 1b x31 (20), none clt 8b x31 (100), "
        "phased/xor lfsr24 8b x31 (200), none lut_opt 8b x31 (300)."
    )


def test_the_cheapest_that_is_not_worse_is_named() -> None:
    better = row(reuse="phased", state_bits=16, cells=costs(250, 33, 90, 91, 92))
    (found,) = compare.compare_rows([*rows(), better], KL)
    said = "\n".join(compare.sentences(found))
    assert (
        "Cheapest phased of 8 bits (not worse): phased/xor lfsr16 8b x31 against the reference"
        in said
    )


def test_targets_are_compared_apart() -> None:
    asic = [
        row("osu018", rng="treegrng", reuse="none", cells={"area_um2": 200.0}),
        row("osu018", rng="icdf", reuse="none", cells={"area_um2": 100.0}),
        row("osu018", reuse="bank", cells={"area_um2": 50.0}),
    ]
    found = compare.compare_rows([*rows(), *asic], KL)
    assert [item.target for item in found] == ["xcup", "osu018"]
    assert found[1].reference == "none icdf 8b x31"
    assert by_label(found[1])["bank lfsr8 8b x31"].change == pytest.approx({"area_um2": -50.0})
    assert "none gaussian" in by_label(found[1])
    page = compare.markdown(found, "title", "pezoexplore compare", "a.png")
    assert "## Target xcup" in page and "## Target osu018" in page and "2504.20314" in page


def test_without_costs_the_nearest_gaussian_is_the_reference(tmp_path: Path) -> None:
    trained = [
        row(rng=rng, reuse="none", cells={"accuracy_per_seed": [90.0, 91.0]})
        for rng in ("treegrng", "table_hadamard")
    ]
    (found,) = compare.compare_rows(trained, KL)
    assert found.reference == "none table_hadamard 8b x31" and found.costs == []
    assert all(path.is_file() for path in draw_comparison(found, tmp_path))


def test_without_a_gaussian_there_is_nothing_to_compare() -> None:
    assert compare.compare_rows([row(reuse="bank", cells=costs(1, 1, 90, 91))], KL) == []
    failed = rows()
    for line in failed:
        line["status"] = "failed:train"
    assert compare.compare_rows(failed, KL) == []


def test_the_plot_is_the_same_every_time(tmp_path: Path) -> None:
    (found,) = compare.compare_rows(rows(), KL)
    first = draw_comparison(found, tmp_path / "a")
    again = draw_comparison(found, tmp_path / "b")
    assert [path.name for path in first] == ["compare_xcup.png", "compare_xcup.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    svg = first[1].read_text()
    for line in found.lines:
        assert line.label in svg


def test_the_document_has_what_the_table_has() -> None:
    (found,) = compare.compare_rows(rows(), KL)
    shown = compare.document(found)
    bank = next(item for item in shown["designs"] if item["design"] == "bank lfsr8 8b x31")
    assert bank["lut"] == 400 and bank["not_worse"] is True and bank["seeds"] == 3
    assert bank["change_percent"]["lut"] == pytest.approx(-50.0)
