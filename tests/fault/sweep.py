# SPDX-License-Identifier: Apache-2.0
"""Fails or kills a command at its N-th write, for every N (APLOMB_FAULT_FULL=1) or for N by a stride.

strace does the damage: `inject=CALL:error=EIO:when=N` lets one system call fail, `inject=CALL:signal=KILL:when=N` kills the
program before it is done. A first run without damage tells how many calls of each kind there are; strace counts them
for each thread by itself, so N goes up to the busiest thread's count.
"""
import collections
import os
import re
import shutil
import subprocess

import pytest

CALLS = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "rename", "renameat2", "unlink", "unlinkat", "mkdir",
         "linkat", "sendto", "fallocate")
FULL = os.environ.get("APLOMB_FAULT_FULL") == "1"
POINTS = int(os.environ.get("APLOMB_FAULT_POINTS", "22" if os.environ.get("APLOMB_STORE", "sqlite") == "sqlite" else "8"))


def need_strace(tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    done = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, cwd=tmp_path)
    if done.returncode:
        pytest.skip("strace may not trace here: " + done.stderr.decode("utf-8", "replace").strip()[:200])


def run(desk, args, log, inject=(), timeout=120):
    env = desk.env()
    # The leak checker cannot work while somebody traces; the other checks can.
    env["ASAN_OPTIONS"] = "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1"
    command = ["strace", "-f", "-o", str(log), "-e", "trace=" + ",".join(CALLS)]
    for rule in inject:
        command += ["-e", "inject=" + rule]
    return subprocess.run([*command, *desk.command(*args)], capture_output=True, env=env, timeout=timeout)


def count(log):
    """Calls of each kind, the largest number of any thread."""
    seen = collections.Counter()
    for line in log.read_text(errors="replace").splitlines():
        found = re.match(r"(\d+) +(\w+)\(", line)
        if found:
            seen[found.groups()] += 1
    most = collections.Counter()
    for (_, call), number in seen.items():
        most[call] = max(most[call], number)
    return most


def was_hit(log):
    text = log.read_text(errors="replace")
    return "(INJECTED)" in text or "killed by SIGKILL" in text


def damages(most, points=None):
    """What to inject, one after the other: evenly over calls and both kinds of damage."""
    every = []
    for call in CALLS:
        for number in range(1, most[call] + 1):
            # A socket that is whole and refuses one send does not exist: libpq would wait for an answer to it.
            for kind in ("signal=KILL",) if call == "sendto" else ("error=EIO", "signal=KILL"):
                every.append("%s:%s:when=%d" % (call, kind, number))
    points = points or POINTS
    if FULL or len(every) <= points:
        return every
    # The first call of each kind always; the rest by an even stride.
    first = [d for d in every if d.endswith(":when=1")]
    rest = [d for d in every if d not in set(first)]
    room = max(points - len(first), points // 2)
    return first + [rest[i * len(rest) // room] for i in range(min(room, len(rest)))]
