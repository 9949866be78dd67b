# SPDX-License-Identifier: Apache-2.0
"""The state of a desk in the world's own names: remote ids instead of our numbers, so that two desks can be compared."""
from program import NEVER

CLOCK_VOID = 5  # a clock that the timeline no longer has
MERGED = 9


def when(us):
    return None if us == NEVER else us


def dump(desk):
    authors = {r["id"]: r for r in desk.rows("SELECT * FROM author")}
    posts = {r["id"]: r for r in desk.rows("SELECT * FROM post")}
    versions, clocks = {}, {}
    for row in desk.rows("SELECT * FROM post_version"):
        versions.setdefault(row["post_id"], []).append(row)
    for row in desk.rows("SELECT * FROM clock ORDER BY case_id, ordinal"):
        clocks.setdefault(row["case_id"], []).append(row)

    def name(post_id):
        return posts[post_id]["remote_id"] if post_id else None

    def author(author_id):
        return authors[author_id]["remote_id"] if author_id else ""

    def post(row):
        mine = versions.get(row["id"], [])
        current = [v for v in mine if v["version_no"] == row["version_no"]]
        return {
            "arrived": row["posted_us"] != NEVER, "parent": name(row["parent_id"]), "root": name(row["conversation_id"]),
            "author": author(row["author_id"]), "kind": row["kind"], "own": row["is_own"], "posted": when(row["posted_us"]),
            "deleted": when(row["deleted_us"]), "text": current[0]["text"] if current else None,
            "title": current[0]["title"] if current else None, "rating": row["rating_x10"], "company": row["company"],
            "url": row["url"], "reach": row["reach"], "echo": row["echo_count"], "in_case": bool(row["case_id"]),
            "versions": sorted((v["event"], v["valid_us"], v["title"], v["text"]) for v in mine),
        }

    def clock(row):
        return {
            "kind": row["kind"], "start": row["start_us"], "due": when(row["due_us"]), "warn": when(row["warn_us"]),
            "stopped": when(row["stopped_us"]), "stop": row["stop"], "paused": row["paused_us"],
            "paused_since": when(row["paused_since_us"]), "started_by": name(row["start_post_id"]),
            "stopped_by": name(row["stop_post_id"]), "reason": row["reason"],
        }

    def case(row):
        same = ("company", "state", "priority", "category", "tags", "clock_policy", "intent", "sentiment", "conduct",
                "subject", "risks", "urgency", "queue", "next_clock", "post_count", "reply_count", "headline", "why")
        times = ("next_due_us", "waiting_us", "opened_us", "last_post_us", "first_reply_us", "last_reply_us")
        out = {key: row[key] for key in same}
        out.update({key: when(row[key]) for key in times})
        out["clocks"] = [clock(c) for c in clocks.get(row["id"], []) if c["stop"] != CLOCK_VOID]
        out["posts"] = sorted(p["remote_id"] for p in posts.values() if p["case_id"] == row["id"])
        return out

    cases = {}
    for row in desk.rows("SELECT * FROM desk_case"):
        if row["queue"] != MERGED and not row["merged_into"]:
            key = "%s by %s" % (name(row["conversation_id"]), author(row["author_id"]))
            assert key not in cases, "two cases for " + key
            cases[key] = case(row)
    return {
        "posts": {r["remote_id"]: post(r) for r in posts.values()},
        "cases": cases,
        "authors": {r["remote_id"]: (r["name"], r["is_own"], r["first_seen_us"]) for r in authors.values()},
    }


def difference(a, b, path=""):
    """Where two dumps differ, one line each."""
    if isinstance(a, dict) and isinstance(b, dict):
        out = []
        for key in sorted(set(a) | set(b)):
            if key not in a or key not in b:
                out.append("%s/%s only in the %s" % (path, key, "second" if key not in a else "first"))
            else:
                out += difference(a[key], b[key], "%s/%s" % (path, key))
        return out
    return [] if a == b else ["%s: %r != %r" % (path, a, b)]
