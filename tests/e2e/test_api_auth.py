# SPDX-License-Identifier: Apache-2.0
"""Who gets in, what each role may, and what a foreign page cannot do."""
import json
import socket

import pytest
from api import CONTRACT, Person

READS = ["/api/v1/views", "/api/v1/cases", "/api/v1/users", "/api/v1/channels", "/api/v1/report", "/api/v1/stats",
         "/api/v1/policy", "/api/v1/ledger/checkpoint"]
WRITES = [  # method, path, body, who may besides the owner
    ("POST", "/api/v1/users", {"email": "x@example.org", "name": "X", "role": "boss"}, ()),
    ("POST", "/api/v1/users/999999/link", None, ()),
    ("POST", "/api/v1/channels", {"name": "X", "kind": "fax"}, ()),
    ("POST", "/api/v1/intake", {"kind": "telex"}, ("agent",)),
    ("POST", "/api/v1/imports", {"file_name": ""}, ()),
    ("POST", "/api/v1/imports/4711/finish", {}, ()),
    ("PATCH", "/api/v1/cases/999999", {"state": "open"}, ("agent",)),
    ("POST", "/api/v1/cases/999999/notes", {"text": "x"}, ("agent",)),
]


@pytest.mark.parametrize("path", READS)
def test_reading_needs_a_session(house, path):
    house.nobody.want(401, "GET", path)
    for person in (house.owner, house.agent, house.reader):
        person.want(200, "GET", path)


@pytest.mark.parametrize("method,path,body,others", WRITES)
def test_roles_decide_who_may_write(house, method, path, body, others):
    """Bodies are bad on purpose: who may is told 404 or 422, who may not 403 before anything is read."""
    house.nobody.want(401, method, path, json=body)
    house.reader.want(403, method, path, json=body)
    agent = house.agent.request(method, path, json=body)
    assert (agent.status_code != 403) == ("agent" in others), agent.text
    assert house.owner.request(method, path, json=body).status_code in (404, 422)


@pytest.mark.parametrize("method,path", [
    (m, p) for p, item in CONTRACT.doc["paths"].items() for m in item if m in ("get", "post", "put", "patch", "delete")
    and "security" not in item[m]])
def test_nobody_gets_in(house, method, path):
    """Whatever the contract does not mark as open is shut, also for a cookie and a header that somebody made up."""
    address = path.replace("{case_id}", "1").replace("{post_id}", "1").replace("{import_id}", "1").replace("{user_id}", "1")
    stranger = Person(house.server)
    for _ in range(2):
        stranger.want(401, method.upper(), address)
        stranger.cookies.set("aplomb", "A" * 43)
        stranger.headers.update({"Authorization": "Bearer x", "X-CSRF-Token": "x", "X-Forwarded-For": "127.0.0.1"})


@pytest.mark.parametrize("method,path", [
    (m, p) for p, item in CONTRACT.doc["paths"].items() for m in item if m in ("post", "put", "patch", "delete")
    and "security" not in item[m]])
def test_every_write_wants_the_token(house, method, path):
    address = path.replace("{case_id}", "1").replace("{post_id}", "1").replace("{import_id}", "1").replace("{user_id}", "1")
    problem = house.owner.want(403, method.upper(), address, headers={"X-CSRF-Token": "wrong"}).json()
    assert problem["where"] == "header X-CSRF-Token"


def test_refusal_names_the_role_to_ask_for(house):
    problem = house.reader.want(403, "POST", "/api/v1/cases/1/notes", json={"text": "x"}).json()
    assert "reader" in problem["detail"] and "agent" in problem["fix"]


@pytest.mark.parametrize("token", [None, "", "wrong", "A" * 43])
def test_a_write_needs_the_csrf_token(house, token):
    headers = {"X-CSRF-Token": token}
    problem = house.owner.want(403, "POST", "/api/v1/channels", json={"name": "X", "kind": "webhook"},
                               headers=headers).json()
    assert problem["where"] == "header X-CSRF-Token"


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_a_write_from_another_origin_is_refused(house, headers):
    house.owner.want(403, "POST", "/api/v1/channels", json={"name": "X", "kind": "webhook"}, headers=headers)
    house.nobody.want(403, "POST", "/api/v1/session", json={"email": "a@b.c", "password": "x"}, headers=headers)


def test_the_own_origin_is_taken(house):
    headers = {"Origin": house.server.url, "Sec-Fetch-Site": "same-origin"}
    house.owner.want(422, "POST", "/api/v1/channels", json={"name": "X", "kind": "fax"}, headers=headers)


