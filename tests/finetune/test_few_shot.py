"""Sentences from a file, and k of each class."""

from __future__ import annotations

from pathlib import Path

import pytest

from pezoexplore.errors import DesignError
from pezoexplore.finetune.few_shot import Example, few_shot, read_examples

EXAMPLES = [Example(f"sentence {i}", int(i % 3 == 0)) for i in range(40)]


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "train.tsv"
    path.write_text('index\tlabel\tsentence\n0\t1\ta fine film \n1\t0\tdull, "so" dull\n')
    assert read_examples(path) == [Example("a fine film", 1), Example('dull, "so" dull', 0)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"absent.tsv: cannot be read \(No such file .*gluebenchmark"),
        (b"", "line 1: must name the columns sentence and label.*it has: nothing"),
        (b"index\tsentence\n0\tgood\n", "it has: index, sentence"),
        (b"sentence\tlabel\ngood\t1\nbad\t-1\n", "line 3: must be a sentence, a tab and 0 or 1"),
        (b"sentence\tlabel\ngood 1\n", "line 2"),
        (b"\xff\xfe\x00", "not a text file"),
    ],
)
def test_what_is_wrong_with_a_file_is_reported(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "absent.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DesignError, match=message):
        read_examples(path)


def test_k_of_each_class_are_drawn_and_the_others_left() -> None:
    chosen, rest = few_shot(EXAMPLES, 5, seed=0)
    assert [example.label for example in chosen].count(0) == 5 and len(chosen) == 10
    assert sorted(chosen + rest, key=EXAMPLES.index) == EXAMPLES
    assert few_shot(EXAMPLES, 5, seed=0) == (chosen, rest)
    assert few_shot(EXAMPLES, 5, seed=1)[0] != chosen


def test_too_few_of_a_class_is_an_error() -> None:
    with pytest.raises(DesignError, match="14 examples of label 1 are fewer than the 15 requested"):
        few_shot(EXAMPLES, 15, seed=0)
