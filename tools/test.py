#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every runner, counts what each reports, and ends in `N passed, N failed, N skipped`.

A runner that dies, reports nothing, or ends badly without naming a failure counts as one failed test: a crash is never
a success. Runners that find no tests folder are not there yet and say so.

usage: tools/test [--only PREFIX] [--matrix] [--list]
What pytest tests are given in the environment:
  APLOMB_BIN       the program to test (under address and undefined sanitizers for SQLite)
  APLOMB_BIN_PLAIN the release program, for tests that inject errors with strace
  APLOMB_STORE     sqlite or postgres (tests/contract, tests/e2e, tests/fault run once for each)
  APLOMB_PG_URL    a private PostgreSQL when the store is postgres; tests make their own databases in it
  APLOMB_DATA_DIR  the folder of real archives; when it is absent, tests that need it skip
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

from demo_server import DemoServer

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
SANITIZER_ENV = {
    "ASAN_OPTIONS": "allocator_may_return_null=1:detect_leaks=1:abort_on_error=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:abort_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:suppressions=" + os.path.join(ROOT, "tools", "tsan.supp"),
}
# Folders whose unit tests start threads; these run under the thread sanitizer as well.
THREADED = ("sys", "store", "bus", "http", "ledger", "desk", "api")


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.rows, self.bad = [], []

    def add(self, name, counts, seconds, note=""):
        passed, failed, skipped = counts
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        self.rows.append((name, passed, failed, skipped, seconds, note))
        if failed:
            self.bad.append(name)


def say(text):
    print("== " + text, flush=True)


def junit_counts(path):
    """Counts test cases; None when the file is missing or damaged, which the caller counts as a failure."""
    try:
        cases = list(xml.parse(path).getroot().iter("testcase"))
    except (OSError, xml.ParseError):
        return None
    failed = sum(1 for c in cases if c.find("failure") is not None or c.find("error") is not None)
    skipped = sum(1 for c in cases if c.find("skipped") is not None and c.find("failure") is None and c.find("error") is None)
    return len(cases) - failed - skipped, failed, skipped


def tap_counts(text):
    """Top-level results of TAP: `ok`, `not ok`, `# SKIP`. None without a plan or with fewer results than planned."""
    plan = re.search(r"^1\.\.(\d+)", text, re.M)
    results = re.findall(r"^(not ok|ok)\b(.*)$", text, re.M)
    if not plan or int(plan.group(1)) != len(results):
        return None
    # node --test counts every subtest in its summary; that is what people see.
    summary = {k: int(v) for k, v in re.findall(r"^# (pass|fail|skipped|todo|cancelled) (\d+)$", text, re.M)}
    if "pass" in summary:
        return summary["pass"], summary.get("fail", 0) + summary.get("cancelled", 0), summary.get("skipped", 0)
    skipped = sum(1 for r, rest in results if r == "ok" and re.search(r"#\s*skip", rest, re.I))
    failed = sum(1 for r, _ in results if r == "not ok")
    return len(results) - failed - skipped, failed, skipped


def settle(counts, status):
    """What a runner reported and how it ended, as one honest count."""
    if counts is None or sum(counts) == 0:
        return (0, 1, 0), "died or ran nothing (status %s)" % status
    if status != 0 and counts[1] == 0:
        return (counts[0], 1, counts[2]), "ended with status %s" % status
    return counts, ""


def run(command, env=None, timeout=600, capture=False, cwd=ROOT):
    """Runs in a process group of its own, so that a runner that hangs leaves nobody behind."""
    out = subprocess.PIPE if capture else None
    process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=out, start_new_session=True,
                               text=True, errors="replace")
    try:
        text, _ = process.communicate(timeout=timeout)
        return process.returncode, text or ""
    except BaseException as stop:
        os.killpg(process.pid, signal.SIGKILL)
        text, _ = process.communicate()
        if isinstance(stop, subprocess.TimeoutExpired):
            say("stopped after %d seconds: %s" % (timeout, " ".join(command)))
            return "timeout", text or ""
        raise


def build(totals, name, *options):
    start = time.monotonic()
    say("building " + name)
    status, _ = run(["tools/build", name, *options], timeout=1800)
    totals.add("build " + name, (1, 0, 0) if status == 0 else (0, 1, 0), time.monotonic() - start,
               "" if status == 0 else "does not build")
    return status == 0


