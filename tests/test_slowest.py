"""The list of the most expensive tests."""

from __future__ import annotations

from slowest import slowest


def test_the_longest_come_first(tmp_path):
    cases = "".join(
        f'<testcase classname="tests.test_{n}" name="t{n}" time="{n % 4}.5"/>' for n in range(4)
    )
    (tmp_path / "test.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    assert slowest(tmp_path / "test.xml", 2) == [
        (3.5, "tests.test_3::t3"),
        (2.5, "tests.test_2::t2"),
    ]
