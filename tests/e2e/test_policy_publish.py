# SPDX-License-Identifier: Apache-2.0
"""Publishing the policy of a running server: who may, what follows, and what a mistake does (nothing)."""
import json

import pytest

PUBLISH = "/api/v1/policy/publish"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Of its own: what is published here must not reach the other files' tests."""
    from api import House
    made = House(tmp_path_factory.mktemp("policy") / "data")
    yield made
    made.server.close()


def policy_file(house, name):
    return house.server.desk.dir / "policy" / name


def entries(house):
    return [json.loads(row["entry"]) for row in house.server.desk.rows("SELECT entry FROM ledger_entry ORDER BY seq")]


def change(house, name, old, new):
    path = policy_file(house, name)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def due_minutes(house, case_id):
    clock = next(c for c in house.owner.case(case_id)["clocks"] if c["kind"] == "first_response")
    hours, minutes, seconds = (int(clock["due_at"][at:at + 2]) - int(clock["started_at"][at:at + 2]) for at in (11, 14, 17))
    return 60 * hours + minutes + seconds / 60


def test_publishing_nothing_new(house):
    before, size = house.owner.ok("/policy"), len(entries(house))
    done = house.owner.want(200, "POST", PUBLISH).json()
    assert done.pop("published") is False and done == before
    assert len(entries(house)) == size


@pytest.mark.parametrize("role", ["agent", "reader"])
def test_only_owners_publish(fresh_house, role):
    change(fresh_house, "clocks.yaml", "in_hours: 30m", "in_hours: 20m")
    problem = getattr(fresh_house, role).want(403, "POST", PUBLISH).json()
    assert "publish the policy" in problem["detail"] and "owner" in problem["fix"]
    fresh_house.nobody.want(401, "POST", PUBLISH)
    assert fresh_house.owner.ok("/policy")["version"] == 1


def test_open_clocks_follow(fresh_house):
    house = fresh_house
    hook = house.hook("Shop")
    hook.post("The kettle is broken, I want my money back! Terrible.", at="2026-11-18T10:00:00Z", author="kim")
    hook.post("The kettle is broken, I want my money back! Terrible.", at="2026-11-18T10:00:00Z", author="lee", id="lee")
    hook.post("We are sorry.", at="2026-11-18T10:05:00Z", author="acme", own=True, parent_id="lee")
    ids = {c["author"]["handle"]: c["id"] for c in house.owner.all("/cases", view="all")}
    house.owner.patch_case(ids["lee"], {"state": "solved"})
    house.owner.patch_case(ids["lee"], {"state": "closed"})
    before = {name: due_minutes(house, ids[name]) for name in ids}
    assert before["kim"] == before["lee"] and before["kim"] > 11
    text = policy_file(house, "clocks.yaml").read_text("utf-8")
    for old in ("30m", "60m", "15m"):
        text = text.replace("hours: " + old, "hours: 11m")
    policy_file(house, "clocks.yaml").write_text(text, "utf-8")
    size = len(entries(house))

    done = house.owner.want(200, "POST", PUBLISH).json()
    assert done["published"] is True and done["version"] == 2 and done["is_default"] is False
    assert due_minutes(house, ids["kim"]) == 11
    assert due_minutes(house, ids["lee"]) == before["lee"], "what is closed stays as it was"
    new = entries(house)[size:]
    assert [e["kind"] for e in new] == ["policy.published", "clocks.recomputed"]
    assert new[0]["actor"] == "user:%d" % house.owner.user["id"] or str(house.owner.user["id"]) in json.dumps(new[0]["actor"])
    house.server.stop()
    house.server.desk.ok("verify")
    house.server.start()


def test_new_posts_are_judged_by_it(fresh_house):
    house = fresh_house
    hook = house.hook("Shop")
    hook.post("Lovely kettle, thank you!", id="a", author="ann")
    change(house, "rules.yaml", "rules:\n", "rules:\n  - rule: kettles\n    why: We want to see every kettle.\n"
           "    when: {channel: Shop}\n    then: {category: kettles, needs_answer: yes}\n\n")
    house.owner.want(200, "POST", PUBLISH)
    hook.post("Lovely kettle, thank you!", id="b", author="bob")
    found = {c["author"]["handle"]: c for c in house.owner.all("/cases", view="all")}
    assert found["bob"]["category"] == "kettles" != found["ann"]["category"]
    # What an older policy decided is still told, without the words of a policy that is not in force any more.
    old = house.owner.case(found["ann"]["id"])["trace"]
    assert next(t for t in old if t["rule"] == "own-turn")["sentence"] == "did not match by the policy of that time; it saw no."
    new = house.owner.case(found["bob"]["id"])["trace"]
    assert next(t for t in new if t["rule"] == "kettles")["sentence"] == \
        "We want to see every kettle. It matched, because channel is Shop."


def test_name_and_zone_follow(fresh_house):
    house = fresh_house
    change(house, "workspace.yaml", "name: My company", "name: Kettles & Sons")
    change(house, "workspace.yaml", "zone: UTC", "zone: Asia/Tokyo")
    house.owner.want(200, "POST", PUBLISH)
    now = house.agent.ok("/session")["workspace"]
    assert (now["name"], now["zone"]) == ("Kettles & Sons", "Asia/Tokyo")


@pytest.mark.parametrize("name,old,new", [
    ("clocks.yaml", "{measure: wall", "{measure: moon"), ("rules.yaml", "\nrules:\n", "\nrulez:\n"),
    ("rules.yaml", "{risk: self_harm}", "{risk: self_ham}"), ("clocks.yaml", "r: R5}", "r: R77}"),
    ("calendars.yaml", "hours:\n", "hours: [\n")])
def test_a_mistake_changes_nothing(house, name, old, new):
    path = policy_file(house, name)
    good, before, size = path.read_bytes(), house.owner.ok("/policy"), len(entries(house))
    text = good.decode("utf-8")
    at = text.index(old)
    try:
        path.write_text(text[:at] + new + text[at + len(old):], "utf-8")
        problem = house.owner.want(422, "POST", PUBLISH).json()
        file, row, column = problem["where"].split(":")
        assert file == name and int(column) >= 1
        if "[" not in new:  # what a bracket opens is missed later
            assert int(row) == text[:at].count("\n") + 1 + new.startswith("\n")
        assert house.owner.ok("/policy") == before and len(entries(house)) == size
        message = house.server.desk.refused("policy", "publish")
        assert problem["where"] in message
    finally:
        path.write_bytes(good)
    assert house.owner.want(200, "POST", PUBLISH).json()["published"] is False


def test_a_folder_that_is_gone(house):
    folder = house.server.desk.dir / "policy"
    away = folder.with_name("policy.away")
    folder.rename(away)
    try:
        problem = house.owner.want(422, "POST", PUBLISH).json()
        assert "gone" in problem["detail"] and not folder.exists()
    finally:
        away.rename(folder)


def test_from_the_command_line(fresh_house):
    change(fresh_house, "clocks.yaml", "in_hours: 30m", "in_hours: 20m")
    assert "published by the running server" in fresh_house.server.desk.ok("policy", "publish")
    assert fresh_house.owner.ok("/policy")["version"] == 2
    fresh_house.server.stop()
    change(fresh_house, "clocks.yaml", "in_hours: 20m", "in_hours: 10m")
    assert "in force" in fresh_house.server.desk.ok("policy", "publish")
    fresh_house.server.start()
    assert fresh_house.owner.ok("/policy")["version"] == 3
