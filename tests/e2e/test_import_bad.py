# SPDX-License-Identifier: Apache-2.0
"""Bad archives: a clear error that names the place, and nothing changed."""
import gzip
import json
import subprocess

import pytest
from program import Desk, folder_fingerprint

GOOD = "id,author,created_at,text\n1,ann,2026-01-12T10:00:00Z,Where is my refund?\n"


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "desk") as made:
        (tmp_path / "good.csv").write_text(GOOD)
        made.take(tmp_path / "good.csv")
        yield made


def rejects(desk, path, *args):
    """Takes the file; gives the counts and the reasons; proves that the ledger holds."""
    counts = desk.take(path, *args)
    reasons = open(counts["reasons_file"], encoding="utf-8", errors="replace").read() if counts["reasons_file"] else ""
    assert desk.run("verify").returncode == 0
    return counts, reasons


def refuses(desk, path, *words):
    before = desk.fingerprint()
    message = desk.refused("import", path, "--yes")
    for word in words:
        assert word in message, message
    assert desk.fingerprint() == before, "something was changed"
    fresh = desk.dir.parent / "fresh"
    done = desk.run("import", path, "--yes", "--data", fresh)
    assert done.returncode in (1, 2) and not fresh.exists(), "a bad file leaves a data directory behind"
    return message


# ---- records that cost only themselves ---------------------------------------------------------------------------


def test_invalid_bytes_and_nul(desk, tmp_path):
    rows = [b"id,author,created_at,text", b"2,ann,2026-01-12T10:00:00Z,fine one", b"3,ann,2026-01-12T10:00:00Z,bro\xff\xfeken",
            b"4,ann,2026-01-12T10:00:00Z,with \x00 nul", b"5,ann,2026-01-12T10:00:00Z,fine \xc3\xa9 two"]
    (tmp_path / "a.csv").write_bytes(b"\n".join(rows) + b"\n")
    counts, reasons = rejects(desk, tmp_path / "a.csv", "--encoding", "UTF-8")
    assert (counts["taken"], counts["rejected"]) == (2, 2), reasons
    assert "line 3" in reasons and "line 4" in reasons and "NUL" in reasons


def test_ragged_rows(desk, tmp_path):
    (tmp_path / "a.csv").write_text(GOOD + "2,ann\n3,ann,2026-01-12T10:00:00Z,ok then,too,many\n4,ann,2026-01-13T10:00:00Z,ok\n")
    counts, reasons = rejects(desk, tmp_path / "a.csv")
    assert (counts["taken"], counts["known"], counts["rejected"]) == (1, 1, 2)
    assert "line 3" in reasons and "line 4" in reasons and "4" in reasons


def test_impossible_dates(desk, tmp_path):
    years = {"2": "0000-01-01T00:00:00Z", "3": "9999-12-31T23:59:59Z", "4": "2026-02-30T10:00:00Z", "5": "",
             "6": "2026-01-12T25:00:00Z", "7": "1969-12-31T23:59:59Z", "8": "soon"}
    text = "".join("%s,ann,%s,hello there\n" % pair for pair in years.items())
    (tmp_path / "a.csv").write_text(GOOD + text + "9,ann,2026-01-14T10:00:00Z,fine\n")
    counts, reasons = rejects(desk, tmp_path / "a.csv")
    assert (counts["taken"], counts["rejected"]) == (1, len(years)), reasons
    for line in range(3, 3 + len(years)):
        assert "line %d" % line in reasons
    assert "created_at" in reasons


def test_deep_json(desk, tmp_path):
    deep = '{"id":"2","author":"ann","created_at":"2026-01-12T10:00:00Z","text":"deep","x":' + "[" * 100000 + "]" * 100000 + "}"
    good = json.dumps({"id": "3", "author": "ann", "created_at": "2026-01-12T10:00:00Z", "text": "shallow"})
    (tmp_path / "a.jsonl").write_text(good + "\n" + deep + "\n" + good.replace('"3"', '"4"') + "\n")
    counts, reasons = rejects(desk, tmp_path / "a.jsonl")
    assert (counts["taken"], counts["rejected"]) == (2, 1) and "line 2" in reasons and "deep" in reasons


