# SPDX-License-Identifier: Apache-2.0
"""kill -9 and EIO under the signed webhook: what was acknowledged is there, and after redelivery everything once."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from canonical import difference, dump
from independent_verify import check_desk
from program import STORE, Desk
from sweep import FULL, count, need_strace, was_hit

POINTS = 14 if STORE == "sqlite" else 6
CALLS = ("pwrite64", "fdatasync") if STORE == "sqlite" else ("sendto",)


def events():
    out = []
    for i in range(6):
        out.append({"event": "create", "id": "p%d" % i, "kind": "comment", "author": {"id": "kim%d" % (i % 2)}, "own": i % 3 == 2,
                    "parent_id": "p%d" % (i - 1) if i else "p5", "text": "Where is my order %d?" % i,
                    "at": "2026-01-12T10:%02d:00Z" % i})
    out.append({"event": "edit", "id": "p1", "author": {"id": "kim1"}, "text": "Still nothing", "at": "2026-01-12T11:00:00Z"})
    out.append({"event": "delete", "id": "p4", "at": "2026-01-12T12:00:00Z"})
    return [{k: v for k, v in e.items() if v is not None} for e in out]


class Served:
    """`aplomb serve`, possibly under a tracer that does damage."""

    def __init__(self, desk, log, inject=()):
        command = desk.command("serve", "--listen", "127.0.0.1:0")
        trace = ["strace", "-f", "-o", str(log), "-e", "trace=" + ",".join(CALLS)]
        for rule in inject:
            trace += ["-e", "inject=" + rule]
        env = {**desk.env(), "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1"}
        self.process = subprocess.Popen([*trace, *command] if log else command, env=env, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.port = None
        self.is_traced = bool(log)
        for line in self.process.stdout:
            found = re.search(r"listening on http://[^:]+:(\d+)", line)
            if found:
                self.port = int(found.group(1))
            if "sign in:" in line:
                break

    def deliver(self, channel, number, event):
        """True when the server said that it has it."""
        body = json.dumps(event).encode()
        now = str(int(time.time()))
        signed = ("msg_%d.%s." % (number, now)).encode() + body
        key = base64.b64decode(channel["secret"].removeprefix("whsec_"))
        head = {"Content-Type": "application/json", "webhook-id": "msg_%d" % number, "webhook-timestamp": now,
                "webhook-signature": "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}
        try:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            link.request("POST", channel["hook_path"], body, head)
            reply = link.getresponse()
            answer = reply.read()
            link.close()
        except (OSError, http.client.HTTPException):
            return False
        assert reply.status in (202, 500, 503, 507), (reply.status, answer)
        if reply.status == 202:
            assert json.loads(answer)["rejected"] == [], answer
        return reply.status == 202

    def end(self):
        """Asks the server itself, not its tracer, to stop."""
        if self.process.poll() is None:
            children = Path("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)).read_text().split()
            os.kill(int(children[0]) if self.is_traced and children else self.process.pid, signal.SIGTERM)
        try:
            _, errors = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert "Sanitizer" not in errors, errors[-2000:]


def make_channel(desk):
    made = json.loads(desk.ok("channel", "add", "--kind", "webhook", "--name", "Mentions", "--json"))
    return {**made, "hook_path": "/api/v1/hooks/%d" % made["id"]}


def there(desk, event):
    what = {"create": 0, "edit": 1, "delete": 2}[event["event"]]
    return desk.one("SELECT count(*) FROM post_version v JOIN post p ON p.workspace_id = v.workspace_id AND p.id = v.post_id"
                    " WHERE p.remote_id = '%s' AND v.event = %d" % (event["id"], what))


def one_round(folder, log, inject):
    with Desk(folder) as desk:
        channel = make_channel(desk)
        served = Served(desk, log, inject)
        acknowledged = []
        if served.port:
            for number, event in enumerate(events()):
                if served.deliver(channel, number, event):
                    acknowledged.append(event)
        served.end()
        for event in acknowledged:
            assert there(desk, event) == 1, "acknowledged and lost after %s: %s" % (inject, event)
        again = Served(desk, None)
        assert again.port, "the server does not start again after %s: %s" % (inject, again.process.stderr.read())
        for number, event in enumerate(events()):
            assert again.deliver(channel, number, event), (inject, event)
        again.end()
        for event in events():
            assert there(desk, event) == 1, "doubled or lost after %s: %s" % (inject, event)
        done = desk.run("verify")
        assert done.returncode == 0, (inject, done.stdout)
        assert check_desk(desk) == [], inject
        return dump(desk), len(acknowledged)


def test_nothing_acknowledged_is_lost_or_doubled(tmp_path):
    need_strace(tmp_path)
    log = tmp_path / "log"
    expected, all_of_them = one_round(tmp_path / "whole", log, [])
    assert all_of_them == len(events())
    most = count(log)
    every = ["%s:%s:when=%d" % (call, kind, n) for call in CALLS for n in range(1, most[call] + 1)
             for kind in (("signal=KILL", "error=EIO") if STORE == "sqlite" else ("signal=KILL",))]
    todo = every if FULL or len(every) <= POINTS else [every[i * len(every) // POINTS] for i in range(POINTS)]
    hits, counts = 0, set()
    for number, damage in enumerate(todo):
        folder = tmp_path / ("desk%d" % number)
        state, acknowledged = one_round(folder, log, [damage])
        hits += was_hit(log)
        counts.add(acknowledged)
        assert difference(expected, state) == [], damage
        shutil.rmtree(folder)
    assert hits > len(todo) // 2, "only %d of %d injections struck" % (hits, len(todo))
    assert len(counts) > 1, "no delivery was ever interrupted"
