"""Design files that cannot be read, and files of any content."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import yaml
from design_texts import EXAMPLE, FUZZ, message
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.design.loading import MAX_BYTES, load_design
from pezoexplore.design.point import AXES
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError


def error_for(path: Path) -> str:
    with pytest.raises(DesignError) as error:
        load_design(path)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    missing = tmp_path / "no.yaml"
    assert error_for(missing) == f"{missing}: no such file; give the path of a design file (YAML)"
    assert error_for(tmp_path) == f"{tmp_path}: a folder; give the path of a design file (YAML)"
    below = tmp_path / "file.yaml" / "x.yaml"
    below.parent.write_text("name: a")
    assert error_for(below) == f"{below}: cannot be read (Not a directory)"
    assert "cannot be read" in error_for(Path("a\0b.yaml"))
    assert "no such file" in error_for(tmp_path / "two\nlines.yaml")


def test_a_file_without_permission(tmp_path, monkeypatch):
    """Refused by name; root could read the file whatever its mode."""
    file = tmp_path / "x.yaml"
    file.write_text(EXAMPLE)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    assert error_for(file) == f"{file}: cannot be read (Permission denied)"


def test_a_file_that_is_too_large(load):
    assert message(load, " " * (MAX_BYTES + 1)) == f"x.yaml: too large; allowed: {MAX_BYTES} bytes"


def test_a_byte_order_mark_is_fine(load):
    assert load(b"\xef\xbb\xbfspace: {lanes: 8}").space.lanes == (8,)


def test_aliases_are_fine_but_no_bomb(load):
    assert load("space: &s {lanes: 8}\ninclude: [*s]").include[0].lanes == (8,)
    levels = [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefg", "bcdefgh", strict=True)
    ]
    said = message(load, "a: &a [1, 2, 3]\n" + "\n".join(levels))
    assert "too many values; allowed: 200000, aliases counted" in said


@pytest.mark.parametrize(
    "text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "space: " + "[" * 50 + "]" * 50]
)
def test_deep_nesting(load, text):
    said = message(load, text)
    assert "nested too deeply" in said or "malformed YAML" in said


def test_huge_integers(load):
    assert "cannot be read as int" in message(load, f"train: {{steps: {'9' * 5000}}}")
    assert "got a 1329-bit integer" in message(load, f"train: {{steps: 1{'0' * 400}}}")


def test_keys_with_line_breaks_stay_on_one_line(load):
    assert message(load, '"a\\nb": 1').startswith("x.yaml:1: a b: unknown key")


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.sampled_from(["lfsr", "pool", "lut", "lut <= 5", "xcup", "inf", 8, 31, 1e-3]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from([*AXES, "range", "powers_of_two", "steps", "targets", "minimize"]),
                st.text(max_size=3),
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)  # fmt: skip
FILES = st.dictionaries(
    st.one_of(st.sampled_from(list(DesignSpace.model_fields)), st.text(max_size=3)),
    JSON,
    max_size=5,
)


def loads_or_says_why(load, text: str | bytes, *overrides: str, **axes) -> None:
    try:
        space = load(text, *overrides, **axes)
    except DesignError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert isinstance(space, DesignSpace)


@FUZZ
@given(FILES)
def test_any_mapping_loads_or_says_why(load, data):
    loads_or_says_why(load, yaml.safe_dump(data, allow_unicode=True))


@FUZZ
@given(st.one_of(st.text(), st.text("abc:-[]{}&*!|>'\"#%@,? \n\t18.")))
def test_any_text_loads_or_says_why(load, text):
    loads_or_says_why(load, text.encode("utf-8", "surrogatepass"))
    loads_or_says_why(load, EXAMPLE, text, f"space.lanes={text}")
    loads_or_says_why(load, EXAMPLE, lanes=[text])


@FUZZ
@given(st.binary())
def test_any_bytes_load_or_say_why(load, content):
    loads_or_says_why(load, content)
