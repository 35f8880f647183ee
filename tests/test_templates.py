"""Templates: parts that are kept, values that are inserted as they are."""

from __future__ import annotations

import pytest

from pezoexplore.templates import fill

NESTED = """always
//@if a
  a
#@if b&!c|d
  b
#@end
//@end
"""


@pytest.mark.parametrize(
    ("tags", "kept"),
    [("", ""), ("b", ""), ("a", "a"), ("ab", "ab"), ("abc", "a"), ("acd", "ab")],
)
def test_a_part_is_kept_if_it_and_those_around_it_hold(tags: str, kept: str) -> None:
    assert fill(NESTED, tags).split() == ["always", *kept]


def test_values_are_inserted_once_and_as_they_are() -> None:
    values = {"first": "@second@ //@end $x \\1", "second": "2", "none": ""}
    text = fill("<@first@>\n@none@\n@second@@other@", values=values)
    assert text == "<@second@ //@end $x \\1>\n2@other@"
