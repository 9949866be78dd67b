# SPDX-License-Identifier: Apache-2.0
"""`aplomb verify`: a clean desk passes; whatever is changed behind its back, one thing at a time, is named."""
import base64
import hashlib
import json
import shutil
import sqlite3
import uuid

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from program import NEVER, PG_URL, STORE, Desk, Server

ARCHIVE = """id,author,author_name,text,time,parent,url
1,ann,Ann Example,Where is my refund? I have waited two weeks and nobody answers.,2026-11-02T10:00:00Z,,https://example.org/1
2,acme,Acme,"Sorry, Ann. We look into it.",2026-11-02T10:10:00Z,1,
3,ann,Ann Example,Still nothing! This is a disgrace.,2026-11-02T12:00:00Z,2,
4,bob,Bob Example,"Great service, thank you",2026-11-03T10:00:00Z,,
5,cyn,Cyn Example,How do I change my address?,2026-11-03T11:00:00Z,,
6,dan,Dan Example,The parcel arrived broken and I want my money back.,2026-11-04T09:00:00Z,,
"""
MORE = """id,author,author_name,text,time,parent,url
7,eve,Eve Example,Nobody picks up the phone.,2026-11-05T09:00:00Z,,
8,ann,Ann Example,And now the second parcel is late as well.,2026-11-05T10:00:00Z,3,
"""


class Copy:
    """A desk of its own with the same content, to be tampered with."""

    def __init__(self, origin, folder):
        self.desk = Desk.__new__(Desk)
        self.desk.dir, self.desk.kind, self.desk.database, self.desk.url = folder, origin.kind, None, None
        shutil.copytree(origin.dir, folder, ignore=shutil.ignore_patterns("serve.sock"))
        if origin.kind == "postgres":
            self.desk.database = "e2e_" + uuid.uuid4().hex[:16]
            Server(PG_URL).run("CREATE DATABASE %s TEMPLATE %s" % (self.desk.database, origin.database))
            self.desk.url = Server(PG_URL).url(self.desk.database)

    def sql(self, statement, *params):
        """Runs one statement past the program; rows of a query."""
        if self.desk.kind == "postgres":
            import psycopg2
            connection = psycopg2.connect(self.desk.url)
            statement = statement.replace("?", "%s")
        else:
            connection = sqlite3.connect(self.desk.dir / "aplomb.db")
        try:
            cursor = connection.cursor()
            cursor.execute(statement, params)
            rows = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()] \
                if cursor.description else None
            assert rows is not None or cursor.rowcount != 0, "changed nothing: " + statement
            connection.commit()
            return rows
        finally:
            connection.close()

    def verify(self, *options):
        done = self.desk.run("verify", "--json", *options)
        assert done.returncode in (0, 1), done.stderr.decode()
        result = json.loads(done.stdout)
        assert result["ok"] == (done.returncode == 0)
        assert sum(result["found"].values()) >= len(result["findings"]) > 0 or result["ok"]
        return result


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """Every state table holds something: posts of two imports, people, a note, a step."""
    from api import House
    folder = tmp_path_factory.mktemp("verify")
    (folder / "a.csv").write_text(ARCHIVE)
    (folder / "b.csv").write_text(MORE)
    house = House(folder / "data")
    desk = house.server.desk
    try:
        desk.take(folder / "a.csv", "--own", "acme")
        case = house.owner.all("/cases", view="all")[0]
        number = case.get("id") or case["case"]["id"]
        house.agent.make("/cases/%d/notes" % number, {"text": "She has called twice already."})
        house.agent.patch_case(number, {"state": "pending"})
        hook = house.hook()
        event = hook.post("The app crashes at the checkout", id="w1")
        hook.send(dict(event, event="edit", text="The app crashes at the checkout, always", at="2026-11-20T11:00:00Z"))
        # A deletion that comes before its post, and a post that nobody is named for.
        hook.send({"event": "delete", "id": "w2", "author": {"id": "zoe"}, "at": "2026-11-20T12:00:00Z"})
    finally:
        house.server.stop()
    desk.take(folder / "b.csv", "--own", "acme", "--map", "text=text,author=author,time=time,parent=parent")
    yield desk
    desk.close()


