# SPDX-License-Identifier: Apache-2.0
"""The program as the tests drive it: one desk (data directory and store) per test, on SQLite or PostgreSQL.

Desk.run gives the finished process, Desk.ok insists on exit status 0, Desk.rows looks into the store past the program.
"""
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]
BIN = os.environ.get("APLOMB_BIN") or str(ROOT / "build" / "aplomb")
STORE = os.environ.get("APLOMB_STORE", "sqlite")
PG_URL = os.environ.get("APLOMB_PG_URL", "")
NEVER = 9223372036854775807
TABLES = ("workspace", "policy", "desk_user", "channel", "import", "import_mapping", "author", "post", "post_version",
          "assessment", "desk_case", "clock", "case_step", "note", "ledger_entry", "ledger_head", "ledger_about",
          "ledger_checkpoint")


def data_file(name):
    """A real archive, or None when it is not on this machine."""
    folders = [os.environ.get("APLOMB_DATA_DIR"), ROOT.parent / "shared" / "data"]
    for folder in folders:
        if folder and (Path(folder) / "archives" / name).exists():
            return Path(folder) / "archives" / name
    return None


class Server:
    """The PostgreSQL of the test run; makes and drops databases."""

    def __init__(self, url):
        self.parts = urlsplit(url)

    def url(self, database):
        return urlunsplit(self.parts._replace(path="/" + database))

    def run(self, sql):
        import psycopg2
        connection = psycopg2.connect(urlunsplit(self.parts))
        try:
            connection.autocommit = True
            connection.cursor().execute(sql)
        finally:
            connection.close()


class Desk:
    def __init__(self, folder, store=None):
        self.dir = Path(folder)
        self.kind = store or STORE
        self.database = None
        self.url = None
        if self.kind == "postgres":
            self.database = "e2e_" + uuid.uuid4().hex[:16]
            Server(PG_URL).run("CREATE DATABASE " + self.database)
            self.url = Server(PG_URL).url(self.database)

    def close(self):
        if self.database:
            Server(PG_URL).run("DROP DATABASE IF EXISTS %s WITH (FORCE)" % self.database)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def env(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("APLOMB_")}
        if self.url:
            env["APLOMB_STORE"] = self.url
        env["TZ"] = "UTC"
        return env

    def command(self, *args):
        words = list(map(str, args))
        # "case list --json": options come after the words of the command
        return [BIN, *words, "--data", str(self.dir)]

    def run(self, *args, stdin=None, timeout=120, wrap=(), **more):
        return subprocess.run([*wrap, *self.command(*args)], input=stdin, capture_output=True, env=self.env(),
                              timeout=timeout, **more)

    def ok(self, *args, **more):
        done = self.run(*args, **more)
        assert done.returncode == 0, "%s\nstatus %d\n%s\n%s" % (
            " ".join(map(str, args)), done.returncode, done.stdout.decode("utf-8", "replace")[-3000:],
            done.stderr.decode("utf-8", "replace")[-3000:])
        return done.stdout.decode("utf-8")

    def json(self, *args, **more):
        return json.loads(self.ok(*args, "--json", **more))

    def take(self, path, *args, **more):
        return self.json("import", path, "--yes", *args, **more)

    def stats(self):
        return self.json("stats")

    def refused(self, *args, **more):
        """The message of a command that must fail in an orderly way."""
        done = self.run(*args, **more)
        text = done.stderr.decode("utf-8", "replace")
        assert done.returncode in (1, 2), "status %d: %s" % (done.returncode, text)
        assert text.startswith("aplomb: "), text
        assert "Sanitizer" not in text, text
        return text

    def connect(self):
        if self.kind == "postgres":
            import psycopg2
            connection = psycopg2.connect(self.url)
            connection.set_session(readonly=True)
            return connection
        return sqlite3.connect("file:%s?mode=ro" % (self.dir / "aplomb.db"), uri=True)

    def rows(self, sql):
        connection = self.connect()
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            names = [c[0] for c in cursor.description]
            return [{n: bytes(v) if isinstance(v, memoryview) else v for n, v in zip(names, row)} for row in cursor]
        finally:
            connection.close()

    def one(self, sql):
        return next(iter(self.rows(sql)[0].values()))

    def fingerprint(self):
        """One hash over every row of every table of the state and the ledger."""
        whole = hashlib.sha256()
        for table in TABLES:
            rows = sorted(repr(sorted(row.items())) for row in self.rows("SELECT * FROM " + table))
            whole.update(("%s %d\n" % (table, len(rows))).encode())
            for row in rows:
                whole.update(row.encode("utf-8", "surrogatepass"))
        return whole.hexdigest()


def folder_fingerprint(folder):
    """Names, kinds and bytes of everything in a folder."""
    whole = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        whole.update(repr((str(path.relative_to(folder)), path.is_dir())).encode())
        if path.is_file():
            whole.update(path.read_bytes())
    return whole.hexdigest()


def line_numbers(text):
    return [int(n) for n in re.findall(r"line (\d+)", text)]
