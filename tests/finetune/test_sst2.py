"""A tiny checkpoint on a local file: trained, saved and replayed; and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import transformers
from checkpoints import checkpoint, sst2_file
from typer.testing import CliRunner

from pezoexplore.finetune.few_shot import Example
from pezoexplore.finetune.sentiment import load_classifier
from pezoexplore.finetune.sst2 import app
from pezoexplore.finetune.steplog import read_log


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both checkpoints and a file of examples."""
    made = tmp_path_factory.mktemp("sst2")
    for kind in ("roberta", "opt"):
        checkpoint(made / kind, kind)
    sst2_file(made / "train.tsv")
    return made


def run(folder: Path, *arguments: str, kind: str = "opt") -> tuple[int, str, str]:
    """Exit status, stdout, stderr of a short run; later options override earlier ones."""
    options = ["--model", str(folder / kind), "--data", str(folder / "train.tsv"), "--steps", "3"]
    done = CliRunner().invoke(app, [*options, *arguments], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("kind", ["roberta", pytest.param("opt", marks=pytest.mark.slow)])
def test_a_checkpoint_learns_is_saved_and_replayed_to_the_same_bytes(
    folder: Path, tmp_path: Path, kind: str
) -> None:
    design = ("--rng", "xorshift32", "--epsilon", "0.01")
    status, out, err = run(
        folder,
        *("--steps", "80", "--lr", "0.003", "--out", str(tmp_path / "run"), "--json", *design),
        kind=kind,
    )
    found = json.loads(out)
    assert status == 0 and "step 80 of 80: loss" in err
    assert found["accuracy_after"] > found["accuracy_before"] + 20
    assert found["test_examples"] == 28 and found["steps"] == 80
    log = tmp_path / "run" / "steps.jsonl"
    assert found["files"] == [str(log), str(tmp_path / "run" / "model")]
    assert len(read_log(log)[1]) == 80
    again = ("--replay", str(log), "--out", str(tmp_path / "again"), *design)
    assert run(folder, *again, kind=kind)[0] == 0
    tuned, replayed = (
        (tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("run", "again")
    )
    assert tuned == replayed != (folder / kind / "model.safetensors").read_bytes()


def test_the_same_seed_gives_the_same_run_and_another_seed_another(
    folder: Path, tmp_path: Path
) -> None:
    logs = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(folder, "--seed", seed, "--out", str(tmp_path / name))[0] == 0
        logs.append((tmp_path / name / "steps.jsonl").read_bytes())
    assert logs[0] == logs[1] != logs[2]


def test_a_test_file_is_used_up_to_a_number_of_examples(folder: Path) -> None:
    other = ("--test", str(folder / "train.tsv"), "--test-examples", "50", "--steps", "0")
    status, out, _ = run(folder, *other)
    assert status == 0 and "on 50 examples" in out


@pytest.mark.parametrize("kind", ["roberta", "opt"])
def test_the_prompt_reads_the_word_where_it_belongs(folder: Path, kind: str) -> None:
    model = load_classifier(folder / kind, "cpu")
    sentence = "warm film"
    text = f"{sentence} It was" + ("<mask>." if kind == "roberta" else "")
    ids = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    ids = [0, *ids, 2] if kind == "roberta" else [0, *ids]
    at = ids.index(model.tokenizer.mask_token_id) if kind == "roberta" else -1
    with torch.no_grad():
        expected = model.model(input_ids=torch.tensor([ids])).logits[0, at, list(model.words)]
        longer = Example("warm story with noise in it " * 40, 0)
        found = model.logits([longer, Example(sentence, 1)])
    assert model.tokenizer.convert_ids_to_tokens(list(model.words)) == [
        "Ġterrible",
        "Ġgreat",
    ]
    assert torch.allclose(found[1], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "nowhere"), "--model nowhere: no config.json there; give the folder of a"),
        (("--data", "nowhere.tsv"), "nowhere.tsv: cannot be read"),
        (("--shots", "31"), "30 examples of label 0 are fewer than the 31"),
        (("--shots", "30"), "no examples are left to test on"),
        (("--rng", "dice"), "got 'dice'; allowed:"),
        (("--reuse", "bank", "--rng", "clt"), "not a legal combination"),
        (("--device", "cuda:7"), "--device cuda:7:"),
        (("--epsilon", "0"), "epsilon 0.0 is out of range"),
        (("--replay", "{}/train.tsv"), "train.tsv, line 1: not a line of a log"),
        (("--replay", "nowhere.jsonl"), "nowhere.jsonl: cannot be read"),
        (("--out", "{}/train.tsv/run"), "cannot be created"),
    ],
)
def test_what_is_absent_or_wrong_is_one_line(
    folder: Path, options: tuple[str, str], message: str
) -> None:
    status, out, err = run(folder, *(text.replace("{}", str(folder)) for text in options))
    last = err.splitlines()[-1]
    assert (status, out) == (2, "")
    assert last.startswith("error: ") and message in last


def test_a_log_of_another_run_is_refused(folder: Path, tmp_path: Path) -> None:
    assert run(folder, "--out", str(tmp_path))[0] == 0
    status, _, err = run(folder, "--replay", str(tmp_path / "steps.jsonl"), "--seed", "5")
    assert status == 2 and "made with another seed: 0, not 5" in err


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("config.json", None), "no config.json there"),
        (("config.json", '{"model_type": "bert"}'), "model_type bert is not one of roberta, opt"),
        (("config.json", "{"), "config.json cannot be read"),
        (("model.safetensors", None), "the weights cannot be read"),
        (("model.safetensors", "not tensors"), "the weights cannot be read"),
        (("tokenizer.json", "{}"), "the tokenizer cannot be read"),
    ],
)
def test_a_damaged_checkpoint_is_one_line(
    folder: Path, tmp_path: Path, edit: tuple[str, str | None], message: str
) -> None:
    checkpoint(tmp_path, "opt")
    name, content = edit
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content)
    status, _, err = run(folder, "--model", str(tmp_path))
    assert status == 2 and err.count("\n") == 1
    assert err.startswith(f"error: --model {tmp_path}: ") and message in err


def test_words_that_begin_alike_are_refused(folder: Path, tmp_path: Path) -> None:
    checkpoint(tmp_path, "opt")
    plain = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert plain.tokenize(" great") != plain.tokenize(" terrible")
    tokenizer = json.loads((tmp_path / "tokenizer.json").read_text())
    tokenizer["model"]["merges"] = []
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    status, _, err = run(folder, "--model", str(tmp_path))
    assert status == 2 and "begins terrible and great alike" in err
