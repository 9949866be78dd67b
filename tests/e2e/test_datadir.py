# SPDX-License-Identifier: Apache-2.0
"""The data directory: made whole or not at all, never somebody else's, never half understood."""
import fcntl
import os
import shutil
import sqlite3
import subprocess

import pytest
from program import BIN, PG_URL, STORE, Desk, folder_fingerprint

GOOD = "id,author,created_at,text\n1,ann,2026-01-12T10:00:00Z,Where is my refund?\n"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    return path


@pytest.fixture
def desk(tmp_path, archive):
    with Desk(tmp_path / "desk") as made:
        made.take(archive)
        yield made


sqlite_only = pytest.mark.skipif(STORE != "sqlite", reason="about the file of SQLite")


def test_what_a_directory_holds(desk):
    names = {p.name for p in desk.dir.iterdir()}
    assert {"aplomb.json", "keys", "lock", "policy"} <= names
    assert desk.dir.stat().st_mode & 0o077 == 0
    for key in ("ledger.key", "secret.key"):
        assert (desk.dir / "keys" / key).stat().st_mode & 0o077 == 0


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path, archive):
    other = tmp_path / "photos"
    other.mkdir()
    (other / "holiday.jpg").write_bytes(b"jpg")
    before = folder_fingerprint(other)
    for command in (["import", archive, "--yes"], ["stats"], ["report"], ["migrate"], ["policy", "publish"], ["verify"]):
        done = subprocess.run([BIN, *map(str, command), "--data", str(other)], capture_output=True, text=True, timeout=60,
                              env={k: v for k, v in os.environ.items() if not k.startswith("APLOMB_")})
        assert done.returncode == 1 and "Aplomb data directory" in done.stderr and str(other) in done.stderr, done.stderr
    assert folder_fingerprint(other) == before


def test_reading_makes_nothing(tmp_path):
    with Desk(tmp_path / "none") as desk:
        for command in (["stats"], ["report"], ["case", "list"], ["verify"], ["channel", "list"]):
            assert "no Aplomb data directory" in desk.refused(*command)
        assert not desk.dir.exists()


def test_a_file_in_its_place(tmp_path, archive):
    (tmp_path / "file").write_text("hello")
    with Desk(tmp_path / "file") as desk:
        assert "not an Aplomb data directory" in desk.refused("import", archive, "--yes")
        assert (tmp_path / "file").read_text() == "hello"


def test_what_a_killed_first_start_leaves_is_taken_up(tmp_path, archive):
    with Desk(tmp_path / "desk") as desk:
        desk.dir.mkdir()
        (desk.dir / "lock").write_text("123\n")
        (desk.dir / "aplomb.json.AbCdEf.tmp").write_text('{"what"')
        assert desk.take(archive)["taken"] == 1


