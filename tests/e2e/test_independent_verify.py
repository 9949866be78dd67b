# SPDX-License-Identifier: Apache-2.0
"""The ledger verified with tools that we did not write; and every kind of tampering seen by them."""
import json
import sqlite3

import pytest
from independent_verify import check_desk
from program import STORE, Desk

POSTS = [
    {"id": "1", "event": "create", "author": "ann", "created_at": "2026-01-12T10:00:00Z", "text": "Where is my refund? — Änn"},
    {"id": "1", "event": "edit", "author": "ann", "created_at": "2026-01-12T11:00:00Z", "text": "Where is my refund \"now\"?"},
    {"id": "2", "event": "create", "author": "acme", "is_own": True, "parent_id": "1", "created_at": "2026-01-12T10:20:00Z",
     "text": "Sorry!"},
    {"id": "3", "event": "delete", "author": "bob", "created_at": "2026-01-12T12:00:00Z", "text": ""},
    {"id": "3", "event": "create", "author": "bob", "parent_id": "2", "created_at": "2026-01-12T11:30:00Z", "text": "Me too"},
]


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(p) + "\n" for p in POSTS))
    with Desk(tmp_path / "desk") as made:
        assert made.take(tmp_path / "a.jsonl")["rejected"] == 0
        yield made


def tamper(desk, sql):
    if STORE == "sqlite":
        base = sqlite3.connect(desk.dir / "aplomb.db")
    else:
        import psycopg2
        base = psycopg2.connect(desk.url)
    base.cursor().execute(sql)
    base.commit()
    base.close()


def test_everything_holds(desk):
    assert check_desk(desk) == []
    assert desk.run("verify").returncode == 0


@pytest.mark.parametrize("sql,told", [
    ("UPDATE post_version SET text = 'All is well' WHERE event = 1", "was changed"),
    ("UPDATE post_version SET raw = salt WHERE event = 0", "was changed"),
    ("UPDATE clock SET due_us = due_us + 1", "was changed"),
    ("UPDATE author SET remote_id = 'eve' WHERE remote_id = 'ann'", "was changed"),
    ("DELETE FROM assessment", "is missing"),
    ("INSERT INTO note SELECT workspace_id, 999, 1, 0, 0, 'forged', salt, 0 FROM workspace", "is extra"),
    ("UPDATE ledger_entry SET entry = replace(entry, 'post.edited', 'post.editex')", "does not"),
    ("UPDATE ledger_head SET note = replace(note, 'aplomb', 'aplonb')", "does not verify"),
    ("DELETE FROM ledger_entry WHERE seq = (SELECT max(seq) FROM ledger_entry)", "the head is about"),
    ("DELETE FROM ledger_about WHERE case_id = 1", "histories"),
])
def test_tampering_is_seen_by_both(desk, sql, told):
    tamper(desk, sql)
    wrong = check_desk(desk)
    assert any(told in line for line in wrong), wrong
    done = desk.run("verify")
    assert done.returncode == 1, done.stdout
