# SPDX-License-Identifier: Apache-2.0
"""Licence tags, formatting, paths of machines, foreign data, and the basics of api/openapi.yaml."""
import os
import re
import subprocess
import tempfile

import yaml

from source import is_c

CODE = (".c", ".h", ".cc", ".cpp", ".py", ".sh", ".ts", ".tsx", ".mjs", ".css", ".sql")
SCRIPTS = ("tools/", "demo/", ".ci/", "Makefile")
MACHINE = re.compile(r"(?<![\w.])(/work/|/home/\w|/root/\.|/Users/\w|[A-Z]:\\\\Users)")
# Names and shapes of the real archives and training sets: their licences are not ours.
FOREIGN = re.compile(r"(airline-tweets|customer-support|twcs|olid|davidson|banking77|youtube_spam|sms_spam)[\w.-]*\.(csv|tsv|jsonl|txt|gz|zst)$")


def spdx(files):
    return [f"{p}: no SPDX-License-Identifier in its first five lines" for p, t in sorted(files.items())
            if (p.endswith(CODE) or (p.startswith(SCRIPTS) and t.startswith("#!")))
            and "SPDX-License-Identifier: Apache-2.0" not in "\n".join(t.splitlines()[:5])]


def formatting(files):
    ours = {p: t for p, t in files.items() if is_c(p)}
    if not ours:
        return []
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {**ours, ".clang-format": files[".clang-format"]}.items():
            full = os.path.join(folder, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as handle:
                handle.write(text)
        done = subprocess.run(["clang-format", "--dry-run", "-Werror", *sorted(ours)], cwd=folder, capture_output=True, text=True)
    bad = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
    return [f"{path}: run clang-format -i {path}" for path in bad] or ([done.stderr] if done.returncode else [])


def paths(files):
    problems = []
    for path, text in sorted(files.items()):
        if path.startswith("tools/gates/"):
            continue
        if FOREIGN.search(path):
            problems.append(f"{path}: real archives do not belong into the repository")
        if len(text) > 2_000_000:
            problems.append(f"{path}: {len(text)} bytes; large data does not belong into the repository")
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE.search(line) and not (path == "tools/fresh" and "/root/." in line):
                problems.append(f"{path}:{number}: names a folder of somebody's machine: {line.strip()[:80]}")
    return problems


def operations(spec):
    for path, item in (spec.get("paths") or {}).items():
        for method, operation in item.items():
            if method in ("get", "put", "post", "delete", "patch"):
                yield path, method, operation, item.get("parameters", [])


def dangling(node, spec, at=""):
    if isinstance(node, dict):
        ref = node.get("$ref")
        if isinstance(ref, str) and ref.startswith("#/"):
            target = spec
            for key in ref[2:].split("/"):
                target = target.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
            if target is None:
                yield f"{at}: {ref} points nowhere"
        for key, value in node.items():
            yield from dangling(value, spec, f"{at}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from dangling(value, spec, f"{at}/{index}")


def openapi(files):
    name = "api/openapi.yaml"
    if name not in files:
        return []
    try:
        spec = yaml.safe_load(files[name])
    except yaml.YAMLError as problem:
        return [f"{name}: {problem}"]
    problems = [f"{name}: {p}" for p in dangling(spec, spec)]
    if not str(spec.get("openapi", "")).startswith("3.1"):
        problems.append(f"{name}: openapi must be 3.1.x")
    seen = {}
    for path, method, operation, shared in operations(spec):
        where = f"{name}: {method} {path}"
        identity = operation.get("operationId")
        if not identity or identity in seen:
            problems.append(f"{where}: operationId is missing or used twice ({identity})")
        seen[identity] = where
        if not operation.get("summary"):
            problems.append(f"{where}: no summary")
        codes = [str(code) for code in operation.get("responses", {})]
        if not any(code[0] in "23" for code in codes):
            problems.append(f"{where}: no answer for success")
        if not any(code[0] in "45" or code == "default" for code in codes):
            problems.append(f"{where}: no answer for errors")
        given = set()
        for parameter in shared + operation.get("parameters", []):
            if "$ref" in parameter:
                key = parameter["$ref"].rsplit("/", 1)[-1]
                parameter = spec.get("components", {}).get("parameters", {}).get(key, {})
            if parameter.get("in") == "path":
                given.add(parameter.get("name"))
        wanted = set(re.findall(r"\{(\w+)\}", path))
        if wanted != given:
            problems.append(f"{where}: path parameters {sorted(wanted)} but declared {sorted(given)}")
    return problems


API = """openapi: 3.1.0
paths:
  /a/{id}:
    get: {operationId: a, summary: A, parameters: [{name: id, in: path}], responses: {'200': {}, default: {}}}
"""
SAMPLES = {
    spdx: [{"src/base/a.c": "int x;\n"}, {"tools/a": "#!/bin/sh\necho\n"}],
    formatting: [{"src/base/a.c": "int f(void){return 1;}\n", ".clang-format": "BasedOnStyle: LLVM\n"}],
    paths: [{"docs/a.md": "see /wo" "rk/main\n"}, {"tests/airline-tweets.csv": "a\n"}],
    openapi: [{"api/openapi.yaml": API.replace("3.1.0", "3.0.0")}, {"api/openapi.yaml": API.replace("in: path", "in: query")},
              {"api/openapi.yaml": API.replace("operationId: a, ", "")}, {"api/openapi.yaml": API.replace(", default: {}", "")},
              {"api/openapi.yaml": API.replace("'200': {}", "'200': {$ref: '#/components/responses/None'}")},
              {"api/openapi.yaml": "a: [\n"}],
}
GOOD = {spdx: {}, formatting: {}, paths: {"docs/a.md": "https://example.org/work/x, build/work/y\n"}, openapi: {"api/openapi.yaml": API}}
