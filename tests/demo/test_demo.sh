#!/bin/bash
# The demo passes, cleans up, and does not pass when something is wrong.
# Runs: first, being long.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh

export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
# The services that were started with this TMPDIR.
services() {
    local process
    for process in /proc/[0-9]*; do
        [ "$(cat "$process/comm")" = demo-service ] &&
            tr '\0' '\n' <"$process/environ" | grep -qx "TMPDIR=$TMPDIR" && echo "$process"
    done 2>/dev/null
}
definitions() { find flags -type f -exec sha256sum {} + | sort; }
before=$(definitions)
exits 'the demo passes' 0 tools/demo/demo.sh "$BUILD"
cp "$scratch/.output" "$scratch/demo"
is 'it does all eleven steps' "$(grep -cE '^[0-9]+\. ' "$scratch/demo")" 11
is 'it fits a terminal of 80 columns' "$(awk 'length > 80' "$scratch/demo")" ''
is 'it prints no escape sequence into a file' "$(grep -c $'\e' "$scratch/demo")" 0
is 'it leaves no file' "$(ls -A "$TMPDIR")" ''
is 'it leaves no process' "$(services)" ''
is 'it does not touch flags/' "$(definitions)" "$before"

# broken NAME PROGRAM SCRIPT: the demo with one program replaced must fail.
broken() {
    local bin=$scratch/broken
    rm -rf "$bin"
    mkdir "$bin"
    ln -s "$BUILD"/ffc "$BUILD"/ffreplay "$BUILD"/demo-service "$bin"
    rm "$bin/$2"
    printf '#!/bin/bash\n%s\n' "$3" >"$bin/$2"
    chmod +x "$bin/$2"
    exits "$1" 1 tools/demo/demo.sh "$bin"
    cp "$scratch/.output" "$scratch/demo"
    ok '… and says what' grep -q 'failed: ' "$scratch/demo"
    is '… and cleans up' "$(ls -A "$TMPDIR")" ''
}
broken 'it fails when nothing can be compiled' ffc 'exit 1'
broken 'it fails when the service ends' demo-service 'exit 0'
broken 'it fails when no decision is made' ffreplay 'echo rollback'

tools/demo/demo.sh "$BUILD" >"$scratch/demo" 2>&1 &
demo=$!
for _ in $(seq 300); do
    grep -q '^3\. ' "$scratch/demo" && [ -n "$(services)" ] && break
    sleep 0.1
done
is 'a service runs meanwhile' "$(services | wc -l)" 1
kill -TERM $demo
wait $demo
is 'interrupted, it says so by its status' $? 143
is '… and leaves no file' "$(ls -A "$TMPDIR")" ''
is '… and no process' "$(services)" ''

finish
