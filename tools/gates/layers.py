# SPDX-License-Identifier: Apache-2.0
"""Includes follow tools/layers.txt, and neither folders nor headers form a cycle."""
import re

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def rules_of(text):
    rules = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            folder, _, allowed = line.partition("->")
            rules[folder.strip()] = set(allowed.split())
    return rules


def folder_of(path, rules):
    parts = path.split("/")[:-1]
    return "/".join(parts[:2]) if "/".join(parts[:2]) in rules else (parts[0] if parts else "")


def find_cycle(graph):
    done, trail = set(), []

    def visit(node):
        if node in trail:
            return trail[trail.index(node):] + [node]
        if node in done:
            return None
        trail.append(node)
        for other in sorted(graph.get(node, ())):
            found = visit(other)
            if found:
                return found
        done.add(trail.pop())
        return None

    for start in sorted(graph):
        found = visit(start)
        if found:
            return found
    return None


def check(files):
    problems, headers, folders = [], {}, {}
    rules = rules_of(files["tools/layers.txt"])
    plain = {a: {b for b in allowed if b != "*" and b != a} for a, allowed in rules.items()}
    cycle = find_cycle(plain)
    if cycle:
        problems.append("tools/layers.txt: the rules form a cycle: " + " -> ".join(cycle))
    for path, text in sorted(files.items()):
        if not path.startswith("src/") or not path.endswith((".c", ".h", ".cc", ".cpp")):
            continue
        own = folder_of(path[4:], rules)
        if own not in rules:
            problems.append(f"{path}: folder {own or path} is not in tools/layers.txt")
            continue
        for name in INCLUDE.findall(text):
            if "src/" + name not in files:
                problems.append(f"{path}: \"{name}\" is not a header of this tree; write \"folder/name.h\"")
                continue
            other = folder_of(name, rules)
            if path.endswith(".h"):
                headers.setdefault(path[4:], set()).add(name)
            if other != own:
                folders.setdefault(own, set()).add(other)
            if other != own and "*" not in rules[own] and other not in rules[own]:
                problems.append(f"{path}: {own} may not include {name} (allowed: {' '.join(sorted(rules[own])) or 'nothing'})")
    for what, graph in (("headers", headers), ("folders", folders)):
        cycle = find_cycle(graph)
        if cycle:
            problems.append(f"{what} include each other in a cycle: " + " -> ".join(cycle))
    return problems


RULES = "base ->\nsys -> base\nstore -> sys base\nstore/a -> store base\nstore/b -> store base\nmain -> *\n"
GOOD = {"tools/layers.txt": RULES, "src/base/x.h": "", "src/sys/y.h": '#include "base/x.h"\n', "src/store/store.h": "",
        "src/store/a/a.c": '#include "store/store.h"\n', "src/main/m.c": '#include "sys/y.h"\n'}
SAMPLES = [
    {**GOOD, "src/base/x.c": '#include "sys/y.h"\n'},
    {**GOOD, "src/store/b/b.h": "", "src/store/a/a.c": '#include "store/b/b.h"\n'},
    {**GOOD, "src/base/x.h": '#include "base/z.h"\n', "src/base/z.h": '#include "base/x.h"\n'},
    {**GOOD, "src/new/n.c": ""},
    {**GOOD, "src/sys/y.c": '#include "y.h"\n'},
    {**GOOD, "tools/layers.txt": RULES.replace("base ->", "base -> sys")},
]
