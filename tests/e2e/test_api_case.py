# SPDX-License-Identifier: Apache-2.0
"""One case: clocks, trace, thread, versions, notes, history, and changes that meet each other."""
import pytest

ANGRY = "Größter Mist 😡: my order never arrived, this is a disgrace and I will sue you!"


@pytest.fixture(scope="module")
def story(house):
    """A complaint, our reply, the customer again, somebody else in the thread; an edit and a deletion."""
    hook = house.hook("Story")
    root = hook.post(ANGRY, id="root", at="2026-11-18T09:30:00Z", author="mara", reach=1900)
    hook.post("We are sorry, please send us your number.", id="reply", at="2026-11-18T09:40:00Z", author="acme",
              own=True, parent_id="root")
    hook.post("I did, twice! Still nothing. Terrible.", id="again", at="2026-11-18T10:00:00Z", author="mara",
              parent_id="reply")
    hook.post("Same for me, awful company.", id="other", at="2026-11-18T10:05:00Z", author="otto", parent_id="root")
    hook.send({"event": "edit", "id": "again", "text": "I did, three times! Still nothing. Terrible.",
               "at": "2026-11-18T10:10:00Z", "author": root["author"]})
    hook.send({"event": "delete", "id": "other", "at": "2026-11-18T11:00:00Z"})
    found = [c for c in house.owner.all("/cases", view="all", limit=200)
             if c["author"]["handle"] == "mara" and c["channel"]["id"] == hook.id]
    assert len(found) == 1
    return house, hook, found[0]["id"]


def test_detail(story):
    house, _, case_id = story
    detail = house.reader.case(case_id)
    case = detail["case"]
    assert case["channel"]["name"] == "Story" and case["author"]["name"] == "Mara" and case["post_count"] == 3
    kinds = [c["kind"] for c in detail["clocks"]]
    assert "first_response" in kinds and "next_response" in kinds
    first = detail["clocks"][kinds.index("first_response")]
    assert first["stop_reason"] == "answered" and first["stopped_at"] == "2026-11-18T09:40:00Z"
    assert not first["is_breached"] and first["explain"].endswith(" (R5).")
    assert detail["person"]["names"] == ["Mara", "mara"]
    steps = {t["is_match"]: t["sentence"] for t in detail["trace"]}
    assert " It matched, because " in steps[True] and steps[False].startswith("did not match: "), steps
    own = next(t for t in detail["trace"] if t["rule"] == "own-turn")
    assert own["sentence"] == "did not match: it is not our own turn."
    assert case["next_clock"]["kind"] == "next_response"


def test_reasons_count_code_points(story):
    """Umlaut and emoji before the words: bytes, UTF-16 units and code points all differ."""
    house, _, case_id = story
    posts = house.reader.all("/cases/%d/posts" % case_id)
    root = next(p for p in posts if p["text"] == ANGRY)
    words = {root["text"][r["offset"]:r["offset"] + r["length"]] for r in root["assessment"]["reasons"]
             if r["field"] == "text" and r["length"]}
    assert "disgrace" in words and "never arrived" in " ".join(words), words


def test_thread(story):
    house, _, case_id = story
    posts = house.reader.all("/cases/%d/posts" % case_id, limit=1)
    assert [p["at"] for p in posts] == sorted(p["at"] for p in posts)
    assert [(p["is_own"], p["belongs_to_case"], p["is_deleted"]) for p in posts] == \
        [(False, True, False), (True, True, False), (False, True, False), (False, False, True)]
    by_text = {p["text"]: p for p in posts}
    edited = by_text["I did, three times! Still nothing. Terrible."]
    assert edited["versions_count"] == 2 and edited["at"] == "2026-11-18T10:00:00Z"
    deleted = by_text["Same for me, awful company."]
    assert deleted["deleted_at"] == "2026-11-18T11:00:00Z"
    assert posts[1]["parent_id"] == posts[0]["id"]
    versions = house.reader.all("/posts/%d/versions" % edited["id"], limit=1)
    assert [v["event"] for v in versions] == ["create", "edit"] and [v["is_current"] for v in versions] == [False, True]
    assert [v["event"] for v in house.reader.all("/posts/%d/versions" % deleted["id"])] == ["create", "delete"]


