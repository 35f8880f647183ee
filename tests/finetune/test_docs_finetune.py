"""The snippets of docs/finetune.md run, and the log in them replays."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import torch

from pezoexplore.finetune.optimizer import PezoSGD

PAGE = Path(__file__).parents[2] / "docs" / "finetune.md"


def test_the_snippets_run_and_replay(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    train, replay = re.findall(r"^```python$\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    torch.manual_seed(0)
    names: dict[str, object] = {"path": tmp_path / "steps.jsonl"}
    exec(train, names)
    first = names["mean_loss"]
    model = names["model"]
    weights = copy.deepcopy(model)
    names["optimizer"] = PezoSGD(model.parameters(), names["design"], lr=1e-2)
    names["another"] = PezoSGD(weights.parameters(), names["design"], lr=1.0)
    exec(replay, names)
    assert all(map(torch.equal, model.parameters(), weights.parameters()))
    assert names["another"].last.loss != first
