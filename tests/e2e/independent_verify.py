#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a ledger with tools that Aplomb's authors did not write: hashlib, hmac, json and the `cryptography` package.

From docs/formats/ledger.md alone: canonical entries, the chain, the RFC 9162 tree, the signed notes, the seals of all
rows, the commitments to text. Returns a list of what is wrong; empty means that everything holds.

usage: independent_verify.py DIR      (SQLite; the tests call check() with rows of either store)
"""
import base64
import hashlib
import hmac
import json
import struct
import sys

STATE = ("workspace", "policy", "desk_user", "channel", "import", "import_mapping", "author", "post", "post_version",
         "assessment", "desk_case", "clock", "case_step", "note")
KEYS = {"workspace": ["workspace_id"], "post_version": ["post_id", "version_no"], "assessment": ["post_id", "version_no"],
        "clock": ["case_id", "ordinal"], "import_mapping": ["fingerprint"]}


def sha(data):
    return hashlib.sha256(data).digest()


def url64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def leaf(entry):
    return sha(b"\0" + entry)


class Tree:
    """RFC 9162: the hashes of full subtrees, highest first."""

    def __init__(self):
        self.size, self.edge = 0, []

    def add(self, hashed):
        node, size = hashed, self.size
        while size & 1:
            node = sha(b"\1" + self.edge.pop() + node)
            size >>= 1
        self.edge.append(node)
        self.size += 1

    def root(self):
        if not self.edge:
            return sha(b"")
        node = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            node = sha(b"\1" + left + node)
        return node


def seal(table, row, salt):
    data = [b"\3", salt, table.encode(), b"\0"]
    for name, value in row.items():
        if name in ("salt", "seal_seq"):
            continue
        if value is None:
            data.append(b"n")
        elif isinstance(value, int):
            data.append(b"i" + struct.pack(">q", value))
        else:
            raw = value.encode() if isinstance(value, str) else value
            data.append((b"t" if isinstance(value, str) else b"b") + struct.pack(">Q", len(raw)) + raw)
    return url64(sha(b"".join(data)))


def commitment(salt, field, value):
    field_salt = hmac.new(salt, field.encode(), hashlib.sha256).digest()
    return url64(sha(b"\2" + field_salt + value))


def open_note(text, public_text):
    """(origin, size, root) of a signed note; raises when the signature does not hold."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    name, key_id, key = public_text.strip().split("+", 2)
    key = base64.b64decode(key, validate=True)
    assert key[0] == 1 and len(key) == 33, "the key is no Ed25519 key"
    assert sha(name.encode() + b"\n" + key).hex()[:8] == key_id, "the key does not belong to its id"
    body, signatures = text.rsplit("\n\n", 1)
    body += "\n"
    for line in signatures.splitlines():
        mark, who, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        if mark == "\u2014" and who == name and blob[:4].hex() == key_id:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], body.encode())
            origin, size, root = body.splitlines()
            return origin, int(size), base64.b64decode(root, validate=True)
    raise AssertionError("no signature of %s" % name)


def check(rows, public_text):
    """rows(sql) -> list of dicts."""
    wrong, tree, previous, sealed, about = [], Tree(), None, {}, set()
    roots, commits = {}, []
    for number, row in enumerate(rows("SELECT seq, entry FROM ledger_entry ORDER BY seq")):
        raw = row["entry"].encode()
        entry = json.loads(raw)
        if json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() != raw:
            wrong.append("entry %d is not canonical" % number)
        if row["seq"] != number or entry["seq"] != number:
            wrong.append("entry %d has number %d, says %d" % (number, row["seq"], entry["seq"]))
        if entry["prev"] != (previous and url64(previous)):
            wrong.append("entry %d does not follow its predecessor" % number)
        previous = leaf(raw)
        tree.add(previous)
        roots[number + 1] = tree.root()
        for table, key, value in entry["rows"]:
            sealed[(table, key)] = (value, number)
        about |= {(int(a.split("/")[1]), number) for a in entry["about"] if a.startswith("case/")}
        if entry["commit"]:
            commits.append((number, entry))
    state, by_key = {}, {}
    for table in STATE:
        for row in rows('SELECT * FROM "%s"' % table):
            key = "/".join(str(row[k]) for k in KEYS.get(table, ["id"]))
            by_key[(table, key)] = row
            state[(table, key)] = (seal(table, row, row["salt"]), row["seal_seq"])
    for place in sorted(set(state) | set(sealed)):
        if state.get(place) != sealed.get(place):
            what = "is missing" if place not in state else "is extra" if place not in sealed else "was changed"
            wrong.append("%s %s %s" % (*place, what))
    wrong += check_commitments(commits, by_key)
    wrong += check_heads(rows, public_text, tree, previous, roots)
    if about != {(r["case_id"], r["seq"]) for r in rows("SELECT case_id, seq FROM ledger_about")}:
        wrong.append("the histories of cases do not match the entries")
    return wrong


def check_commitments(commits, by_key):
    wrong = []
    for number, entry in commits:
        versions = [key for table, key, _ in entry["rows"] if table == "post_version"]
        row = by_key.get(("post_version", versions[0])) if len(versions) == 1 else None
        if not row:
            wrong.append("entry %d commits to no version" % number)
            continue
        values = {"text": row["text"].encode(), "payload": bytes(row["raw"])}
        post = by_key.get(("post", str(row["post_id"])))
        author = by_key.get(("author", str(post["author_id"]))) if post else None
        if author:
            values["author"] = author["remote_id"].encode()
        for field, expected in entry["commit"].items():
            if field == "author" and field not in values:
                continue  # the words of a deletion that came before its post name an author whom the post has not got yet
            if commitment(row["salt"], field, values[field]) != expected:
                wrong.append("entry %d: the %s does not open its commitment" % (number, field))
    return wrong


def check_heads(rows, public_text, tree, last, roots):
    wrong = []
    heads = rows("SELECT * FROM ledger_head")
    notes = [(h["size"], h["note"]) for h in heads] + [
        (c["size"], c["note"]) for c in rows("SELECT size, note FROM ledger_checkpoint")]
    if len(heads) != 1 or heads[0]["size"] != tree.size:
        return ["the head is about %s entries, there are %d" % ([h["size"] for h in heads], tree.size)]
    if bytes(heads[0]["last_hash"]) != last:
        wrong.append("the head's last hash is wrong")
    if bytes(heads[0]["frontier"]) != struct.pack(">Q", tree.size) + b"".join(tree.edge):
        wrong.append("the head's edge of the tree is wrong")
    for size, note in notes:
        try:
            origin, said, root = open_note(note, public_text)
            if origin != public_text.split("+")[0] or said != size or root != roots.get(size):
                wrong.append("the checkpoint of size %d states another tree" % size)
        except Exception as problem:
            wrong.append("the checkpoint of size %d does not verify: %r" % (size, problem))
    return wrong


def check_desk(desk):
    return check(desk.rows, (desk.dir / "keys" / "ledger.pub").read_text())


if __name__ == "__main__":
    import sqlite3
    base = sqlite3.connect("file:%s/aplomb.db?mode=ro" % sys.argv[1], uri=True)
    base.row_factory = sqlite3.Row
    with open(sys.argv[1] + "/keys/ledger.pub", encoding="ascii") as key_file:
        found = check(lambda sql: [dict(r) for r in base.execute(sql)], key_file.read())
    print("\n".join(found) or "everything holds")
    sys.exit(1 if found else 0)
