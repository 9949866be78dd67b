# SPDX-License-Identifier: Apache-2.0
"""Figures, ledger, policy, health, metrics; and whether these tests have visited every operation of the contract."""
import re

from api import CONTRACT
from contract import visited


def test_health(house):
    assert house.nobody.want(200, "GET", "/healthz").json()["status"] == "ok"


def test_metrics(house):
    house.owner.ok("/views")
    text = house.nobody.want(200, "GET", "/metrics").text
    values = dict(re.findall(r"^(\S+) (\S+)$", text, re.M))
    assert float(values["aplomb_resident_memory_bytes"]) > 1e6
    assert 0 < float(values["aplomb_ledger_entries_total"]) <= house.owner.ok("/stats")["ledger_entries"]
    assert float(values['aplomb_http_requests_total{route="view_list",status="200"}']) >= 1
    for name in {line.split("{")[0] for line in values if line.startswith("aplomb_http_request_duration_seconds_bucket")}:
        assert 'le="+Inf"' in text and name
    assert "@example.org" not in text and "Ada" not in text


def test_stats_and_report(house):
    stats = house.owner.ok("/stats")
    report = house.owner.ok("/report", by="channel")
    assert report["figures"]["customer_posts"] <= stats["posts"]
    assert sum(g["figures"]["conversations"] for g in report["groups"]) == report["figures"]["conversations"]
    empty = house.owner.ok("/report", since="2199-01-01T00:00:00Z")
    assert empty["figures"]["conversations"] == 0 and empty["figures"]["answered_share"] is None
    assert house.owner.ok("/report", by="company", until="2199-01-01T00:00:00Z")["by"] == "company"


def test_policy(house):
    policy = house.owner.ok("/policy")
    assert policy["version"] == 1 and "rules.yaml" in [f["path"] for f in policy["files"]]


def test_checkpoint(house):
    before = house.owner.want(200, "GET", "/api/v1/ledger/checkpoint").text.split("\n")
    house.hook()
    after = house.owner.want(200, "GET", "/api/v1/ledger/checkpoint").text.split("\n")
    assert before[0] == after[0] and int(after[1]) > int(before[1]) and after[4].startswith("— " + after[0])


def test_a_channel_may_bring_its_short_name(house):
    """A name without any of a-z and 0-9 makes none; the command line sends one too."""
    problem = house.owner.want(422, "POST", "/api/v1/channels", json={"name": "Отзывы", "kind": "webhook"}).json()
    assert problem["where"] == "slug"
    made = house.owner.want(201, "POST", "/api/v1/channels", json={"name": "Отзывы", "kind": "webhook", "slug": "otzyvy"}).json()
    assert made["channel"]["name"] == "Отзывы"
    house.owner.want(409, "POST", "/api/v1/channels", json={"name": "Отзывы", "kind": "webhook", "slug": "otzyvy"})


def test_users_and_channels_page(house):
    for path in ("/users", "/channels"):
        one = house.owner.all(path, limit=1)
        assert one == house.owner.all(path, limit=200) and len(one) >= 3


# getCheckpoint: making a desk writes the first entries; finishImport: only while another request of it runs.
EXEMPT = {"getCheckpoint": {404}, "finishImport": {400, 409}}


def test_every_operation_was_visited():
    """And not only in passing: each with a good answer, each that can fail with an error."""
    missing = {}
    for method, operation in CONTRACT.operations():
        seen = visited.get(operation["operationId"], set())
        if not [s for s in seen if s < 400]:
            missing[operation["operationId"]] = "no good answer"
        # 503 and 507 need a broken machine: tests/fault makes one.
        exempt = {503, 507, *EXEMPT.get(operation["operationId"], ())}
        if method == "GET":
            exempt.add(403)  # today every role may look at everything
        unseen = {int(s) for s in operation["responses"]} - seen - exempt
        if unseen:
            missing.setdefault(operation["operationId"], "never answered %s" % sorted(unseen))
    assert not missing, "\n".join("%s: %s" % row for row in sorted(missing.items()))
