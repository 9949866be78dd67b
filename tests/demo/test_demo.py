# SPDX-License-Identifier: Apache-2.0
"""The demo: is the story sound, and does the feeder tell it once, whole and on time, whatever the server does?

No test sleeps: clock and sleep are given to the feeder. The misbehaving servers listen on a free loopback port.
"""
import base64
import hashlib
import hmac
import http.server
import importlib.util
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo"
spec = importlib.util.spec_from_file_location("demo_feed", DEMO / "feed.py")
feed = importlib.util.module_from_spec(spec)
spec.loader.exec_module(feed)

EVENTS, STORY = feed.story_load(DEMO / "posts.jsonl")
ZONE = feed.zone_load(DEMO / "firm.yaml")
CREATED = [event for event in EVENTS if event["event"] == "create"]
LIVE = [event for event in EVENTS if feed.is_live(event)]
SLUGS = ["mentions", "page", "reviews", "messages", "email", "phone"]
KINDS = {"post", "comment", "mention", "review", "message", "email", "call", "visit", "letter", "notice"}
# Any hour, any weekday, the days when clocks change, leap day and New Year.
STARTS = [datetime(*when, tzinfo=ZONE).timestamp() for when in [
    (2026, 11, 23, 0, 0), (2026, 11, 22, 3, 1), (2026, 11, 21, 12, 0), (2026, 11, 20, 23, 59),
    (2026, 3, 29, 0, 30), (2026, 3, 29, 2, 30), (2026, 3, 30, 0, 5), (2026, 10, 25, 1, 30), (2026, 10, 26, 0, 1),
    (2028, 2, 29, 8, 0), (2027, 1, 1, 0, 0), (2026, 11, 25, 17, 0), (2026, 11, 26, 9, 0)]]


# ---- the story ---------------------------------------------------------------------------------------------------

def test_six_channels_each_in_use():
    listed = [line.split("\t") for line in (DEMO / "channels.tsv").read_text("utf-8").splitlines()
              if line and not line.startswith("#")]
    assert [row[0] for row in listed] == SLUGS
    assert all(len(row) == 3 and row[1] == "webhook" and row[2] for row in listed)
    used = Counter(event["channel"] for event in EVENTS)
    assert set(used) == set(SLUGS) and min(used.values()) >= 8


def test_enough_of_everything():
    assert len(CREATED) >= 170
    assert len(EVENTS) - len(LIVE) >= 130 and len(LIVE) >= 35
    own = [event for event in CREATED if event["own"]]
    assert 120 <= len(own) <= 0.4 * len(CREATED)
    kinds = Counter(event["kind"] for event in CREATED)
    assert {"post", "comment", "mention", "review", "message", "email", "call"} <= set(kinds) <= KINDS
    ratings = Counter(event["rating"] for event in CREATED if "rating" in event)
    assert set(ratings) == {1, 2, 3, 4, 5}
    assert len({event["lang"] for event in CREATED if "lang" in event}) >= 5
    assert any(len(event["text"]) < 12 for event in CREATED) and any(len(event["text"]) > 500 for event in CREATED)


def test_shape_is_the_webhooks():
    known = {"event", "channel", "id", "revision", "parent_id", "kind", "own", "author", "text", "title", "rating",
             "company", "url", "lang", "reach", "echo_count", "at"}
    for event in EVENTS:
        assert set(event) <= known, event["id"]
        if event["event"] == "delete":
            assert set(event) == {"event", "channel", "id", "at"}
            continue
        assert event["event"] in ("create", "edit") and event["kind"] in KINDS
        assert isinstance(event["own"], bool) and event["text"].strip() == event["text"] != ""
        assert set(event["author"]) == {"id", "name"} and all(event["author"].values())
        assert 0 <= event.get("rating", 0) <= 5
        assert event.get("reach", 1) > 0 and event.get("echo_count", 1) > 0
        assert all("\0" not in str(value) for value in event.values())


