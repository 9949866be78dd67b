# SPDX-License-Identifier: Apache-2.0
"""The tree as the gates see it, and C text with comments and strings blanked out."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def tree():
    """Path -> text of every text file that is or would be committed."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=True)
    files = {}
    for name in listed.stdout.decode().split("\0"):
        path = os.path.join(ROOT, name)
        if not name or not os.path.isfile(path) or os.path.islink(path):
            continue
        with open(path, "rb") as handle:
            data = handle.read()
        if b"\0" not in data[:8192]:
            files[name] = data.decode("utf-8", "replace")
    return files


def blank(match):
    text = match.group(0)
    kept = text[0] if text[0] in "\"'" else " "
    return kept + re.sub(r"[^\n]", " ", text[1:-1]) + kept if len(text) > 1 else text


def code_only(text):
    """Same length and lines, but comments and the insides of strings are spaces."""
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def is_c(path):
    return path.endswith((".c", ".h")) and path.startswith(("src/", "tests/"))