def test_damaged_json_lines(desk, tmp_path):
    good = json.dumps({"id": "3", "author": "ann", "created_at": "2026-01-12T10:00:00Z", "text": "fine"})
    (tmp_path / "a.jsonl").write_text(good + '\n{"id": "4", "text": \n[1,2]\n"word"\n{"id":"5"}\n')
    counts, reasons = rejects(desk, tmp_path / "a.jsonl")
    assert (counts["taken"], counts["rejected"]) == (1, 4), reasons


def test_a_line_of_100_megabytes(desk, tmp_path):
    with open(tmp_path / "a.csv", "w") as file:
        file.write("id,author,created_at,text\n2,ann,2026-01-12T10:00:00Z,before it\n3,ann,2026-01-12T10:00:00Z,")
        for _ in range(100):
            file.write("x" * 1000000)
        file.write("\n4,ann,2026-01-12T10:00:00Z,behind it\n")
    counts, reasons = rejects(desk, tmp_path / "a.csv")
    assert counts["taken"] == 2 and counts["rejected"] >= 1 and "line 3" in reasons, reasons[:500]
    (tmp_path / "a.csv").unlink()


def test_a_text_that_is_too_long(desk, tmp_path):
    (tmp_path / "a.csv").write_text(GOOD + "2,ann,2026-01-12T10:00:00Z,%s\n3,ann,2026-01-12T10:00:00Z,%s\n" % (
        "y" * (64 * 1024 + 1), "y" * (64 * 1024)))
    counts, reasons = rejects(desk, tmp_path / "a.csv")
    assert (counts["taken"], counts["rejected"]) == (1, 1) and "line 3" in reasons


# ---- files that are refused as a whole ---------------------------------------------------------------------------


def test_gzip_that_is_cut_off(desk, tmp_path):
    data = gzip.compress(("id,author,created_at,text\n" + "".join(
        "%d,ann,2026-01-12T10:00:00Z,number %d\n" % (i, i * 7919) for i in range(2, 5000))).encode())
    (tmp_path / "a.csv.gz").write_bytes(data[:len(data) // 2])
    refuses(desk, tmp_path / "a.csv.gz", "byte", "cut off")
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 0x55
    (tmp_path / "b.csv.gz").write_bytes(bytes(damaged))
    refuses(desk, tmp_path / "b.csv.gz", "byte")


def test_zstd_that_is_cut_off(desk, tmp_path):
    text = GOOD + "".join("%d,ann,2026-01-12T10:00:00Z,number %d\n" % (i, i * 7919) for i in range(2, 5000))
    data = subprocess.run(["zstd", "-q", "-c"], input=text.encode(), capture_output=True, check=True).stdout
    (tmp_path / "a.csv.zst").write_bytes(data[:len(data) // 2])
    refuses(desk, tmp_path / "a.csv.zst", "byte", "cut off")


def test_a_json_array_without_its_end(desk, tmp_path):
    (tmp_path / "a.json").write_text('[{"id":"2","author":"ann","created_at":"2026-01-12T10:00:00Z","text":"hello"},')
    refuses(desk, tmp_path / "a.json", "']'")


def test_nothing_that_says_anything(desk, tmp_path):
    (tmp_path / "a.csv").write_text("alpha,beta\n1,2\n3,4\n")
    refuses(desk, tmp_path / "a.csv", "--map")
    (tmp_path / "empty.csv").write_text("")
    before = desk.fingerprint()
    assert desk.take(tmp_path / "empty.csv")["records"] == 0 and desk.fingerprint() == before
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04" + b"\0" * 200)
    refuses(desk, tmp_path / "book.xlsx")


def test_no_such_file_and_a_folder(desk, tmp_path):
    refuses(desk, tmp_path / "nothing.csv", "nothing.csv", "no such file")
    (tmp_path / "folder").mkdir()
    refuses(desk, tmp_path / "folder", "folder")


def test_wrong_words_on_the_command_line(desk, tmp_path):
    before = desk.fingerprint()
    path = tmp_path / "good.csv"
    for words, told in [(["--zone", "Mars/Olympus"], "time zone"), (["--dates", "ymd?"], "dmy"), (["--kind", "shout"], "kind"),
                        (["--format", "docx"], "format"), (["--encoding", "klingon"], "encoding"), (["--bogus"], "--bogus")]:
        message = desk.refused("import", path, "--yes", *words)
        assert told in message, message
    assert desk.refused("import").startswith("aplomb: ")
    assert desk.fingerprint() == before
