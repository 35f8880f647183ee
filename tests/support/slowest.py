"""The tests that took longest, from the JUnit XML of their last run."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

COUNT = 10


def slowest(report: Path, count: int = COUNT) -> list[tuple[float, str]]:
    """Return seconds and name of the tests that took longest, the longest first."""
    cases = ET.parse(report).iter("testcase")
    named = (
        (float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}")
        for case in cases
    )
    return sorted(named, reverse=True)[:count]


if __name__ == "__main__":
    lines = [f"{seconds:7.1f} s  {name}\n" for seconds, name in slowest(Path(sys.argv[1]))]
    sys.stdout.writelines(lines)
