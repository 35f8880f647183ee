from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from pezoexplore.sweeps.store import APPLICATION_ID, Record, Store, StoreError

RECORD = Record(
    key="ab" * 32,
    stage="train",
    determinants='{"a":1}',
    status="ok",
    payload='{"accuracy_mean":94.25}',
    reason="",
    seconds=1.5,
    log="line\n\x00 \N{GREEK SMALL LETTER MU}",
)


def test_gives_back_what_it_was_given_after_it_was_closed(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        assert store.get(RECORD.key) is None
        store.put(RECORD)
    with Store(tmp_path / "store.sqlite") as store:
        assert store.get(RECORD.key) == RECORD


def test_the_last_record_of_a_key_counts(tmp_path: Path) -> None:
    failed = replace(RECORD, status="failed", payload="", reason="no luck")
    with Store(tmp_path / "store.sqlite") as store:
        store.put(failed)
        assert store.get(RECORD.key) == failed
        store.put(RECORD)
        assert store.get(RECORD.key) == RECORD


def test_others_see_a_record_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.put(RECORD)
        reader = sqlite3.connect(path)
        try:
            assert reader.execute("SELECT key FROM results").fetchall() == [(RECORD.key,)]
        finally:
            reader.close()


def test_carries_its_mark_in_the_header(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite"):
        header = (tmp_path / "store.sqlite").read_bytes()[:100]
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").touch()
    with Store(tmp_path / "store.sqlite") as store:
        store.put(RECORD)
        assert store.get(RECORD.key) == RECORD


def test_says_what_to_do_about_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_text("not a database, but long enough to have a header\n" * 10)
    with pytest.raises(StoreError, match=r"store\.sqlite is damaged .*delete it") as caught:
        Store(path)
    assert "\n" not in str(caught.value)


def test_says_what_to_do_about_damaged_pages(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        for index in range(20):
            store.put(replace(RECORD, key=f"{index:064x}", log="x" * 5000))
    content = bytearray(path.read_bytes())
    content[8192:-4096] = b"\xa5" * (len(content) - 8192 - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        Store(path)


@pytest.mark.parametrize(
    ("pragma", "message"),
    [("application_id", "is not a pezoexplore store"), ("user_version", "another version")],
)
def test_leaves_other_databases_alone(tmp_path: Path, pragma: str, message: str) -> None:
    path = tmp_path / "store.sqlite"
    with Store(path):
        pass
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA {pragma} = 7")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=message):
        Store(path)
    assert path.read_bytes() == before


def test_says_so_when_the_file_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open"):
        Store(tmp_path / "missing" / "store.sqlite")
