# SPDX-License-Identifier: Apache-2.0
"""Archives as people have them, through `aplomb import`."""
import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import threading

import pytest
from program import STORE, Desk, data_file, folder_fingerprint

POSTS = [
    # id, author, time, text, parent
    ("1", "ann", "2026-01-12T10:00:00Z", "My parcel never came; where is it? — “soon”, they said", ""),
    ("2", "acme", "2026-01-12T10:20:00Z", "Sorry, Ann. Größte Mühe!", "1"),
    ("3", "bob", "2026-01-12T11:00:00Z", 'He said "no", then, well; nothing', ""),
    ("4", "cyd", "2026-01-12T12:00:00Z", "two lines\nof anger", ""),
    ("5", "ann", "2026-01-12T13:00:00Z", "Still nothing é à ü", "2"),
]
NAMES = ["id", "author", "created_at", "text", "in_reply_to"]


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "desk") as made:
        yield made


def as_csv(posts=POSTS, delimiter=",", names=NAMES):
    out = io.StringIO()
    rows = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    rows.writerow(names)
    rows.writerows(posts)
    return out.getvalue()


def as_jsonl(posts=POSTS):
    return "".join(json.dumps(dict(zip(NAMES, p)), ensure_ascii=False) + "\n" for p in posts)


def as_mbox(posts=POSTS):
    out = []
    for i, (ident, author, at, text, parent) in enumerate(posts):
        reply = "In-Reply-To: <%s@x.example>\n" % parent if parent else ""
        out.append("From x@x.example Mon Jan 12 10:00:00 2026\nMessage-ID: <%s@x.example>\nFrom: %s@x.example\nDate: Mon, 12 Jan "
                   "2026 %s +0000\nSubject: parcel %d\n%sContent-Type: text/plain; charset=utf-8\n"
                   "Content-Transfer-Encoding: 8bit\n\n%s\n\n" % (ident, author, at[11:19], i, reply, text))
    return "".join(out)


FORMATS = {"csv": as_csv, "json": lambda: json.dumps([dict(zip(NAMES, p)) for p in POSTS]), "jsonl": as_jsonl,
           "semicolon": lambda: as_csv(delimiter=";"), "tsv": lambda: as_csv(delimiter="\t"),
           "pipe": lambda: as_csv(delimiter="|"), "mbox": as_mbox}


def texts(desk):
    rows = desk.rows("SELECT p.remote_id, v.text FROM post p JOIN post_version v ON v.workspace_id = p.workspace_id"
                     " AND v.post_id = p.id AND v.version_no = p.version_no")
    return {r["remote_id"]: r["text"].strip() for r in rows}


# ---- the two real archives ---------------------------------------------------------------------------------------


def real(name):
    path = data_file(name)
    if not path:
        pytest.skip("no %s: set APLOMB_DATA_DIR to the folder of real archives" % name)
    return path


def distinct_tweets(path):
    with open(path, newline="", encoding="utf-8") as file:
        return len({(r["name"], r["text"].replace("\r\n", "\n"), r["tweet_created"]) for r in csv.DictReader(file)})


def test_ids_ruined_by_a_spreadsheet(desk):
    path = real("airline-tweets.csv")
    text = desk.ok("import", path, "--yes")
    assert "11691 records: 11565 taken, 126 already known, 0 edited, 0 deleted, 0 rejected" in text
    assert "ruined the ids" in text and "read as UTC (say otherwise with --zone)" in text
    assert distinct_tweets(path) == 11565
    stats = desk.stats()
    assert (stats["posts"], stats["replies"], stats["post_versions"]) == (11565, 0, 11565)
    # One case for each conversation of one author: nobody answers anybody here.
    assert stats["cases"] == 11565
    companies = {r["company"]: r["n"] for r in desk.rows("SELECT company, count(*) AS n FROM post GROUP BY company")}
    assert set(companies) == {"Virgin America", "United", "Southwest", "Delta", "US Airways", "American"}
    before = desk.fingerprint()
    again = desk.take(path)
    assert (again["taken"], again["known"], again["edited"], again["rejected"]) == (0, 11691, 0, 0)
    assert desk.stats() == stats and desk.fingerprint() == before


