# SPDX-License-Identifier: Apache-2.0
"""`aplomb doctor`: a sound installation passes; each thing that is broken is named with what to do, and hides no other."""
import os
import resource
import shutil
import socket
import sqlite3

import pytest
from program import STORE, Desk, folder_fingerprint

ARCHIVE = """id,author,text,time
1,ann,Where is my refund?,2026-11-02T10:00:00Z
2,bob,Great service,2026-11-03T10:00:00Z
"""


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "a.csv").write_text(ARCHIVE)
    desk = Desk(folder / "data")
    desk.take(folder / "a.csv")
    yield desk
    desk.close()


@pytest.fixture
def copy(origin, tmp_path):
    """The same folder again; with PostgreSQL the same database, which these tests leave alone."""
    desk = Desk.__new__(Desk)
    desk.dir, desk.kind, desk.url, desk.database = tmp_path / "data", origin.kind, origin.url, None
    shutil.copytree(origin.dir, desk.dir)
    return desk


def checks(desk, wrong, **more):
    """The report by name; wrong = whether doctor must find something wrong."""
    import json
    done = desk.run("doctor", "--json", **more)
    assert done.returncode == (1 if wrong else 0), done.stdout.decode() + done.stderr.decode()
    report = json.loads(done.stdout)
    assert report["ok"] == (not wrong)
    for check in report["checks"]:
        assert check["status"] in ("ok", "warning", "wrong") and check["detail"] and check["name"]
        assert check["status"] == "ok" or check["fix"], check
    return {c["name"]: c for c in report["checks"]}


def only_wrong(report):
    return sorted(n for n, c in report.items() if c["status"] == "wrong")