def test_notes_and_history(story):
    house, _, case_id = story
    for n in range(3):
        note = house.agent.make("/cases/%d/notes" % case_id, {"text": "Note %d <b>&" % n})
        assert note["author"]["name"] == "Ada Agent"
    notes = house.reader.all("/cases/%d/notes" % case_id, limit=2)
    assert [n["text"] for n in notes] == ["Note %d <b>&" % n for n in range(3)]
    history = house.reader.all("/cases/%d/history" % case_id, limit=2)
    assert [h["seq"] for h in history] == sorted((h["seq"] for h in history), reverse=True)
    sentences = " ".join(h["sentence"] for h in history)
    assert "Ada Agent added an internal note." in sentences and "Mara" in sentences
    assert len({h["seq"] for h in history}) == len(history) >= 7
    for bad in ("", "x" * 16385):
        house.agent.want(422, "POST", "/api/v1/cases/%d/notes" % case_id, json={"text": bad})


def test_changes(story):
    house, _, case_id = story
    me = house.agent.user["id"]
    changed = house.agent.patch_case(case_id, {"state": "pending", "priority": "low", "assignee_id": me,
                                               "category": "delivery", "tags": ["vip", "süß"]})
    case = changed["case"]
    assert (case["state"], case["priority"], case["category"], case["assignee"]["id"]) == ("pending", "low", "delivery", me)
    assert sorted(case["tags"]) == ["süß", "vip"]
    back = house.agent.patch_case(case_id, {"state": "open", "assignee_id": None, "tags": []})["case"]
    assert (back["state"], back["assignee"], back["tags"]) == ("open", None, [])
    assert back["next_clock"]["kind"] == "next_response"
    history = " ".join(h["sentence"] for h in house.agent.all("/cases/%d/history" % case_id))
    assert "Ada Agent" in history and "pending" in history


def test_etags(story):
    house, _, case_id = story
    path = "/api/v1/cases/%d" % case_id
    first = house.agent.want(200, "GET", path)
    tag = first.headers["ETag"]
    assert tag == first.json()["case"]["etag"]
    house.agent.want(304, "GET", path, headers={"If-None-Match": tag})
    house.agent.want(428, "PATCH", path, json={"priority": "high"})
    new = house.agent.want(200, "PATCH", path, json={"priority": "high"}, headers={"If-Match": tag}).headers["ETag"]
    assert new != tag
    house.owner.want(412, "PATCH", path, json={"priority": "urgent"}, headers={"If-Match": tag})
    assert house.owner.case(case_id)["case"]["priority"] == "high"
    house.owner.want(200, "PATCH", path, json={"priority": "urgent"}, headers={"If-Match": "*"})


def test_of_many_changes_with_one_etag_one_wins(story):
    import threading
    house, _, case_id = story
    path, tag = "/api/v1/cases/%d" % case_id, house.owner.case(case_id)["case"]["etag"]
    statuses, people = [], [house.invite("agent", "Racer %d" % n) for n in range(6)]

    def change(person, n):
        statuses.append(person.request("PATCH", path, json={"tags": ["race%d" % n]}, headers={"If-Match": tag}).status_code)

    threads = [threading.Thread(target=change, args=(p, n)) for n, p in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [412] * 5


@pytest.mark.parametrize("body", [
    {}, {"state": "lost"}, {"priority": 3}, {"assignee_id": 999999}, {"assignee_id": -1}, {"tags": "vip"},
    {"tags": ["x" * 49]}, {"tags": ["t%d" % n for n in range(17)]}, {"tags": [1]}, {"colour": "red"}, {"state": None, "x": 1}])
def test_bad_changes_change_nothing(story, body):
    house, _, case_id = story
    before = house.owner.case(case_id)["case"]
    house.owner.want(422, "PATCH", "/api/v1/cases/%d" % case_id, json=body, headers={"If-Match": before["etag"]})
    assert house.owner.case(case_id)["case"] == before


def test_a_state_that_cannot_follow_is_no_race(fresh_house):
    """422 tells what can be done; 412 would send people to look for somebody who was faster."""
    house = fresh_house
    house.hook().post(ANGRY)
    case_id = house.agent.all("/cases", view="all")[0]["id"]
    house.agent.patch_case(case_id, {"state": "solved"})
    house.agent.patch_case(case_id, {"state": "closed"})
    before = house.agent.case(case_id)["case"]
    problem = house.agent.patch_case(case_id, {"state": "pending", "priority": "low"}, status=422)
    assert "closed" in problem["detail"] and problem["where"] == "state" and "it can become" in problem["fix"]
    assert house.agent.case(case_id)["case"] == before


@pytest.mark.parametrize("path", ["/cases/999999", "/cases/0", "/cases/-1", "/cases/x", "/cases/999999/posts",
                                  "/cases/999999/history", "/cases/999999/notes", "/posts/999999/versions",
                                  "/cases/99999999999999999999"])
def test_what_is_not_there(house, path):
    house.owner.want(404, "GET", "/api/v1" + path)
