"""The live page: what it tells of a sweep at every moment, and whom it answers."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sweep_fakes import INFO, Fake, points, space

from pezoexplore.analysis.pareto import front_of_rows
from pezoexplore.analysis.runs import read_rows
from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import PezoError
from pezoexplore.report.live.server import LiveServer
from pezoexplore.report.live.state import LiveRun
from pezoexplore.sweeps.sweep import run_sweep

STAGES = (("health", None), ("train", None), ("rtl", None), ("synth", "xcup"), ("synth", "ice40"))
NO_RTL = "structured directions have no RTL here"
TARGETS = {"hardware": {"targets": ["xcup", "ice40"]}}


class NoRtl(Fake):
    """Skips structured directions."""

    def applies(self, point: DesignPoint) -> bool:
        return not self.skip_reason(point)

    def skip_reason(self, point: DesignPoint) -> str:
        return NO_RTL if point.outer_products else ""


def run(out: Path, progress=None, acts=(), count=4, **more):
    runs = out.parent / "runs"
    runs.mkdir(exist_ok=True)
    stages = [Fake(name=name, target=target, runs=runs, acts=acts) for name, target in STAGES]
    made = space(**TARGETS, **more)
    return run_sweep(made, points(count), stages, out_dir=out, info=INFO, progress=progress)


def test_every_moment_of_a_sweep(tmp_path):
    """Whatever has ended is counted, and a design is drawn once all its stages have ended."""
    live, seen = LiveRun(tmp_path / "run"), []
    run(tmp_path / "run", lambda news: seen.append((news, live.state())))
    assert len(seen) == 21
    for news, now in seen:
        assert now["error"] == ""
        assert now["total"] == 20
        assert now["done"] >= news.done
        assert sum(one["done"] for one in now["stages"]) == now["done"]
        assert now["state"] == ("running" if now["done"] < 20 else "writing the results")
        assert len(now["latest"]) == min(8, now["done"])
    assert [one["label"] for one in seen[0][1]["stages"]] == [
        *("health", "train", "rtl", "synth-ice40", "synth-xcup"),
    ]
    known = [now["complete"] for _, now in seen]
    assert known == sorted(known)
    assert known[0] == 0
    assert known[-1] == 6  # the RTL of 33 lanes delivers other words
    now = live.state()
    assert now["state"] == "finished"
    assert [one["failed"] for one in now["stages"]] == [0, 0, 1, 0, 0]


def test_skipped_runs_come_with_their_reasons(tmp_path):
    """Of a tool that is not there, and of structured directions, which have no RTL."""
    runs = tmp_path / "runs"
    runs.mkdir()
    stages = [
        Fake(name="train", runs=runs),
        Fake(name="synth", target="own", runs=runs, skipped="no tool"),
    ]
    structured = [resolve(lanes=lanes, rank="1") for lanes in (31, 32)]
    stages.append(NoRtl(name="rtl", runs=runs))
    made = space(space={"lanes": [31, 32], "rank": ["full", "1"]})
    run_sweep(made, [*points(2), *structured], stages, out_dir=tmp_path / "run", info=INFO)
    assert LiveRun(tmp_path / "run").state()["skipped"] == [
        ["rtl", NO_RTL, 2],
        ["synth-own", "no tool", 4],
    ]


def test_the_front_is_that_of_the_results(tmp_path):
    run(tmp_path / "run", acts=((31, "raise"),), count=7)
    now = LiveRun(tmp_path / "run").state()
    rows = read_rows(tmp_path / "run" / "results.csv")
    objectives = space().objectives
    mask = front_of_rows(rows, COLUMNS, objectives.maximize, objectives.minimize)
    names = [*objectives.maximize, *objectives.minimize]
    expected = {
        (row["target"], *(float(row[name]) for name in names), bool(member))
        for row, member in zip(rows, mask, strict=True)
        if row["status"] == "ok"
    }
    assert len(expected) == 10
    found = {(one["target"], *one["values"], one["front"]) for one in now["designs"]}
    assert found == expected


def test_each_task_has_a_front_of_its_own(tmp_path):
    run(tmp_path / "run", count=2, task=["digits-mlp", "wine"])
    now = LiveRun(tmp_path / "run").state()
    assert now["complete"] == 8
    assert {one["target"] for one in now["designs"]} == {
        f"{target} on {task}" for task in ("digits-mlp", "wine") for target in ("xcup", "ice40")
    }
    rows = read_rows(tmp_path / "run" / "results.csv")
    on_front = sum(row["pareto"] == "1" for row in rows)
    assert sum(one["front"] for one in now["designs"]) == on_front


def test_a_new_plan_and_a_new_database_replace_what_was_read(tmp_path):
    live = LiveRun(tmp_path / "run")
    run(tmp_path / "run", count=2)
    assert live.state()["complete"] == 4
    run(tmp_path / "run", count=5)
    assert live.state()["complete"] == 8
    shutil.rmtree(tmp_path / "run")
    run(tmp_path / "run", count=1)
    assert live.state()["complete"] == 2


def test_failures_come_with_their_logs(tmp_path):
    run(tmp_path / "run", acts=((32, "raise"),))
    failures = LiveRun(tmp_path / "run").state()["failures"]
    raised = [one for one in failures if "no such" in one["reason"]]
    assert {one["stage"] for one in raised} == {name for name, _ in STAGES}
    assert all("ValueError" in one["log"] and "x32" in one["design"] for one in raised)
    (words,) = [one for one in failures if one not in raised]
    assert (words["stage"], words["status"]) == ("rtl", "failed")
    assert words["log"] == "rtl of 33 lanes\n"


def test_what_is_in_the_way_is_one_line_and_the_last_state_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("pezoexplore.sweeps.watch.PATIENCE_S", 0.01)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".lock").touch()
    live = LiveRun(folder)
    assert live.state() == {"name": "run", "state": "starting", "error": ""}
    run(folder, count=1)
    last = live.state()
    store = folder / "store.sqlite"
    with closing(sqlite3.connect(store, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        locked = live.state()
        database.execute("ROLLBACK")
    assert "is being written" in locked["error"]
    assert live.state() == last
    whole = store.read_bytes()
    store.write_bytes(whole[:100] + b"x" * 5000)
    damaged = live.state()
    assert "cannot be read" in damaged["error"]
    store.write_bytes(whole)
    assert live.state() == last
    folder.rename(tmp_path / "elsewhere")
    gone = live.state()
    assert "no run directory" in gone["error"]
    for state in (locked, damaged, gone):
        assert "\n" not in state["error"]
        assert {**state, "error": ""} == last
    (tmp_path / "elsewhere").rename(folder)
    assert live.state() == last


def test_a_run_of_before_there_were_facts_shows_what_it_has(tmp_path):
    run(tmp_path / "run", count=1)
    with closing(sqlite3.connect(tmp_path / "run" / "store.sqlite")) as database:
        database.execute("DROP TABLE facts")
        database.commit()
    now = LiveRun(tmp_path / "run").state()
    assert now["error"] == ""
    assert len(now["latest"]) == 5
    assert now["designs"] == now["stages"] == []


@pytest.fixture
def server(tmp_path) -> Iterator[LiveServer]:
    run(tmp_path / "run", acts=((32, "raise"),))
    with LiveServer(tmp_path / "run", 0, 0.05) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def ask(server: LiveServer, path: str, method: str = "GET", **headers: str):
    """Send a request as it stands; return status, headers and body."""
    with closing(http.client.HTTPConnection(*server.server_address[:2], timeout=30)) as wire:
        wire.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            wire.putheader(name, value)
        wire.endheaders()
        answer = wire.getresponse()
        return answer.status, answer.headers, answer.read()


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"


def test_the_page_and_its_files_are_served_below_the_token(server):
    base = urlsplit(server.url).path
    for name, kind in (("", "html"), ("page.js", "javascript"), ("plotly.js", "javascript")):
        status, headers, body = ask(server, base + name)
        assert status == 200
        assert kind in headers["Content-Type"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Referrer-Policy"] == "no-referrer"
        assert server.token.encode() not in body
    status, _, body = ask(server, base + "state?x=1")
    assert status == 200
    assert json.loads(body)["state"] == "finished"
    for name in ("nothing", "../page.js", "state/", "%2e%2e/state", "store.sqlite"):
        assert ask(server, base + name)[0] == 404
    assert ask(server, base + "state", "POST")[0] == 501


def test_who_has_not_the_token_gets_nothing(server):
    base = urlsplit(server.url).path
    other = ["/", "", "*", "/state", "//", f"/{server.token}x/state", f"/{server.token[:-1]}/state"]
    other += [base.upper() + "state", f"/x{base}state", f"/?token={server.token}"]
    for path in other:
        status, _, body = ask(server, path or "/")
        assert status == 403, path
        assert b"designs" not in body
    with socket.create_connection(server.server_address[:2]) as wire:
        wire.sendall(b"GET /\xe4/state HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wire.makefile("rb").readline().split()[1] == b"403"


def test_a_name_of_another_site_that_leads_here_gets_nothing(server):
    base = urlsplit(server.url).path
    for host in (
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "",
        "localhost.",
        ":",
    ):
        assert ask(server, base + "state", Host=host)[0] == 403, host
    for host in ("127.0.0.1", "localhost:9", f"127.0.0.1:{server.server_address[1]}"):
        assert ask(server, base + "state", Host=host)[0] == 200, host


def test_a_browser_that_leaves_or_says_nothing_disturbs_nobody(server, capfd):
    for said in (b"", b"GET ", b"\0" * 3000, f"GET {server.url}plotly.js\r\n".encode()):
        with socket.create_connection(server.server_address[:2]) as wire:
            wire.sendall(said)
    assert ask(server, urlsplit(server.url).path + "state")[0] == 200
    assert capfd.readouterr().err == ""


def test_two_servers_have_two_tokens(server, tmp_path):
    with LiveServer(tmp_path / "run", 0, 1.0) as other:
        assert other.token != server.token
        assert len(other.token) >= 32


def test_a_port_that_is_taken_is_one_line(server, tmp_path):
    port = server.server_address[1]
    with pytest.raises(PezoError, match=f"port {port} of 127.0.0.1: .*--port"):
        LiveServer(tmp_path / "run", port, 1.0)


def test_the_command_serves_until_ctrl_c(tmp_path):
    run(tmp_path / "run", count=1)
    command = [sys.executable, "-m", "pezoexplore", "watch", "run", "--web", "--format", "json"]
    for stop, status in ((signal.SIGINT, 0), (signal.SIGTERM, 143)):
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        url = urlsplit(json.loads(text)["url"])
        with closing(http.client.HTTPConnection(url.netloc, timeout=30)) as wire:
            wire.request("GET", url.path + "state")
            assert json.loads(wire.getresponse().read())["state"] == "finished"
        process.send_signal(stop)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == status
        assert errors == ("error: terminated\n" if status else "")


def test_looking_changes_nothing(tmp_path):
    run(tmp_path / "run")
    before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in (tmp_path / "run").rglob("*")}
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert LiveRun(tmp_path / "run").state()["complete"] == 6
    after = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in (tmp_path / "run").rglob("*")}
    assert after == before
