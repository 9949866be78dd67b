# SPDX-License-Identifier: Apache-2.0
"""Live updates: what happens comes as it happens, ids only; a stream that broke goes on where it was."""
import json
import queue
import socket
import threading

import pytest
from api import CONTRACT

TEXT = "My order never arrived and nobody answers. This is a disgrace!"


class Stream:
    """Reads events of one connection on a thread of its own."""

    def __init__(self, person, last=None):
        headers = {"Last-Event-ID": str(last)} if last is not None else {}
        self.reply = person.request("GET", "/api/v1/events", is_stream=True, headers=headers)
        assert self.reply.status_code == 200
        self.link = self.reply.raw._fp.fp.raw._sock
        self.events = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        event = {}
        try:
            for line in self.reply.iter_lines(chunk_size=1):
                if not line:
                    if "data" in event:
                        self.events.put(event)
                    event = {}
                elif not line.startswith(b":"):
                    name, _, value = line.decode().partition(": ")
                    event[name] = value
        except Exception:
            pass
        self.events.put(None)

    def next(self, timeout=20):
        event = self.events.get(timeout=timeout)
        if event is not None:
            data = json.loads(event["data"])
            CONTRACT.check_schema({"$ref": "#/components/schemas/LiveEvent"}, data)
            assert data["kind"] == event["event"]
            event["data"] = data
        return event

    def until(self, kind):
        while True:
            event = self.next()
            assert event is not None, "the stream ended before " + kind
            if event["event"] == kind:
                return event

    def close(self):
        # Closing alone would wait for the reader, which waits for the next heartbeat.
        self.link.shutdown(socket.SHUT_RDWR)
        self.reply.close()


def test_what_happens_comes_as_it_happens(house):
    hook = house.hook()
    stream = Stream(house.reader)
    hook.post(TEXT, id="live", author="live")
    created = stream.until("post.created")
    case_id, post_id = created["data"]["case_id"], created["data"]["post_id"]
    assert house.reader.all("/cases/%d/posts" % case_id)[0]["id"] == post_id
    hook.send({"event": "edit", "id": "live", "text": TEXT + "!", "at": "2026-11-20T10:30:00Z", "author": {"id": "live"}})
    assert stream.until("post.edited")["data"]["post_id"] == post_id
    house.agent.make("/cases/%d/notes" % case_id, {"text": "secret words"})
    note = stream.until("note.created")
    assert note["data"]["case_id"] == case_id and "secret" not in json.dumps(note)
    house.agent.patch_case(case_id, {"state": "pending"})
    assert stream.until("case.updated")["data"]["case_id"] == case_id
    hook.send({"event": "delete", "id": "live", "at": "2026-11-20T10:40:00Z"})
    assert stream.until("post.deleted")["data"]["post_id"] == post_id
    stream.close()


def test_a_broken_stream_goes_on_without_loss_or_doubles(house):
    hook = house.hook()
    stream = Stream(house.reader)
    hook.post(TEXT, author="before")
    last = int(stream.until("post.created")["id"])
    stream.close()
    for n in range(25):
        hook.post(TEXT + str(n), author="gap%d" % n)
    again = Stream(house.reader, last)
    ids = []
    while len(ids) < 25:
        event = again.next()
        if event["event"] == "post.created":
            ids.append(int(event["id"]))
    assert min(ids) > last and ids == sorted(set(ids))
    again.close()
    # Right after an entry means: the very next one, from any of them on.
    for seq in ids[:5]:
        replay = Stream(house.reader, seq - 1)
        assert int(replay.next()["id"]) == seq
        replay.close()


def test_a_stream_over_a_restart(fresh_house):
    house, hook = fresh_house, fresh_house.hook()
    stream = Stream(house.reader)
    hook.post(TEXT, author="one")
    last = int(stream.until("post.created")["id"])
    house.server.restart()
    while stream.next() is not None:
        pass
    hook.post(TEXT, author="two")
    again = Stream(house.reader, last)
    assert int(again.until("post.created")["id"]) > last
    again.close()


def test_an_id_from_the_future_is_a_reset(house):
    stream = Stream(house.reader, 999999999)
    first = stream.next()
    assert first["event"] == "reset"
    # From the reset on it goes on as usual.
    house.hook().post(TEXT, author="after-reset")
    assert int(stream.until("post.created")["id"]) > int(first["id"])
    stream.close()


@pytest.mark.parametrize("last", ["x", "-1", "1" * 20, "1 2"])
def test_bad_ids(house, last):
    house.reader.want(400, "GET", "/api/v1/events", headers={"Last-Event-ID": last})


def test_streams_need_a_session(house):
    house.nobody.want(401, "GET", "/api/v1/events")
