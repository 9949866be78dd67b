# SPDX-License-Identifier: Apache-2.0
"""gcc and clang build everything, tests included, with warnings as errors."""
import os
import subprocess
import tempfile

from source import ROOT

COMPILERS = {"gcc": ("gcc", "g++", []), "clang": ("clang", "clang++", [])}


def build(compiler):
    cc, cxx, options = COMPILERS[compiler]
    folder = os.path.join(ROOT, "build", "gate-" + compiler)
    env = {**os.environ, "CC": cc, "CXX": cxx}
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        done = subprocess.run(["meson", "setup", folder, "-Dwerror=true", "-Dweb=disabled", *options], cwd=ROOT, env=env,
                              capture_output=True, text=True)
        if done.returncode:
            return [f"{compiler}: does not configure:\n" + "\n".join(done.stdout.splitlines()[-4:])]
    done = subprocess.run(["ninja", "-C", folder, "-k", "20"], env=env, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    # Three a file: the rest mostly follows from the first.
    told, count = [], {}
    for line in done.stdout.splitlines():
        if "error:" in line or "undefined reference" in line:
            path = line.split(":")[0]
            count[path] = count.get(path, 0) + 1
            if count[path] <= 3:
                told.append(f"{compiler}: {line.removeprefix('../../')}")
    return told[:60] or [f"{compiler}: " + done.stdout[-2000:]]


def check(_files):
    return build("gcc") + build("clang")


def self_test():
    """The flags of the build really refuse a sloppy line, with both compilers."""
    passed = True
    flags = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only"]
    with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as handle:
        told = handle.read()
    with tempfile.NamedTemporaryFile("w", suffix=".c") as sample:
        sample.write("int f(long a);\nint f(long a)\n{\n    int b = a;\n    return b;\n}\n")
        sample.flush()
        for cc, _, _ in COMPILERS.values():
            passed &= subprocess.run([cc, *flags, sample.name], capture_output=True).returncode != 0
    return passed and "'-Wconversion'" in told and "'-Wshadow'" in told