def test_a_link_works_once_and_a_get_spends_nothing(house):
    made = house.owner.make("/users", {"email": "once@example.org", "name": "Once", "role": "reader"})
    token = made["sign_in_path"].split("token=")[1]
    house.nobody.request("GET", made["sign_in_path"])
    first = Person(house.server).sign_in(token)
    assert first.user["email"] == "once@example.org"
    again = house.nobody.want(401, "POST", "/api/v1/session/link", json={"token": token}).json()
    never = house.nobody.want(401, "POST", "/api/v1/session/link", json={"token": "never-made"}).json()
    assert {k: v for k, v in again.items() if k != "request_id"} == {k: v for k, v in never.items() if k != "request_id"}


def test_a_new_link_for_somebody_who_is_here(house):
    made = house.owner.make("/users", {"email": "lost@example.org", "name": "Lost", "role": "agent"})
    first = Person(house.server).sign_in(made["sign_in_path"].split("token=")[1])
    again = house.owner.make("/users/%d/link" % made["user"]["id"], None)
    assert again["user"] == made["user"] and again["sign_in_path"] != made["sign_in_path"]
    token = again["sign_in_path"].split("token=")[1]
    assert Person(house.server).sign_in(token).user["email"] == "lost@example.org"
    house.nobody.want(401, "POST", "/api/v1/session/link", json={"token": token})
    first.want(200, "GET", "/api/v1/session")  # who is in stays in
    entry = json.loads(house.server.desk.one("SELECT entry FROM ledger_entry ORDER BY seq DESC LIMIT 1"))
    assert entry["kind"] == "user.link" and token not in json.dumps(entry)
    problem = house.owner.want(404, "POST", "/api/v1/users/999999/link").json()
    assert problem["where"] == "user_id"


def test_a_link_from_the_command_line_while_the_server_runs(house):
    house.owner.make("/users", {"email": "shell@example.org", "name": "Shell", "role": "agent"})
    desk = house.server.desk
    made = desk.json("user", "link", "SHELL@example.org")
    assert Person(house.server).sign_in(made["token"]).user["email"] == "shell@example.org"
    shown = desk.ok("user", "add", "second@example.org", "--role", "reader")
    assert Person(house.server).sign_in(shown.split("token=")[1].split()[0]).user["role"] == "reader"
    channel = desk.json("channel", "add", "--name", "From the shell", "--slug", "shell")
    assert channel["slug"] == "shell" and channel["secret"].startswith("whsec_")
    assert channel["id"] in [c["id"] for c in house.owner.all("/channels")]
    assert "nobody with the address no@example.org" in desk.refused("user", "link", "no@example.org")


def test_only_hashes_of_tokens_are_stored(house):
    made = house.owner.make("/users", {"email": "hash@example.org", "name": "Hash", "role": "reader"},
                            headers={"Idempotency-Key": "hash-1"})
    token = made["sign_in_path"].split("token=")[1]
    person = Person(house.server).sign_in(token)
    secrets = [token, person.cookies["aplomb"]]
    for table in ("session", "sign_in_link", "answered_request", "ledger_entry", "desk_user"):
        text = repr(house.server.desk.rows("SELECT * FROM " + table))
        assert not [s for s in secrets if s in text], table
    again = house.owner.make("/users", {"email": "hash@example.org", "name": "Hash", "role": "reader"},
                             headers={"Idempotency-Key": "hash-1"})
    assert again == made


def test_cookie_flags(house):
    made = house.owner.make("/users", {"email": "flags@example.org", "name": "F", "role": "reader"})
    reply = Person(house.server).post("/api/v1/session/link", json={"token": made["sign_in_path"].split("token=")[1]})
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("aplomb=") and "HttpOnly" in cookie and "SameSite=" in cookie and "Path=/" in cookie


def test_signing_out_ends_the_session(house):
    person = house.invite("reader", "Leaver")
    kept = dict(person.cookies)
    person.want(204, "DELETE", "/api/v1/session")
    ghost = Person(house.server)
    ghost.cookies.update(kept)
    ghost.want(401, "GET", "/api/v1/session")
    house.nobody.want(401, "DELETE", "/api/v1/session")


