from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.sweeps.junit import TestCase, junit_xml, write_junit


def test_counts_and_cases(tmp_path: Path) -> None:
    cases = [
        TestCase("rtl", "good", seconds=1.25),
        TestCase("rtl", "bad <&>", failure="words differ", output="\x1b[31mred\x1b[0m & late"),
        TestCase("rtl", "gone", error="no result after 3 s"),
        TestCase("rtl", "left", skipped="no simulator"),
    ]
    write_junit(tmp_path / "junit.xml", "sweep", cases)
    root = ET.parse(tmp_path / "junit.xml").getroot()
    assert root.tag == "testsuites"
    (suite,) = root
    assert suite.attrib == {
        "name": "sweep",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "1.250",
    }
    good, bad, gone, left = suite
    assert good.attrib == {"classname": "rtl", "name": "good", "time": "1.250"}
    assert len(good) == 0
    assert bad.get("name") == "bad <&>"
    assert bad[0].tag == "failure"
    assert bad[0].get("message") == "words differ"
    assert bad[0].text == "\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}[0m & late"
    assert [child.tag for child in gone] == ["error"]
    assert [child.tag for child in left] == ["skipped"]


@given(st.text(), st.text(alphabet=st.characters()))
def test_any_text_makes_xml_that_parses(name: str, log: str) -> None:
    text = junit_xml(name, [TestCase(name, log, failure=name, output=log)])
    case = ET.fromstring(text.encode())[0][0]
    assert case[0].tag == "failure"
