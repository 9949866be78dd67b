# SPDX-License-Identifier: Apache-2.0
"""Calls and words that may not stand in the sources."""
import re

from source import code_only, is_c, line_of

CALLS = {
    "strcpy": "apl_buf or memcpy with a known length", "strcat": "apl_buf", "strncpy": "memcpy", "strncat": "apl_buf",
    "sprintf": "snprintf", "vsprintf": "vsnprintf", "gets": "apl_file", "strtok": "apl_span_split",
    "atoi": "apl_span_parse_i64", "atol": "apl_span_parse_i64", "atoll": "apl_span_parse_i64",
    "atof": "apl_span_parse_double", "system": "no shell", "popen": "no shell", "alloca": "apl_arena",
    "mktemp": "apl_dir_temp", "tmpnam": "apl_dir_temp", "localtime": "model/zone.h", "gmtime": "apl_time_to_civil",
    "scanf": "apl_span_parse_i64", "sscanf": "apl_span_parse_i64", "rand": "apl_random_src", "srand": "apl_random_src",
}
TESTS_MAY = ("sscanf", "rand", "srand", "gmtime", "localtime")
MEMORY = ("malloc", "calloc", "realloc", "free", "strdup", "strndup", "asprintf", "vasprintf")
WAITS = ("sleep", "usleep", "nanosleep", "thrd_sleep", "clock_nanosleep")
# Libraries speak through results; only the front of the house prints.
PRINTS = ("printf", "fprintf", "puts", "perror", "syslog")
PRINTERS = ("src/cli/", "src/main/", "tests/")
WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
PYTHON_SLEEP = re.compile(r"\btime\.sleep\(")


def calls(text, names):
    return re.finditer(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(", text)


def check(files):
    problems = []

    def add(path, text, match, what):
        problems.append((f"{path}:{match.group(1)}" if match.groups() else path,
                         f"{path}:{line_of(text, match.start())}: {what}"))

    for path, text in sorted(files.items()):
        if path.startswith("tools/gates/"):
            continue
        if is_c(path):
            plain = code_only(text)
            for match in calls(plain, CALLS):
                if path.startswith("tests/") and match.group(1) in TESTS_MAY:
                    continue
                add(path, plain, match, f"{match.group(1)} is banned: {CALLS[match.group(1)]}")
            if path.startswith("src/") and path != "src/base/mem.c":
                for match in calls(plain, MEMORY):
                    add(path, plain, match, f"{match.group(1)} outside base/mem.c: use apl_mem_*, so that tests can fail it")
            for match in calls(plain, WAITS):
                add(path, plain, match, f"{match.group(1)}: nothing sleeps; turn the clock or wait for an event")
            if not path.startswith(PRINTERS):
                for match in calls(plain, PRINTS):
                    add(path, plain, match, f"{match.group(1)} in a library: return the error, the caller prints")
        if path.startswith("tests/") and path.endswith(".py"):
            for match in PYTHON_SLEEP.finditer(text):
                add(path, text, match, "a test sleeps: wait for the event, with a deadline")
        if path.endswith((".c", ".h", ".py", ".ts", ".tsx", ".mjs", ".sh", ".sql", ".yaml", ".build")):
            for match in WORDS.finditer(text):
                add(path, text, match, f"{match.group(1)}: do it or write an issue")
    return problems


SAMPLES = [
    {"src/base/a.c": "void f(char *a)\n{\n    strcpy(a, \"x\");\n}\n"},
    {"src/text/a.c": "void *f(void)\n{\n    return malloc (3);\n}\n"},
    {"tests/unit/a.c": "void f(void)\n{\n    usleep(3);\n}\n"},
    {"tests/e2e/test_a.py": "import time\ntime.sleep(1)\n"},
    {"src/desk/a.c": "/* TO" "DO later */\n"},
    {"src/desk/b.c": "void f(void)\n{\n    printf(\"x\");\n}\n"},
]
GOOD = {"src/base/a.c": "/* strcpy( */ const char *s = \"system(\"; int x = apl_free(1) + y->free(2);\n"}
