# SPDX-License-Identifier: Apache-2.0
"""The store's contract suite (tests/unit/store) on PostgreSQL: the same programs, given a server."""
import os
import subprocess
from pathlib import Path

import pytest

STORE = os.environ.get("APLOMB_STORE", "sqlite")
ROOT = Path(__file__).resolve().parents[2]


def suites():
    """Next to the program that is tested, or in any build of this tree: the newest of each name."""
    newest = {}
    for path in (ROOT / "build").glob("*/tests/unit/unit-store-*"):
        if path.is_file() and os.access(path, os.X_OK):
            known = newest.get(path.name)
            if known is None or path.stat().st_mtime > known.stat().st_mtime:
                newest[path.name] = path
    binary = Path(os.environ.get("APLOMB_BIN", "x"))
    for path in (binary.parent.parent.parent / "tests" / "unit").glob("unit-store-*"):
        if path.is_file() and os.access(path, os.X_OK):
            newest[path.name] = path
    return newest


@pytest.mark.parametrize("name", ["unit-store-migrate", "unit-store-rows", "unit-store-store"])
def test_store_on_postgres(name):
    if STORE != "postgres":
        pytest.skip("on SQLite the unit tests run it")
    found = suites().get(name)
    if not found:
        pytest.skip("%s is not built here (meson option tests)" % name)
    done = subprocess.run([str(found)], capture_output=True, text=True, timeout=300,
                          env=dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP"))
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    on_server = [line for line in lines if "[postgres]" in line]
    assert len(on_server) >= 5 and all(line.startswith("ok ") for line in on_server), done.stdout
