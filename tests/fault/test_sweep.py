# SPDX-License-Identifier: Apache-2.0
"""kill -9 and EIO at every write and fsync: then restart, do it again, and everything is as if nothing had happened."""
import json
import shutil

import pytest
from canonical import difference, dump
from independent_verify import check_desk
from program import STORE, Desk
from sweep import count, damages, need_strace, run, was_hit

POLICY = "Somebody waits for us."


@pytest.fixture(autouse=True)
def tracer(tmp_path):
    need_strace(tmp_path)


def posts(number):
    """Threads with late parents, own turns, edits and deletions."""
    lines = []
    for i in range(number):
        at = "2026-01-%02dT%02d:%02d:00Z" % (12 + i % 10, i % 24, i % 60)
        row = {"id": "p%d" % i, "event": "create", "author": "acme" if i % 3 == 2 else "c%d" % (i % 7), "is_own": i % 3 == 2,
               "parent_id": "p%d" % (i + 1 if i % 5 == 0 else i - 1) if i else None, "created_at": at,
               "text": "Where is my order number %d?" % i}
        lines.append(row)
        if i % 11 == 0:
            lines.append({**row, "event": "edit", "created_at": "2026-02-01T00:00:00Z", "text": "Still waiting %d" % i})
        if i % 13 == 0:
            lines.append({**row, "event": "delete", "created_at": "2026-02-02T00:00:00Z", "text": ""})
    return "".join(json.dumps(line) + "\n" for line in lines)


def sound(desk, expected, where):
    found = difference(expected, dump(desk))
    assert not found, "after %s:\n%s" % (where, "\n".join(found[:10]))
    done = desk.run("verify")
    assert done.returncode == 0, "after %s: %s" % (where, done.stderr.decode("utf-8", "replace") + done.stdout.decode())
    wrong = check_desk(desk)
    assert not wrong, "after %s: %s" % (where, wrong[:5])


def orderly(done, where):
    """Done, a message, or dead by our own hand; never a crash of its own making."""
    text = done.stderr.decode("utf-8", "replace")
    assert "Sanitizer" not in text and done.returncode not in (-6, -11, 134, 139), "after %s: %s" % (where, text[-2000:])
    if done.returncode in (1, 2):
        assert "aplomb: " in text, "after %s: status %d without a word: %s" % (where, done.returncode, text)


def sweep(tmp_path, prepare, args, again, points):
    """prepare(desk) sets the stage; args are swept; again(desk) is what a person does after a restart."""
    with Desk(tmp_path / "whole") as whole:
        prepare(whole)
        log = tmp_path / "whole.log"
        done = run(whole, args, log)
        assert done.returncode == 0, done.stderr
        again(whole)
        expected = dump(whole)
        todo = damages(count(log), points)
        assert todo, "the command writes nothing that strace sees"
    hits = 0
    for number, damage in enumerate(todo):
        folder = tmp_path / ("desk%d" % number)
        with Desk(folder) as desk:
            prepare(desk)
            log = tmp_path / "log"
            done = run(desk, args, log, [damage])
            hits += was_hit(log)
            orderly(done, damage)
            again(desk)
            sound(desk, expected, damage)
        shutil.rmtree(folder)
    assert hits > len(todo) * 2 // 3, "only %d of %d injections struck" % (hits, len(todo))


def test_import_in_two_batches(tmp_path):
    (tmp_path / "a.jsonl").write_text(posts(950 if STORE == "sqlite" else 120))

    def prepare(desk):
        (tmp_path / "first.jsonl").write_text(posts(1))
        desk.take(tmp_path / "first.jsonl")

    sweep(tmp_path, prepare, ["import", tmp_path / "a.jsonl", "--yes"], lambda desk: desk.take(tmp_path / "a.jsonl"), None)


def test_import_of_a_few_posts(tmp_path):
    (tmp_path / "a.jsonl").write_text(posts(20))

    def prepare(desk):
        (tmp_path / "first.jsonl").write_text(posts(1))
        desk.take(tmp_path / "first.jsonl")

    sweep(tmp_path, prepare, ["import", tmp_path / "a.jsonl", "--yes"], lambda desk: desk.take(tmp_path / "a.jsonl"), None)


def test_first_creation_of_a_data_directory(tmp_path):
    """The whole initial migration, keys, workspace, policy."""
    (tmp_path / "a.jsonl").write_text(posts(3))
    sweep(tmp_path, lambda desk: None, ["import", tmp_path / "a.jsonl", "--yes"],
          lambda desk: desk.take(tmp_path / "a.jsonl"), 40 if STORE == "sqlite" else 12)


def test_publishing_a_policy(tmp_path):
    (tmp_path / "a.jsonl").write_text(posts(40))

    def prepare(desk):
        desk.take(tmp_path / "a.jsonl")
        clocks = desk.dir / "policy" / "clocks.yaml"
        text = clocks.read_text()
        assert "in_hours: 30m" in text
        clocks.write_text(text.replace("in_hours: 30m", "in_hours: 20m"))

    def again(desk):
        desk.ok("policy", "publish")
        assert desk.one("SELECT count(*) FROM policy") == 2
        assert desk.one("SELECT count(*) FROM clock WHERE stop < 5 AND reason LIKE '%: 30 minutes%'") == 0

    sweep(tmp_path, prepare, ["policy", "publish"], again, None)


@pytest.mark.skipif(STORE != "sqlite", reason="only SQLite has a write-ahead log of ours")
def test_checkpoint_of_the_write_ahead_log(tmp_path):
    """A killed import leaves a log; the next opening recovers it and checkpoints it at its end, which is swept."""
    (tmp_path / "a.jsonl").write_text(posts(300))
    (tmp_path / "b.jsonl").write_text(posts(1))

    def prepare(desk):
        desk.take(tmp_path / "b.jsonl")
        log = tmp_path / "kill.log"
        run(desk, ["import", tmp_path / "a.jsonl", "--yes"], log, ["fdatasync:signal=KILL:when=2"])
        assert was_hit(log) and (desk.dir / "aplomb.db-wal").stat().st_size > 0

    sweep(tmp_path, prepare, ["import", tmp_path / "b.jsonl", "--yes"], lambda desk: desk.take(tmp_path / "a.jsonl"), None)
