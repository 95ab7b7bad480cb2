#!/bin/bash
# Every format of logs is told of wherever formats are, and fuzzed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

formats=$(sed -n 's/^ *X(LOG_[A-Z_]*, "\([a-z_-]*\)").*/\1/p' "$top/compiler/model/log.h")
ok "there are formats" test "$(wc -w <<<"$formats")" -ge 8
table() { sed -n '/^| format | a file is/,/^$/p' "$top/docs/replay.md" | cut -d '|' -f 2; }
row() { grep '^| `format` |' "$top/docs/language.md"; }
manual=$(grep -A1 '^Its definition says the format: ' "$top/docs/man/ffreplay.1" | sed 's|\\-|-|g')
for format in $formats; do
    ok "docs/replay.md has a row for $format" grep -qF "\`$format\`" <(table)
    ok "docs/language.md has $format in the row of 'format'" grep -qF "\`$format\`" <(row)
    ok "docs/man/ffreplay.1 names $format" grep -qE " ${format}([,. ]|$)" <<<"$manual"
    ok "tests/fuzz/fuzz_log.c has a log of format $format" grep -qE "\{(format|pattern): ${format}[,}]" "$top/tests/fuzz/fuzz_log.c"
done
finish
