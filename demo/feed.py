#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tells the story of posts.jsonl to a running Aplomb, through its signed webhook and nothing else.

Idea: the story has relative times. The first run writes the moment of its start into the state file; from then on
every post has one fixed time, every delivery one fixed webhook-id and body, so that stopping, restarting and
repeating can neither shift the story nor double it. History goes first, channel by channel, then the live part
on time. Tests: tests/demo/test_demo.py.
"""
import argparse
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import sys
import time
import zlib
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
BATCH_EVENTS = 100
WAIT_FIRST_S, WAIT_MOST_S, GIVE_UP_S = 0.5, 30.0, 600.0
TIMEOUT_S = 20.0
NAP_S = 5.0  # wake up now and then: a laptop that slept must notice how late it is

Delivery = namedtuple("Delivery", "channel due message_id events")
DAY = re.compile(r"-(\d{1,2})d ([01]\d|2[0-3]):([0-5]\d)")
OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d):([0-5]\d)")


class Stop(Exception):
    """The story cannot go on; the text says why and what to do."""


def story_load(path):
    events = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
    return events, hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def zone_load(path):
    found = re.search(r"^zone: *(\S+)", path.read_text("utf-8"), re.M)
    if not found:
        raise Stop(f"{path}: no line 'zone: Area/City'")
    try:
        return ZoneInfo(found.group(1))
    except (KeyError, ValueError) as error:
        raise Stop(f"{path}: no zone '{found.group(1)}' here; is the package tzdata installed?") from error


def is_live(event):
    return event["at"].startswith("+")


def when(event, start, zone, speed=1.0):
    """Seconds since the epoch. '-3d 09:14' is wall time in the firm's zone, three local days before the start day;
    '-00:20:00' and '+00:03:20' count from the start itself, and only the last runs faster with speed."""
    at = event["at"]
    if found := DAY.fullmatch(at):
        days, hour, minute = map(int, found.groups())
        day = datetime.fromtimestamp(start, zone).date() - timedelta(days=days)
        # Nobody writes on the full minute; the second follows from the id, so it never changes.
        second = zlib.crc32(f"{event['channel']}/{event['id']}/{event['event']}".encode()) % 60
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone).timestamp()
    if found := OFFSET.fullmatch(at):
        sign, hours, minutes, seconds = found.groups()
        offset = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        return start + offset / speed if sign == "+" else start - offset
    raise Stop(f"post {event.get('id')}: '{at}' is no time; write '-3d 09:14', '-00:20:00' or '+00:03:20'")


def wire(event, at):
    """The event as the webhook takes it: the channel is in the address, the time is real."""
    out = {key: value for key, value in event.items() if key != "channel"}
    out["at"] = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return out


def plan(events, story, start, zone, speed=1.0):
    """Every delivery in the order of sending: history by channel in batches, then each live event on its own."""
    history, live = {}, []
    for event in events:
        at = when(event, start, zone, speed)
        if is_live(event):
            live.append((event["channel"], at, [wire(event, at)]))
        else:
            history.setdefault(event["channel"], []).append(wire(event, at))
    steps = [(channel, start, posts[i:i + BATCH_EVENTS])
             for channel, posts in history.items() for i in range(0, len(posts), BATCH_EVENTS)]
    steps += sorted(live, key=lambda step: step[1])
    return [Delivery(channel, due, f"msg_demo_{story}_{int(start)}_{n}", posts)
            for n, (channel, due, posts) in enumerate(steps)]

def state_load(path, story, now):
    """The remembered start, and how many deliveries of this very story were acknowledged."""
    try:
        state = json.loads(path.read_text("utf-8"))
        start, delivered = float(state["start"]), int(state["delivered"])
    except FileNotFoundError:
        start, delivered, state = float(int(now)), 0, {}
    except (ValueError, KeyError, TypeError) as error:
        raise Stop(f"{path}: damaged ({error}); delete it to start the story anew") from error
    return {"start": start, "story": story, "delivered": delivered if state.get("story") == story else 0}


def state_save(path, state):
    fresh = path.with_name(path.name + ".new")
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)

def sign(secret, message_id, timestamp, body):
    """The webhook-signature header of the Standard Webhooks specification."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def http_post(url, headers, body):
    """Status, seconds the server asks to wait, answer. Follows no redirect."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", parts.path, body, headers)
        answer = connection.getresponse()
        wait = answer.getheader("Retry-After", "")
        return answer.status, float(wait) if wait.isdecimal() else 0.0, answer.read(65536).decode("utf-8", "replace")
    finally:
        connection.close()


class Feeder:
    """Delivers a plan. Clock, sleep and sending are given, so that a test can turn time and fail the network."""

    def __init__(self, url, channels, clock=time.time, sleep=time.sleep, post=http_post, log=print):
        self.url, self.channels = url.rstrip("/"), channels
        self.clock, self.sleep, self.post, self.log = clock, sleep, post, log

    def run(self, deliveries, state, save):
        for n, delivery in enumerate(deliveries):
            if n < state["delivered"]:
                continue
            while (left := delivery.due - self.clock()) > 0:
                self.sleep(min(left, NAP_S))
            self.deliver(delivery)
            state["delivered"] = n + 1
            save(state)

    def deliver(self, delivery):
        channel = self.channels.get(delivery.channel)
        if channel is None:
            raise Stop(f"no channel '{delivery.channel}' in the channels file")
        body = json.dumps({"events": delivery.events}, ensure_ascii=False).encode()
        wait, since = WAIT_FIRST_S, None
        while True:
            reason, asked = self.attempt(channel, delivery.message_id, body)
            if reason is None:
                return
            since = self.clock() if since is None else since
            if self.clock() - since > GIVE_UP_S:
                raise Stop(f"gave up after {GIVE_UP_S:.0f} s: {reason}")
            pause = max(wait, min(asked, WAIT_MOST_S))
            self.log(f"demo feed: {reason}; again in {pause:.1f} s", file=sys.stderr)
            self.sleep(pause)
            wait = min(wait * 2, WAIT_MOST_S)

    def attempt(self, channel, message_id, body):
        """(None, 0) when acknowledged, else (why, seconds the server asks to wait). Stop when repeating is vain."""
        stamp = str(int(self.clock()))
        headers = {"Content-Type": "application/json", "webhook-id": message_id, "webhook-timestamp": stamp,
                   "webhook-signature": sign(channel["secret"], message_id, stamp, body)}
        try:
            status, asked, text = self.post(f"{self.url}/api/v1/hooks/{channel['id']}", headers, body)
        except (OSError, http.client.HTTPException) as error:
            return f"{self.url} does not answer ({type(error).__name__})", 0.0
        if 200 <= status < 300:
            self.log_rejected(text)
            return None, 0.0
        if status >= 500 or status in (408, 425, 429):
            return f"the server answered {status}", asked
        raise Stop(f"the server refused a delivery with {status}: {text.strip()[:300]}")

    def log_rejected(self, text):
        """Rejected events do not hinder the others; a demo with holes must still be noticed."""
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            for reject in json.loads(text)["rejected"]:
                self.log(f"demo feed: event {reject['index']} rejected: {reject['detail']}", file=sys.stderr)

def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="address of the server")
    parser.add_argument("--channels", type=Path, help='JSON file: {"slug": {"id": 1, "secret": "whsec_…"}, …}')
    parser.add_argument("--state", type=Path, help="where the start is remembered (default: beside --channels)")
    parser.add_argument("--posts", type=Path, default=HERE / "posts.jsonl")
    parser.add_argument("--firm", type=Path, default=HERE / "firm.yaml")
    parser.add_argument("--speed", type=float, default=1.0, help="run the live part N times as fast")
    parser.add_argument("--history-only", action="store_true", help="send the history, then stop")
    parser.add_argument("--print", action="store_true", help="send nothing; print the events with real times")
    args = parser.parse_args(argv)
    if not 0 < args.speed < 1e6:
        parser.error("--speed must be above 0")
    if not args.print and not args.channels:
        parser.error("--channels FILE is needed (or --print)")
    return args


def main(argv=None):
    args = arguments(argv)
    try:
        events, story = story_load(args.posts)
        zone = zone_load(args.firm)
        if args.history_only:
            events = [event for event in events if not is_live(event)]
        if args.print:
            start = float(int(time.time()))
            for event in events:
                print(json.dumps({"channel": event["channel"], **wire(event, when(event, start, zone, args.speed))},
                                 ensure_ascii=False))
            return 0
        state_path = args.state or args.channels.with_name("feed-state.json")
        state = state_load(state_path, story, time.time())
        state_save(state_path, state)
        channels = json.loads(args.channels.read_text("utf-8"))
        deliveries = plan(events, story, state["start"], zone, args.speed)
        Feeder(args.url, channels).run(deliveries, state, lambda fresh: state_save(state_path, fresh))
    except (Stop, OSError, ValueError) as error:
        print(f"demo feed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
