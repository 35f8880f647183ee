"""JUnit XML, as CI servers read it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pezoexplore.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, such as the escape of coloured output."""


@dataclass(frozen=True)
class TestCase:
    """One test.

    Attributes:
        suite: Group of the test, such as the module under test.
        name: Name of the test.
        seconds: How long it took.
        failure: One line on why it failed; None if it passed.
        error: One line on why it came to no verdict (crash, timeout); None if it did.
        skipped: One line on why it was not run; None if it was.
        output: End of its log.
    """

    __test__ = False  # not a test for pytest to collect

    suite: str
    name: str
    seconds: float = 0.0
    failure: str | None = None
    error: str | None = None
    skipped: str | None = None
    output: str = ""


def junit_xml(name: str, cases: Sequence[TestCase]) -> str:
    """Return JUnit XML of one test suite.

    Args:
        name: Name of the suite.
        cases: Its tests, in the order written.
    """
    suite = ET.Element(
        "testsuite",
        name=_clean(name),
        tests=str(len(cases)),
        failures=str(sum(case.failure is not None for case in cases)),
        errors=str(sum(case.error is not None for case in cases)),
        skipped=str(sum(case.skipped is not None for case in cases)),
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    for case in cases:
        _add(suite, case)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def write_junit(path: Path, name: str, cases: Sequence[TestCase]) -> None:
    """Write JUnit XML of one test suite, all or nothing.

    Raises:
        RunDirError: It cannot be written.
    """
    write_atomically(path, junit_xml(name, cases))


def _add(suite: ET.Element, case: TestCase) -> None:
    element = ET.SubElement(
        suite,
        "testcase",
        classname=_clean(case.suite),
        name=_clean(case.name),
        time=f"{case.seconds:.3f}",
    )
    results = (("failure", case.failure), ("error", case.error), ("skipped", case.skipped))
    for tag, message in results:
        if message is not None:
            ET.SubElement(element, tag, message=_clean(message)).text = _clean(case.output)
            return
    if case.output:
        ET.SubElement(element, "system-out").text = _clean(case.output)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
