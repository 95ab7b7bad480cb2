#!/bin/bash
# Definitions in, `ffc dump` out: what a change to the compiler changes in the programs shows here as a
# diff. The build id in the first line pins every byte. UPDATE=1 records what is printed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$top/tests/golden/snapshots" || exit 2

for definitions in *.yaml; do
    name=${definitions%.yaml}
    project=$scratch/$name
    mkdir "$project"
    cp "$definitions" "$project/"
    "$FFC" build -C "$project" -e production -o "$scratch/$name.ffs" >"$scratch/out" 2>&1 ||
        { ok "$name compiles" cat "$scratch/out" - </dev/null; ok "$name" false; continue; }
    "$FFC" dump "$scratch/$name.ffs" >"$scratch/$name.dump"
    [ "${UPDATE:-}" ] && cp "$scratch/$name.dump" "$name.dump"
    is "$name" "$(cat "$scratch/$name.dump")" "$(cat "$name.dump" 2>/dev/null)"
    ok "$name: the dump as JSON is JSON, with every flag" \
        sh -c '"$1" dump --json "$2" | /usr/bin/python3 -c "
import json, sys
dump = json.load(sys.stdin)
assert len(dump[\"flags\"]) == int(sys.argv[1]), len(dump[\"flags\"])
" "$3"' - "$FFC" "$scratch/$name.ffs" "$(grep -c '^flag ' "$scratch/$name.dump")"
done
finish
