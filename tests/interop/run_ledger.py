# SPDX-License-Identifier: Apache-2.0
"""Feeds the sample ledger to the Go verifier. Skips (77) when Go or its package sumdb/note is not installed."""
import os
import shutil
import subprocess
import sys
import tempfile

GOPATH = "/usr/share/gocode"
PACKAGES = "golang-go and golang-golang-x-mod-dev"


def main() -> int:
    sample, verifier = sys.argv[1:3]
    if not shutil.which("go") or not os.path.isdir(GOPATH + "/src/golang.org/x/mod/sumdb/note"):
        print(f"SKIP: the independent check of the ledger's proofs needs the packages {PACKAGES}")
        return 77
    with tempfile.TemporaryDirectory() as work:
        env = dict(os.environ, GO111MODULE="off", GOPATH=GOPATH, GOFLAGS="", GOPROXY="off", HOME=work, GOCACHE=work)
        program = os.path.join(work, "verify")
        subprocess.run(["go", "build", "-o", program, verifier], env=env, check=True)
        lines = subprocess.run([sample], stdout=subprocess.PIPE, check=True).stdout
        if subprocess.run([program], input=lines).returncode:
            return 1
        # The verifier itself must be able to fail.
        flipped = lines.replace(b"\nE 7b", b"\nE 7c", 1)
        caught = subprocess.run([program], input=flipped, stdout=subprocess.DEVNULL).returncode
        if not caught:
            print("FAILED: a changed entry was not noticed")
        return 0 if caught else 1


if __name__ == "__main__":
    sys.exit(main())
