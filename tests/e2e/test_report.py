# SPDX-License-Identifier: Apache-2.0
"""`aplomb report` against a script that shares nothing with it (independent_report.py)."""
import csv
import json
import random
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from independent_report import read_support, report
from program import BIN, Desk, data_file

HEADER = ["", "tweet_id", "author_id", "inbound", "created_at", "text", "response_tweet_id", "in_response_to_tweet_id"]
TEXTS = ["My order never arrived and nobody answers.", "Where is my refund?", "Thank you so much!", "ok",
         "@Acme_Help your website is down again", "I will call my lawyer", "Lovely weather", "buy followers http://x.example",
         "@acme @Acme_Help hello?"]


def triage(turns):
    """Verdicts by id, from the program without any database."""
    lines = "".join(json.dumps({"text": t["text"]}) + "\n" for t in turns)
    done = subprocess.run([BIN, "triage", "--format", "jsonl"], input=lines.encode(), capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    out = {}
    for turn, line in zip(turns, done.stdout.decode().splitlines(), strict=True):
        verdict = json.loads(line)
        out[turn["id"]] = {"intent": verdict["intent"]["label"], "urgency": verdict["urgency"],
                           "needs_answer": verdict["needs_answer"]}
    return out


def assert_equal(desk, turns, zone="UTC"):
    verdicts = triage([t for t in turns if not t["own"]])
    expected = report(turns, lambda turn: verdicts[turn["id"]], zone)
    got = desk.json("report")
    groups = {g["key"]: g["figures"] for g in got["companies"]}
    assert set(groups) == set(expected["companies"])
    for name, mine, theirs in [("all", expected["figures"], got["figures"])] + [
            (name, expected["companies"][name], groups[name]) for name in groups]:
        for key, value in mine.items():
            if key.startswith("first_response") and value is not None:
                assert theirs[key] == pytest.approx(value, abs=1e-6), (name, key)
            else:
                assert theirs[key] == value, (name, key)
        whole = mine["conversations"]
        assert theirs["answered_share"] == pytest.approx(mine["answered"] / whole)
        assert theirs["within_limit_share"] == pytest.approx(mine["within_limit"] / whole)
        assert theirs["same_day_share"] == pytest.approx(mine["same_day"] / whole)
    return got


def test_a_real_archive(tmp_path):
    path = data_file("customer-support.csv")
    if not path:
        pytest.skip("no customer-support.csv: set APLOMB_DATA_DIR to the folder of real archives")
    with Desk(tmp_path / "desk") as desk:
        desk.take(path)
        turns = read_support(path)
        assert len(turns) == 4997 and sum(t["own"] for t in turns) == 2221
        got = assert_equal(desk, turns)
        assert len(got["companies"]) >= 70 and len(got["top"]) == 10
        assert got["figures"]["conversations"] > 1000 and 0 < got["figures"]["within_limit_share"] < 1
        text = desk.ok("report")
        for word in ("%d" % got["figures"]["conversations"], "%d" % got["figures"]["within_limit"], "median 13 min",
                     "should have been answered first", "ChipotleTweets"):
            assert word in text, word


def moment(rng):
    """Where limits and days change: opening, closing, midnight, weekends."""
    day = datetime(2026, 1, 12, tzinfo=timezone.utc) + timedelta(days=rng.randint(0, 13))
    edge = rng.choice([(9, 0, 0), (8, 59, 59), (16, 59, 59), (17, 0, 0), (16, 45, 0), (23, 40, 0), (23, 59, 59), (0, 0, 0),
                       (rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59))])
    return day.replace(hour=edge[0], minute=edge[1], second=edge[2])


def invented(rng, count=60):
    turns = []
    for number in range(count):
        own = rng.random() < 0.45
        parent = str(100 + rng.randint(0, count + 6)) if rng.random() < 0.8 else ""
        above = [t for t in turns if t["id"] == parent]
        at = above[0]["at"] + rng.choice([timedelta(seconds=s) for s in (0, 1, 600, 1799, 1800, 1801, 3600, 3601, 90000)]) \
            if above else moment(rng)
        turns.append({"id": str(100 + number), "parent": "" if parent == str(100 + number) else parent, "own": own,
                      "author": rng.choice(["acme", "Acme_Help"] if own else ["77", "78", "79"]), "at": at,
                      "text": rng.choice(TEXTS) + " #%d" % number})
    return without_loops(turns)


def without_loops(turns):
    """A thread that bites its tail has no root to compare."""
    by_id = {t["id"]: t for t in turns}
    for turn in turns:
        seen, at = {turn["id"]}, turn
        while at["parent"] in by_id:
            if at["parent"] in seen:
                at["parent"] = ""
                break
            seen.add(at["parent"])
            at = by_id[at["parent"]]
    return turns


def write(path, turns):
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for number, t in enumerate(turns):
            rows.writerow([number, t["id"], t["author"], str(not t["own"]), t["at"].strftime("%a %b %d %H:%M:%S +0000 %Y"),
                           t["text"], "", t["parent"] and t["parent"] + ".0"])


@pytest.mark.parametrize("seed", range(1, 7))
def test_invented_archives_with_missing_and_late_parents(seed, tmp_path):
    rng = random.Random(seed)
    turns = invented(rng)
    rng.shuffle(turns)
    write(tmp_path / "turns.csv", turns)
    with Desk(tmp_path / "desk") as desk:
        counts = desk.take(tmp_path / "turns.csv")
        assert counts["taken"] == len(turns) and counts["rejected"] == 0
        assert_equal(desk, turns)


def test_the_limit_of_r5_by_hand(tmp_path):
    """The issue's own examples, and both sides of each limit."""
    friday = "Fri Jan 16 %s +0000 2026"
    asked = [("16:45:00", "17:15:00", True), ("16:45:00", "17:15:01", False), ("17:05:00", "18:05:00", True),
             ("17:05:00", "18:05:01", False), ("23:40:00", "23:59:59", True), ("09:00:00", "09:30:00", True),
             ("08:59:59", "09:59:59", True), ("08:59:59", "10:00:00", False)]
    lines = [",".join(HEADER)]
    for i, (post, reply, _) in enumerate(asked):
        lines.append("%d,%d,%d,True,%s,Where is my refund?,,\n%d,%d,acme,False,%s,We are on it,,%d.0" % (
            i, 10 + i, 500 + i, friday % post, i, 50 + i, friday % reply, 10 + i))
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    with Desk(tmp_path / "desk") as desk:
        desk.take(tmp_path / "a.csv")
        got = desk.json("report")["figures"]
        assert got["within_limit"] == sum(ok for _, _, ok in asked)
        assert got["answered"] == len(asked) == got["same_day"]


def test_an_empty_desk_reports_nothing_and_no_division(tmp_path):
    (tmp_path / "own.csv").write_text("id,author,inbound,created_at,text\n1,acme,False,2026-01-16T10:00:00Z,hello\n")
    with Desk(tmp_path / "desk") as desk:
        desk.take(tmp_path / "own.csv")
        got = desk.json("report")
        assert got["figures"]["conversations"] == 0 and got["figures"]["answered_share"] is None
        assert got["top"] == []
        assert "0" in desk.ok("report")
