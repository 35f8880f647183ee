"""The arms of generator.v."""

from __future__ import annotations

from pezoexplore.hardware.rtl.ladder import FILE, with_arms
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.registry import families, family

TEXT = (rtl_dir() / FILE).read_text(encoding="utf-8")


def test_the_committed_arms_are_those_of_the_families():
    assert with_arms(TEXT, [item for item in families() if item.in_hardware]) == TEXT


def test_one_family_alone_is_one_arm():
    text = with_arms(TEXT, [family("ca")])
    assert text.count("KIND ==") == 1
    assert "ca u_ca" not in text and "u_ca (" in text and "clt" not in text
    assert text.startswith(TEXT[:200]) and text.endswith("endmodule\n\n`resetall\n")