@pytest.fixture
def copy(origin, tmp_path):
    made = Copy(origin, tmp_path / "data")
    yield made
    made.desk.close()


def places(result, kind=None):
    return [f["where"] for f in result["findings"] if kind in (None, f["kind"])]


def entries(copy):
    return [json.loads(row[0]) for row in copy.sql("SELECT entry FROM ledger_entry ORDER BY seq")]


def leaf(text):
    return hashlib.sha256(b"\0" + text.encode()).digest()


def root_of(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def edge_of(leaves):
    blob, at = len(leaves).to_bytes(8, "big"), 0
    for bit in range(63, -1, -1):
        if len(leaves) >> bit & 1:
            blob += root_of(leaves[at:at + (1 << bit)])
            at += 1 << bit
    return blob


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def canonical(entry):
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def signed(name, size, root, key, key_id=None):
    """A checkpoint note as docs/formats/ledger.md says."""
    text = "%s\n%d\n%s\n" % (name, size, base64.b64encode(root).decode())
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    key_id = key_id or hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    return "%s\n— %s %s\n" % (text, name, base64.b64encode(key_id + key.sign(text.encode())).decode())


def put_head(copy, texts, note=None):
    """The head as the program would have stored it, but for the signature."""
    leaves = [leaf(t) for t in texts]
    copy.sql("UPDATE ledger_head SET size = ?, last_hash = ?, frontier = ?", len(texts), leaves[-1], edge_of(leaves))
    if note:
        copy.sql("UPDATE ledger_head SET note = ?", note)


def raw_entries(copy):
    return [row[0] for row in copy.sql("SELECT entry FROM ledger_entry ORDER BY seq")]


# --- nothing was changed ----------------------------------------------------------------------------------------------

def test_clean(copy):
    result = copy.verify()
    assert result["ok"] and result["findings"] == [], result["findings"]
    texts = raw_entries(copy)
    assert result["entries"] == len(texts)
    assert base64.b64decode(result["root"]) == root_of([leaf(t) for t in texts])
    state = sum(copy.sql("SELECT count(*) FROM " + t)[0][0] for t in STATE_TABLES)
    assert result["rows"] == state
    assert result["commitments"] == sum(len(e["commit"]) for e in entries(copy)) > 20
    assert result["checkpoints"] == copy.sql("SELECT count(*) FROM ledger_checkpoint")[0][0] >= 1
    assert "everything is as the ledger says" in copy.desk.ok("verify")


def test_every_state_table_is_covered(copy):
    for table in STATE_TABLES:
        assert copy.sql("SELECT count(*) FROM " + table)[0][0] > 0, table + " is empty, so its test would prove nothing"


def test_while_a_server_runs(house):
    house.hook().post("Is anybody there?")
    assert house.server.desk.json("verify")["ok"]


# --- one changed value ------------------------------------------------------------------------------------------------

STATE_TABLES = ("workspace", "policy", "desk_user", "channel", "import", "import_mapping", "author", "post", "post_version",
                "assessment", "desk_case", "clock", "case_step", "note")
KEYS = {"workspace": ("workspace_id",), "post_version": ("post_id", "version_no"), "assessment": ("post_id", "version_no"),
        "clock": ("case_id", "ordinal"), "import_mapping": ("fingerprint",)}


def keys_of(table):
    return KEYS.get(table, ("id",))


def pick(copy, table, where="1 = 1"):
    """The key of one row, as SQL condition and as verify names it."""
    keys = keys_of(table)
    row = copy.sql("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT 1" % (", ".join(keys), table, where, ", ".join(keys)))[0]
    return " AND ".join("%s = %d" % pair for pair in zip(keys, row)), "%s %s" % (table, "/".join(map(str, row)))


CHANGES = [
    ("post_version", "text = 'I am perfectly happy.'", "text <> ''", "text"),
    ("post_version", "text = text || ' '", "text <> ''", "text"),
    ("post_version", "raw = ?", "text <> ''", "raw"),
    ("post_version", "lang = 'xx'", "1 = 1", None),
    ("post_version", "valid_us = valid_us + 1", "1 = 1", None),
    ("post_version", "learned_us = learned_us - 1", "1 = 1", None),
    ("author", "name = 'Somebody Else'", "is_own = 0", None),
    ("author", "is_own = 1", "is_own = 0", None),
    ("post", "posted_us = posted_us + 60000000", "is_own = 0", None),
    ("post", "url = 'https://example.org/other'", "url <> ''", None),
    ("post", "deleted_us = 5", "1 = 1", None),
    ("desk_case", "state = state + 1", "1 = 1", None),
    ("desk_case", "priority = priority + 1", "1 = 1", None),
    ("desk_case", "headline = 'x'", "1 = 1", None),
    ("clock", "due_us = due_us + 3600000000", "1 = 1", None),
    ("clock", "breach_us = 1", "1 = 1", None),
    ("assessment", "urgency = urgency + 1", "1 = 1", None),
    ("assessment", "why = 'because'", "1 = 1", None),
    ("desk_user", "role = 'owner'", "role = 'reader'", None),
    ("desk_user", "password = 'x'", "1 = 1", None),
    ("policy", "files = replace(files, '30', '90')", "1 = 1", None),
    ("policy", "digest = 'x'", "1 = 1", None),
    ("note", "text = 'She has never called.'", "1 = 1", None),
    ("case_step", "user_id = user_id + 1", "1 = 1", None),
    ("channel", "disabled_us = 5", "1 = 1", None),
    ("import", "rejected = rejected + 1", "1 = 1", None),
    ("import_mapping", "mapping = '{}'", "1 = 1", None),
    ("workspace", "name = 'Another firm'", "1 = 1", None),
] + [(t, "salt = ?", "1 = 1", None) for t in STATE_TABLES]
# Verification is one code for both stores, and a copy of a PostgreSQL database takes a second: a handful there.
SOME_TABLES = STATE_TABLES if STORE == "sqlite" else ("workspace", "post_version", "clock", "note")
if STORE != "sqlite":
    CHANGES = CHANGES[::5]


@pytest.mark.parametrize("table,change,where,column", CHANGES, ids=["%s: %s" % c[:2] for c in CHANGES])
def test_changed_row(copy, table, change, where, column):
    condition, name = pick(copy, table, where)
    before = copy.sql("SELECT * FROM %s WHERE %s" % (table, condition))
    copy.sql("UPDATE %s SET %s WHERE %s" % (table, change, condition), *([b"0123456789abcdef"] if "?" in change else []))
    assert copy.sql("SELECT * FROM %s WHERE %s" % (table, condition)) != before
    result = copy.verify()
    named = [f for f in result["findings"] if f["where"] == name and f["kind"] == "changed"]
    assert named, result["findings"]
    if column:
        assert named[0]["column"] == column
    assert result["found"]["extra"] == result["found"]["missing"] == 0, result["findings"]
    assert named[0]["entry"] is not None
    text = copy.desk.run("verify")
    assert text.returncode == 1 and name in text.stdout.decode()


def test_changed_seal_seq(copy):
    condition, name = pick(copy, "author")
    copy.sql("UPDATE author SET seal_seq = seal_seq + 1 WHERE " + condition)
    finding = copy.verify()["findings"]
    assert [(f["kind"], f["where"], f["column"]) for f in finding] == [("changed", name, "seal_seq")]


def test_the_authors_id_is_committed(copy):
    condition, name = pick(copy, "author", "is_own = 0")
    copy.sql("UPDATE author SET remote_id = 'mallory' WHERE " + condition)
    found = copy.verify()["findings"]
    assert name in [f["where"] for f in found]
    assert any(f["where"].startswith("post ") and f["column"] == "author" for f in found), found


def test_row_put_back_to_an_older_state(origin, tmp_path):
    """The old row with its own salt and seal_seq is a true state of the past, and still wrong."""
    copy = Copy(origin, tmp_path / "old")
    try:
        condition, name = pick(copy, "desk_case", "revision > 0")
        old = copy.sql("SELECT * FROM desk_case WHERE " + condition)[0]
        columns = [d for d in copy_columns(copy, "desk_case")]
        (tmp_path / "c.csv").write_text(
            "id,author,author_name,text,time,parent,url\n9,%s,,And again!,2026-11-06T09:00:00Z,%s,\n" % opener(copy, old[1]))
        copy.desk.take(tmp_path / "c.csv", "--own", "acme")
        assert copy.verify()["ok"]
        assert copy.sql("SELECT * FROM desk_case WHERE " + condition)[0] != old
        copy.sql("UPDATE desk_case SET %s WHERE %s" % (", ".join(c + " = ?" for c in columns), condition), *old)
        found = [f for f in copy.verify()["findings"] if f["where"] == name]
        assert found and found[0]["kind"] == "changed" and "put back" in found[0]["detail"], found
    finally:
        copy.desk.close()


def copy_columns(copy, table):
    return list(copy.desk.rows("SELECT * FROM %s LIMIT 1" % table)[0])


def opener(copy, case_id):
    row = copy.sql("SELECT a.remote_id, p.remote_id FROM post p JOIN author a ON a.id = p.author_id WHERE p.case_id = ?"
                   " AND p.is_own = 0 ORDER BY p.posted_us LIMIT 1", case_id)[0]
    return row


# --- rows that go and come --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("table", SOME_TABLES)
def test_deleted_row(copy, table):
    condition, name = pick(copy, table)
    copy.sql("DELETE FROM %s WHERE %s" % (table, condition))
    result = copy.verify()
    assert name in places(result, "missing"), result["findings"]


@pytest.mark.parametrize("table", SOME_TABLES)
def test_added_row(copy, table):
    """A copy of a row under another key, and one under another workspace."""
    columns = copy_columns(copy, table)
    key = keys_of(table)[-1]
    unique = {"slug", "remote_id", "email"} | ({"revision"} if table == "post_version" else set())
    values = {c: ("%s || 'x'" % c if c in unique else c) for c in columns}
    condition, _ = pick(copy, table)
    if table != "workspace":
        more = dict(values, **{key: "%s + 77" % key})
        copy.sql("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s" % (
            table, ", ".join(columns), ", ".join(more[c] for c in columns), table, condition))
        result = copy.verify()
        assert [w for w in places(result, "extra") if w.startswith(table + " ")], result["findings"]
    other = dict(values, workspace_id="2")
    copy.sql("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s" % (
        table, ", ".join(columns), ", ".join(other[c] for c in columns), table, condition))
    assert table in places(copy.verify(), "extra")


def test_key_at_the_edge_of_numbers(copy):
    """Paging starts above the smallest number; a row hidden there is seen all the same."""
    copy.sql("UPDATE author SET id = ? WHERE id = (SELECT max(id) FROM author)", -NEVER - 1)
    result = copy.verify()
    assert "author" in places(result, "extra") and result["found"]["missing"] == 1


def test_value_of_another_type(copy):
    if copy.desk.kind != "sqlite":
        pytest.skip("columns of PostgreSQL hold their own type only")
    copy.sql("UPDATE desk_user SET email = CAST(email AS BLOB)")
    assert "desk_user" in places(copy.verify(), "changed")


def test_ledger_about(copy):
    case_id, seq = copy.sql("SELECT case_id, seq FROM ledger_about ORDER BY case_id, seq LIMIT 1")[0]
    copy.sql("UPDATE ledger_about SET case_id = case_id + 1000 WHERE case_id = ? AND seq = ?", case_id, seq)
    result = copy.verify()
    assert places(result, "missing") == ["ledger_about %d/%d" % (case_id, seq)]
    assert places(result, "extra") == ["ledger_about %d/%d" % (case_id + 1000, seq)]


def test_search_index(copy):
    post = copy.sql("SELECT max(id) FROM post WHERE version_no > 0")[0][0]
    if copy.desk.kind == "postgres":
        copy.sql("UPDATE post_fts SET post_id = post_id + 1000 WHERE post_id = ?", post)
    else:
        text = copy.sql("SELECT text FROM post_version WHERE post_id = ?", post)[0][0]
        row = 1 << 40 | post
        copy.sql("INSERT INTO post_fts (post_fts, rowid, text) VALUES ('delete', ?, ?)", row, text.lower())
        copy.sql("INSERT INTO post_fts (rowid, text) VALUES (?, ?)", row + 1000, text.lower())
    result = copy.verify()
    assert places(result, "missing") == ["search index, post %d" % post]
    assert places(result, "extra") == ["search index, post %d" % (post + 1000)]


# --- the ledger itself ------------------------------------------------------------------------------------------------

def test_one_byte_of_an_entry(copy):
    texts = raw_entries(copy)
    for at in range(0, len(texts), max(1, len(texts) // 8)):
        text = texts[at]
        spot = text.index('"kind":"') + 8
        bad = text[:spot] + chr(ord(text[spot]) ^ 1) + text[spot + 1:]
        copy.sql("UPDATE ledger_entry SET entry = ? WHERE seq = ?", bad, at)
        result = copy.verify()
        assert "ledger_entry %d" % at in places(result, "changed"), (at, result["findings"])
        assert not [w for w in places(result) if w.startswith("ledger_entry") and w != "ledger_entry %d" % at]
        assert not [w for w in places(result) if w.startswith("ledger_checkpoint") or w == "ledger_head"], result["findings"]
        copy.sql("UPDATE ledger_entry SET entry = ? WHERE seq = ?", text, at)
    assert copy.verify()["ok"]


def test_entry_that_is_no_json(copy):
    copy.sql("UPDATE ledger_entry SET entry = '{\"about\":[' WHERE seq = 3")
    assert "ledger_entry 3" in places(copy.verify(), "changed")


def test_swapped_entries(copy):
    a, b = raw_entries(copy)[4:6]
    copy.sql("UPDATE ledger_entry SET entry = ? WHERE seq = 4", b)
    copy.sql("UPDATE ledger_entry SET entry = ? WHERE seq = 5", a)
    swapped = [f["where"] for f in copy.verify()["findings"] if "in the place of another entry" in f["detail"]]
    assert swapped == ["ledger_entry 4", "ledger_entry 5"]


def test_missing_entry(copy):
    copy.sql("DELETE FROM ledger_entry WHERE seq = 2")
    assert "ledger_entry 2" in places(copy.verify(), "missing")


def test_missing_first_entry(copy):
    copy.sql("DELETE FROM ledger_entry WHERE seq = 0")
    assert "ledger_entry 0" in places(copy.verify(), "missing")


def test_entries_of_another_workspace_and_far_away(copy):
    copy.sql("INSERT INTO ledger_entry (workspace_id, seq, entry) VALUES (2, 0, '{}')")
    assert "ledger_entry" in places(copy.verify(), "extra")
    copy.sql("INSERT INTO ledger_entry (workspace_id, seq, entry) VALUES (1, ?, '{}')", 2 ** 60)
    result = copy.verify()
    assert "ledger_entry %d" % 2 ** 60 in places(result, "changed")
    assert [w for w in places(result, "missing") if w.endswith(" to %d" % (2 ** 60 - 1))]


def test_cut_ledger(copy):
    """The last entries gone, and the head made to fit as far as that goes without the key."""
    texts = raw_entries(copy)
    copy.sql("DELETE FROM ledger_entry WHERE seq >= ?", len(texts) - 2)
    result = copy.verify()
    assert [w for w in places(result, "missing") if w.startswith("ledger_entry %d" % (len(texts) - 2))]
    put_head(copy, texts[:-2])
    result = copy.verify()
    assert "ledger_head" in places(result, "broken")
    assert result["found"]["changed"] + result["found"]["extra"] >= 1


def test_rewritten_history(copy):
    """An entry changed and every hash after it made anew: only the signatures stand against it."""
    whole = entries(copy)
    whole[3]["data"]["forged"] = True
    texts = []
    for entry in whole:
        entry["prev"] = b64url(leaf(texts[-1])) if texts else None
        texts.append(canonical(entry))
    for seq, text in enumerate(texts):
        copy.sql("UPDATE ledger_entry SET entry = ? WHERE seq = ?", text, seq)
    put_head(copy, texts)
    result = copy.verify()
    assert "ledger_head" in places(result, "broken"), result["findings"]
    name = copy.sql("SELECT note FROM ledger_head")[0][0].split("\n")[0]
    other = Ed25519PrivateKey.generate()
    root = root_of([leaf(t) for t in texts])
    put_head(copy, texts, signed(name, len(texts), root, other))
    assert "ledger_head" in places(copy.verify(), "broken")
    key_id = bytes.fromhex((copy.desk.dir / "keys" / "ledger.pub").read_text().split("+")[1])
    put_head(copy, texts, signed(name, len(texts), root, other, key_id))
    assert "ledger_head" in places(copy.verify(), "broken")


def test_forged_checkpoint(copy):
    texts = raw_entries(copy)
    name = copy.sql("SELECT note FROM ledger_head")[0][0].split("\n")[0]
    size = copy.sql("SELECT max(size) FROM ledger_checkpoint")[0][0]
    root = root_of([leaf(t) for t in texts[:size]])
    copy.sql("UPDATE ledger_checkpoint SET note = ? WHERE size = ?", signed(name, size, root, Ed25519PrivateKey.generate()),
             size)
    assert places(copy.verify()) == ["ledger_checkpoint %d" % size]


def test_checkpoint_of_a_size_that_never_was(copy):
    size, note = copy.sql("SELECT size, note FROM ledger_checkpoint LIMIT 1")[0]
    copy.sql("UPDATE ledger_checkpoint SET size = size + 1 WHERE size = ?", size)
    assert "ledger_checkpoint %d" % (size + 1) in places(copy.verify(), "broken")
    copy.sql("UPDATE ledger_checkpoint SET size = 100000 WHERE size = ?", size + 1)
    assert [w for w in places(copy.verify(), "missing") if w.endswith("to 99999")]
    assert note


def test_deleted_checkpoint(copy):
    size, signed_us = copy.sql("SELECT size, signed_us FROM ledger_checkpoint ORDER BY size LIMIT 1")[0]
    copy.sql("DELETE FROM ledger_checkpoint WHERE size = ?", size)
    assert [w for w in places(copy.verify(), "missing") if w.startswith("ledger_checkpoint")]
    assert signed_us


def test_checkpoint_time(copy):
    size = copy.sql("SELECT min(size) FROM ledger_checkpoint")[0][0]
    copy.sql("UPDATE ledger_checkpoint SET signed_us = signed_us + 1 WHERE size = ?", size)
    assert "ledger_checkpoint %d" % size in places(copy.verify(), "changed")


@pytest.mark.parametrize("column,value", [("note", "nothing"), ("size", 3), ("last_hash", b"x" * 32), ("frontier", b"y" * 8),
                                          ("next_id", 2), ("next_case_id", 1), ("checkpoint_us", 5)])
def test_changed_head(copy, column, value):
    copy.sql("UPDATE ledger_head SET %s = ?" % column, value)
    result = copy.verify()
    expected = "ledger_entry %d" % (len(raw_entries(copy)) - 1) if column == "last_hash" else "ledger_head"
    assert expected in places(result), result["findings"]


def test_missing_head(copy):
    copy.sql("DELETE FROM ledger_head")
    assert "ledger_head" in places(copy.verify(), "missing")


def test_key(copy, tmp_path):
    trusted = (copy.desk.dir / "keys" / "ledger.pub").read_text().strip()
    assert copy.verify("--key", trusted)["ok"]
    with Desk(tmp_path / "other") as other:
        (tmp_path / "a.csv").write_text(ARCHIVE)
        other.take(tmp_path / "a.csv")
        foreign = (other.dir / "keys" / "ledger.pub").read_text().strip()
    assert not copy.verify("--key", foreign)["ok"]
    assert "--key" in copy.desk.refused("verify", "--key", "nonsense")
    (copy.desk.dir / "keys" / "ledger.pub").unlink()
    assert "--key" in copy.desk.refused("verify")
    assert copy.verify("--key", trusted)["ok"]


def test_damaged_database_file(copy):
    if copy.desk.kind != "sqlite":
        pytest.skip("the file is PostgreSQL's own")
    path = copy.desk.dir / "aplomb.db"
    copy.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    before = copy.desk.fingerprint()
    named = 0
    for page in range(2, len(data) // 4096, 7):
        damaged = bytearray(data)
        damaged[page * 4096:page * 4096 + 100] = b"\xff" * 100
        path.write_bytes(damaged)
        done = copy.desk.run("verify", "--json")
        assert done.returncode in (0, 1, 2) and b"Sanitizer" not in done.stderr, done.stderr
        named += done.returncode == 1
        # A page that SQLite does not use at present holds nothing that could be wrong.
        assert done.returncode or copy.desk.fingerprint() == before, "page %d" % page
    assert named > 5


def test_verify_changes_nothing(copy):
    before = copy.desk.fingerprint()
    copy.verify()
    assert copy.desk.fingerprint() == before