def test_ids_are_unique_and_parents_come_first():
    created, revisions, deleted = {}, set(), set()
    for n, event in enumerate(EVENTS):
        key = (event["channel"], event["id"])
        if event["event"] == "create":
            assert key not in created, key
            created[key] = event
        else:
            assert key in created and key not in deleted, f"{event['event']} of {key} before its post"
        if event["event"] == "delete":
            deleted.add(key)
            continue
        assert (key, event["revision"]) not in revisions
        revisions.add((key, event["revision"]))
        if "parent_id" in event:
            assert (event["channel"], event["parent_id"]) in created, f"line {n + 1}: parent unknown"


def test_edits_and_deletions():
    current, edits, deletions = {}, defaultdict(list), []
    for event in EVENTS:
        key = (event["channel"], event["id"])
        if event["event"] == "edit":
            assert event["text"] != current[key]["text"] and event["author"] == current[key]["author"]
            edits[key].append(event)
        if event["event"] == "delete":
            deletions.append(event)
        else:
            current[key] = event
    assert any(feed.is_live(event) for event in deletions)
    assert any(feed.is_live(edit) for found in edits.values() for edit in found)
    rated = [edit for found in edits.values() for edit in found if "rating" in edit]
    assert rated, "a review that changes its stars"


def test_threads_and_people():
    children = Counter((event["channel"], event.get("parent_id")) for event in CREATED if "parent_id" in event)
    assert len(children) >= 40
    depth = {}
    for event in CREATED:
        depth[event["channel"], event["id"]] = 1 + depth.get((event["channel"], event.get("parent_id")), 0)
    assert max(depth.values()) >= 4
    channels_of = defaultdict(set)
    for event in CREATED:
        if not event["own"]:
            channels_of[event["author"]["name"]].add(event["channel"])
    assert sum(len(channels) > 1 for channels in channels_of.values()) >= 5
    assert any(event["own"] and "parent_id" not in event for event in CREATED), "the firm speaks unasked, too"


