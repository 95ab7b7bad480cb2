#!/bin/bash
# The fuzz target, built as everything else is: what it was seeded with, what it found, every example
# of a diagnostic and the flags of five systems; and the seeds cut off at every byte.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
replay=$BUILD/fuzz-replay
fuzz=$top/tests/fuzz
cd "$scratch" || exit 2

ok "the corpus" "$replay" "$fuzz"/corpus/*
ok "the corpus, cut off at every byte" timeout 120 "$replay" --cut "$fuzz"/corpus/*
ok "every example of a diagnostic" "$replay" "$top"/tests/golden/{diagnostics,mistakes,common}/*.yaml
find "$top/flags" -name '*.yaml' -print0 | xargs -0 "$replay" >inputs 2>&1
is "the flags of five systems" "$?$(grep -c inputs inputs)" 01
exits "a file that is not there is an error" 2 "$replay" nowhere
finish
