"""The points that `sweep --dry-run` prints."""

from __future__ import annotations

import io

from rich.console import Console

from pezoexplore.cli.explore.dry_run import points_table, print_points
from pezoexplore.design.point import AXES, resolve


def printed(terminal, *arguments, **more):
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=60, color_system=None)
    print_points(*arguments, console=console, **more)
    return text.getvalue()


def test_dry_run_lists_points_and_reasons():
    points = [resolve(), resolve(reuse="pool", pool_size=255, reuse_period=64)]
    header, rows = points_table(points)
    assert header == list(AXES)
    assert rows[0][header.index("pool_size")] == ""
    assert rows[1][header.index("reuse_period")] == "64"
    reasons = ["leap 12 [shares] a factor with the period 4095 " + "x" * 80]
    text = printed(False, points, reasons, ["3 points equal others"])
    lines = text.splitlines()
    assert lines[0] == "2 distinct points"
    assert lines[2].split() == [cell for cell in rows[0] if cell]
    assert lines[-2:] == ["collapsed: 3 points equal others", f"skipped: {reasons[0]}"]
    cut = printed(False, points, total=5000)
    assert cut.startswith("5000 distinct points\n")
    assert printed(False, []).startswith("0 distinct points\nrng")


def test_on_a_terminal_the_points_table_shows_only_what_varies():
    points = [resolve(), resolve(reuse="pool", pool_size=255)]
    lines = [line.strip() for line in printed(True, points).splitlines()]
    title, common = lines[0].split("; the same in those shown: ")
    assert title == "2 distinct points"
    assert "rng lfsr, reuse_period inf, bit_width 8, state_bits 8, lanes 31" in common
    assert lines[2].split() == ["reuse", "pool_size", "taps"]
    assert [line.split() for line in lines[4:6]] == [["phased", "xor"], ["pool", "255"]]
    assert "distinct point\n" in printed(True, points[:1])