def sql(desk, *statements):
    connection = sqlite3.connect(desk.dir / "aplomb.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def need_sqlite(desk):
    if desk.kind != "sqlite":
        pytest.skip("done once, on SQLite")


def test_sound(copy):
    report = checks(copy, False)
    assert only_wrong(report) == []
    assert set(report) >= {"data directory", "permissions", "keys", "server", "store", "schema", "integrity", "ledger",
                           "clock", "policy", "time zones", "disk", "open files", "memory"}
    text = copy.ok("doctor")
    assert "data directory" in text and ("PostgreSQL" if STORE == "postgres" else "SQLite") in text


def test_changes_nothing(copy):
    copy.ok("doctor")
    before = folder_fingerprint(copy.dir)
    copy.ok("doctor")
    assert folder_fingerprint(copy.dir) == before


def test_running_server(house):
    report = checks(house.server.desk, False)
    assert str(house.server.process.pid) in report["server"]["detail"] and "answers" in report["server"]["detail"]


def test_somebody_holds_the_lock_and_does_not_answer(copy):
    import fcntl
    import struct
    with open(copy.dir / "lock", "r+b") as lock:
        lock.write(b"%d\n" % os.getpid())
        lock.flush()
        fcntl.fcntl(lock, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
        dead = socket.socket(socket.AF_UNIX)
        if len(str(copy.dir / "serve.sock")) < 100:
            dead.bind(str(copy.dir / "serve.sock"))
        report = checks(copy, False)
        dead.close()
    assert report["server"]["status"] == "warning" and "does not answer" in report["server"]["detail"]


def test_no_data_directory(tmp_path):
    desk = Desk.__new__(Desk)
    desk.dir, desk.kind, desk.url, desk.database = tmp_path / "nothing", "sqlite", None, None
    assert only_wrong(checks(desk, True)) == ["data directory"]
    desk.dir = tmp_path
    (tmp_path / "letter.txt").write_text("x")
    assert only_wrong(checks(desk, True)) == ["data directory"]
    (tmp_path / "aplomb.json").write_text("{ nonsense")
    assert only_wrong(checks(desk, True)) == ["data directory"]
    (tmp_path / "aplomb.json").write_text('{"what":"x","format":99,"store":"sqlite"}')
    assert "newer" in checks(desk, True)["data directory"]["detail"]


@pytest.mark.parametrize("name,mode", [(".", 0o755), ("keys", 0o750), ("keys/ledger.key", 0o644), ("keys/secret.key", 0o640),
                                       ("aplomb.json", 0o604), ("aplomb.db", 0o644)])
def test_permissions(copy, name, mode):
    if not (copy.dir / name).exists():
        pytest.skip("PostgreSQL has no such file here")
    (copy.dir / name).chmod(mode)
    check = checks(copy, True)["permissions"]
    assert check["status"] == "wrong" and "chmod" in check["fix"] and name.strip(".") in check["fix"]


def test_keys(copy):
    (copy.dir / "keys" / "ledger.pub").write_text(
        "aplomb/00000000+c9fd60dd+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
    assert "keys" in only_wrong(checks(copy, True))
    (copy.dir / "keys" / "ledger.pub").unlink()
    assert "keys" in only_wrong(checks(copy, True))
    (copy.dir / "keys" / "secret.key").write_text("short\n")
    assert "secret.key" in checks(copy, True)["keys"]["detail"]
    shutil.rmtree(copy.dir / "keys")
    report = checks(copy, True)
    assert report["keys"]["status"] == "wrong" and report["integrity"]["status"] == "ok"


def test_keys_of_another_ledger(copy, tmp_path):
    (tmp_path / "a.csv").write_text(ARCHIVE)
    other = Desk(tmp_path / "other", "sqlite")
    other.take(tmp_path / "a.csv")
    shutil.rmtree(copy.dir / "keys")
    shutil.copytree(other.dir / "keys", copy.dir / "keys")
    report = checks(copy, True)
    assert report["keys"]["status"] == "ok" and only_wrong(report) == ["ledger"]


def test_store_is_missing(copy):
    need_sqlite(copy)
    for path in copy.dir.glob("aplomb.db*"):
        path.unlink()
    report = checks(copy, True)
    assert "store" in only_wrong(report) and report["policy"]["status"] == "ok"
    (copy.dir / "aplomb.db").write_bytes(b"this is no database at all" * 1000)
    (copy.dir / "aplomb.db").chmod(0o600)
    report = checks(copy, True)
    assert only_wrong(report) and report["policy"]["status"] == "ok"


def test_server_of_the_store_is_away(copy):
    report = checks_with_store(copy, "postgresql://nobody@127.0.0.1:1/none")
    assert "store" in only_wrong(report) and report["policy"]["status"] == "ok"


def checks_with_store(desk, url):
    desk.url = url
    return checks(desk, True)


def test_damaged_pages(copy):
    need_sqlite(copy)
    sql(copy, "PRAGMA wal_checkpoint(TRUNCATE)")
    path = copy.dir / "aplomb.db"
    data = bytearray(path.read_bytes())
    found = 0
    for page in range(1, len(data) // 4096, 5):
        damaged = bytearray(data)
        damaged[page * 4096:page * 4096 + 60] = b"\xfe" * 60
        path.write_bytes(damaged)
        done = copy.run("doctor", "--json")
        assert done.returncode in (0, 1) and b"Sanitizer" not in done.stderr, done.stderr
        found += done.returncode
    assert found > 5


def test_schema(copy):
    need_sqlite(copy)
    sql(copy, "UPDATE schema_migration SET version = version + 100")
    check = checks(copy, True)["schema"]
    assert check["status"] == "wrong" and "newer" in check["detail"]
    sql(copy, "DELETE FROM schema_migration")
    assert "migrate" in checks(copy, True)["schema"]["fix"]


@pytest.mark.parametrize("change", ["UPDATE ledger_head SET note = 'x'", "UPDATE ledger_head SET size = size - 1",
                                    "UPDATE ledger_head SET last_hash = zeroblob(32)",
                                    "UPDATE ledger_head SET frontier = zeroblob(8)", "DELETE FROM ledger_head",
                                    "DELETE FROM ledger_entry WHERE seq = (SELECT max(seq) FROM ledger_entry)",
                                    "UPDATE ledger_entry SET entry = 'x' WHERE seq = (SELECT max(seq) FROM ledger_entry)"])
def test_ledger(copy, change):
    need_sqlite(copy)
    sql(copy, change)
    report = checks(copy, True)
    assert only_wrong(report) == ["ledger"] and "verify" in report["ledger"]["fix"]


def test_clock_before_the_newest_entry(copy):
    need_sqlite(copy)
    # A machine whose clock went back sees entries of the future: the same, made by moving the entry.
    text = copy.rows("SELECT entry FROM ledger_entry ORDER BY seq DESC LIMIT 1")[0]["entry"]
    at = text.index('"at":"') + 6
    sql(copy, "UPDATE ledger_entry SET entry = '%s' WHERE seq = (SELECT max(seq) FROM ledger_entry)" % (
        text[:at] + "2199" + text[at + 4:]).replace("'", "''"))
    report = checks(copy, True)
    assert "clock" in only_wrong(report) and "2199" in report["clock"]["detail"]


def test_policy(copy):
    path = copy.dir / "policy" / "clocks.yaml"
    good = path.read_text()
    path.write_text(good + "\nnonsense: [1, 2\n")
    check = checks(copy, True)["policy"]
    assert check["status"] == "wrong" and "clocks.yaml:" in check["detail"]
    path.write_text(good + "\n# a remark\n")
    check = checks(copy, False)["policy"]
    assert check["status"] == "warning" and "policy publish" in check["fix"]
    shutil.rmtree(copy.dir / "policy")
    assert "policy" in only_wrong(checks(copy, True))


def test_policy_in_the_store_is_damaged(copy):
    need_sqlite(copy)
    sql(copy, "UPDATE policy SET files = 'rubbish', digest = 'x'")
    assert checks(copy, False)["policy"]["status"] == "warning"


def test_zones(copy, tmp_path):
    env = dict(copy.env(), TZDIR=str(tmp_path / "empty"))
    copy.env = lambda: env
    assert "tzdata" in checks(copy, True)["time zones"]["fix"]


def test_limits(copy):
    report = checks(copy, False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    assert report["open files"]["status"] == "warning"
