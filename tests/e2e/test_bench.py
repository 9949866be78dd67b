# SPDX-License-Identifier: Apache-2.0
"""`aplomb bench`: that it measures what it says. How fast it is, is never asserted."""
import json
import sqlite3

from program import Desk

POSTS = 2500


def make(desk, path, *options):
    desk.ok("bench", "--make", path, "--posts", POSTS, *options)
    return path.read_text(encoding="utf-8")


def test_made_posts_are_the_same_each_time_and_like_posts(tmp_path):
    with Desk(tmp_path / "data", "sqlite") as desk:
        first = make(desk, tmp_path / "a.jsonl")
        assert first == make(desk, tmp_path / "b.jsonl")
        posts = [json.loads(line) for line in first.splitlines()]
        assert len(posts) == POSTS and len({p["id"] for p in posts}) == POSTS
        known = {p["id"] for p in posts}
        assert all(p.get("in_response_to_tweet_id", p["id"]) in known for p in posts)
        assert any(not p["inbound"] for p in posts)
        assert sum(len(p["text"]) for p in posts) / POSTS > 100
        assert first != make(desk, tmp_path / "c.jsonl", "--cases", 250)


def test_every_post_is_taken_and_every_row_inserted_bare(tmp_path):
    with Desk(tmp_path / "data", "sqlite") as desk:
        result = desk.json("bench", "--posts", POSTS)
        assert result["posts"] == POSTS and result["intake_us"] > 0 and result["bare_us"] > 0
        counts = []
        for name in ("data/aplomb.db", "bare/aplomb.db"):
            db = sqlite3.connect("file:%s?mode=ro" % (desk.dir / name), uri=True)
            counts.append([db.execute("SELECT count(*) FROM " + table).fetchone()[0] for table in (
                "post", "post_version", "assessment", "author", "desk_case", "clock", "ledger_entry", "ledger_about",
                "post_fts")])
            db.close()
        assert counts[0] == counts[1] and counts[0][0] == POSTS
        assert result["bare_rows"] == sum(counts[1][:-1])


def test_a_folder_that_exists_is_left_alone(tmp_path):
    (tmp_path / "data").mkdir()
    with Desk(tmp_path / "data", "sqlite") as desk:
        assert "exists already" in desk.refused("bench", "--posts", 10)
        assert not list((tmp_path / "data").iterdir())