def test_threads_with_own_turns(desk):
    path = real("customer-support.csv")
    counts = desk.take(path)
    assert (counts["records"], counts["taken"], counts["rejected"], counts["known"]) == (4998, 4997, 1, 0)
    stats = desk.stats()
    assert (stats["posts"], stats["replies"]) == (4997, 2221)
    reasons = open(counts["reasons_file"]).read()
    assert reasons.startswith("line 2589: ") and reasons.count("\n") == 1
    before = desk.fingerprint()
    again = desk.take(path)
    assert (again["taken"], again["known"], again["rejected"]) == (0, 4997, 1)
    assert desk.stats() == stats and desk.fingerprint() == before
    # The broken record, mended and fed again: exactly it.
    with open(counts["rejects_file"], encoding="utf-8") as file:
        head, broken = file.read().split("\n", 1)
    start, rest = broken.split(",False,", 1) if ",False," in broken else broken.split(",True,", 1)
    at, text = rest.split(",", 1)
    text, tail = text.rsplit(",3398,", 1)
    row = start.split(",") + ["True", at, text, "3398", tail.strip()]
    mended = desk.dir.parent / "mended.csv"
    with open(mended, "w", newline="", encoding="utf-8") as file:
        file.write(head + "\n")
        csv.writer(file).writerow(row)
    last = desk.take(mended)
    assert (last["taken"], last["rejected"]) == (1, 0)
    assert desk.stats()["posts"] == 4998


# ---- formats, compression, encodings, mappings -------------------------------------------------------------------


def packed(kind, data):
    if kind == "gzip":
        return gzip.compress(data)
    if kind == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout
    return data


@pytest.mark.parametrize("pack", ["plain", "gzip", "zstd"])
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_packed_or_not(name, pack, desk, tmp_path):
    path = tmp_path / "archive"
    path.write_bytes(packed(pack, FORMATS[name]().encode()))
    counts = desk.take(path, "--own", "acme,acme@x.example")
    assert (counts["taken"], counts["rejected"]) == (5, 0), counts
    got = {k.split("@")[0].strip("<"): v for k, v in texts(desk).items()}
    for ident, _, _, text, _ in POSTS:
        assert got[ident].replace("\r\n", "\n") == text
    stats = desk.stats()
    assert (stats["posts"], stats["replies"], stats["cases"]) == (5, 1, 3)
    again = desk.take(path, "--own", "acme,acme@x.example")
    assert (again["taken"], again["known"]) == (0, 5)
    assert desk.stats() == stats


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_found_out(encoding, desk, tmp_path):
    (tmp_path / "a.csv").write_bytes(as_csv().encode(encoding))
    assert desk.take(tmp_path / "a.csv")["taken"] == 5
    assert texts(desk)["2"] == "Sorry, Ann. Größte Mühe!"


def test_an_encoding_can_be_named(desk, tmp_path):
    (tmp_path / "a.csv").write_bytes(as_csv([("1", "ann", "2026-01-12T10:00:00Z", "5 € für nichts, Œuvre", "")]).encode("iso8859-15"))
    assert desk.take(tmp_path / "a.csv", "--encoding", "ISO-8859-15")["taken"] == 1
    assert texts(desk)["1"] == "5 € für nichts, Œuvre"


def test_a_mapping_by_name_and_by_number_is_remembered(desk, tmp_path):
    rows = [("Terrible, my soup was cold", "x1", "12.01.2026 10:00", "u1"), ("Lovely soup", "x2", "12.01.2026 11:00", "u2")]
    names = ["alpha", "beta", "gamma", "delta"]
    (tmp_path / "one.csv").write_text(as_csv(rows, names=names))
    counts = desk.take(tmp_path / "one.csv", "--map", "text=1,author=delta,id=beta,time=3")
    assert (counts["taken"], counts["rejected"]) == (2, 0)
    assert texts(desk) == {"x1": rows[0][0], "x2": rows[1][0]}
    (tmp_path / "two.csv").write_text(as_csv([("Cold again", "x3", "13.01.2026 10:00", "u1")], names=names))
    text = desk.ok("import", tmp_path / "two.csv", "--yes")
    assert "as you corrected it" in text and "1 taken" in text
    assert texts(desk)["x3"] == "Cold again"
    entries = desk.stats()["ledger_entries"]
    assert "0 taken, 1 already known" in desk.ok("import", tmp_path / "two.csv", "--yes")
    assert desk.stats()["ledger_entries"] == entries


