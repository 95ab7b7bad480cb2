# Sourced by shell tests: TAP on stdout, one temporary directory that goes with the test.
# Set by tests/run.sh: FFC, FFREPLAY (programs), BUILD (directory).
# shellcheck shell=bash
set -u
FFC=${FFC:-$PWD/build/ffc}
FFREPLAY=${FFREPLAY:-$PWD/build/ffreplay}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # for the tests that source this
shared=$top/../shared
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tap_count=0
tap_failed=0

# ok "name" command…: passes when the command succeeds; what it printed is shown when it does not.
ok() {
    local name=$1
    shift
    tap_count=$((tap_count + 1))
    if "$@" >"$scratch/.output" 2>&1; then
        echo "ok $tap_count - $name"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $name"
        sed 's/^/# /' "$scratch/.output"
    fi
}

# is "name" "got" "expected"
is() {
    tap_count=$((tap_count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $tap_count - $1"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $1"
        diff <(printf '%s\n' "$3") <(printf '%s\n' "$2") | sed 's/^/# /'
    fi
}

# exits "name" STATUS command…: passes when the command exits with that status; else the name has the last
# line that it printed.
exits() {
    local name=$1 expected=$2 status
    shift 2
    "$@" >"$scratch/.output" 2>&1
    status=$?
    tap_count=$((tap_count + 1))
    if [ $status -eq "$expected" ]; then
        echo "ok $tap_count - $name"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $name (exit $status, expected $expected): $(tail -n 1 "$scratch/.output")"
        sed 's/^/# /' "$scratch/.output"
    fi
}

# Whether there are pseudo-terminals: in some containers there are none.
has_terminals() {
    /usr/bin/python3 -c 'import os; os.openpty()' 2>/dev/null
}

skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# Leaves the whole file out, saying so, where one of these programs is missing.
need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null && continue
        skip "all of ${0##*/}" "there is no $tool"
        finish
    done
}

finish() {
    echo "1..$tap_count"
    [ $tap_failed -eq 0 ]
    exit
}
