#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Where a company stood with its customers, computed from the archive alone: the figures of `aplomb report` must equal these.

Shares nothing with the program: reads the CSV itself, rebuilds the threads, walks to the limit of R5 by the shipped
calendar (Mon-Fri 9-17; 30 minutes in hours, 60 outside, never past the last second of the local day). Which posts are
complaints is the only thing that it cannot know; a function tells.

usage: independent_report.py customer-support.csv
"""
import csv
import json
import math
import re
import sys
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo


def read_support(path):
    """The turns of customer-support.csv that a strict reader can read."""
    turns = []
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = next(rows)
        for row in rows:
            if len(row) != len(header):
                continue
            fields = dict(zip(header, row))
            parent = fields["in_response_to_tweet_id"]
            turns.append({
                "id": fields["tweet_id"], "parent": str(int(float(parent))) if parent else "",
                "author": fields["author_id"], "own": fields["inbound"] == "False",
                "at": datetime.strptime(fields["created_at"], "%a %b %d %H:%M:%S %z %Y").astimezone(timezone.utc),
                "text": fields["text"],
            })
    return turns


def limit_of(posted, zone):
    """R5: when a first answer to a post is due."""
    local = posted.astimezone(zone)
    in_hours = local.weekday() < 5 and time(9) <= local.time() < time(17)
    due = posted + timedelta(minutes=30 if in_hours else 60)
    last_second = datetime.combine(local.date(), time(23, 59, 59), zone).astimezone(timezone.utc)
    return max(min(due, last_second), posted)


def conversations(turns):
    """(root of the thread, author) -> customer's turns and our answers, in order of time."""
    by_id = {}
    for turn in turns:
        by_id.setdefault(turn["id"], turn)
    parent = {i: t["parent"] for i, t in by_id.items() if t["parent"] and t["parent"] != i}

    def root(i):
        seen = set()
        while i in parent and i not in seen:
            seen.add(i)
            i = parent[i]
        return i

    talks = {}
    for turn in by_id.values():
        if not turn["own"]:
            talks.setdefault((root(turn["id"]), turn["author"]), {"asked": [], "answers": []})["asked"].append(turn)
    for turn in by_id.values():
        above = turn["id"]
        while turn["own"] and above in parent:
            above = parent[above]
            if above not in by_id:
                break
            if not by_id[above]["own"]:
                talks[(root(above), by_id[above]["author"])]["answers"].append(turn)
                break
    for talk in talks.values():
        for side in talk.values():
            side.sort(key=lambda t: (t["at"], t["id"]))
    return talks


def company_of(talk, accounts):
    if talk["answers"]:
        return talk["answers"][0]["author"]
    for turn in talk["asked"]:
        if turn.get("company"):
            return turn["company"]
        for name in re.findall(r"@([0-9A-Za-z_.\-\u0080-\U0010ffff]{1,64})", turn["text"]):
            if name.rstrip(".-").lower() in accounts:
                return accounts[name.rstrip(".-").lower()]
    return ""


def figures(talks, zone, verdict_of):
    times, out = [], {"conversations": 0, "customer_posts": 0, "answered": 0, "within_limit": 0, "same_day": 0,
                      "complaints": 0, "unanswered_complaints": 0}
    for talk in talks:
        first = talk["asked"][0]["at"]
        answers = [t["at"] for t in talk["answers"] if t["at"] >= first]
        verdicts = [verdict_of(t) for t in talk["asked"]]
        # The post that needs an answer most, the earliest of equals, says what the conversation is.
        worst = max(range(len(verdicts)), key=lambda i: (verdicts[i]["needs_answer"], verdicts[i]["urgency"], -i))
        is_complaint = verdicts[worst]["intent"] == "complaint"
        out["conversations"] += 1
        out["customer_posts"] += len(talk["asked"])
        out["complaints"] += is_complaint
        out["unanswered_complaints"] += is_complaint and not answers
        if answers:
            out["answered"] += 1
            times.append((answers[0] - first) / timedelta(microseconds=1))
            out["within_limit"] += answers[0] <= limit_of(first, zone)
            out["same_day"] += answers[0].astimezone(zone).date() == first.astimezone(zone).date()
    times.sort()
    n = len(times)
    middle = None if not n else times[n // 2] if n % 2 else (times[n // 2 - 1] + times[n // 2]) / 2
    out["first_response_median_s"] = None if middle is None else middle / 1e6
    out["first_response_p90_s"] = times[math.ceil(0.9 * n) - 1] / 1e6 if n else None
    return out


def report(turns, verdict_of, zone="UTC"):
    accounts = {t["author"].lower(): t["author"] for t in turns if t["own"]}
    talks = conversations(turns)
    groups = {}
    for talk in talks.values():
        groups.setdefault(company_of(talk, accounts), []).append(talk)
    return {"figures": figures(talks.values(), ZoneInfo(zone), verdict_of),
            "companies": {name: figures(some, ZoneInfo(zone), verdict_of) for name, some in groups.items()}}


if __name__ == "__main__":
    nothing = {"needs_answer": False, "urgency": 0, "intent": "?"}
    print(json.dumps(report(read_support(sys.argv[1]), lambda turn: nothing)["figures"], indent=2))