def test_a_wrong_mapping_is_refused_and_changes_nothing(desk, tmp_path):
    (tmp_path / "a.csv").write_text(as_csv())
    desk.take(tmp_path / "a.csv")
    before = desk.fingerprint()
    for wrong, word in [("text=txt", "text"), ("text=9", "9"), ("words=1", "words"), ("text", "text")]:
        message = desk.refused("import", tmp_path / "a.csv", "--yes", "--map", wrong)
        assert word in message, message
    assert desk.fingerprint() == before


def test_rejects_are_mended_and_fed_again(desk, tmp_path):
    good = as_csv().replace("\r\n", "\n").rstrip("\n").split("\n")
    lines = [good[0], good[1], "6,dan,2026-01-12,too few", good[2], "7,dan,2026-13-45T10:00:00Z,no such date,", good[3],
             '8,dan,2026-01-12T10:00:00Z,broken, in, too, many,', *good[4:]]
    (tmp_path / "bad.csv").write_text("\n".join(lines) + "\n")
    counts = desk.take(tmp_path / "bad.csv")
    assert counts["taken"] == 5 and counts["rejected"] == 3 and counts["records"] == 8
    reasons = open(counts["reasons_file"]).read().splitlines()
    assert [r.split(":")[0].split(",")[0] for r in reasons] == ["line 3", "line 5", "line 7"]
    with open(counts["rejects_file"]) as file:
        rejected = file.read()
    assert rejected.splitlines() == [lines[0], lines[2], lines[4], lines[6]]
    mended = rejected.replace("2026-01-12,too few", "2026-01-12T09:00:00Z,no longer too few,").replace("2026-13-45", "2026-01-13").replace(
        "broken, in, too, many,", '"broken, in, too, many",')
    (tmp_path / "mended.csv").write_text(mended)
    again = desk.take(tmp_path / "mended.csv")
    assert (again["taken"], again["rejected"], again["known"]) == (3, 0, 0)
    whole = tmp_path / "whole.csv"
    whole.write_text("\n".join(good) + "\n" + "\n".join(mended.splitlines()[1:]) + "\n")
    assert desk.take(whole)["known"] == 8


def test_own_accounts_stop_clocks(desk, tmp_path):
    (tmp_path / "a.csv").write_text(as_csv())
    desk.take(tmp_path / "a.csv", "--own", "@ACME")
    clock = desk.rows("SELECT c.kind, c.stop, c.start_us, c.stopped_us, c.due_us FROM clock c JOIN post p ON"
                      " p.workspace_id = c.workspace_id AND p.id = c.start_post_id WHERE p.remote_id = '1' AND c.kind = 0")
    minutes = 60 * 1000000
    assert len(clock) == 1 and clock[0]["stop"] == 1
    assert clock[0]["stopped_us"] - clock[0]["start_us"] == 20 * minutes
    assert clock[0]["due_us"] - clock[0]["start_us"] == 30 * minutes


def test_times_without_a_zone(desk, tmp_path):
    (tmp_path / "a.csv").write_text("id,author,created_at,text\n1,ann,2026-07-01 12:00:00,hello there you\n")
    counts = desk.take(tmp_path / "a.csv", "--zone", "Europe/Berlin")
    assert counts["assumed_zone"] == 1 and counts["zone"] == "Europe/Berlin"
    assert desk.one("SELECT posted_us FROM post") == 1782900000 * 1000000
    assert "time zone" in desk.refused("import", tmp_path / "a.csv", "--yes", "--zone", "Europe/Atlantis")


def test_the_summary_as_json(desk, tmp_path):
    (tmp_path / "a.csv").write_text(as_csv())
    done = desk.run("import", tmp_path / "a.csv", "--json")
    assert done.returncode == 0 and done.stderr == b""
    counts = json.loads(done.stdout)
    assert counts == {"records": 5, "taken": 5, "known": 0, "edited": 0, "deleted": 0, "rejected": 0, "assumed_zone": 0,
                      "zone": "UTC", "rejects_file": None, "reasons_file": None}


def test_the_standard_input(desk, tmp_path):
    temp = tmp_path / "temp"
    temp.mkdir()
    env = {**desk.env(), "TMPDIR": str(temp)}
    done = subprocess.run(desk.command("import", "-", "--json"), input=as_csv().encode(), capture_output=True, env=env, timeout=60)
    assert done.returncode == 0 and json.loads(done.stdout)["taken"] == 5, done.stderr
    assert list(temp.iterdir()) == [], "the copy of the standard input stays behind"


