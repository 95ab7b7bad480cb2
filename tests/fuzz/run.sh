#!/bin/bash
# Runs fuzz targets one after the other; what they find is kept in BUILD. The exit status is 0 when none
# has found anything. Usage: tests/fuzz/run.sh FFC BUILD SECONDS TARGET…
set -eu
ffc=$1 build=$2 seconds=$3
shift 3
fuzz=$(cd "$(dirname "$0")" && pwd)
status=0
for target in "$@"; do
    seeds=$fuzz/corpus/$target
    if [ "$target" = snapshot ]; then
        seeds=$build/seeds
        "$fuzz/seeds.sh" "$ffc" "$seeds"
    fi
    mkdir -p "$build/corpus/$target"
    dictionary=$build/$target.dict
    options=(-max_total_time="$seconds" -timeout=10 -max_len=8192 -artifact_prefix="$build/$target-")
    [ ! -e "$fuzz/$target.dict" ] || cp "$fuzz/$target.dict" "$dictionary"
    # The words of definitions are those of their schema.
    [ "$target" != definitions ] || "$ffc" schema | grep -oE '"[a-z][a-z_-]*"' | sort -u >>"$dictionary"
    [ ! -e "$dictionary" ] || options+=(-dict="$dictionary")
    # What a target says of its input is not wanted here; what the sanitizers say, is.
    echo "fuzz: $target for $seconds seconds"
    "$build/fuzz-$target" "${options[@]}" -close_fd_mask=3 "$build/corpus/$target" "$seeds" || status=1
done
exit $status
