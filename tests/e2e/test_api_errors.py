# SPDX-License-Identifier: Apache-2.0
"""Requests that make no sense get a problem that names place and fix, and change nothing."""
import pytest
from api import CONTRACT

OPERATIONS = [(method, path) for _, _, item in CONTRACT.paths for method in item
              for path in [next(p for p, i in CONTRACT.doc["paths"].items() if i is item)] if method in
              ("get", "post", "put", "patch", "delete")]
WITH_BODY = [(m, p) for m, p in OPERATIONS if "requestBody" in CONTRACT.doc["paths"][p][m] and "hooks" not in p]


def filled(path):
    return path.replace("{case_id}", "1").replace("{post_id}", "1").replace("{channel_id}", "1").replace("{import_id}", "1")


@pytest.mark.parametrize("path,method", [(p, m) for p in sorted({p for _, p in OPERATIONS})
                                         for m in ("GET", "POST", "PUT", "PATCH", "DELETE")
                                         if m.lower() not in CONTRACT.doc["paths"][p]])
def test_other_methods_are_405_and_name_those_that_work(house, path, method):
    reply = house.owner.want(405, method, filled(path))
    assert {m.upper() for m, p in OPERATIONS if p == path} <= set(reply.headers["Allow"].replace(" ", "").split(","))


@pytest.mark.parametrize("method,path", WITH_BODY)
def test_bodies_are_json_and_say_so(house, method, path):
    case = next(iter(house.owner.ok("/cases", view="all", limit=1)["items"]), None)
    if "{case_id}" in path and not case:
        house.hook().post("Terrible, never arrived, a disgrace!")
        case = house.owner.ok("/cases", view="all", limit=1)["items"][0]
    address = path.replace("{case_id}", str(case["id"]) if case else "1").replace("{import_id}", "1")
    head = {"If-Match": "*"}
    house.owner.want(415, method.upper(), address, data=b"a=1", headers={"Content-Type": "text/plain", **head})
    for body in (b"{", b"[1]", b"\xff", b'{"a": "\xc3"}', b"{} {}", b"nul"):
        head["Content-Type"] = "application/json; charset=utf-8"
        problem = house.owner.want(400, method.upper(), address, data=body, headers=head).json()
        assert problem["detail"]
    problem = house.owner.want(422, method.upper(), address, data=b'{"no_such_member": 1}', headers=head).json()
    assert "no_such_member" in problem["where"] + problem["detail"]


@pytest.mark.parametrize("method,path", [("post", "/api/v1/imports/{import_id}/batches"), ("post", "/api/v1/intake"),
                                         ("patch", "/api/v1/cases/{case_id}")])
def test_too_large(house, method, path):
    big = b'{"a":"' + b"x" * (8 * 1024 * 1024) + b'"}'
    house.owner.want(413, method.upper(), filled(path), data=big, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("path", sorted(p for m, p in OPERATIONS if m == "get" and p.startswith("/api") and
                                        "400" in CONTRACT.doc["paths"][p]["get"]["responses"]))
def test_unknown_parameters_are_named(house, path):
    if "{case_id}" in path:
        house.hook().post("Terrible, never arrived, a disgrace!")
    problem = house.owner.want(400, "GET", filled(path), params={"colour": "red"}).json()
    assert "colour" in problem["where"] + problem["detail"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/cases", "/api", "/api/v1/cases/1/nothing", "/no.such.file"])
def test_unknown_addresses(house, path):
    house.owner.want(404, "GET", path)


@pytest.mark.parametrize("path", ["/api/v1/cases/%2e%2e/users", "/api/v1/cases/%00", "/api/v1/cases/%zz", "/api/v1/%2fcases"])
def test_odd_addresses(house, path):
    answer = house.server.raw(("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path).encode())
    assert answer.split(b" ")[1] in (b"400", b"404", b"401"), answer[:200]


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"until": "2026-11-23"}, {"by": "colour"}, {"since": ["a", "b"]}])
def test_bad_report_parameters(house, query):
    problem = house.owner.want(400, "GET", "/api/v1/report", params=query).json()
    assert next(iter(query)) in problem["where"]


def test_head_is_get_without_a_body(house):
    reply = house.owner.want(200, "HEAD", "/api/v1/views")
    assert reply.content == b"" and int(reply.headers["Content-Length"]) > 100
