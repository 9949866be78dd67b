# SPDX-License-Identifier: Apache-2.0
"""A running server for the tests, and people who are signed in to it. Every reply is held against the contract."""
import base64
import hashlib
import hmac
import json
import os
import re
import socket
import subprocess
import threading
import time
import uuid

import requests
from contract import Contract
from program import Desk

CONTRACT = Contract()


class Server:
    """`aplomb serve` on a desk of its own."""

    def __init__(self, folder, *options):
        self.desk = Desk(folder)
        self.options = options
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.desk.command("serve", "--listen", "127.0.0.1:0", *self.options), env=self.desk.env(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = []
        for raw in self.process.stdout:
            lines.append(raw.decode())
            if "sign in:" in lines[-1]:
                break
        text = "".join(lines)
        found = re.search(r"listening on (http://\S+)", text)
        if not found:
            self.process.wait(10)
            raise AssertionError("the server did not start: %s %s" % (text, self.process.stderr.read().decode()[-2000:]))
        self.url = found.group(1)
        self.token = re.search(r"token=([\w-]+)", text).group(1)
        self.errors = []
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self):
        for raw in self.process.stderr:
            self.errors.append(raw.decode("utf-8", "replace"))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        status = self.process.returncode if self.process else 0
        assert status == 0, "the server ended with %s: %s" % (status, "".join(self.errors)[-3000:])

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        try:
            self.stop()
        finally:
            self.desk.close()

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def raw(self, data, timeout=10):
        """Bytes to the server, bytes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as link:
            link.sendall(data)
            link.settimeout(timeout)
            parts = []
            while True:
                try:
                    part = link.recv(65536)
                except (socket.timeout, ConnectionResetError):
                    break
                if not part:
                    break
                parts.append(part)
            return b"".join(parts)


class Person(requests.Session):
    """A browser of somebody: keeps the cookie, sends the token, checks every reply."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.trust_env = False
        self.user = None

    def request(self, method, path, is_stream=False, **more):
        more.setdefault("timeout", 60)
        reply = super().request(method, self.server.url + path, stream=is_stream, **more)
        CONTRACT.check(reply, is_stream)
        return reply

    def sign_in(self, token):
        reply = self.post("/api/v1/session/link", json={"token": token})
        assert reply.status_code == 201, reply.text
        self.user = reply.json()["user"]
        self.headers["X-CSRF-Token"] = reply.json()["csrf_token"]
        return self

    def want(self, status, method, path, **more):
        reply = self.request(method, path, **more)
        assert reply.status_code == status, "%s %s: wanted %d, got %d %s" % (
            method, path, status, reply.status_code, reply.text[:1000])
        return reply

    def ok(self, path, **params):
        return self.want(200, "GET", "/api/v1" + path, params=params).json()

    def make(self, path, body, status=201, **more):
        return self.want(status, "POST", "/api/v1" + path, json=body, **more).json()

    def all(self, path, limit=50, **params):
        """Every item of a list, page by page."""
        items, cursor = [], None
        for _ in range(10000):
            page = self.ok(path, limit=limit, **params, **({"cursor": cursor} if cursor else {}))
            assert len(page["items"]) <= limit
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items
        raise AssertionError("the list does not end")

    def case(self, case_id):
        return self.ok("/cases/%d" % case_id)

    def patch_case(self, case_id, change, etag=None, status=200):
        tag = etag or self.case(case_id)["case"]["etag"]
        return self.want(status, "PATCH", "/api/v1/cases/%d" % case_id, json=change, headers={"If-Match": tag}).json()


class House:
    """A server with its owner, an agent and a reader."""

    def __init__(self, folder, *options):
        self.server = Server(folder, *options)
        self.owner = Person(self.server).sign_in(self.server.token)
        self.agent = self.invite("agent", "Ada Agent")
        self.reader = self.invite("reader", "Rita Reader")
        self.nobody = Person(self.server)

    def invite(self, role, name, email=None):
        made = self.owner.make("/users", {"email": email or "%s@example.org" % uuid.uuid4().hex[:8], "name": name,
                                          "role": role})
        return Person(self.server).sign_in(made["sign_in_path"].split("token=")[1])

    def state(self):
        """How much there is, without what the scheduler notes by itself in the meantime."""
        stats = self.owner.ok("/stats")
        stats["ledger_entries"] = self.server.desk.one(
            "SELECT count(*) FROM ledger_entry WHERE entry NOT LIKE '%\"clock.breached\"%'")
        return stats

    def hook(self, name=None):
        return Hook(self, name or "Mentions " + uuid.uuid4().hex[:6])


class Hook:
    """A webhook channel and whoever posts to it."""

    def __init__(self, house, name):
        made = house.owner.make("/channels", {"name": name, "kind": "webhook"})
        self.house = house
        self.id = made["channel"]["id"]
        self.path = made["channel"]["hook_path"]
        self.secret = base64.b64decode(made["secret"].removeprefix("whsec_"))

    def sign(self, message_id, at, body, secret=None):
        text = ("%s.%s." % (message_id, at)).encode() + body
        return "v1," + base64.b64encode(hmac.new(secret or self.secret, text, hashlib.sha256).digest()).decode()

    def send(self, body, message_id=None, at=None, signature=None, secret=None, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        message_id = message_id or "msg_" + uuid.uuid4().hex
        at = str(int(time.time())) if at is None else str(at)
        head = {"Content-Type": "application/json", "webhook-id": message_id, "webhook-timestamp": at,
                "webhook-signature": signature or self.sign(message_id, at, data, secret)}
        head.update(headers or {})
        return self.house.nobody.request("POST", self.path, data=data, headers=head)

    def post(self, text, at="2026-11-20T10:00:00Z", author="kim", **more):
        """One post; its case."""
        event = {"event": "create", "id": more.pop("id", uuid.uuid4().hex), "kind": "mention",
                 "author": {"id": author, "name": author.title()}, "text": text, "at": at, **more}
        receipt = self.send(event)
        assert receipt.status_code == 202, receipt.text
        assert receipt.json()["rejected"] == [], receipt.text
        return event


def seconds_from_now(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def sanitizers_are_on():
    return "asan" in os.environ.get("APLOMB_BIN", "")
