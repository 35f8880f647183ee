from __future__ import annotations

from pezoexplore.markdown import markdown_table


def test_a_table_has_a_rule_below_its_header_and_escaped_bars() -> None:
    table = markdown_table(["a|b", "n"], [["x | y", 1], [r"z \| w", None]])
    assert table == "\n".join(
        [r"| a\|b | n |", "| --- | --- |", r"| x \| y | 1 |", r"| z \| w | None |"]
    )
