# SPDX-License-Identifier: Apache-2.0
"""The inbox: views, order, filters, search, and pages that neither lose nor double anything while posts arrive."""
import threading

import pytest
from api import House, seconds_from_now

VIEWS = ["needs_answer", "mine", "unassigned", "breached", "due_soon", "pending", "on_hold", "solved", "all"]
COMPLAINT = "My order %s never arrived and nobody answers. This is a disgrace, I want a refund!"


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """60 cases on two channels: complaints, praise, some solved, pending, on hold, assigned."""
    house = House(tmp_path_factory.mktemp("busy") / "data")
    hooks = [house.hook("One"), house.hook("Two")]
    for n in range(60):
        text = COMPLAINT % n if n % 3 else "Thank you, great service number %d!" % n
        hooks[n % 2].post(text, at="2026-10-%02dT10:%02d:00Z" % (1 + n % 28, n), author="author%d" % n,
                          company="Acme" if n % 4 == 0 else "Bolt")
    hooks[0].post("Where is my parcel? Terrible, I am so angry!", at=seconds_from_now(-60), author="fresh")
    cases = house.owner.all("/cases", view="all", sort="newest", limit=200)
    for case, change in zip(cases[5:], [{"state": "solved"}, {"state": "pending"}, {"state": "on_hold"},
                                        {"assignee_id": house.owner.user["id"]}] * 4):
        house.owner.patch_case(case["id"], change)
    yield house
    house.server.close()


def due_key(case):
    clock = case["next_clock"]
    return (0, clock["due_at"], case["id"]) if clock else (1, "", -case["id"])


ORDERS = {"due": due_key, "newest": lambda c: [-ord(x) for x in c["last_posted_at"]] + [-c["id"]],
          "urgency": lambda c: -c["urgency"]}


@pytest.mark.parametrize("sort", list(ORDERS))
@pytest.mark.parametrize("view", VIEWS)
def test_views_hold_what_they_say_in_order(busy, view, sort):
    everything = busy.owner.all("/cases", view="all", sort="newest", limit=200)
    me = busy.owner.user["id"]
    done = ("solved", "closed")

    def belongs(case):
        clock, state = case["next_clock"], case["state"]
        mine = bool(case["assignee"]) and case["assignee"]["id"] == me
        return {"needs_answer": None, "mine": state not in done and mine,
                "unassigned": state not in done and case["assignee"] is None,
                "breached": state not in done and bool(clock) and clock["is_breached"],
                "due_soon": None, "pending": state == "pending", "on_hold": state == "on_hold",
                "solved": state in done, "all": True}[view]

    items = busy.owner.all("/cases", view=view, sort=sort, limit=7)
    ids = [case["id"] for case in items]
    assert len(ids) == len(set(ids))
    if view not in ("needs_answer", "due_soon"):
        assert sorted(ids) == sorted(case["id"] for case in everything if belongs(case))
        assert ids or view == "due_soon"
    if view == "needs_answer":
        assert ids and all(case["next_clock"] and case["state"] in ("new", "open") for case in items)
    if view == "due_soon":
        assert all(case["next_clock"] and not case["next_clock"]["is_breached"] for case in items)
    assert items == sorted(items, key=ORDERS[sort])
    one_page = busy.owner.ok("/cases", view=view, sort=sort, limit=200)
    assert [case["id"] for case in one_page["items"]] == ids and one_page["next_cursor"] is None


def test_counts_agree_with_the_lists(busy):
    counts = {row["name"]: row["count"] for row in busy.agent.ok("/views")["items"]}
    assert list(counts) == VIEWS
    for view in VIEWS:
        assert counts[view] == len(busy.agent.all("/cases", view=view, limit=200)), view
        estimate = busy.agent.ok("/cases", view=view, limit=1)["total_estimate"]
        assert estimate == {"count": counts[view], "is_capped": False}


def test_filters(busy):
    everything = busy.owner.all("/cases", view="all", limit=200)
    channels = {c["channel"]["id"] for c in everything}
    assert len(channels) == 2
    for channel in channels:
        found = busy.owner.all("/cases", view="all", limit=3, channel=channel)
        assert [c["id"] for c in found] == [c["id"] for c in everything if c["channel"]["id"] == channel]
    for company in ("Acme", "Bolt", "Nobody"):
        found = busy.owner.all("/cases", view="all", limit=4, company=company)
        assert [c["id"] for c in found] == [c["id"] for c in everything if c["company"] == company]
    found = busy.owner.all("/cases", view="all", limit=4, intent="praise", company="Acme")
    assert found and all(c["intent"] == "praise" and c["company"] == "Acme" for c in found)


