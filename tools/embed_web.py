#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C table of the built page (src/http/web_assets.h): embed_web.py DIST OUT.c

Each file with its .gz and .br siblings when the build made them. Names below assets/ carry a hash of their content.
"""
import hashlib
import os
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".json": "application/json", ".webmanifest": "application/manifest+json",
         ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8"}


def main():
    dist, out = sys.argv[1:]
    names = sorted(os.path.relpath(os.path.join(folder, name), dist) for folder, _, found in os.walk(dist) for name in found)
    if "index.html" not in names:
        sys.exit(f"error: {dist} has no index.html; did the build of the page fail?")
    arrays, rows = [], []

    def bytes_of(name):
        if name not in names:
            return "{0, 0}"
        with open(os.path.join(dist, name), "rb") as handle:
            data = handle.read()
        index = len(arrays)
        lines = [",".join(map(str, data[at:at + 32])) for at in range(0, len(data), 32)]
        arrays.append(f"static const unsigned char bytes_{index}[{len(data) + 1}] = {{\n" + "".join(line + ",\n" for line in lines) + "0};")
        return f"{{(const char *)bytes_{index}, {len(data)}}}"

    for name in names:
        ending = os.path.splitext(name)[1]
        if ending in (".gz", ".br", ".map"):
            continue
        if ending not in TYPES:
            sys.exit(f"error: {name}: no content type for {ending}; add it to tools/embed_web.py")
        with open(os.path.join(dist, name), "rb") as handle:
            tag = hashlib.sha256(handle.read()).hexdigest()[:24]
        rows.append(f'    {{"{name}", "{TYPES[ending]}", "{tag}",\n     {bytes_of(name)}, {bytes_of(name + ".gz")}, '
                    f'{bytes_of(name + ".br")}, {"true" if name.startswith("assets/") else "false"}}},')
    text = ["/* Made by tools/embed_web.py; do not edit. */", '#include "http/web_assets.h"', "", *arrays, "",
            "const apl_http_asset apl_web_assets[] = {", *rows, "};", f"const size_t apl_web_asset_count = {len(rows)};", ""]
    with open(out, "w", encoding="ascii") as handle:
        handle.write("\n".join(text))


main()