def unit(totals, name, only=None):
    say("unit tests (%s)" % name)
    start = time.monotonic()
    folder = os.path.join(BUILD, name)
    report = os.path.join(folder, "meson-logs", "testlog.junit.xml")
    if os.path.exists(report):
        os.unlink(report)
    names = []
    if only:
        _, text = run(["meson", "test", "-C", folder, "--list"], capture=True, timeout=120)
        listed = [line.split(" / ")[-1].strip() for line in text.splitlines() if " / " in line]
        names = [n for n in listed if n.split("-")[0] in only]
        if not names:
            return
    status, _ = run(["meson", "test", "-C", folder, "--no-suite", "property", "--print-errorlogs", "--timeout-multiplier", "5", *names],
                    env=SANITIZER_ENV, timeout=900)
    counts, note = settle(junit_counts(report), status)
    totals.add("unit (%s)" % name, counts, time.monotonic() - start, note)


def has_tests(folder):
    return any(f.startswith("test_") and f.endswith(".py") for _, _, files in os.walk(folder) for f in files)


def pytest(totals, folder, label, env, timeout):
    path = os.path.join(ROOT, "tests", folder)
    if not has_tests(path):
        return
    say("%s tests (%s)" % (folder, label))
    start = time.monotonic()
    report = os.path.join(BUILD, "junit-%s-%s.xml" % (folder, label))
    if os.path.exists(report):
        os.unlink(report)
    status, _ = run(["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--junitxml", report, path],
                    env={**SANITIZER_ENV, **env}, timeout=timeout)
    counts, note = settle(junit_counts(report), status)
    totals.add("%s (%s)" % (folder, label), counts, time.monotonic() - start, note)


def node(totals, folder, label, env, timeout, only=()):
    path = os.path.join(ROOT, folder)
    files = sorted(os.path.join(d, f) for d, dirs, names in os.walk(path) if "node_modules" not in d
                   for f in names if f.endswith((".test.mjs", ".test.js")) and (not only or f in only))
    if not files:
        return
    say("%s tests (%s)" % (folder, label))
    start = time.monotonic()
    # One file at a time against one server: its sign-in link works once, and the files would change each other's cases.
    one_by_one = ["--test-concurrency=1"] if "APLOMB_URL" in env else []
    status, text = run(["node", "--test", *one_by_one, "--test-reporter=tap", *files], env=env, timeout=timeout, capture=True, cwd=path)
    counts, note = settle(tap_counts(text), status)
    if counts[1]:
        print(text)
    totals.add("%s (%s)" % (folder, label), counts, time.monotonic() - start, note)


def real_page(totals, env):
    """The walks and screens once more, against the real program with the demo's history."""
    name, start = "tests/ui (real server)", time.monotonic()
    if not os.path.exists(os.environ.get("CHROMIUM", "/usr/bin/chromium")):
        say("no Chromium: the page is not walked against the real server")
        totals.add(name, (0, 0, 1), 0, "no Chromium")
        return
    with DemoServer(env["APLOMB_BIN"]) as server:
        if not server.url:
            totals.add(name, (0, 1, 0), time.monotonic() - start, "the demo did not start: " + server.why[-300:])
            return
        node(totals, "tests/ui", "real server", {**env, "APLOMB_URL": server.url, "APLOMB_LINK": server.link,
                                                 "APLOMB_SCREENS": os.path.join(BUILD, "screens-real")}, 300,
             ("walk.test.mjs", "screens.test.mjs"))


class Postgres:
    """A private server for the length of a with block; url is None when it does not start."""

    def __enter__(self):
        self.folder = os.path.join(tempfile.mkdtemp(prefix="aplomb-pg-"), "pg")
        os.chmod(os.path.dirname(self.folder), 0o755)
        status, text = run(["tools/pg-private", "start", self.folder, "--watch", str(os.getpid())], capture=True, timeout=120)
        self.url = text.strip() if status == 0 else None
        return self

    def __exit__(self, *_):
        run(["tools/pg-private", "stop", self.folder], timeout=60)
        shutil.rmtree(os.path.dirname(self.folder), ignore_errors=True)


def binary(name):
    path = os.path.join(BUILD, name, "src", "main", "aplomb")
    return path if os.path.exists(path) else os.path.join(BUILD, "aplomb")


def both_stores(totals, env, wanted):
    for folder, timeout in (("contract", 600), ("e2e", 1200), ("fault", 1200)):
        if wanted("sanitize " + folder):
            # The sanitizers' own writes would be hit by injected errors.
            program = binary("release" if folder == "fault" else "asan")
            pytest(totals, folder, "sqlite", {**env, "APLOMB_STORE": "sqlite", "APLOMB_BIN": program}, timeout)
    if not any(has_tests(os.path.join(ROOT, "tests", f)) for f in ("contract", "e2e", "fault")) or not wanted("postgres"):
        return
    with Postgres() as server:
        if not server.url:
            totals.add("postgres", (0, 1, 0), 0, "the private PostgreSQL did not start")
            return
        env = {**env, "APLOMB_STORE": "postgres", "APLOMB_PG_URL": server.url, "APLOMB_BIN": binary("release")}
        for folder, timeout in (("contract", 600), ("e2e", 1200), ("fault", 1200)):
            pytest(totals, folder, "postgres", env, timeout)


