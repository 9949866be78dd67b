# SPDX-License-Identifier: Apache-2.0
"""The same history in any order of arrival, in any batches, doubled, ends in the same state as in order.

APLOMB_ORDER_SEEDS=n tries n histories (default 12), APLOMB_ORDER_FIRST the first seed,
APLOMB_ORDER_SHRINK=1 looks for the smallest failing order (slow).
"""
import json
import os
import random

import pytest
from canonical import difference, dump
from program import Desk

SEEDS = int(os.environ.get("APLOMB_ORDER_SEEDS", "12"))
FIRST = int(os.environ.get("APLOMB_ORDER_FIRST", "1"))
SHRINK = os.environ.get("APLOMB_ORDER_SHRINK") == "1"
START = 1768824000  # Monday 2026-01-19 12:00 UTC
TEXTS = [
    "My order never arrived and nobody answers. This is a disgrace.", "Where is my refund? I have waited three weeks!",
    "How do I reset my password?", "Thank you, great service!", "Is the shop open on Sunday?", "ok",
    "I will sue you. My lawyer will write to you tomorrow.", "Buy cheap followers now at http://spam.example",
    "The heater caught fire and my daughter was hurt.", "You are all idiots.", "Lovely weather today.",
    "@acme still no answer, this is the third time I ask", "Never mind, it works now.", "Could you add a dark mode?",
]
OWN_TEXTS = ["We are sorry, please send us a message.", "Thank you for telling us.", "It is on its way."]


def stamp(seconds):
    import datetime
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def event(what, post, at, **more):
    own = post["own"]
    row = {"event": what, "id": post["id"], "parent_id": post["parent"], "author": post["author"], "is_own": own,
           "text": "", "created_at": stamp(at), "rating": None, "company": "", "kind": post["kind"]}
    row.update(more)
    return row


def history(rng):
    """Events of one small world, in order of time."""
    with_loops = rng.random() < 0.3
    customers, agents = ["ann", "bob", "cyd"][:rng.randint(1, 3)], ["acme", "acme_help"]
    posts, events, now = [], [], START
    for number in range(rng.randint(3, 12)):
        now += rng.choice([0, 30, 120, 900, 3600, 30000])
        own = bool(posts) and rng.random() < 0.35
        parent = rng.choice(posts)["id"] if posts and rng.random() < 0.8 else None
        if with_loops and rng.random() < 0.4:
            parent = "p%d" % (number + rng.randint(0, 2))  # itself, or one that is still to come and may answer this one
        if rng.random() < 0.12:
            parent = "gone%d" % rng.randint(1, 2)
        kind = rng.choice(["comment", "comment", "message", "review"])
        post = {"id": "p%d" % number, "parent": parent, "own": own, "kind": kind,
                "author": rng.choice(agents if own else customers), "at": now}
        posts.append(post)
        rating = rng.choice([None, None, None, 1, 5]) if not own else None
        company = {"company": "Acme Ltd"} if rng.random() < 0.2 else {}
        events.append((now, event("create", post, now, text=rng.choice(OWN_TEXTS if own else TEXTS), rating=rating,
                                  **company)))
        edited = now
        for _ in range(0 if with_loops else rng.choice([0, 0, 0, 1, 2])):
            edited += rng.choice([0, 60, 2000, 50000])
            bare = {"author": "", "is_own": None, "parent_id": None, "kind": ""} if rng.random() < 0.3 else {}
            events.append((edited, event("edit", post, edited, text=rng.choice(OWN_TEXTS if own else TEXTS) + " (edited)",
                                         rating=rating and rng.choice([1, 3, 5]), **bare)))
        if rng.random() < 0.15:
            gone = edited + rng.choice([0, 60, 5000])
            events.append((gone, event("delete", post, gone, author=rng.choice([post["author"], ""]))))
    events.sort(key=lambda pair: pair[0])
    return [e for _, e in events]


def deliver(desk, events, sizes, folder):
    at = 0
    for number, size in enumerate(sizes):
        path = folder / ("part%d.jsonl" % number)
        path.write_text("".join(json.dumps(e) + "\n" for e in events[at:at + size]))
        at += size
        counts = desk.take(path, "--own", "acme,acme_help")
        assert counts["rejected"] == 0, (counts, path.read_text())


def split(rng, count):
    sizes = []
    while sum(sizes) < count:
        sizes.append(min(rng.choice([1, 2, 3, 5, count]), count - sum(sizes)))
    return sizes


def state_of(events, sizes, folder):
    folder.mkdir()
    with Desk(folder / "desk") as desk:
        deliver(desk, events, sizes, folder)
        return dump(desk)


def shuffled(rng, events):
    """Another order, some events twice."""
    mixed = events + [rng.choice(events) for _ in range(rng.randint(0, 4))]
    rng.shuffle(mixed)
    return mixed


def shrink(events, differs):
    """The fewest events that still differ, for whoever reads the failure."""
    at = 0
    while at < len(events):
        fewer = events[:at] + events[at + 1:]
        if fewer and differs(fewer):
            events = fewer
        else:
            at += 1
    return events


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_any_order_ends_in_the_same_state(seed, tmp_path):
    rng = random.Random(seed)
    events = history(rng)
    expected = state_of(events, [len(events)], tmp_path / "in-order")
    for attempt in range(2):
        mixed = shuffled(rng, events)
        sizes = split(rng, len(mixed))
        found = difference(expected, state_of(mixed, sizes, tmp_path / ("mixed%d" % attempt)))
        if not found:
            continue
        tries = [0]

        def differs(fewer):
            tries[0] += 1
            if tries[0] > 60:
                return False
            ordered = [e for e in events if e in fewer]
            folder = tmp_path / ("shrink%d-%d" % (attempt, tries[0]))
            folder.mkdir()
            return bool(difference(state_of(ordered, [len(ordered)], folder / "a"),
                                   state_of(fewer, [1] * len(fewer), folder / "b")))

        small = shrink(mixed, differs) if SHRINK and differs(mixed) else mixed
        pytest.fail("seed %d:\n%s\n\nsmallest order of arrival:\n%s" % (
            seed, "\n".join(found[:12]), "\n".join(json.dumps(e) for e in small)))
