# SPDX-License-Identifier: Apache-2.0
"""The signed webhook: forged, expired, replayed, garbled; durable before it is acknowledged; one bad event stops none."""
import base64
import threading
import time

import pytest

TEXT = "My order never arrived and nobody answers. This is a disgrace!"


def event(**more):
    return {"event": "create", "id": "1", "kind": "mention", "author": {"id": "kim"}, "text": TEXT,
            "at": "2026-11-20T10:00:00Z", **more}


@pytest.fixture
def hook(house):
    return house.hook()


def posts(house):
    return house.owner.ok("/stats")["posts"]


def test_taken(house, hook):
    before = posts(house)
    assert hook.send(event()).json() == {"accepted": 1, "known": 0, "edited": 0, "deleted": 0, "rejected": []}
    assert posts(house) == before + 1
    channel = next(c for c in house.owner.all("/channels") if c["id"] == hook.id)
    assert channel["post_count"] == 1 and channel["last_post_at"] == "2026-11-20T10:00:00Z"
    # The same post in a new delivery is known.
    assert hook.send(event()).json()["known"] == 1
    assert posts(house) == before + 1


def forged(hook, body, **more):
    reply = hook.send(body, **more)
    assert reply.status_code == 401, reply.text
    return {k: v for k, v in reply.json().items() if k != "request_id"}


def test_forged_and_expired_look_alike_and_change_nothing(house, hook):
    before, now = house.state(), int(time.time())
    good = hook.sign("msg_1", now, b"{}")
    answers = [
        forged(hook, event(), secret=b"x" * 32),
        forged(hook, event(), signature="v1,"),
        forged(hook, event(), signature="v1,AAAA"),
        forged(hook, event(), signature="v2," + good[3:]),
        forged(hook, event(), signature=good),                          # of another body
        forged(hook, event(), signature=hook.sign("other", now, b"")),
        forged(hook, event(), at=now - 330), forged(hook, event(), at=now + 330),
        forged(hook, event(), at="soon"), forged(hook, event(), at="-1"), forged(hook, event(), at="1" * 20),
        forged(hook, event(), message_id="x" * 257),
    ]
    assert all(answer == answers[0] for answer in answers)
    assert house.state() == before


def test_headers_are_wanted(house, hook):
    import json
    data = json.dumps(event()).encode()
    house.nobody.want(401, "POST", hook.path, data=data, headers={"Content-Type": "application/json"})


def test_a_good_signature_among_others_is_enough(hook):
    import json
    data, now = json.dumps(event(id="among")).encode(), int(time.time())
    good = hook.sign("msg_among", now, data)
    other = "v1," + base64.b64encode(b"y" * 32).decode()
    reply = hook.send(data, message_id="msg_among", at=now, signature="%s v1a,zz %s" % (other, good))
    assert reply.status_code == 202


def test_a_secret_is_good_for_its_own_channel_only(house, hook):
    assert hook.send(event(), secret=house.hook().secret).status_code == 401


def test_replay_gets_the_same_answer_and_changes_nothing(house, hook):
    first = hook.send({"events": [event(id="a"), event(id="b"), {"id": "c", "at": "never"}]}, message_id="msg_r")
    stats = house.state()
    again = hook.send({"events": [event(id="a"), event(id="b"), {"id": "c", "at": "never"}]}, message_id="msg_r")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert house.state() == stats
    hook.send({"events": [event(id="z")]}, message_id="msg_r").json()
    reply = hook.send({"events": [event(id="z")]}, message_id="msg_r")
    assert reply.status_code == 409
    assert house.state() == stats
    # Another channel has its own ids.
    assert house.hook().send(event(), message_id="msg_r").json()["accepted"] == 1


def test_replays_at_the_same_time_are_taken_once(house, hook):
    before, answers = posts(house), []
    def send():
        answers.append(hook.send(event(id="same-time"), message_id="msg_same"))
    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} == {202} and len({a.content for a in answers}) == 1
    assert posts(house) == before + 1


def test_bad_events_are_named_and_stop_no_other(hook):
    events = [event(id="ok1"), event(id="bad", at="yesterday"), event(id="bad", kind="fax"), event(id="ok2"),
              event(id="bad", text="x" * 70000), {"id": "bad"}, 17, event(id="bad", colour="red"),
              event(id="ok1", author={"id": "somebody else"}, text="other")]
    receipt = hook.send({"events": events}).json()
    assert receipt["accepted"] == 2
    assert [r["index"] for r in receipt["rejected"]] == [1, 2, 4, 5, 6, 7, 8]
    assert all(r["detail"] for r in receipt["rejected"])


def test_out_of_order_and_twice(house, hook):
    receipts = [hook.send(e).json() for e in (
        {"event": "delete", "id": "late", "at": "2026-11-20T12:00:00Z"},
        {"event": "edit", "id": "late", "text": TEXT + " Now!", "at": "2026-11-20T11:00:00Z", "author": {"id": "kim"}},
        event(id="late"), event(id="late"))]
    assert sum(r["accepted"] + r["edited"] + r["deleted"] for r in receipts) == 3 and receipts[3]["known"] == 1
    case = [c for c in house.owner.all("/cases", view="all", limit=200) if c["channel"]["id"] == hook.id][0]
    post = house.owner.all("/cases/%d/posts" % case["id"])[0]
    assert post["text"] == TEXT + " Now!" and post["is_deleted"] and post["at"] == "2026-11-20T10:00:00Z"


@pytest.mark.parametrize("body,status", [
    (b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b'"x"', 400), (b'{"events": []}', 422), (b"\xff\xfe", 400),
    (b'{"events": [' + b"1," * 1000 + b"1]}", 422), (b"[" * 5000 + b"]" * 5000, 400), (b'{"a":1}', 202),
    (b'{"events": [{}], "more": 1}', 422), (b'{"a": "\\u0000"}', 202)])
def test_garbled(house, hook, body, status):
    before = house.state()
    reply = hook.send(body)
    assert reply.status_code in (status, 413 if status == 400 and len(body) > 5000 else status), reply.text
    assert house.state() == before


def test_size(house, hook):
    assert hook.send(b" " * (1024 * 1024 + 1)).status_code == 413


def test_type_of_body(hook):
    assert hook.send(event(), headers={"Content-Type": "text/plain"}).status_code == 415


def test_no_such_hook(house, hook):
    hook.path = "/api/v1/hooks/999999"
    assert hook.send(event()).status_code == 404
    builtin = house.owner.all("/channels")[0]
    hook.path = "/api/v1/hooks/%d" % builtin["id"]
    assert hook.send(event()).status_code == 404


def test_the_secret_is_shown_once_and_stored_sealed(house, hook):
    dump = b"".join(repr(house.server.desk.rows("SELECT * FROM " + t)).encode() for t in ("channel", "answered_request"))
    assert hook.secret not in dump and base64.b64encode(hook.secret) not in dump
    assert all("secret" not in c for c in house.owner.all("/channels"))
