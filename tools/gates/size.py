# SPDX-License-Identifier: Apache-2.0
"""Functions of at most 100 lines, complexity 20 and 6 parameters; .c of at most 800 lines, .h of 300."""
import os
import re
import subprocess
import tempfile

from source import code_only, is_c, line_of

LINES, COMPLEXITY, PARAMETERS, C_LINES, H_LINES = 100, 20, 6, 800, 300
# A definition in our format: starts in column 0, its body's brace alone in column 0.
FUNCTION = re.compile(r"^[A-Za-z_][^;{}#=()]*?\b(\w+)\(([^;{}()]*(?:\([^()]*\)[^;{}()]*)*)\)\s*\n\{", re.M)


def parameters(text):
    depth, count = 0, 1 if text.strip() not in ("", "void") else 0
    for c in text:
        depth += c in "([" 
        depth -= c in ")]"
        count += c == "," and depth == 0
    return count


def measure(files):
    """(path, line, function, lines, complexity) by pmccabe."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            full = os.path.join(folder, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as handle:
                handle.write(text)
        done = subprocess.run(["pmccabe", *files], cwd=folder, capture_output=True, text=True, check=True)
    for row in done.stdout.splitlines():
        fields = row.split("\t")
        where, name = fields[5].split(": ", 1)
        path = where[:where.rindex("(")]
        yield path, int(fields[3]), name.strip(), int(fields[4]), int(fields[1])


def check(files):
    problems = []
    ours = {p: t for p, t in files.items() if is_c(p)}
    for path, text in sorted(ours.items()):
        limit, count = (H_LINES if path.endswith(".h") else C_LINES), text.count("\n")
        if count > limit:
            problems.append((path, f"{path}: {count} lines, at most {limit}: split it by concern"))
        plain = code_only(text)
        for match in FUNCTION.finditer(plain):
            count = parameters(match.group(2))
            if count > PARAMETERS:
                where = f"{path}:{line_of(plain, match.start(1))}"
                problems.append((f"{path}:{match.group(1)}",
                                 f"{where}: {match.group(1)} has {count} parameters, at most {PARAMETERS}: pass a struct"))
    sources = {p: t for p, t in ours.items() if p.endswith(".c")}
    for path, line, name, lines, complexity in measure(sources) if sources else ():
        if lines > LINES:
            problems.append((f"{path}:{name}", f"{path}:{line}: {name} has {lines} lines, at most {LINES}"))
        if complexity > COMPLEXITY:
            problems.append((f"{path}:{name}", f"{path}:{line}: {name} has complexity {complexity}, at most {COMPLEXITY}"))
    return problems


SAMPLES = [
    {"src/base/long.c": "int f(void)\n{\n" + "    g();\n" * 101 + "}\n"},
    {"src/base/branchy.c": "int f(int a)\n{\n" + "    if (a)\n        a++;\n" * 21 + "    return a;\n}\n"},
    {"src/base/wide.c": "int f(int a, int b, int c,\n      int d, int e, int f, int g)\n{\n    return a;\n}\n"},
    {"src/base/tall.c": "int x;\n" * 801},
    {"src/base/tall.h": "int x;\n" * 301},
]
