"""No worker's answer, cluster file, archive or store runs code or writes elsewhere."""

from __future__ import annotations

import ast
import gzip
import json
import pickle
import sqlite3
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest
from sweep_fakes import INFO, Fake, points, space

import pezoexplore
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.sweeps.cache import Cache, exported
from pezoexplore.sweeps.executors.cluster import (
    ClusterSettings,
    job_options,
    make_cluster,
    read_cluster,
)
from pezoexplore.sweeps.executors.dask_executor import ClusterError
from pezoexplore.sweeps.executors.local import MALFORMED, Outcome, Task, WorkerSlot
from pezoexplore.sweeps.executors.worker import understood
from pezoexplore.sweeps.stage import Payload, canonical_json, sha256
from pezoexplore.sweeps.store import Record, Store, ended, malformed
from pezoexplore.sweeps.sweep import SweepResult, run_sweep

EVIL = "evil"
SHELL = f"x; touch {EVIL}; $(touch {EVIL}) `touch {EVIL}`"


@pytest.fixture(autouse=True)
def nothing_evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No test leaves a file of that name anywhere near."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.rglob(EVIL))
    assert not list(tmp_path.parent.glob(EVIL))


class Bomb:
    """Makes a file when it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path(EVIL),)


def task(tmp_path: Path) -> Task:
    stage = Fake(name="train", runs=tmp_path / "runs")
    return Task("k" * 64, stage, "p", points(1)[0], tmp_path / "logs" / "x.log")


@pytest.mark.parametrize(
    "message",
    [
        pickle.dumps(Bomb()),
        pickle.dumps(("ok", "{}", "", 1.0, 0.0, 0.0)),
        b"\xff\xfe",
        b"[" * 100_000,
        b'["ok", "{}", "", 1.0, 0.0, 0.0, 2]',
        b'["ok", "{}", "", 1.0]',
        b'["ok", "{}", "", 1.0, 0.0, Infinity]',
        b'["ok", "{ }", "", 1.0, 0.0, 0.0]',
        b'["ok", "{\\"lut\\":NaN}", "", 1.0, 0.0, 0.0]',
        b'["great", "{}", "", 1.0, 0.0, 0.0]',
        b'["failed", "", "", NaN, 0.0, 0.0]',
        b'{"status": "ok"}',
    ],
)
def test_a_worker_process_that_says_something_else(tmp_path: Path, message: bytes) -> None:
    ours, theirs = Pipe()
    given = task(tmp_path)
    given.log_path.parent.mkdir()
    slot = WorkerSlot(task=given, deadline=float("inf"))
    slot._connection = ours
    theirs.send_bytes(message)
    outcome = slot.outcome()
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.payload, outcome.reason) == ("failed", "", MALFORMED)


def test_an_answer_is_six_plain_values() -> None:
    good = ("ok", '{"lut":7}', "", 1.5, 0.5, 0.25)
    assert understood(good) == good
    assert understood([*good]) == good
    assert understood((*good[:5], True)) is None


@dataclass(frozen=True, kw_only=True)
class Lies(Fake):
    """Its result is what it is told, whatever that is."""

    payload: str

    def run(self, point, log_path: Path) -> Payload:
        return dict(json.loads(self.payload))


def sweep(tmp_path: Path, payload: dict[str, object], cache: Cache | None = None) -> SweepResult:
    (tmp_path / "runs").mkdir(exist_ok=True)
    stage = Lies(name="train", runs=tmp_path / "runs", payload=json.dumps(payload))
    out = tmp_path / "out"
    return run_sweep(space(), points(1), [stage], out_dir=out, info=INFO, jobs=1, cache=cache)


LIES = [
    {"lut": "=cmd|evil"},
    {"accuracy_mean": [90.0]},
    {"accuracy_mean": {"__class__": "evil"}},
    {"accuracy_mean": True},
    {"accuracy_per_seed": ["<script>"]},
    {"accuracy_per_seed": "90;90"},
    {"point_id": "../../evil"},
    {"target": "/evil"},
    {"status": "ok"},
    {"rng": SHELL},
    {"yosys_version": "1.0\n,evil"},
    {"yosys_version": "\x1b]0;evil\x07"},
    {"yosys_version": "x" * 5000},
    {"diverged_step": "7,ok"},
]


@pytest.mark.parametrize(
    "payload", [*LIES[:4], *(pytest.param(lie, marks=pytest.mark.slow) for lie in LIES[4:])]
)
def test_a_result_that_no_stage_gives_fails_its_point(
    tmp_path: Path, payload: dict[str, object]
) -> None:
    with Cache(tmp_path / "cache") as cache:
        result = sweep(tmp_path, payload, cache)
        assert list(cache.keys()) == []
    (row,) = result.rows
    assert row["status"] == "failed:train"
    (name,) = payload
    assert result.failures[0].reason.startswith(f"the result's {name} is n")
    assert row["rng"] == "lfsr"
    assert row["lut"] == row["accuracy_mean"] == ""


def test_what_stages_give_is_well_formed() -> None:
    good = {"lut": 7, "bram": 0.5, "accuracy_per_seed": [90, 91.5], "yosys_version": "0.70"}
    assert malformed({**good, "dsp": None, "not_a_column": {"kept": ["in", "the store"]}}) == ""


def test_a_reason_cannot_command_the_terminal(tmp_path: Path) -> None:
    reason = "\x1b]0;evil\x07\r\nforged line" + "x" * 10_000
    record = ended(Outcome(task(tmp_path), "failed", "", reason, 1.0, "")).record
    assert record.reason.isprintable()
    assert len(record.reason) <= 1000


def record(payload: str = '{"accuracy_mean":90.0}') -> Record:
    content = canonical_json({"stage": "train", "target": None, "key": {}})
    return Record(sha256(content), "train", content, "ok", payload, "", 1.0, "")


ENTRIES = [
    pickle.dumps(Bomb()),
    json.dumps({"format": 1, "digest": "", "record": {"key": f"../../{EVIL}"}}).encode(),
    json.dumps(
        {
            "format": 1,
            "digest": replace(record(), key=f"/{EVIL}").digest(),
            "record": asdict(replace(record(), key=f"/{EVIL}")),
        }
    ).encode(),
    *(
        json.dumps(
            {
                "format": 1,
                "digest": record(canonical_json(lie)).digest(),
                "record": asdict(record(canonical_json(lie))),
            }
        ).encode()
        for lie in LIES
    ),
    b"[" * 100_000,
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_archive_of_a_cache(tmp_path: Path, entry: bytes) -> None:
    with gzip.open(tmp_path / "in.gz", "wb") as file:
        file.write(entry.replace(b"\n", b" ") + b"\n")
    with Cache(tmp_path / "cache") as cache:
        assert cache.add(exported(tmp_path / "in.gz")) == (0, 1)
        assert list(cache.keys()) == []


def test_a_damaged_archive_is_one_line_at_every_byte(tmp_path: Path) -> None:
    with Cache(tmp_path / "cache") as cache:
        cache.put(record())
        cache.export(tmp_path / "good.gz")
        good = (tmp_path / "good.gz").read_bytes()
        for place in range(len(good)):
            (tmp_path / "in.gz").write_bytes(
                good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :]
            )
            try:
                taken = [entry for entry in exported(tmp_path / "in.gz") if entry is not None]
            except PezoError as error:
                assert "\n" not in str(error)
                continue
            assert taken in ([], [record()])


def test_an_archive_that_swells_is_stopped(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "in.gz", "wb") as file:
        for _ in range(20):
            file.write(b" " * 2**20)
    assert (tmp_path / "in.gz").stat().st_size < 100_000
    with pytest.raises(PezoError, match="a line is longer than any entry"):
        list(exported(tmp_path / "in.gz"))


def test_a_store_from_elsewhere_calls_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store.put(record())
    database = sqlite3.connect(tmp_path / "store.sqlite")
    database.execute(
        "CREATE TRIGGER t BEFORE INSERT ON results BEGIN SELECT load_extension('evil'); END"
    )
    database.commit()
    database.close()
    with Store(tmp_path / "store.sqlite") as store:
        assert store.get(record().key) == record()
        with pytest.raises(PezoError, match="load_extension"):
            store.put(record())


@pytest.mark.parametrize(
    "text",
    [
        f"kind: !!python/object/apply:os.system ['touch {EVIL}']\n",
        f"kind: slurm\nprologue: !!python/object/apply:os.system ['touch {EVIL}']\n",
        f"kind: slurm\nqueue: {SHELL!r}\n",
        f"kind: slurm\naccount: {SHELL!r}\n",
        f"kind: slurm\npython: {SHELL!r}\n",
        f"kind: slurm\nscratch: {SHELL!r}\n",
        f"kind: slurm\nlogs: {SHELL!r}\n",
        f"kind: slurm\ninterface: {SHELL!r}\n",
        f"kind: slurm\nwalltime: {SHELL!r}\n",
        f"kind: slurm\nmemory: {SHELL!r}\n",
        f'kind: slurm\ndirectives: ["--exclusive\\ntouch {EVIL}"]\n',
        "kind: slurm\nworkers: !!int {}\n",
        "a: &a [x,x,x,x,x,x,x,x,x]\nkind: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n",
    ],
)
def test_a_cluster_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "cluster.yaml").write_text(text)
    with pytest.raises(DesignError) as caught:
        read_cluster(tmp_path / "cluster.yaml")
    assert str(caught.value).startswith(f"{tmp_path / 'cluster.yaml'}:")
    assert "\n" not in str(caught.value)


def test_a_directive_is_a_comment_to_the_shell() -> None:
    """Only the prologue holds commands; the rest of the file stays out of the shell's sight."""
    settings = ClusterSettings(kind="slurm", memory="1GB", directives=(SHELL,), interface="lo")
    cluster = make_cluster(settings)
    try:
        lines = [line for line in cluster.job_script().splitlines() if EVIL in line]
    finally:
        cluster.close()
    assert lines == [f"#SBATCH {SHELL}"]


