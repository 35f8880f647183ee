"""SST-2 sentences from a local file, and k examples per class of them.

The file is GLUE's (https://gluebenchmark.com: SST-2/train.tsv or dev.tsv): tab-separated, the first
line names the columns, among them ``sentence`` and ``label``, 0 for negative and 1 for positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pezoexplore.errors import DesignError

CLASSES = (0, 1)
"""Labels: negative, positive."""


@dataclass(frozen=True)
class Example:
    """A sentence and its class, 0 or 1."""

    sentence: str
    label: int


def read_examples(path: Path) -> list[Example]:
    """Read all examples of a file.

    Raises:
        DesignError: There is no such file, or it is not of this form; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DesignError(
            f"{path}: cannot be read ({error.strerror}); give SST-2's train.tsv or dev.tsv, "
            "from https://gluebenchmark.com"
        ) from None
    except UnicodeDecodeError:
        raise DesignError(f"{path}: not a text file in UTF-8") from None
    columns = lines[0].split("\t") if lines else []
    if not {"sentence", "label"} <= set(columns):
        raise DesignError(
            f"{path}, line 1: must name the columns sentence and label, separated by a tab; "
            f"it has: {', '.join(columns)[:80] or 'nothing'}"
        )
    at, label_at = columns.index("sentence"), columns.index("label")
    examples = []
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(columns) or cells[label_at] not in ("0", "1"):
            raise DesignError(f"{path}, line {number}: must be a sentence, a tab and 0 or 1")
        examples.append(Example(cells[at].strip(), int(cells[label_at])))
    return examples


def few_shot(
    examples: Sequence[Example], shots: int, seed: int
) -> tuple[list[Example], list[Example]]:
    """Draw the same number of examples of each class.

    Args:
        examples: Examples to draw from.
        shots: Examples per class, k.
        seed: Random seed; the same seed draws the same examples.

    Returns:
        The examples drawn and the others, both in the order of the file.

    Raises:
        DesignError: A class has fewer examples.
    """
    rng = np.random.default_rng(seed)
    chosen: set[int] = set()
    for label in CLASSES:
        own = [i for i, example in enumerate(examples) if example.label == label]
        if len(own) < shots:
            raise DesignError(
                f"{len(own)} examples of label {label} are fewer than the {shots} requested: "
                "lower --shots or give a larger file"
            )
        chosen.update(rng.permutation(own)[:shots].tolist())
    return (
        [example for i, example in enumerate(examples) if i in chosen],
        [example for i, example in enumerate(examples) if i not in chosen],
    )
