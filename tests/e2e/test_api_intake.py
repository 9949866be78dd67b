# SPDX-License-Identifier: Apache-2.0
"""The intake form: same case, same clocks; imports through the running server."""
import uuid

import pytest

FORM = {"kind": "call", "author": {"name": "Henning Voss", "contact": "+49 40 555 0199"},
        "text": "Where is my refund? I have waited three weeks, this is a disgrace!", "at": "2026-11-19T10:40:00Z"}


def form(**more):
    mark = uuid.uuid4().hex[:6]
    return {**FORM, "author": {"name": "Henning " + mark, "contact": "tel " + mark}, **more}


def test_a_call_becomes_a_case_with_a_clock(house):
    made = house.agent.make("/intake", form(company="Acme", rating=1.5, title="Refund"))
    detail = house.agent.case(made["case_id"])
    assert made["reply_post_id"] is None and detail["case"]["channel"]["kind"] == "intake"
    assert detail["case"]["next_clock"]["due_at"] == "2026-11-19T11:10:00Z" and detail["case"]["company"] == "Acme"
    post = house.agent.all("/cases/%d/posts" % made["case_id"])[0]
    assert (post["id"], post["kind"], post["rating"], post["title"], post["parent_id"]) == (made["post_id"], "call", 1.5,
                                                                                         "Refund", None)


def test_what_we_said_stops_the_clock_at_its_time(house):
    made = house.agent.make("/intake", form(own_reply={"text": "Promised to call back.", "at": "2026-11-19T10:44:00Z"}))
    clocks = house.agent.case(made["case_id"])["clocks"]
    first = next(c for c in clocks if c["kind"] == "first_response")
    assert (first["stop_reason"], first["stopped_at"]) == ("answered", "2026-11-19T10:44:00Z")
    posts = house.agent.all("/cases/%d/posts" % made["case_id"])
    assert [p["id"] for p in posts] == [made["post_id"], made["reply_post_id"]]
    assert posts[1]["is_own"] and posts[1]["parent_id"] == made["post_id"] and posts[1]["author"]["name"] == "Ada Agent" \
        or posts[1]["author"]["name"]


def test_the_same_person_goes_on_with_the_same_case(house):
    body = form()
    first = house.agent.make("/intake", body)
    again = house.agent.make("/intake", {**body, "kind": "visit", "at": "2026-11-19T12:00:00Z", "text": "Came by, still angry!"})
    assert again["case_id"] == first["case_id"]
    other = house.agent.make("/intake", form())
    assert other["case_id"] != first["case_id"]


def test_a_named_case_is_joined_whatever_its_channel(house):
    hook = house.hook()
    author = "kim" + uuid.uuid4().hex[:6]
    hook.post("My order never arrived. This is a disgrace!", author=author)
    case = next(c for c in house.agent.all("/cases", view="all", limit=200) if c["author"]["handle"] == author)
    made = house.agent.make("/intake", {**FORM, "case_id": case["id"], "at": "2026-11-20T11:00:00Z",
                                        "own_reply": {"text": "Sent it again.", "at": "2026-11-20T11:02:00Z"}})
    assert made["case_id"] == case["id"]
    posts = house.agent.all("/cases/%d/posts" % case["id"])
    assert [p["belongs_to_case"] for p in posts] == [True, True, True] and posts[1]["kind"] == "call"
    house.agent.want(404, "POST", "/api/v1/intake", json={**FORM, "case_id": 999999})


@pytest.mark.parametrize("change", [
    {"kind": "telex"}, {"text": ""}, {"author": {}}, {"author": {"name": ""}}, {"at": "today"}, {"at": "2026-11-19T10:40:00"},
    {"rating": 6}, {"rating": "five"}, {"own_reply": {"text": ""}}, {"own_reply": {"text": "x", "at": "2026-11-18T10:00:00Z"}},
    {"text": "a\x00b"}, {"at": "0000-01-01T00:00:00Z"}, {"at": "9999-01-01T00:00:00Z"}, {"case_id": "1"}])
def test_bad_forms_change_nothing(house, change):
    before = house.state()
    house.agent.want(422, "POST", "/api/v1/intake", json=form(**change))
    assert house.state() == before


# ---- imports ----

def item(line, **more):
    return {"line": line, "raw": "line %d" % line,
            "post": {"id": str(line), "author": {"id": "kim"}, "text": "Never arrived, number %d, a disgrace!" % line,
                     "at": "2026-11-18T10:%02d:00Z" % (line % 60), **more}}


def begin(house, name):
    return house.owner.make("/imports", {"file_name": name + ".csv", "channel_name": name, "mapping_note": "text=text"})


def test_import(house):
    name = "archive-" + uuid.uuid4().hex[:6]
    made = begin(house, name)
    path = "/imports/%d" % made["import_id"]
    before = house.owner.ok("/stats")["posts"]
    batch = {"number": 1, "events": [item(2), item(3), item(4, at="never"), item(2)]}
    receipt = house.owner.make(path + "/batches", batch, status=200)
    assert (receipt["accepted"], receipt["known"], [r["line"] for r in receipt["rejected"]]) == (2, 1, [4])
    assert house.owner.make(path + "/batches", batch, status=200) == receipt
    assert house.owner.ok("/stats")["posts"] == before + 2
    for number in (3, 0, -1):
        house.owner.want(409, "POST", "/api/v1%s/batches" % path, json={"number": number, "events": [item(9)]})
    house.owner.make(path + "/batches", {"number": 2, "events": [item(5)]}, status=200)
    totals = house.owner.make(path + "/finish", {}, status=200)
    assert totals == {"import_id": made["import_id"], "batches": 2, "accepted": 3, "known": 1, "edited": 0, "deleted": 0,
                      "rejected_count": 1}
    assert house.owner.make(path + "/finish", {}, status=200) == totals
    house.owner.want(409, "POST", "/api/v1%s/batches" % path, json={"number": 3, "events": [item(9)]})
    # The same file again: everything is known, nothing changes.
    stats = house.state()
    again = begin(house, name)
    receipt = house.owner.make("/imports/%d/batches" % again["import_id"], {"number": 1, "events": [item(2), item(3), item(5)]},
                               status=200)
    house.owner.make("/imports/%d/finish" % again["import_id"], {}, status=200)
    assert receipt["known"] == 3 and house.state() == stats


def test_bad_batches(house):
    path = "/api/v1/imports/%d/batches" % begin(house, "bad-" + uuid.uuid4().hex[:6])["import_id"]
    for body in ({"number": 1, "events": []}, {"number": 1}, {"events": [item(1)]}, {"number": 1, "events": [{}]},
                 {"number": 1, "events": [item(1)] * 1001}, {"number": "1", "events": [item(1)]}):
        house.owner.want(422, "POST", path, json=body)
    house.owner.want(404, "POST", "/api/v1/imports/4711/batches", json={"number": 1, "events": [item(1)]})
    house.owner.want(404, "POST", "/api/v1/imports/4711/finish", json={})
