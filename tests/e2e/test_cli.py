# SPDX-License-Identifier: Apache-2.0
"""The command line as a newcomer meets it: manuals, exit statuses, cases and clocks of the issue's examples."""
import json
import re
import subprocess

import pytest

from program import BIN, Desk

POSTS = """id,author,text,created_at
1,ann,My order never arrived and nobody answers,2026-03-06T16:45:00+01:00
2,bob,The kettle broke after one day and I want my money back,2026-03-06T17:05:00+01:00
3,cleo,Still waiting for a refund. This is a disgrace,2026-03-06T23:40:00+01:00
"""


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


def program(*args, **more):
    return subprocess.run([BIN, *args], capture_output=True, timeout=60, **more)


def commands():
    text = program("--help").stdout.decode()
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", text.split("commands:")[1].split("A first walk")[0], re.M)


def test_every_command_has_a_manual_a_man_page_and_is_completed():
    names = commands()
    for wanted in ("serve", "import", "report", "stats", "case list", "case show", "user add", "verify", "backup", "restore",
                   "migrate", "doctor", "triage", "bench"):
        assert wanted in names
    completion = program("completion", "bash").stdout.decode()
    assert subprocess.run(["bash", "-n"], input=completion.encode()).returncode == 0
    for name in names:
        shown = program(*name.split(), "--help")
        text = shown.stdout.decode()
        assert shown.returncode == 0 and text.startswith("usage: aplomb " + name), name
        assert "--help" in text and "Exit status: 0 done, 1 found something wrong, 2 wrong use." in text
        assert ".SH SYNOPSIS" in program("man", name).stdout.decode()
        assert '" %s "*' % name in completion
        for option in re.findall(r"^  (--?[a-z-]+)", text, re.M):
            assert option in completion


@pytest.mark.parametrize("args,words", [
    ((), ""), (("nonsense",), "there is no command"), (("import",), "takes FILE"), (("stats", "--nope"), "has no option"),
    (("stats", "--data"), "needs DIR"), (("case", "show", "x"), "is no number"), (("triage", "-j", "0"), "whole number"),
    (("man", "nonsense"), "there is no command"), (("completion", "tcsh"), "bash and zsh"),
])
def test_wrong_use_is_status_2(args, words):
    done = program(*args)
    assert done.returncode == 2
    assert words in done.stderr.decode()


def test_clocks_of_the_issue(desk, tmp_path):
    """Office hours 9 to 17: Fri 16:45 is due 17:15, Fri 17:05 is due 18:05, 23:40 at that day's end."""
    archive = tmp_path / "posts.csv"
    archive.write_text(POSTS, "utf-8")
    desk.ok("workspace", "set", "--zone", "Europe/Berlin")
    assert desk.take(archive)["taken"] == 3
    due = {}
    for case in desk.json("case", "list", "--view", "all"):
        shown = desk.json("case", "show", case["id"])
        clock = next(c for c in shown["clocks"] if c["kind"] == "first_response")
        due[shown["author"]] = clock["due_at"]
        assert clock["reason"].startswith("Posted Fri")
    assert due == {"ann": "2026-03-06T16:15:00Z", "bob": "2026-03-06T17:05:00Z", "cleo": "2026-03-06T22:59:59Z"}


def test_channels_and_people(desk):
    channel = desk.json("channel", "add", "--name", "Community Forum")
    assert channel["slug"] == "community-forum" and channel["secret"].startswith("whsec_")
    assert "already a channel" in desk.refused("channel", "add", "--name", "Community Forum")
    assert [c["slug"] for c in desk.json("channel", "list")] == ["import", "intake", "community-forum"]
    person = desk.json("user", "add", "kim@example.com", "--name", "Kim", "--role", "reader")
    assert len(person["token"]) == 43
    assert "no role" in desk.refused("user", "add", "lee@example.com", "--role", "king")
    assert [u["email"] for u in desk.json("user", "list")] == ["kim@example.com"]
    assert desk.json("user", "link", "kim@example.com")["token"] != person["token"]
    assert desk.json("verify")["ok"]


def test_a_zone_that_does_not_exist_changes_nothing(desk):
    desk.ok("workspace", "set", "--name", "Acme")
    before = desk.stats()
    assert "expected a time zone" in desk.refused("workspace", "set", "--zone", "Mars/Olympus")
    assert desk.stats() == before
    desk.ok("policy", "check")


def test_case_list_speaks_json_only_when_asked(desk, tmp_path):
    archive = tmp_path / "posts.csv"
    archive.write_text(POSTS, "utf-8")
    desk.take(archive)
    assert "My order never arrived" in desk.ok("case", "list")
    assert [c["author"] for c in json.loads(desk.ok("case", "list", "--json", "--q", "refund"))] == ["cleo"]