def test_a_certificate_whose_name_is_a_command(tmp_path: Path) -> None:
    name = f"x; touch {EVIL}"
    Path(name).touch()
    tls = {"ca": name, "cert": name, "key": name}
    settings = ClusterSettings.model_validate({"kind": "slurm", "tls": tls})
    with pytest.raises(ClusterError, match="name it with letters"):
        job_options(settings)


RUNS_CODE = {"eval", "exec", "compile"}
UNSAFE_CALLS = {
    ("os", "system"), ("os", "popen"), ("pickle", "load"), ("yaml", "load"),
    ("yaml", "unsafe_load"), ("yaml", "full_load"), ("marshal", "loads"), ("shelve", "open"),
    ("subprocess", "getoutput"), ("subprocess", "getstatusoutput"),
}  # fmt: skip


def test_no_source_file_reads_data_as_code() -> None:
    """No eval, no shell; pickle only from the parent's own socket and CIFAR's restricted reader."""
    unpickling = []
    for path in sorted(Path(pezoexplore.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            assert not (isinstance(called, ast.Name) and called.id in RUNS_CODE), path
            assert not any(word.arg == "shell" for word in node.keywords), path
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                name = called.value.id, called.attr
                assert name not in UNSAFE_CALLS, (path, name)
                if name == ("pickle", "loads"):
                    unpickling.append(path.relative_to(Path(pezoexplore.__file__).parent))
    assert unpickling == [Path("sweeps") / "executors" / "worker.py"]
