#!/bin/bash
# The examples of docs/examples: built against an installed library, each follows a publication while it
# runs, and ends when a flag tells it to.
# Runs: beside, since it waits for what is published to be seen.
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh
need pkg-config
examples=$top/docs/examples
prefix=$scratch/usr

case $BUILD in
*/address* | */thread*)
    skip "the examples" "a sanitized library needs a sanitized host"
    finish
    ;;
esac

make -s install prefix="$prefix" BUILD="$BUILD" >"$scratch/install.log" 2>&1 || cat "$scratch/install.log"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
mkdir "$scratch/flags"

# publish NAME: a snapshot in which the greeting is NAME; `bye` also ends the examples.
publish() {
    sed "s/welcome back/$1/" "$examples/flags.yaml" >"$scratch/flags/flags.yaml"
    if [ "$1" = bye ]; then
        sed -i 's/serve: off/serve: on/' "$scratch/flags/flags.yaml"
    fi
    "$FFC" build -C "$scratch/flags" -e production -o "$scratch/live.ffs" >/dev/null
}

# follows NAME COMMAND…: it says the first greeting, the second once that is published, and ends.
follows() {
    local name=$1 status
    shift
    publish welcome
    timeout 300 "$@" >"$scratch/said" 2>"$scratch/errors" &
    local process=$!
    waits_for welcome && publish 'nice to see you' && waits_for 'nice to see you'
    publish bye
    wait $process
    status=$?
    tap_count=$((tap_count + 1))
    if [ $status -eq 0 ] && grep -q bye "$scratch/said" && ! grep -q ': hello$' "$scratch/said"; then
        echo "ok $tap_count - $name follows what is published"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $name follows what is published (exit $status)"
        sort "$scratch/said" "$scratch/errors" | uniq -c | sed 's/^/# /'
    fi
}

waits_for() {
    for _ in $(seq 600); do
        grep -q ": $1\$" "$scratch/said" && return 0
        sleep 0.1
    done
    return 1
}

compile() {
    # shellcheck disable=SC2046 # flags are words on purpose
    cc -Wall -Wextra -Werror -o "$scratch/$1" "$examples/$1.c" $(pkg-config --cflags --libs "${@:2}") -pthread
}

ok "threads.c compiles" compile threads fflag
follows threads.c "$scratch/threads" "$scratch/live.ffs"
ok "prefork.c compiles" compile prefork fflag
follows prefork.c "$scratch/prefork" "$scratch/live.ffs"
if pkg-config --exists libuv; then
    ok "event_loop.c compiles" compile event_loop fflag libuv
    follows event_loop.c "$scratch/event_loop" "$scratch/live.ffs"
else
    skip "event_loop.c" "libuv is not installed"
fi
follows ctypes_example.py /usr/bin/python3 "$examples/ctypes_example.py" "$prefix/lib/libfflag.so" "$scratch/live.ffs"

# koffi comes from the npm registry, which a machine need not reach.
modules=$BUILD/examples
mkdir -p "$modules"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    skip "koffi_example.mjs" "no node, or no npm"
elif [ -d "$modules/node_modules/koffi" ] ||
    timeout 120 npm install --silent --no-audit --no-fund --prefix "$modules" koffi@3.3.4 >"$scratch/npm" 2>&1; then
    cp "$examples/koffi_example.mjs" "$modules"
    follows koffi_example.mjs node "$modules/koffi_example.mjs" "$prefix/lib/libfflag.so" "$scratch/live.ffs"
else
    skip "koffi_example.mjs" "koffi cannot be installed from the npm registry"
fi
finish