def test_the_viral_afternoon():
    times = [(feed.when(event, STARTS[0], ZONE), event) for event in CREATED]
    loudest = max((event for event in EVENTS if "echo_count" in event), key=lambda event: event["echo_count"])
    growth = [event["echo_count"] for event in EVENTS if event["id"] == loudest["id"] and "echo_count" in event]
    assert growth == sorted(growth) and growth[0] < 50 and growth[-1] > 5000
    begin = next(at for at, event in times if event["id"] == loudest["id"])
    crowd = [event for at, event in times
             if begin < at <= begin + 7200 and not event["own"] and event["channel"] in ("mentions", "page")]
    assert 38 <= len(crowd) <= 60
    per_hour = Counter(int(at // 3600) for at, event in times if at < begin - 1 and not event["own"])
    assert len(crowd) / 2 > 5 * max(per_hour.values()), "the surge stands out of everything before"


def words(text):
    return re.findall(r"\w+", text.casefold())


def test_no_two_texts_are_alike():
    shingles = []
    for event in CREATED:
        tokens = words(event["text"])
        grams = {tuple(tokens[i:i + 3]) for i in range(max(1, len(tokens) - 2))}
        for other, found in shingles:
            overlap = len(grams & found) / max(1, min(len(grams), len(found)))
            assert overlap < 0.5, f"{event['id']} is too like {other}"
        shingles.append((event["id"], grams))
    assert len({event["text"].casefold() for event in CREATED}) == len(CREATED)


def test_nothing_real():
    brands = ("amazon google facebook instagram twitter tiktok whatsapp telegram youtube reddit bluesky mastodon "
              "trustpilot yelp ebay etsy paypal dhl ups fedex hermes evri philips bosch siemens braun dualit smeg delonghi tefal "
              "breville russell hobbs kenwood bodum tesco sainsbury ikea apple samsung microsoft patagonia rolex dyson "
              "starbucks nescafe twinings uber lidl aldi argos bbc itv netflix thermos stanley yeti").split()
    for event in CREATED:
        text = " ".join([event["text"], event.get("title", ""), event["author"]["name"], event["author"]["id"]])
        assert not set(words(text)) & set(brands), event["id"]
        for host in re.findall(r"(?:https?://|hxxp://|@)([a-z0-9.-]+\.[a-z]+)\b", text + " " + event.get("url", "")):
            assert re.search(r"(\.example|example\.(org|com|net))$", host), f"{event['id']}: {host}"
        for number in re.findall(r"\b0\d{4} ?\d{6}\b|\+44\d{10}", text):
            assert re.match(r"01632 960|07700 900|\+441632960", number), f"{event['id']}: {number}"


# ---- times -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("start", STARTS, ids=lambda s: datetime.fromtimestamp(s, ZONE).isoformat())
def test_times_make_sense_whenever_started(start):
    at_of = {}
    for event in EVENTS:
        at = feed.when(event, start, ZONE)
        assert at > start if feed.is_live(event) else at < start, f"{event['id']} {event['at']}"
        assert at > start - 15 * 86400
        key = (event["channel"], event["id"])
        if event["event"] != "create":
            assert at > at_of[key], event["id"]
        if event.get("parent_id"):
            assert at > at_of[event["channel"], event["parent_id"]], f"{event['id']} is older than its parent"
        if event["event"] == "create":
            at_of[key] = at
    assert min(at_of.values()) < start - 12 * 86400, "two weeks of history"


def test_wall_time_follows_the_zone():
    event = {"event": "create", "channel": "page", "id": "x", "at": "-1d 09:14"}
    start = datetime(2026, 3, 29, 12, 0, tzinfo=ZONE).timestamp()  # the clocks went forward that night
    moment = datetime.fromtimestamp(feed.when(event, start, ZONE), ZoneInfo("UTC"))
    assert (moment.day, moment.hour, moment.minute) == (28, 9, 14)
    start = (datetime(2026, 3, 29, 12, 0, tzinfo=ZONE) + timedelta(days=1)).timestamp()
    moment = datetime.fromtimestamp(feed.when(event, start, ZONE), ZoneInfo("UTC"))
    assert (moment.day, moment.hour, moment.minute) == (29, 8, 14)


def test_offsets_and_speed():
    base = {"event": "create", "channel": "page", "id": "x"}
    assert feed.when({**base, "at": "-00:20:01"}, 10000.0, ZONE) == 10000 - 1201
    assert feed.when({**base, "at": "+00:03:20"}, 10000.0, ZONE) == 10200
    assert feed.when({**base, "at": "+00:03:20"}, 10000.0, ZONE, speed=10) == 10020
    assert feed.when({**base, "at": "-00:20:00"}, 10000.0, ZONE, speed=10) == 10000 - 1200


@pytest.mark.parametrize("at", ["", "now", "-3d", "-3d 9:14", "-3d 24:00", "+1:00:00", "00:00:01", "-3d 09:60",
                                "+00:03:20 "])
def test_a_bad_time_is_named(at):
    with pytest.raises(feed.Stop, match="x17"):
        feed.when({"event": "create", "channel": "page", "id": "x17", "at": at}, 0.0, ZONE)


def test_the_live_part_moves_the_page():
    offsets = sorted(feed.when(event, 0.0, ZONE) for event in LIVE)
    assert offsets[-1] <= 15 * 60
    assert sum(offset <= 180 for offset in offsets) >= 20
    steps = [b - a for a, b in zip([0.0] + offsets, offsets)]
    assert max(step for step, at in zip(steps, offsets) if at <= 180) <= 10
    assert max(steps) <= 60


# ---- how the firm answers ------------------------------------------------------------------------------------------

BY_KEY = {(event["channel"], event["id"]): event for event in CREATED}
REPLIES = [event for event in CREATED if event["own"] and "parent_id" in event]


def conversations():
    """(thread, customer) -> turns in the order of the file: one customer in one thread, and what the firm said to them."""
    def above(event):
        return BY_KEY.get((event["channel"], event.get("parent_id")))
    found = defaultdict(list)
    for event in CREATED:
        customer = event
        while customer and customer["own"]:
            customer = above(customer)
        if customer is None:
            continue  # the firm spoke unasked
        root = customer
        while above(root):
            root = above(root)
        found[root["channel"], root["id"], customer["author"]["id"]].append(event)
    return list(found.values())


def days_ago(event):
    day = feed.DAY.fullmatch(event["at"])
    return int(day.group(1)) if day else 0


def share_answered(talks):
    assert len(talks) >= 40
    return sum(any(turn["own"] for turn in turns) for turns in talks) / len(talks)


def test_a_decent_firm_with_some_failures():
    """A visitor must see three that need an answer now, not a graveyard; and yesterday must still be open."""
    talks = conversations()
    assert 0.65 <= share_answered([turns for turns in talks if days_ago(turns[0]) >= 2]) <= 0.9
    assert share_answered([turns for turns in talks if days_ago(turns[0]) == 1]) <= 0.35


@pytest.mark.parametrize("start", [STARTS[0], STARTS[4], STARTS[7]])
def test_every_reply_answers_an_earlier_post(start):
    assert len(REPLIES) >= 120
    for reply in REPLIES:
        parent = BY_KEY[reply["channel"], reply["parent_id"]]
        assert feed.when(parent, start, ZONE) < feed.when(reply, start, ZONE), reply["id"]


def test_replies_speak_for_the_firm_as_the_channel_does():
    kinds = {"page": "comment", "mentions": "comment", "reviews": "comment", "messages": "message", "email": "email",
             "phone": "call"}
    accounts = re.findall(r"^  - (\S+)$", (DEMO / "firm.yaml").read_text("utf-8"), re.M)
    assert len(accounts) == 2
    for reply in REPLIES:
        assert reply["kind"] == kinds[reply["channel"]] and "rating" not in reply and "echo_count" not in reply
        assert reply["author"]["id"] == accounts[reply["channel"] == "email"], reply["id"]
        assert ("title" in reply) == (reply["channel"] == "email"), reply["id"]


def test_no_reply_is_a_template():
    """Far stricter than for customers, who may shout alike: no two replies share a fifth of their word triples."""
    seen = []
    for reply in REPLIES:
        tokens = words(reply["text"])
        grams = {tuple(tokens[i:i + 3]) for i in range(max(1, len(tokens) - 2))}
        for other, found in seen:
            assert len(grams & found) < 0.2 * min(len(grams), len(found)), f"{reply['id']} copies {other}"
        seen.append((reply["id"], grams))


def test_what_stays_unanswered_is_meant():
    """The first screen and the report live on these: forgotten complaints (a burned hand above all), an insult with a
    threat, the solicitor, the press, other people's data, and spam."""
    answered = {(reply["channel"], reply["parent_id"]) for reply in REPLIES}
    waiting = {"t100", "t104", "t105", "e125", "r119", "r121", "d126", "d134", "m153", "m150", "p132", "e121", "e130",
               "m105", "e115", "d127", "r126"}
    assert waiting <= {event["id"] for event in CREATED}
    assert not waiting & {post for _, post in answered}
    old = [turns for turns in conversations() if days_ago(turns[0]) >= 2 and not turns[-1]["own"]]
    assert len(old) <= 30, "what nobody answered last"


# ---- the plan ----------------------------------------------------------------------------------------------------

def test_plan_has_everything_once_in_batches():
    deliveries = feed.plan(EVENTS, STORY, 1.7e9, ZONE)
    flat = [(d.channel, event["id"], event["event"], event.get("revision")) for d in deliveries for event in d.events]
    assert sorted(map(str, flat)) == sorted(str((e["channel"], e["id"], e["event"], e.get("revision"))) for e in EVENTS)
    assert all(1 <= len(d.events) <= 100 for d in deliveries)
    assert max(len(d.events) for d in deliveries) == 100, "the busiest channel needs a second batch"
    assert len({d.message_id for d in deliveries}) == len(deliveries)
    assert [d.due for d in deliveries] == sorted(d.due for d in deliveries)
    for event in (event for d in deliveries for event in d.events):
        assert "channel" not in event
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["at"])


def test_plan_is_the_same_after_a_restart():
    assert feed.plan(EVENTS, STORY, 1.7e9, ZONE) == feed.plan(EVENTS, STORY, 1.7e9, ZONE)
    other = feed.plan(EVENTS, STORY, 1.7e9 + 60, ZONE)
    assert not {d.message_id for d in other} & {d.message_id for d in feed.plan(EVENTS, STORY, 1.7e9, ZONE)}


# ---- signing -----------------------------------------------------------------------------------------------------

def test_signature_of_the_published_example():
    assert feed.sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                     b'{"test": 2432232314}') == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# ---- delivery against servers that misbehave ---------------------------------------------------------------------

SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes for the testing").decode()
RECEIPT = json.dumps({"accepted": 1, "known": 0, "edited": 0, "deleted": 0, "rejected": []})


class Unruly(http.server.BaseHTTPRequestHandler):
    """Answers as its script says: a status, (status, headers), 'reset', 'garbage', 'silent', 'lose' (takes it and
    hangs up), or a body to answer with."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        server.seen.append({"path": self.path, "body": body, **{k.lower(): v for k, v in self.headers.items()}})
        act = server.script.pop(0) if server.script else 202
        if act == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if act in ("garbage", "silent"):
            self.close_connection = True
            if act == "garbage":
                self.wfile.write(b"hello\r\n\r\n")
            else:
                self.connection.recv(1)  # until the other side has had enough
            return
        if act == "lose" or act == 202 or isinstance(act, str) and act.startswith("{"):
            server.taken.append(body)
        if act == "lose":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        text = (act if isinstance(act, str) else RECEIPT).encode()
        status, headers = act if isinstance(act, tuple) else (act if isinstance(act, int) else 202, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            pass
    found = Quiet(("127.0.0.1", 0), Unruly)
    found.script, found.seen, found.taken = [], [], []
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


class Turned:
    """A clock that only sleeping moves."""

    def __init__(self, now=1.8e9):
        self.now, self.slept = now, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


def feeder_for(server, clock, log=None):
    lines = [] if log is None else log
    return feed.Feeder(f"http://127.0.0.1:{server.server_port}/", {"page": {"id": 7, "secret": SECRET}}, clock=clock,
                       sleep=clock.sleep, log=lambda line, file=None: lines.append(line))


def delivery(n=0, due=0.0):
    return feed.Delivery("page", due, f"msg_{n}", [{"event": "create", "id": f"p{n}", "text": "Kännchen ☕"}])


def verify(seen):
    """Written apart from the feeder's own code: what a receiver does."""
    message = seen["webhook-id"].encode() + b"." + seen["webhook-timestamp"].encode() + b"." + seen["body"]
    mac = hmac.new(b"thirty-two bytes for the testing", message, hashlib.sha256).digest()
    assert seen["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert seen["path"] == "/api/v1/hooks/7" and seen["content-type"] == "application/json"


@pytest.mark.parametrize("trouble", [[500], [503, 507], [429], [(429, {"Retry-After": "7"})], ["reset"], ["lose"], ["garbage"],
                                     ["silent"],
                                     ["reset", 500, "lose", (503, {"Retry-After": "2"}), 408]], ids=str)
def test_trouble_is_repeated_with_the_same_id(server, trouble, monkeypatch):
    if "silent" in trouble:
        monkeypatch.setattr(feed, "TIMEOUT_S", 0.2)
    server.script = list(trouble)
    clock = Turned()
    feeder_for(server, clock).deliver(delivery())
    assert len(server.seen) == len(trouble) + 1 and len(clock.slept) == len(trouble)
    assert {seen["webhook-id"] for seen in server.seen} == {"msg_0"}
    assert len({seen["body"] for seen in server.seen}) == 1
    for seen in server.seen:
        verify(seen)
    stamps = [int(seen["webhook-timestamp"]) for seen in server.seen]
    assert stamps == sorted(stamps) and stamps[-1] == int(clock.now), "each try is signed with the time of that try"
    if isinstance(trouble[0], tuple):
        assert clock.slept == [7.0]


def test_pauses_grow_and_are_bounded(server):
    server.script = [500] * 9
    clock = Turned()
    feeder_for(server, clock).deliver(delivery())
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_an_absurd_retry_after_is_bounded(server):
    server.script = [(429, {"Retry-After": "86400"}), (503, {"Retry-After": "soon"})]
    clock = Turned()
    feeder_for(server, clock).deliver(delivery())
    assert clock.slept == [30.0, 1.0]


def test_no_server_for_a_while_then_one(server):
    """Refused connections, as during a restart of the server."""
    clock, tries = Turned(), []

    def post(url, headers, body):
        tries.append(url)
        if len(tries) < 4:
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/"
            return feed.http_post(nowhere, headers, body)
        return feed.http_post(url, headers, body)

    feeder = feeder_for(server, clock)
    feeder.post = post
    feeder.deliver(delivery())
    assert len(tries) == 4 and len(server.taken) == 1


def test_gives_up_in_the_end(server):
    server.script = [500] * 1000
    clock = Turned()
    with pytest.raises(feed.Stop, match="gave up after 600 s: the server answered 500"):
        feeder_for(server, clock).deliver(delivery())
    assert 600 < sum(clock.slept) < 700


@pytest.mark.parametrize("status", [301, 400, 401, 404, 413, 415])
def test_a_refusal_is_not_repeated(server, status):
    server.script = [(status, {"Location": "http://127.0.0.1:1/"})]
    clock = Turned()
    with pytest.raises(feed.Stop, match=str(status)):
        feeder_for(server, clock).deliver(delivery())
    assert len(server.seen) == 1 and not clock.slept


def test_rejected_events_are_told(server):
    log = []
    server.script = ['{"accepted":0,"rejected":[{"index":0,"detail":"the text is empty"}]}', "{not json"]
    feeder = feeder_for(server, Turned(), log)
    feeder.deliver(delivery(0))
    feeder.deliver(delivery(1))
    assert log == ["demo feed: event 0 rejected: the text is empty"]


def test_unknown_channel_is_named(server):
    with pytest.raises(feed.Stop, match="'fax'"):
        feeder_for(server, Turned()).deliver(delivery()._replace(channel="fax"))
    assert not server.seen


def test_due_times_are_kept(server):
    clock, saved = Turned(now=1000.0), []
    deliveries = [delivery(0, 990.0), delivery(1, 1012.0), delivery(2, 1012.5)]
    feeder = feeder_for(server, clock)
    sent_at = []
    feeder.post = lambda url, headers, body: (sent_at.append(clock.now), (202, 0.0, RECEIPT))[1]
    feeder.run(deliveries, {"start": 990.0, "story": "s", "delivered": 0},
               lambda state: saved.append(state["delivered"]))
    assert sent_at == [1000.0, 1012.0, 1012.5] and saved == [1, 2, 3]
    assert max(clock.slept) <= 5, "it wakes up in between, in case the machine was asleep"


def test_interrupted_anywhere_nothing_is_lost_or_sent_under_a_second_id(server, tmp_path):
    """Killed after every single delivery, before or after its state was saved."""
    deliveries = [delivery(n) for n in range(6)]
    for before_saving in (False, True):
        server.seen.clear()
        path = tmp_path / f"state-{before_saving}.json"
        rounds = 0

        def save(state, path=path, before=before_saving):
            if before and rounds % 2 == 0:
                raise KeyboardInterrupt
            feed.state_save(path, state)
            raise KeyboardInterrupt

        while True:
            state = feed.state_load(path, "story", 5000 + rounds)
            if rounds == 0:
                feed.state_save(path, state)
            assert state["start"] == 5000
            try:
                feeder_for(server, Turned()).run(deliveries, state, save)
                break
            except KeyboardInterrupt:
                rounds += 1
                assert rounds < 50
        bodies = defaultdict(set)
        for seen in server.seen:
            bodies[seen["webhook-id"]].add(seen["body"])
        assert sorted(bodies) == sorted(d.message_id for d in deliveries)
        assert all(len(found) == 1 for found in bodies.values())
        if not before_saving:
            assert len(server.seen) == len(deliveries)


def test_state_file(tmp_path):
    path = tmp_path / "state.json"
    first = feed.state_load(path, "one", 1234.9)
    assert first == {"start": 1234.0, "story": "one", "delivered": 0}
    feed.state_save(path, {**first, "delivered": 3})
    assert feed.state_load(path, "one", 9999.0) == {"start": 1234.0, "story": "one", "delivered": 3}
    # A new edition of the story is told from its beginning, from the same start; known ids do not double.
    assert feed.state_load(path, "two", 9999.0) == {"start": 1234.0, "story": "two", "delivered": 0}
    for damage in ("", "{", "[]", '{"start":"x","delivered":1}', '{"start":1}'):
        path.write_text(damage, "utf-8")
        with pytest.raises(feed.Stop, match="delete it"):
            feed.state_load(path, "one", 1.0)


# ---- the commands ------------------------------------------------------------------------------------------------

def run_feed(*args):
    return subprocess.run(["/usr/bin/python3", str(DEMO / "feed.py"), *map(str, args)], capture_output=True, text=True,
                          timeout=60)


def test_print_sends_nothing_and_prints_all():
    done = run_feed("--print")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert len(lines) == len(EVENTS) and all(line["at"].endswith("Z") for line in lines)
    history = run_feed("--print", "--history-only")
    assert len(history.stdout.splitlines()) == len(EVENTS) - len(LIVE)


@pytest.mark.parametrize("args", [[], ["--speed", "0", "--print"], ["--speed", "nan", "--print"], ["--nonsense"]])
def test_wrong_use(args):
    assert run_feed(*args).returncode == 2


def test_whole_story_over_http(server, tmp_path):
    channels = tmp_path / "channels.json"
    channels.write_text(json.dumps({slug: {"id": 7, "secret": SECRET} for slug in SLUGS}), "utf-8")
    base = ["--url", f"http://127.0.0.1:{server.server_port}", "--channels", channels, "--speed", "100000"]
    done = run_feed(*base)
    assert (done.returncode, done.stderr) == (0, "")
    for seen in server.seen:
        verify(seen)
    assert sum(len(json.loads(body)["events"]) for body in server.taken) == len(EVENTS)
    before = len(server.seen)
    assert run_feed(*base).returncode == 0 and len(server.seen) == before, "a told story is not told again"


FAKE = r"""#!/usr/bin/python3
import json, os, signal, sys
data = sys.argv[sys.argv.index("--data") + 1]
if sys.argv[1] == "serve":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(data + "/serving", "w") as file:
        file.write(str(os.getpid()))
# The call is told last: who reads of it may rely on the rest.
with open(os.environ["FAKE_LOG"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\n")
if sys.argv[1:3] == ["channel", "add"]:
    if os.environ.get("FAKE_FAIL") == sys.argv[sys.argv.index("--slug") + 1]:
        sys.exit("no room")
    print(json.dumps({"id": 7, "secret": os.environ["FAKE_SECRET"]}))
elif sys.argv[1] == "serve":
    if os.environ.get("FAKE_SERVE_FAILS"):
        sys.exit(1)
    while True:
        signal.pause()
"""


@pytest.fixture
def fake(tmp_path, server):
    program = tmp_path / "aplomb"
    program.write_text(FAKE, "utf-8")
    program.chmod(0o755)
    calls = tmp_path / "calls"
    env = {**os.environ, "FAKE_LOG": str(calls), "FAKE_SECRET": SECRET, "FEED_ARGS": "--speed 100000"}

    def start(data, **extra):
        return subprocess.Popen([str(DEMO / "start"), str(program), str(data), str(server.server_port)],
                                env={**env, **extra}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
                                # Whoever runs the tests in the background has it ignored, and a shell cannot undo that.
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    start.calls = lambda: [json.loads(line) for line in calls.read_text("utf-8").splitlines()] if calls.exists() else []
    start.server = server
    return start


def await_that(condition, running=None):
    """Polls a condition; time only bounds it."""
    limit = threading.Event()
    for _ in range(3000):
        if condition():
            return
        assert running is None or running.poll() is None, running.communicate()
        limit.wait(0.01)
    pytest.fail("it did not come to pass")


def await_demo(fake, running, calls):
    """Until the story is told and the program was called so many times."""
    await_that(lambda: len(fake.calls()) >= calls and
               sum(len(json.loads(body)["events"]) for body in list(fake.server.taken)) >= len(EVENTS), running)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_start_sets_up_feeds_and_stops_everything(fake, tmp_path, sent):
    data = tmp_path / "data"
    running = fake(data)
    await_demo(fake, running, 8)
    child = int((data / "serving").read_text())
    os.killpg(running.pid, sent) if sent == signal.SIGINT else running.send_signal(sent)
    out, errors = running.communicate(timeout=20)
    assert f"http://127.0.0.1:{fake.server.server_port}" in out and errors == ""
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    calls = fake.calls()
    assert calls[0][:2] == ["workspace", "set"] and "--demo" in calls[0] and "Pendlebright" in calls[0]
    assert [call[call.index("--slug") + 1] for call in calls[1:7]] == SLUGS
    assert calls[7][0] == "serve" and len(calls) == 8
    secrets = data / "demo-channels.json"
    assert sorted(json.loads(secrets.read_text("utf-8"))) == sorted(SLUGS)
    assert secrets.stat().st_mode & 0o077 == 0 and data.stat().st_mode & 0o077 == 0

    again = fake(data)  # a second start serves what is there
    await_demo(fake, again, 9)
    again.terminate()
    out, errors = again.communicate(timeout=20)
    assert errors == "" and len(fake.calls()) == 9
    assert sum(len(json.loads(body)["events"]) for body in fake.server.taken) == len(EVENTS), "told once"


def test_start_after_a_failed_set_up(fake, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    running = fake(data, FAKE_FAIL="reviews")
    assert running.wait(timeout=20) != 0
    assert "no room" in running.communicate()[1] and not list(data.iterdir())
    running = fake(data)
    await_demo(fake, running, 12)
    running.terminate()
    running.communicate(timeout=20)
    assert (data / "demo-channels.json").exists() and not (tmp_path / "data.setting-up").exists()


def test_start_passes_on_that_the_server_failed(fake, tmp_path):
    running = fake(tmp_path / "data", FAKE_SERVE_FAILS="1")
    running.communicate(timeout=20)
    assert running.returncode == 1


def test_start_leaves_other_data_alone(fake, tmp_path):
    data = tmp_path / "mine"
    data.mkdir()
    (data / "aplomb.db").write_text("precious", "utf-8")
    running = fake(data)
    _, errors = running.communicate(timeout=20)
    assert running.returncode == 1 and "nothing was changed" in errors and fake.calls() == []
    assert (data / "aplomb.db").read_text("utf-8") == "precious"


@pytest.mark.parametrize("args", [[], ["/bin/true", "dir", "eighty"], ["--help"], ["/bin/true", "--data"],
                                  ["/bin/true", "d", "1", "2"]])
def test_start_wrong_use(args):
    done = subprocess.run([str(DEMO / "start"), *args], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "usage" in done.stderr


def test_events_fit_the_contract_of_the_api():
    yaml = pytest.importorskip("yaml")
    jsonschema = pytest.importorskip("jsonschema")
    contract = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text("utf-8"))
    schema = {"$ref": "#/components/schemas/PostEventBatch", "components": contract["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    for batch in feed.plan(EVENTS, STORY, 1.7e9, ZONE):
        problems = [f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors({"events": batch.events})]
        assert not problems, problems[:3]
    assert list(validator.iter_errors({"events": [{"at": "2026-11-23T08:45:00Z", "shout": True}]}))
