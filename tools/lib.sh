# SPDX-License-Identifier: Apache-2.0
# Shared by the shell scripts in tools/; they source it after `cd` to the root of the source tree.
say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
# Runs as root: directly, or through sudo when there is one.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else fail "this needs root: run as root, install sudo, or run by hand: $*"
    fi
}
