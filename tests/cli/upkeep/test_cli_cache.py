from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_calls import Answer

from pezoexplore.sweeps.cache import VARIABLE, Cache
from pezoexplore.sweeps.stage import canonical_json, sha256
from pezoexplore.sweeps.store import Record


def filled(folder: Path, count: int = 3) -> Cache:
    cache = Cache(folder)
    for number in range(count):
        content = canonical_json({"stage": "train", "target": None, "key": number})
        payload = '{"accuracy_mean":90.0}'
        cache.put(Record(sha256(content), "train", content, "ok", payload, "", 2.0, "log"))
    return cache


def test_stats_verify_prune_export_import(call, tmp_path: Path) -> None:
    cache = filled(tmp_path / "cache")
    stats: Answer = call("cache", "stats", "--cache", cache.folder, "--format", "json")
    found = json.loads(stats.out)
    assert (found["entries"], found["by_stage"], found["seconds"]) == (3, {"train": 3}, 6.0)
    assert call("cache", "export", tmp_path / "all.gz", "--cache", cache.folder).status == 0
    taken = call(
        "cache", "import", tmp_path / "all.gz", "--cache", tmp_path / "b", "--format", "json"
    )
    assert json.loads(taken.out) == {"ok": True, "taken": 3, "refused": 0}
    assert call("cache", "verify", "--cache", tmp_path / "b").status == 0
    victim = next((tmp_path / "b" / "entries").glob("*/*"))
    victim.write_bytes(victim.read_bytes()[:-9])
    bad = call("cache", "verify", "--cache", tmp_path / "b", "--format", "json")
    assert bad.status == 1
    assert json.loads(bad.out) == {"ok": False, "sound": 2, "damaged": [victim.name]}
    pruned = call(
        "cache", "prune", "--cache", tmp_path / "b", "--max-size", "0", "--format", "json"
    )
    assert json.loads(pruned.out) == {"removed": 2, "entries": 0}


def test_the_environment_names_the_cache(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "cache")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    assert "3 results" in call("cache", "stats").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cache", "stats"), "no cache named: say which with --cache DIR or PEZOEXPLORE_CACHE"),
        (("cache", "stats", "--cache", "none"), "no cache at none: check --cache"),
        (("cache", "export", "out.gz", "--cache", "none"), "no cache at none: check --cache"),
        (("cache", "prune", "--cache", "c", "--max-size", "big"), "--max-size: 'big' is no size"),
        (("cache", "prune", "--cache", "c", "--stage", "x"), "--stage: unknown stage 'x'"),
        (("cache", "import", "none.gz", "--cache", "c"), "cannot read none.gz"),
        (("sweep", "--executor", "ray"), "--executor: unknown 'ray'; allowed: local, dask"),
        (("sweep", "--scheduler", "tcp://a:1", "--cluster", "c.yaml"), "give one of them"),
        (
            ("sweep", "--executor", "local", "--cluster", "c.yaml"),
            "--cluster needs --executor dask",
        ),
        (("sweep", "--cache", "c", "--no-cache"), "--cache and --no-cache: give one of them"),
        (("sweep", "--stages", "train", "--cluster", "none.yaml"), "none.yaml: cannot be read"),
    ],
)
def test_what_is_wrong_is_one_line(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    filled(tmp_path / "c")
    monkeypatch.delenv(VARIABLE, raising=False)
    answer = call(*words)
    assert answer.status == 2
    (line,) = [text for text in answer.err.splitlines() if text.startswith("error: ")]
    assert said in line
    assert not (tmp_path / "none").exists()


DESIGN = """\
name: small
space: {rng: [lfsr], reuse: [phased], bit_width: [4], lanes: [7]}
train: {steps: 20, seeds: 2, learning_rates: [0.005]}
"""


@pytest.mark.regression
def test_two_directories_and_one_cache_run_once(call, tmp_path: Path) -> None:
    (tmp_path / "design.yaml").write_text(DESIGN)
    words = ("sweep", "design.yaml", "--stages", "train", "--jobs", 1, "--cache", "cache")
    first, second = [
        json.loads(call(*words, "--out", out, "--format", "json").out) for out in ("a", "b")
    ]
    assert first["results"] == second["results"]
    for name, count in first["stages"].items():
        assert count["from_store"] == 0 < count["run"]
        assert second["stages"][name] == {"run": 0, "from_store": count["run"], "failed": 0}
