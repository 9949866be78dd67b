# SPDX-License-Identifier: Apache-2.0
"""Backup and restore: the same content comes back, in either store; what is damaged is refused and leaves nothing."""
import os
import random
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pytest
from program import BIN, PG_URL, Desk

ARCHIVE = "id,author,author_name,text,time,parent\n" + "".join(
    "%d,user%d,User %d,Where is parcel number %d? I am waiting — für immer 😡,2026-11-%02dT10:%02d:00Z,%s\n"
    % (n, n % 17, n % 17, n, 1 + n % 20, n % 60, n - 17 if n % 3 == 0 and n > 17 else "") for n in range(1, 301))


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backup")
    (folder / "a.csv").write_text(ARCHIVE)
    desk = Desk(folder / "data")
    desk.take(folder / "a.csv")
    desk.ok("user", "add", "kim@example.org", "--name", "Kim")
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def backup(origin, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "desk.backup"
    made = origin.json("backup", path)
    assert made["bytes"] == path.stat().st_size and made["entries"] == origin.stats()["ledger_entries"]
    return path


def restored(path, folder, kind):
    """A new desk from a backup, in a store of that kind."""
    desk = Desk(folder, kind)
    result = desk.json("restore", path)
    assert result["findings"] == 0
    return desk


def files_of(desk):
    return {str(p.relative_to(desk.dir)): p.read_bytes() for f in ("keys", "policy") for p in (desk.dir / f).rglob("*")
            if p.is_file()}


def kinds():
    return ["sqlite", "postgres"] if PG_URL else ["sqlite"]


def leftovers(folder):
    return sorted(p.name for p in Path(folder).iterdir())


@pytest.mark.parametrize("kind", kinds())
def test_round_trip(origin, backup, tmp_path, kind):
    with restored(backup, tmp_path / "new", kind) as copy:
        assert copy.fingerprint() == origin.fingerprint()
        assert files_of(copy) == files_of(origin)
        assert copy.json("verify")["ok"]
        assert copy.stats() == origin.stats()
        for words in ("parcel", "number 17", "wait"):
            found = origin.json("case", "list", "--view", "all", "--q", words)
            assert found and copy.json("case", "list", "--view", "all", "--q", words) == found
        assert copy.one("SELECT count(*) FROM sign_in_link") == 0
        # It goes on from there: ids, ledger and signatures continue.
        (tmp_path / "b.csv").write_text("id,author,text,time\n900,new,One more question: where is it?,2026-11-22T10:00:00Z\n")
        assert copy.take(tmp_path / "b.csv")["taken"] == 1
        assert copy.json("verify")["ok"]
        # And back again, from whatever store it is in now.
        copy.ok("backup", tmp_path / "again")
        with restored(tmp_path / "again", tmp_path / "back", "sqlite") as back:
            assert back.fingerprint() == copy.fingerprint()


def test_private_file(backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_two_backups_of_one_state_hold_the_same(origin, tmp_path):
    origin.ok("backup", tmp_path / "a")
    with restored(tmp_path / "a", tmp_path / "r", "sqlite") as copy:
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [copy.dir, *(copy.dir / "keys").iterdir()]}
        assert modes == {copy.dir.name: 0o700, "ledger.key": 0o600, "secret.key": 0o600, "ledger.pub": 0o644}
        assert copy.json("doctor")["ok"]


def test_while_a_server_runs(house, tmp_path):
    house.hook().post("Hello?")
    house.server.desk.ok("backup", tmp_path / "live")
    with restored(tmp_path / "live", tmp_path / "copy", "sqlite") as copy:
        assert copy.stats()["posts"] >= 1


def test_names_that_are_taken(origin, backup, tmp_path):
    other = tmp_path / "letter.txt"
    other.write_text("dear all")
    assert "no backup" in origin.refused("backup", other)
    assert other.read_text() == "dear all"
    assert "no backup" in origin.refused("backup", tmp_path)
    shutil.copy(backup, tmp_path / "old")
    origin.ok("backup", tmp_path / "old")
    assert leftovers(tmp_path) == ["letter.txt", "old"]
    assert origin.refused("backup", tmp_path / "no" / "such" / "folder")


def test_folders_that_are_taken(origin, backup, tmp_path):
    copy = Desk(tmp_path / "data", "sqlite")
    copy.dir.mkdir()
    (copy.dir / "mine.txt").write_text("x")
    assert "new or empty" in copy.refused("restore", backup)
    assert leftovers(tmp_path) == ["data"] and leftovers(copy.dir) == ["mine.txt"]
    (copy.dir / "mine.txt").unlink()
    copy.ok("restore", backup)
    assert "new or empty" in copy.refused("restore", backup)
    assert leftovers(tmp_path) == ["data"]


def test_postgres_that_holds_something(backup, tmp_path):
    if not PG_URL:
        pytest.skip("APLOMB_PG_URL is not set: no PostgreSQL to restore into")
    with Desk(tmp_path / "a", "postgres") as copy:
        import psycopg2
        connection = psycopg2.connect(copy.url)
        connection.autocommit = True
        connection.cursor().execute("CREATE TABLE somebody_elses (x int)")
        assert "not empty" in copy.refused("restore", backup)
        assert not copy.dir.exists() and leftovers(tmp_path) == []
        connection.cursor().execute("DROP TABLE somebody_elses")
        # One that fails in the middle (no room for the files) leaves no rows, and the next attempt goes through.
        done = copy.run("restore", backup, wrap=strace("rename:error=ENOSPC:when=3")) if can_strace() else None
        if done is not None:
            assert done.returncode == 1 and not copy.dir.exists(), done.stdout + done.stderr
            assert copy.one("SELECT count(*) FROM post") == 0
        assert copy.json("restore", backup)["findings"] == 0
        again = Desk.__new__(Desk)
        again.dir, again.kind, again.url, again.database = tmp_path / "b", copy.kind, copy.url, None
        assert "not empty" in again.refused("restore", backup)
        connection.close()


# --- damage -----------------------------------------------------------------------------------------------------------

def refused_without_trace(path, folder):
    copy = Desk(folder / "data", "sqlite")
    message = copy.refused("restore", path)
    assert leftovers(folder) == [], message
    return message


def test_truncated(backup, tmp_path):
    data = backup.read_bytes()
    folder = tmp_path / "into"
    folder.mkdir()
    cut = tmp_path / "cut"
    sizes = {0, 1, 15, 16, 17, 47, 48, 49, len(data) - 1, len(data) - 31, len(data) - 32, len(data) - 33}
    sizes |= {len(data) * n // 20 for n in range(1, 20)}
    for size in sorted(sizes):
        cut.write_bytes(data[:size])
        refused_without_trace(cut, folder)
    cut.write_bytes(data + b"x")
    refused_without_trace(cut, folder)


def test_flipped_bits(backup, tmp_path):
    data = bytearray(backup.read_bytes())
    folder = tmp_path / "into"
    folder.mkdir()
    bad = tmp_path / "bad"
    chance = random.Random(7)
    spots = list(range(0, 40)) + [len(data) - n for n in range(1, 33)] + [chance.randrange(len(data)) for _ in range(60)]
    for spot in spots:
        bit = 1 << chance.randrange(8)
        data[spot] ^= bit
        bad.write_bytes(data)
        message = refused_without_trace(bad, folder)
        assert "backup" in message, message
        data[spot] ^= bit


def repacked(backup, change):
    """The backup with its records changed and every hash made anew: what only the structure can tell."""
    import hashlib
    data = backup.read_bytes()
    plain = subprocess.run(["zstd", "-dc"], input=data[16:-32], capture_output=True, check=True).stdout
    records, at = [], 0
    while at < len(plain):
        size = int.from_bytes(plain[at + 1:at + 5], "big")
        records.append((plain[at:at + 1], plain[at + 5:at + 5 + size]))
        at += 5 + size
    packed = b"".join(t + len(p).to_bytes(4, "big") + p for t, p in change(records))
    whole = data[:16] + subprocess.run(["zstd", "-c"], input=packed, capture_output=True, check=True).stdout
    return whole + hashlib.sha256(whole).digest()


def without(kind):
    return lambda records: [r for r in records if r[0] != kind]


def named(name):
    def change(records):
        content = b"evil"
        return [r if r[0] != b"F" else (b"F", len(name).to_bytes(2, "big") + name + content) for r in records]
    return change


STRUCTURES = {
    "no end": without(b"E"), "no manifest": without(b"M"), "no table heads": without(b"T"), "no rows": without(b"R"),
    "no files": without(b"F"),
    "one file less": lambda r: [x for i, x in enumerate(r) if i != max(j for j, y in enumerate(r) if y[0] == b"F")],
    "one row less": lambda r: [x for i, x in enumerate(r) if i != max(j for j, y in enumerate(r) if y[0] == b"R")],
    "a short row": lambda r: [(t, p[:-1]) if t == b"R" else (t, p) for t, p in r],
    "a long row": lambda r: [(t, p + b"x") if t == b"R" else (t, p) for t, p in r],
    "after the end": lambda r: r + [(b"R", b"")],
    "unknown record": lambda r: r[:1] + [(b"Q", b"")] + r[1:],
    "file outside": named(b"../../evil"), "file elsewhere": named(b"keys/../../evil"), "absolute file": named(b"/tmp/evil"),
    "file in no folder": named(b"evil"), "empty part": named(b"keys//evil"),
    "newer schema": lambda r: [(t, p.replace(b'"schema":', b'"schema":9')) if t == b"M" else (t, p) for t, p in r],
    "foreign table": lambda r: [(t, p.replace(b'"table":"author"', b'"table":"session"')) for t, p in r],
    "column with SQL": lambda r: [(t, p.replace(b'["remote_id","t"]', b'["x); DROP TABLE post; --","t"]')) for t, p in r],
    "row twice": lambda r: [x for y in r for x in ([y, y] if y[0] == b"R" else [y])],
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_wrong_structure(backup, tmp_path, name):
    if not shutil.which("zstd"):
        pytest.skip("the command zstd is not installed")
    folder = tmp_path / "into"
    folder.mkdir()
    bad = tmp_path / "bad"
    bad.write_bytes(repacked(backup, STRUCTURES[name]))
    message = refused_without_trace(bad, folder)
    assert not (tmp_path / "evil").exists() and not Path("/tmp/evil").exists()
    if name == "newer schema":
        assert "newer" in message


def test_tampered_content_is_found_at_the_end(backup, tmp_path):
    if not shutil.which("zstd"):
        pytest.skip("the command zstd is not installed")
    bad = tmp_path / "bad"
    bad.write_bytes(repacked(backup, lambda r: [(t, p.replace(b"Where is parcel number 17?", b"Thank you for number 17!!"
                                                              b"!")) for t, p in r]))
    copy = Desk(tmp_path / "data", "sqlite")
    done = copy.run("restore", bad)
    assert done.returncode == 1 and b"post_version" in done.stdout, done.stdout + done.stderr
    assert copy.run("verify").returncode == 1


def test_other_files_are_no_backups(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    for name, content in (("empty", b""), ("text", b"hello\n" * 100), ("zeros", bytes(4096))):
        (tmp_path / name).write_bytes(content)
        assert "not a backup" in refused_without_trace(tmp_path / name, folder)
    assert refused_without_trace(tmp_path / "missing", folder)
    assert refused_without_trace(tmp_path, folder)


def test_damaged_source_can_be_saved(origin, tmp_path):
    """A desk whose policy cannot be read any more opens for nobody else; its content can still be saved."""
    if origin.kind != "sqlite":
        pytest.skip("done once, on SQLite")
    import sqlite3
    copy = Desk(tmp_path / "data", "sqlite")
    shutil.copytree(origin.dir, copy.dir)
    connection = sqlite3.connect(copy.dir / "aplomb.db")
    connection.execute("UPDATE policy SET files = 'rubbish'")
    connection.commit()
    connection.close()
    copy.ok("backup", tmp_path / "saved")
    again = Desk(tmp_path / "again", "sqlite")
    assert again.run("restore", tmp_path / "saved").returncode == 1
    assert again.dir.exists()
    assert again.run("verify").returncode == 1


# --- a process that is killed, a disk that fails ----------------------------------------------------------------------

def strace(*inject):
    return ["strace", "-f", "-qq", "-o", os.devnull, *[w for i in inject for w in ("-e", "inject=" + i)]]


# Under strace the program without sanitizers: theirs would be the writes that fail.
PLAIN = os.environ.get("APLOMB_BIN_PLAIN", BIN)


def can_strace():
    return shutil.which("strace") and subprocess.run(
        ["strace", "-qq", "-o", os.devnull, "true"], capture_output=True).returncode == 0


@pytest.mark.parametrize("call", ["pwrite64", "write", "fsync,fdatasync", "rename", "mkdir"])
def test_killed_restore_leaves_no_data_directory(backup, tmp_path, call):
    if not can_strace():
        pytest.skip("strace cannot be used here")
    done = killed = 0
    env = {k: v for k, v in os.environ.items() if not k.startswith("APLOMB_")}
    for n in (1, 2, 3, 4, 6, 9, 14, 22, 35, 60, 100):
        folder = tmp_path / ("r%d" % n)
        folder.mkdir()
        target = folder / "data"
        run = subprocess.run([*strace("%s:signal=KILL:when=%d" % (call, n)), PLAIN, "restore", str(backup), "--data", str(target)],
                             capture_output=True, env=env, timeout=120)
        copy = Desk(target, "sqlite")
        if run.returncode == 0:
            done += 1
            break
        assert run.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), run.stderr
        killed += 1
        if target.exists():
            assert copy.json("verify")["ok"]
            continue
        temp = folder / "data.restoring"
        if (temp / "aplomb.json").exists():
            assert Desk(temp, "sqlite").json("verify")["ok"]
        # And the next attempt goes through.
        assert copy.json("restore", backup)["findings"] == 0
        assert leftovers(folder) == ["data"]
    assert killed > 0


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("call", ["write", "pwrite64", "fsync,fdatasync", "rename"])
def test_failing_disk(origin, backup, tmp_path, call, error):
    if not can_strace():
        pytest.skip("strace cannot be used here")
    env = {k: v for k, v in os.environ.items() if not k.startswith("APLOMB_")}
    failed = 0
    for n in (1, 2, 3, 5, 8, 13, 30):
        folder = tmp_path / ("f%d" % n)
        folder.mkdir()
        run = subprocess.run([*strace("%s:error=%s:when=%d" % (call, error, n)), PLAIN, "restore", str(backup), "--data",
                              str(folder / "data")], capture_output=True, env=env, timeout=120)
        if run.returncode == 0:
            assert Desk(folder / "data", "sqlite").json("verify")["ok"]
            continue
        failed += 1
        assert run.stderr.startswith(b"aplomb: ") or call == "write", run.stderr
        assert not (folder / "data").exists()
    assert failed > 0
    if origin.kind != "sqlite":
        return
    for n in (1, 2, 3):
        path = tmp_path / ("b%d" % n)
        run = subprocess.run([*strace("%s:error=%s:when=%d" % (call, error, n)), *origin.command("backup", path)],
                             capture_output=True, env=env, timeout=120)
        if run.returncode:
            assert not list(tmp_path.glob("*.tmp"))
            if path.exists():  # only the folder could not be synced; the file is whole
                restored(path, tmp_path / ("w%d" % n), "sqlite").close()


