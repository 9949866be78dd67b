# SPDX-License-Identifier: Apache-2.0
"""Idempotency-Key: the same request again gets the same answer and changes nothing; another body is a conflict."""
import threading
import uuid

import pytest

FORM = {"kind": "call", "author": {"name": "Henning Voss"}, "text": "Where is my refund? This is a disgrace!",
        "at": "2026-11-20T08:40:00Z"}


def bodies():
    mark = uuid.uuid4().hex[:8]
    return [("/channels", {"name": "Chan " + mark, "kind": "webhook"}, {"name": "Other " + mark, "kind": "webhook"}),
            ("/users", {"email": mark + "@example.org", "name": "M", "role": "agent"},
             {"email": "o" + mark + "@example.org", "name": "M", "role": "agent"}),
            ("/intake", {**FORM, "author": {"name": "Idem " + mark}}, {**FORM, "author": {"name": "Other " + mark}})]


@pytest.mark.parametrize("which", range(3))
def test_again_is_the_same(house, which):
    path, body, other = bodies()[which]
    head = {"Idempotency-Key": "key-" + uuid.uuid4().hex}
    first = house.owner.want(201, "POST", "/api/v1" + path, json=body, headers=head)
    before = house.state()
    again = house.owner.want(201, "POST", "/api/v1" + path, json=body, headers=head)
    assert again.content == first.content
    house.owner.want(409, "POST", "/api/v1" + path, json=other, headers=head)
    assert house.state() == before


def test_notes(house):
    made = house.agent.make("/intake", {**FORM, "author": {"name": "Notes"}})
    path, head = "/api/v1/cases/%d/notes" % made["case_id"], {"Idempotency-Key": "note-1"}
    first = house.agent.want(201, "POST", path, json={"text": "once"}, headers=head)
    assert house.agent.want(201, "POST", path, json={"text": "once"}, headers=head).content == first.content
    house.agent.want(409, "POST", path, json={"text": "twice"}, headers=head)
    assert [n["text"] for n in house.agent.all("/cases/%d/notes" % made["case_id"])] == ["once"]


def test_keys_belong_to_people(house):
    path, body, _ = bodies()[2]
    head = {"Idempotency-Key": "shared"}
    house.owner.want(201, "POST", "/api/v1" + path, json=body, headers=head)
    # The agent's own first use of this key: taken on its own, and found to be the post that is here.
    house.agent.want(201, "POST", "/api/v1" + path, json={**body, "text": "Another call about it."}, headers=head)


def test_a_failed_request_keeps_no_key(house):
    head = {"Idempotency-Key": "fails-first"}
    house.owner.want(422, "POST", "/api/v1/channels", json={"name": "F", "kind": "fax"}, headers=head)
    house.owner.want(201, "POST", "/api/v1/channels", json={"name": "Fails first", "kind": "webhook"}, headers=head)


@pytest.mark.parametrize("key", ["", "x" * 129, "sm\u00f6r"])
def test_bad_keys(house, key):
    house.owner.want(400, "POST", "/api/v1/channels", json={"name": "K", "kind": "webhook"},
                     headers={"Idempotency-Key": key.encode("utf-8")})


def test_at_the_same_time_one_is_made(house):
    mark, answers = uuid.uuid4().hex[:8], []
    people = [house.owner] + [house.server and type(house.owner)(house.server) for _ in range(5)]
    for person in people[1:]:
        person.cookies.update(house.owner.cookies)
        person.headers["X-CSRF-Token"] = house.owner.headers["X-CSRF-Token"]

    def make(person):
        answers.append(person.want(201, "POST", "/api/v1/channels", json={"name": "Race " + mark, "kind": "webhook"},
                                   headers={"Idempotency-Key": "race-" + mark}).content)

    threads = [threading.Thread(target=make, args=(p,)) for p in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6 and len(set(answers)) == 1
    assert len([c for c in house.owner.all("/channels") if c["name"] == "Race " + mark]) == 1


def test_a_restart_forgets_no_key(fresh_house):
    path, body, _ = bodies()[1]
    head = {"Idempotency-Key": "over-a-restart"}
    first = fresh_house.owner.want(201, "POST", "/api/v1" + path, json=body, headers=head)
    fresh_house.server.restart()
    again = fresh_house.owner.want(201, "POST", "/api/v1" + path, json=body, headers=head)
    assert again.content == first.content
