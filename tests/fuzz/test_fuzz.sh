#!/bin/bash
# The fuzz targets, built as everything else is: what they were seeded with, what they found, every
# example of a diagnostic and the flags of five systems; and the seeds cut off at every byte.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
fuzz=$top/tests/fuzz
cd "$scratch" || exit 2
mkdir corpus && cp -r "$fuzz"/corpus/* corpus
ok "snapshots of the definitions" "$fuzz/seeds.sh" "$FFC" corpus/snapshot

for target in definitions context snapshot log ledger code aggregate query rpc lsp; do
    ok "$target: the corpus" "$BUILD/replay-$target" corpus/$target/*
    ok "$target: the corpus, cut off at every byte" timeout 240 "$BUILD/replay-$target" --cut corpus/$target/*
done

replay=$BUILD/replay-definitions
ok "every example of a diagnostic" "$replay" "$top"/tests/golden/{diagnostics,mistakes,common}/*.yaml
find "$top/flags" -name '*.yaml' -print0 | xargs -0 "$replay" >inputs 2>&1
is "the flags of five systems" "$?$(grep -c inputs inputs)" 01
exits "a file that is not there is an error" 2 "$replay" nowhere
finish
