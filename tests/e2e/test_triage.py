# SPDX-License-Identifier: Apache-2.0
"""`aplomb triage` as a filter: one line out per line in, in order, whatever comes in and however many threads."""
import json
import os
import subprocess

import pytest

from program import BIN

pytestmark = pytest.mark.skipif(os.environ.get("APLOMB_STORE") == "postgres", reason="no database is involved; done once, on SQLite")


def triage(data, *args):
    done = subprocess.run([BIN, "triage", *args], input=data, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_labels():
    complaint, praise, question = triage(b"I want a refund NOW, third time I write\nlove your new shop!\nWhen do you open?\n")
    assert complaint["intent"]["label"] == "complaint" and complaint["needs_answer"]
    assert praise["intent"]["label"] == "praise"
    assert question["intent"]["label"] == "question"
    assert 0 <= praise["urgency"] < complaint["urgency"] <= 1


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_order_and_count(threads):
    lines = [("post number %d, where is my parcel" % i if i % 3 else "").encode() for i in range(9000)]
    verdicts = triage(b"\n".join(lines) + b"\n", "-j", threads)
    assert len(verdicts) == len(lines)
    for i in (1, 4095, 4096, 8999):
        assert ("intent" in verdicts[i])
    assert verdicts == triage(b"\n".join(lines) + b"\n")


def test_hostile_lines_keep_their_place():
    lines = [b"fine", b"\xff\xfe", b"a\0b", b"x" * 300000, b"still here and very late"]
    verdicts = triage(b"\n".join(lines))
    assert len(verdicts) == 5
    assert ["error" in v for v in verdicts] == [False, True, True, True, False]


def test_formats():
    assert triage(b"late again\tnegative\n", "--format", "tsv")[0]["intent"]["label"] == "complaint"
    good, bad = triage(b'{"text": "awful", "rating": 1}\n{"text": 5}\n', "--format", "jsonl")
    assert good["intent"]["label"] == "complaint" and "error" in bad


def test_explain_names_the_words():
    verdict = triage("Ünglaublich: my order is still late!\n".encode(), "--explain")[0]
    raw = "Ünglaublich: my order is still late!".encode()
    assert verdict["reasons"]
    for reason in verdict["reasons"]:
        if reason["words"]:
            assert raw[reason["offset"]:].startswith(reason["words"].encode())


def test_broken_policy_is_refused(tmp_path):
    (tmp_path / "workspace.yaml").write_text("name: [\n")
    done = subprocess.run([BIN, "triage", "--policy", str(tmp_path)], input=b"x\n", capture_output=True, timeout=60)
    assert done.returncode == 1 and b"workspace.yaml:" in done.stderr