def suite(totals, args):
    def wanted(name):
        return not args.only or args.only in name

    env = {"APLOMB_ROOT": ROOT, "APLOMB_TMP": tempfile.gettempdir(), "PYTHONDONTWRITEBYTECODE": "1",
           "PYTHONPATH": os.path.join(ROOT, "tests")}
    data = os.environ.get("APLOMB_DATA_DIR") or os.path.join(os.path.dirname(ROOT), "shared", "data")
    if os.path.isdir(data):
        env["APLOMB_DATA_DIR"] = data
    else:
        say("no folder of real archives (APLOMB_DATA_DIR): the tests that need it skip")
    os.makedirs(BUILD, exist_ok=True)

    if wanted("harness"):
        harness(totals)
    released = build(totals, "release", "-Dtests=false")
    if wanted("sanitize unit"):
        if build(totals, "asan", "-Db_sanitize=address,undefined", "-Dweb=disabled", "-Dbuildtype=debug", "-Doptimization=1"):
            unit(totals, "asan")
        if build(totals, "tsan", "-Db_sanitize=thread", "-Dweb=disabled", "-Dbuildtype=debug", "-Doptimization=1"):
            unit(totals, "tsan", THREADED)
    env["APLOMB_BIN"] = env["APLOMB_BIN_PLAIN"] = os.path.join(BUILD, "aplomb")
    env["APLOMB_MODEL_PROBE"] = os.path.join(BUILD, "release", "tests", "property", "model_probe")
    if released:
        for folder in ("property", "golden", "demo"):
            if wanted(folder):
                pytest(totals, folder, "release", env, 600)
    both_stores(totals, env, wanted)
    if wanted("ui"):
        node(totals, "web", "page", env, 300)
        node(totals, "tests/ui", "chromium", env, 900)
        if released:
            real_page(totals, env)
    if args.matrix:
        for compiler in ("gcc", "clang"):
            os.environ["CC"], os.environ["CXX"] = compiler, {"gcc": "g++", "clang": "clang++"}[compiler]
            for sanitizer in ("none", "address,undefined", "thread"):
                name = "matrix-%s-%s" % (compiler, sanitizer.split(",")[0])
                lundef = ["-Db_lundef=false"] if compiler == "clang" else []
                if build(totals, name, "-Db_sanitize=" + sanitizer, "-Dweb=disabled", *lundef):
                    unit(totals, name)


def harness(totals):
    """The counting itself: each way of dying must count as a failure."""
    checks = [
        settle(None, -11)[0] == (0, 1, 0),
        settle((0, 0, 0), 0)[0] == (0, 1, 0),
        settle((5, 0, 1), -6)[0] == (5, 1, 1),
        settle((5, 0, 1), "timeout")[0] == (5, 1, 1),
        settle((5, 2, 1), 1)[0] == (5, 2, 1),
        settle((5, 0, 1), 0)[0] == (5, 0, 1),
        tap_counts("1..2\nok 1 - a\n") is None,
        tap_counts("ok 1 - a\n") is None,
        tap_counts("1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no data\n") == (1, 1, 1),
        tap_counts("ok 1 - f\n1..1\n# tests 4\n# pass 3\n# fail 0\n# cancelled 1\n# skipped 0\n") == (3, 1, 0),
        junit_counts("/nonexistent") is None,
        run(["sh", "-c", "kill -9 $$"])[0] == -9,
    ]
    totals.add("harness", (sum(checks), len(checks) - sum(checks), 0), 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="only runners whose name contains this (harness, sanitize, postgres, ui, …)")
    parser.add_argument("--matrix", action="store_true", help="also gcc and clang with every sanitizer")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    totals, start = Totals(), time.monotonic()
    if os.environ.get("APLOMB_GATES_FAILED") == "1":
        totals.add("gates", (0, 1, 0), 0, "see above")
    try:
        suite(totals, args)
    except KeyboardInterrupt:
        totals.add("suite", (0, 1, 0), 0, "interrupted")
    except Exception as problem:  # a mistake in here must not look like success
        totals.add("suite", (0, 1, 0), 0, repr(problem))
    print()
    for name, passed, failed, skipped, seconds, note in totals.rows:
        print("%-28s %5d passed %4d failed %4d skipped %6.0f s  %s" % (name, passed, failed, skipped, seconds, note))
    print("%.0f seconds" % (time.monotonic() - start))
    if totals.bad:
        print("failed: " + ", ".join(totals.bad))
    print("%d passed, %d failed, %d skipped" % (totals.passed, totals.failed, totals.skipped), flush=True)
    sys.exit(1 if totals.failed else 0)


main()