def test_held_by_another_process(desk, archive):
    before = desk.fingerprint()
    with open(desk.dir / "lock", "r+") as lock:
        # F_OFD_SETLK, as the program takes it
        import struct
        fcntl.fcntl(lock, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
        message = desk.refused("import", archive, "--yes")
        assert str(desk.dir) in message, message
        assert desk.stats()["posts"] == 1, "reading goes on"
    assert desk.fingerprint() == before


def test_a_damaged_description(desk):
    path = desk.dir / "aplomb.json"
    good = path.read_text()
    for bad in ("", "{", '{"format": "one"}', '{"format": 1}', "\0\0\0"):
        path.write_text(bad)
        message = desk.refused("stats")
        assert "aplomb.json" in message and "backup" in message, message
    path.write_text(good.replace('"format":1', '"format":2'))
    assert "newer" in desk.refused("stats") and "newer" in desk.refused("migrate")
    path.write_text(good)
    assert desk.stats()["posts"] == 1


def test_a_newer_schema_is_refused_in_one_sentence(desk, archive):
    if STORE == "sqlite":
        base = sqlite3.connect(desk.dir / "aplomb.db")
    else:
        import psycopg2
        base = psycopg2.connect(desk.url)
    with base:
        cursor = base.cursor()
        cursor.execute("SELECT * FROM schema_migration")
        names = [d[0] for d in cursor.description]
        row = dict(zip(names, cursor.fetchone()))
        row["version"] = 9999
        mark = "?" if STORE == "sqlite" else "%s"
        cursor.execute("INSERT INTO schema_migration (%s) VALUES (%s)" % (",".join(names), ",".join([mark] * len(names))),
                       list(row.values()))
    base.close()
    before = desk.fingerprint()
    for command in (["stats"], ["import", archive, "--yes"], ["migrate"], ["verify"], ["report"]):
        message = desk.refused(*command)
        assert "9999" in message and "newer" in message and message.count("\n") == 1, message
    assert desk.fingerprint() == before


def test_a_missing_key_is_not_replaced(desk, archive):
    for name in ("ledger.key", "secret.key"):
        key = desk.dir / "keys" / name
        saved = key.read_text()
        key.unlink()
        before = desk.fingerprint()
        message = desk.refused("import", archive, "--yes")
        assert name in message and "backup" in message, message
        assert not key.exists() and desk.fingerprint() == before
        key.write_text("too short\n")
        assert desk.refused("import", archive, "--yes")
        key.write_text(saved)
    assert desk.take(archive)["known"] == 1


def test_the_other_kind_of_store(desk, archive):
    if STORE == "sqlite":
        other = "postgresql://nobody@127.0.0.1:1/none"
    else:
        other = "sqlite"
    before = desk.fingerprint()
    for command in (["stats"], ["import", archive, "--yes"]):
        message = desk.refused(*command, "--store", other)
        assert "--store" in message and str(desk.dir) in message, message
    assert desk.fingerprint() == before
    assert not (desk.dir / "aplomb.db").exists() or STORE == "sqlite"


@pytest.mark.skipif(STORE != "postgres", reason="about PostgreSQL")
def test_a_store_belongs_to_one_directory(desk, tmp_path, archive):
    before = desk.fingerprint()
    done = subprocess.run([BIN, "import", str(archive), "--yes", "--data", str(tmp_path / "second"), "--store", desk.url],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "another data directory" in done.stderr, done.stderr
    assert not (tmp_path / "second").exists() and desk.fingerprint() == before


@sqlite_only
@pytest.mark.parametrize("damage", ["header", "middle", "cut", "empty"])
def test_a_damaged_database(desk, archive, damage):
    (desk.dir.parent / "more.csv").write_text("id,author,created_at,text\n" + "".join(
        "%d,ann,2026-01-12T10:00:00Z,hello number %d\n" % (i, i) for i in range(2, 400)))
    desk.take(desk.dir.parent / "more.csv")
    path = desk.dir / "aplomb.db"
    good = path.read_bytes()
    if damage == "header":
        path.write_bytes(b"not a database at all" + good[21:])
    elif damage == "middle":
        path.write_bytes(good[:8192 * 3] + os.urandom(len(good) // 2) + good[8192 * 3 + len(good) // 2:])
    elif damage == "cut":
        path.write_bytes(good[:len(good) // 3])
    else:
        path.write_bytes(b"")
    for command in (["verify"], ["import", archive, "--yes"]):
        done = desk.run(*command)
        text = (done.stderr + done.stdout).decode("utf-8", "replace")
        assert done.returncode == 1 and "Sanitizer" not in text, (damage, command, done.returncode, text)
        if command[0] == "import":
            assert text.startswith("aplomb: ") and str(desk.dir) in text, (damage, text)


@sqlite_only
def test_a_locked_database(desk, archive):
    base = sqlite3.connect(desk.dir / "aplomb.db", isolation_level=None)
    base.execute("BEGIN IMMEDIATE")
    try:
        message = desk.refused("import", archive, "--yes")
        assert "locked" in message or "busy" in message or "another" in message, message
        assert desk.stats()["posts"] == 1, "reading goes on"
    finally:
        base.execute("ROLLBACK")
        base.close()
    assert desk.take(archive)["known"] == 1


@sqlite_only
def test_a_full_disk(tmp_path, archive):
    """A small file system of its own, which only root can make."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        desk = Desk(small / "desk")
        desk.take(archive)
        before = desk.stats()
        big = tmp_path / "big.csv"
        big.write_text("id,author,created_at,text\n" + "".join(
            "%d,a%d,2026-01-12T10:00:00Z,%s\n" % (i, i % 50, "where is my refund %d " % i * 20) for i in range(2, 20000)))
        message = desk.refused("import", big, "--yes")
        assert "full" in message or "space" in message, message
        after = desk.stats()
        assert after["posts"] >= before["posts"], "reading goes on"
        assert desk.run("verify").returncode == 0
        assert subprocess.run(["mount", "-o", "remount,size=400m", str(small)]).returncode == 0
        counts = desk.take(big)
        assert counts["taken"] + counts["known"] == 19998 and desk.stats()["posts"] == 19999
        assert desk.run("verify").returncode == 0
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_migrate_says_that_there_is_nothing_to_do(desk):
    before = desk.fingerprint()
    desk.ok("migrate")
    assert desk.fingerprint() == before


def test_a_copy_of_the_directory_is_the_same_desk(desk, tmp_path):
    if STORE != "sqlite":
        pytest.skip("the store is elsewhere")
    shutil.copytree(desk.dir, tmp_path / "copy")
    with Desk(tmp_path / "copy", store="sqlite") as copy:
        assert copy.fingerprint() == desk.fingerprint()
        assert copy.run("verify").returncode == 0