def test_search(busy):
    found = busy.owner.all("/cases", view="all", q="great serv", limit=3)
    assert len(found) == 20 and all("great service" in c["snippet"] for c in found)
    assert [c["id"] for c in busy.owner.all("/cases", view="all", q="order 17 disgrace")] == \
        [c["id"] for c in found if 0] + [c["id"] for c in busy.owner.all("/cases", view="all") if "order 17 " in c["snippet"]]
    assert busy.owner.all("/cases", view="all", q="zebra") == []
    assert busy.owner.all("/cases", view="solved", q="great", limit=2) == \
        [c for c in found if c["state"] == "solved"]
    for odd in ['"', "'", "*", "a AND", "NEAR(", "-", "\\", "%", '"great service"', "(((", "a:b", "日本", "ü" * 100, ":*"]:
        busy.owner.ok("/cases", view="all", q=odd)


def test_search_finds_the_new_words_of_an_edit_and_not_the_old(busy):
    hook = busy.hook()
    event = hook.post("The xylophone is broken and nobody cares, terrible!", author="editor")
    assert len(busy.owner.all("/cases", view="all", q="xylophone")) == 1
    hook.send({"event": "edit", "id": event["id"], "text": "The trombone is broken and nobody cares, terrible!",
               "at": "2026-11-20T10:05:00Z", "author": event["author"]})
    assert busy.owner.all("/cases", view="all", q="xylophone") == []
    assert len(busy.owner.all("/cases", view="all", q="trombone")) == 1


@pytest.mark.parametrize("query", [
    {"view": "nothing"}, {"sort": "price"}, {"limit": 0}, {"limit": 201}, {"limit": "ten"}, {"cursor": "%%%"},
    {"cursor": "abc"}, {"cursor": ""}, {"channel": -1}, {"channel": "x"}, {"colour": "red"}, {"view": ["all", "mine"]},
    {"cursor": "x" * 600}, {"q": "x" * 2000}])
def test_bad_parameters_name_their_place(busy, query):
    problem = busy.owner.want(400, "GET", "/api/v1/cases", params=query).json()
    assert next(iter(query)) in problem["where"] + problem["detail"], problem


def test_a_cursor_belongs_to_its_query(busy):
    cursor = busy.owner.ok("/cases", view="all", limit=2)["next_cursor"]
    for other in ({"view": "solved"}, {"view": "all", "sort": "newest"}, {"view": "all", "q": "great"},
                  {"view": "all", "company": "Acme"}):
        busy.owner.want(400, "GET", "/api/v1/cases", params={"cursor": cursor, **other})
    busy.owner.want(400, "GET", "/api/v1/users", params={"cursor": cursor})


@pytest.mark.parametrize("sort", list(ORDERS))
def test_pages_hold_while_others_write(fresh_house, sort):
    """What was there at the beginning and stays is seen exactly once, whatever arrives meanwhile."""
    house, hook = fresh_house, fresh_house.hook()
    for n in range(45):
        hook.post(COMPLAINT % n, at="2026-10-01T10:%02d:00Z" % n, author="old%d" % n)
    before = {c["id"] for c in house.owner.all("/cases", view="all", limit=200)}
    assert len(before) == 45
    stop = threading.Event()

    def write():
        n = 0
        while not stop.is_set():
            hook.post(COMPLAINT % ("new%d" % n), at="2026-10-01T09:%02d:00Z" % (n % 60), author="new%d" % n)
            hook.post(COMPLAINT % ("newer%d" % n), at="2026-10-02T09:%02d:00Z" % (n % 60), author="newer%d" % n)
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            ids, cursor = [], None
            while True:
                page = house.agent.ok("/cases", view="all", sort=sort, limit=4, **({"cursor": cursor} if cursor else {}))
                ids += [c["id"] for c in page["items"]]
                cursor = page["next_cursor"]
                if cursor is None or before <= set(ids):
                    break
            assert len(ids) == len(set(ids)), "doubled"
            assert before <= set(ids), "lost"
    finally:
        stop.set()
        writer.join()
