#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C table of embedded files (src/base/embedded.h).

usage: embed.py ROOT OUT.c DEPFILE FOLDER:SUFFIX[,SUFFIX...]...

Folders that do not exist are empty. The depfile names every file and folder, so that an added file rebuilds the table.
"""
import os
import sys


def walk(root, folder, suffixes):
    for path, dirs, names in os.walk(os.path.join(root, folder)):
        dirs.sort()
        yield path, None
        for name in sorted(names):
            if name.endswith(suffixes) and not name.startswith("."):
                yield path, name


def main():
    root, out, depfile, specs = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    files, watched = [], [os.path.abspath(__file__)]
    for spec in specs:
        folder, suffixes = spec.split(":")
        for path, name in walk(root, folder, tuple(suffixes.split(","))):
            full = os.path.join(path, name) if name else path
            watched.append(full)
            if name:
                files.append((os.path.relpath(full, root), full))
    files.sort(key=lambda f: f[0].encode())

    text = ["/* Made by tools/embed.py; do not edit. */", '#include "base/embedded.h"', ""]
    for i, (_, full) in enumerate(files):
        with open(full, "rb") as handle:
            data = handle.read() + b"\0"
        text.append(f"static const unsigned char file_{i}[{len(data)}] = {{")
        text += [",".join(map(str, data[at:at + 32])) + "," for at in range(0, len(data), 32)]
        text.append("};")
    text.append("const apl_embedded_file apl_embedded_files[] = {")
    text += [f'    {{"{path}", file_{i}, sizeof file_{i} - 1}},' for i, (path, _) in enumerate(files)]
    text += ["    {0, 0, 0},", "};", f"const size_t apl_embedded_file_count = {len(files)};", ""]
    with open(out, "w", encoding="ascii") as handle:
        handle.write("\n".join(text))
    with open(depfile, "w", encoding="utf-8") as handle:
        handle.write(out.replace(" ", "\\ ") + ": " + " ".join(w.replace(" ", "\\ ") for w in watched) + "\n")


main()