def test_password_round_trip(house):
    person = house.invite("agent", "Paul", "paul@example.org")
    assert person.user["has_password"] is False
    other = Person(house.server)
    word, second = "a few words of mine", "other words that I like"
    person.want(422, "PUT", "/api/v1/session/password", json={"password": "short"})
    person.want(204, "PUT", "/api/v1/session/password", json={"password": word})
    assert person.ok("/session")["user"]["has_password"] is True
    signed = other.make("/session", {"email": "PAUL@example.org", "password": word})
    other.headers["X-CSRF-Token"] = signed["csrf_token"]
    # The session that a password opened must know the password to change it.
    other.want(422, "PUT", "/api/v1/session/password", json={"password": second})
    other.want(403, "PUT", "/api/v1/session/password", json={"password": second, "current_password": "wrong one"})
    other.want(204, "PUT", "/api/v1/session/password", json={"password": second, "current_password": word})
    # All other sessions are over, this one goes on.
    person.want(401, "GET", "/api/v1/session")
    other.want(200, "GET", "/api/v1/session")
    house.nobody.want(401, "POST", "/api/v1/session", json={"email": "paul@example.org", "password": word})


def test_guessing_is_slowed_down_and_tells_nothing(house):
    house.invite("agent", "Gus", "gus@example.org")
    bodies = [{"email": "gus@example.org", "password": "wrong"}, {"email": "nobody@example.org", "password": "wrong"}]
    replies = [house.nobody.want(401, "POST", "/api/v1/session", json=body).json() for body in bodies]
    assert replies[0]["detail"] == replies[1]["detail"]
    for _ in range(4):
        house.nobody.want(401, "POST", "/api/v1/session", json=bodies[0])
    reply = house.nobody.want(429, "POST", "/api/v1/session", json=bodies[0])
    assert int(reply.headers["Retry-After"]) >= 1
    # Another account from the same address is not slowed down by it.
    house.nobody.want(401, "POST", "/api/v1/session", json={"email": "third@example.org", "password": "wrong"})


def test_guessing_the_own_password_is_slowed_down(house):
    person = house.invite("agent", "Olga", "olga@example.org")
    word = "some words of Olga"
    person.want(204, "PUT", "/api/v1/session/password", json={"password": word})
    again = Person(house.server)
    again.headers["X-CSRF-Token"] = again.make("/session", {"email": "olga@example.org", "password": word})["csrf_token"]
    for _ in range(5):
        again.want(403, "PUT", "/api/v1/session/password", json={"password": word, "current_password": "wrong"})
    again.want(429, "PUT", "/api/v1/session/password", json={"password": word, "current_password": word})


def test_guessing_links_is_slowed_down(fresh_house):
    for _ in range(5):
        fresh_house.nobody.want(401, "POST", "/api/v1/session/link", json={"token": "guess"})
    fresh_house.nobody.want(429, "POST", "/api/v1/session/link", json={"token": "guess"})
    fresh_house.nobody.want(403, "POST", "/api/v1/session/link", json={"token": "x"}, headers={"Origin": "https://evil.example"})


def test_addresses_of_people_are_unique(house):
    house.owner.make("/users", {"email": "Twice@Example.org", "name": "T", "role": "agent"})
    problem = house.owner.want(409, "POST", "/api/v1/users",
                               json={"email": "twice@example.ORG", "name": "T", "role": "agent"}).json()
    assert problem["where"] == "email"
    emails = [u["email"] for u in house.owner.all("/users", limit=2)]
    assert emails.count("twice@example.org") == 1 and len(emails) == len(set(emails))


@pytest.mark.parametrize("body", [
    {"email": "no-address", "name": "X", "role": "agent"}, {"email": "a@b", "name": "", "role": "agent"},
    {"email": "a@b", "name": "X"}, {"email": "a@b", "name": "X", "role": "agent", "extra": 1},
    {"email": "a b@c", "name": "X", "role": "agent"}, {"email": ["a@b"], "name": "X", "role": "agent"}])
def test_bad_people(house, body):
    house.owner.want(422, "POST", "/api/v1/users", json=body)


def test_session_tells_what_one_may(house):
    assert "user.write" in house.owner.ok("/session")["permissions"]
    assert "case.write" in house.agent.ok("/session")["permissions"]
    assert [p for p in house.reader.ok("/session")["permissions"] if p.endswith("write")] == []


def test_the_local_socket_is_the_owner(house):
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(house.server.desk.dir / "serve.sock"))
        link.sendall(b"GET /api/v1/session HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        data = b""
        while part := link.recv(65536):
            data += part
    head, body = data.split(b"\r\n\r\n", 1)
    assert b" 200 " in head.split(b"\r\n")[0]
    session = json.loads(body)
    CONTRACT.check_schema({"$ref": "#/components/schemas/Session"}, session)
    assert session["user"] is None and session["csrf_token"] is None and "user.write" in session["permissions"]


def test_foreign_host_names_are_refused(house):
    answer = house.server.raw(b"GET /api/v1/session HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert b" 421 " in answer.split(b"\r\n")[0]