def test_a_pipe_is_read_once(desk, tmp_path):
    """A shell's <(zcat …) is a pipe; an import reads its file twice."""
    pipe = tmp_path / "posts"
    os.mkfifo(pipe)
    feeder = threading.Thread(target=lambda: pipe.write_bytes(as_csv().encode()))
    feeder.start()
    done = subprocess.run(desk.command("import", str(pipe), "--json"), capture_output=True, env=desk.env(), timeout=60)
    feeder.join(10)
    assert done.returncode == 0 and json.loads(done.stdout)["taken"] == 5, done.stderr


# ---- ids that contradict each other ------------------------------------------------------------------------------


def test_the_same_id_by_another_author_is_rejected(desk, tmp_path):
    (tmp_path / "a.csv").write_text(as_csv())
    desk.take(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text(as_csv([("1", "mallory", "2026-01-12T10:00:00Z", "I am Ann", ""),
                                            ("9", "eve", "2026-01-12T10:00:00Z", "hello", "")]))
    counts = desk.take(tmp_path / "b.csv")
    assert (counts["taken"], counts["rejected"]) == (1, 1)
    assert "another author" in open(counts["reasons_file"]).read()
    assert texts(desk)["1"] == POSTS[0][3]
    assert desk.one("SELECT count(*) FROM author WHERE remote_id = 'mallory'") == 0


def test_the_same_id_with_another_text_is_an_edit(desk, tmp_path):
    (tmp_path / "a.csv").write_text(as_csv())
    desk.take(tmp_path / "a.csv")
    changed = [(*POSTS[0][:3], "I take it back", "")]
    (tmp_path / "b.csv").write_text(as_csv(changed))
    counts = desk.take(tmp_path / "b.csv")
    assert (counts["taken"], counts["edited"], counts["rejected"]) == (0, 1, 0)
    assert texts(desk)["1"] == "I take it back"
    assert desk.one("SELECT count(*) FROM post_version v JOIN post p ON p.id = v.post_id WHERE p.remote_id = '1'") == 2


def test_doubles_inside_one_file(desk, tmp_path):
    (tmp_path / "a.csv").write_text(as_csv([*POSTS, *POSTS]))
    counts = desk.take(tmp_path / "a.csv")
    assert (counts["taken"], counts["known"]) == (5, 5)


# ---- a directory that a running server holds ---------------------------------------------------------------------


def test_through_the_server_that_holds_the_directory(tmp_path):
    from api import Server
    (tmp_path / "a.csv").write_text(as_csv())
    bad = as_csv([("7", "dan", "yesterday", "no date", ""), ("1", "mallory", "2026-01-12T10:00:00Z", "I am Ann", ""),
                  ("8", "dan", "2026-01-12T10:00:00Z", "fine", "")])
    (tmp_path / "b.csv").write_text(bad)
    server = Server(tmp_path / "desk")
    try:
        desk = server.desk
        counts = desk.take(tmp_path / "a.csv", "--own", "acme")
        assert (counts["taken"], counts["rejected"]) == (5, 0)
        second = desk.take(tmp_path / "b.csv", "--own", "acme")
        assert (second["taken"], second["rejected"]) == (1, 2), second
        reasons = open(second["reasons_file"]).read()
        assert "line 2" in reasons and "line 3: " in reasons and "another author" in reasons
        stats = desk.stats()
        again = desk.take(tmp_path / "a.csv", "--own", "acme")
        assert (again["taken"], again["known"]) == (0, 5)
        assert desk.stats() == stats and stats["posts"] == 6 and stats["replies"] == 1
    finally:
        server.close()


@pytest.mark.parametrize("seed", [1])
def test_through_a_server_or_not_is_the_same_state(seed, tmp_path):
    from api import Server
    from canonical import difference, dump
    path = data_file("customer-support.csv")
    if not path:
        pytest.skip("no customer-support.csv: set APLOMB_DATA_DIR to the folder of real archives")
    small = tmp_path / "small.csv"
    with open(path, encoding="utf-8") as file:
        small.write_text("".join(line for number, line in enumerate(file) if number < 1500))
    server = Server(tmp_path / "served")
    try:
        served = server.desk.take(small)
        through = dump(server.desk)
    finally:
        server.close()
    with Desk(tmp_path / "direct") as desk:
        direct = desk.take(small)
        assert {k: direct[k] for k in ("taken", "known", "edited", "rejected")} == {
            k: served[k] for k in ("taken", "known", "edited", "rejected")}
        assert difference(dump(desk), through) == []
