#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every gate, each after its self-test: a deliberately bad sample must fail. `run.py NAME…` runs some of them."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import banned  # noqa: E402
import layers  # noqa: E402
import size  # noqa: E402
import text  # noqa: E402
import warnings_gate  # noqa: E402
from source import tree  # noqa: E402

EXCEPTIONS = "tools/gates/exceptions.txt"


def excepted(name, problems, files, used):
    """Drops what the list of exceptions names; problems are (key, text)."""
    left = []
    for key, told in problems:
        if (name, key) in used:
            used[(name, key)] = True
        else:
            left.append(told)
    return left


def exceptions_of(files):
    used, problems = {}, []
    for number, line in enumerate(files.get(EXCEPTIONS, "").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(None, 2)
        if len(parts) < 3:
            problems.append(f"{EXCEPTIONS}:{number}: expected: gate path[:function] reason")
        else:
            used[(parts[0], parts[1])] = False
    return used, problems


def fails_on(check, samples):
    return all(check(sample) for sample in samples)


def gates(used):
    yield "layers", layers.check, fails_on(layers.check, layers.SAMPLES) and not layers.check(layers.GOOD)
    yield "size", lambda f: excepted("size", size.check(f), f, used), fails_on(size.check, size.SAMPLES)
    yield ("banned", lambda f: excepted("banned", banned.check(f), f, used),
           fails_on(banned.check, banned.SAMPLES) and not banned.check(banned.GOOD))
    for check, samples in text.SAMPLES.items():
        yield check.__name__, check, fails_on(check, samples) and not check(text.GOOD[check])
    yield "warnings", warnings_gate.check, warnings_gate.self_test()


def main():
    only = sys.argv[1:]
    files = tree()
    used, problems = exceptions_of(files)
    failed = ["exceptions"] if problems else []
    ran = 0
    for name, check, self_test in gates(used):
        if only and name not in only:
            continue
        start = time.monotonic()
        found = check(files)
        ran += 1
        if not self_test:
            found = ["the gate's own self-test fails: a bad sample passes or a good one does not"] + found
        print(f"{'FAIL' if found else 'ok  '} {name} ({time.monotonic() - start:.1f} s)")
        for problem in found[:60]:
            print("     " + problem.replace("\n", "\n     "))
        if len(found) > 60:
            print(f"     … and {len(found) - 60} more")
        if found:
            failed.append(name)
    if not only:
        problems += [f"{EXCEPTIONS}: not needed any more, remove it: {gate} {key}" for (gate, key), hit in used.items() if not hit]
    for problem in problems:
        print("     " + problem)
    if problems and "exceptions" not in failed:
        failed.append("exceptions")
    print(f"gates: {ran - len([f for f in failed if f != 'exceptions'])} passed, {len(failed)} failed"
          + (": " + ", ".join(failed) if failed else ""))
    sys.exit(1 if failed or not ran else 0)


main()
