#!/bin/bash
# The file that docs/snapshot-format.md shows byte by byte is what `ffc` writes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
document=$top/docs/snapshot-format.md
block() { awk -v open="\`\`\`$1" '$0 == open { on = 1; next } on && /^```/ { exit } on' "$document"; }

mkdir "$scratch/flags"
block yaml >"$scratch/flags/f.yaml"
ok "its definitions build" "$FFC" build -C "$scratch/flags" -e live -o "$scratch/tiny.ffs"
# What `xxd -a -g 4 -c 16` prints, which is not installed everywhere.
dump() {
    /usr/bin/python3 - "$1" <<'PY'
import sys
content = open(sys.argv[1], "rb").read()
last, zeros = range(0, len(content), 16)[-1], 0
for at in range(0, len(content), 16):
    line = content[at : at + 16]
    zeros = zeros + 1 if not any(line) and at != last else 0
    if zeros > 1:
        after = content[at + 16 : at + 32]
        if zeros == 2 and not any(after):
            print("*")
        if zeros > 2 or not any(after):
            continue
    groups = " ".join(line[i : i + 4].hex() for i in range(0, len(line), 4))
    print("%08x: %-35s  %s" % (at, groups, "".join(chr(c) if 32 <= c < 127 else "." for c in line)))
PY
}
is "its bytes are these" "$(dump "$scratch/tiny.ffs")" "$(block hexdump)"
ok "its build id is this" grep -q "$("$FFC" verify "$scratch/tiny.ffs" | sed -n 's/^  build *//p')" "$document"
# A row an operation, as in the table the library is made of; by what it reads, in words.
sed -nE 's/^FFS_OPERATION\(([0-9]+), (.*)\)$/\1, \2/p' "$top/include/fflag/operations.def" |
    awk -F', ' '{ print $1, $2, $5 == "NONE" ? "" : $5 == "COMPARED" ? "[a-z, ]+" : tolower($5) }' >"$scratch/operations"
ok "there are operations" test -s "$scratch/operations"
while read -r number name reads; do
    ok "operation $name is $number there, too, and reads ${reads:-no attribute}" \
        grep -qE "^[|] $number [|] $name [|] ${reads:+$reads }[|]" "$document"
done <"$scratch/operations"
is "and no operation more" \
    "$(awk '/^[|] code [|] operation/ { on = 1 } on && /^$/ { exit } on' "$document" | grep -c '^| [0-9]')" \
    "$(wc -l <"$scratch/operations")"
# What came after version 3.0 has a feature, so that a reader of 3.0 refuses no file for it.
version_3_0=" 1 2 $(seq -s ' ' 8 32) 40 41 42 48 49 50 "
for operation in $(sed -nE 's/^FFS_OPERATION\(([0-9]+), ([A-Z_]+), .*, NONE, ".*"\)$/\1:\2/p' "$top/include/fflag/operations.def"); do
    ok "operation ${operation#*:} was in version 3.0, or has a feature" test -z "${version_3_0##* "${operation%:*}" *}"
done
# A feature, likewise: its bit, its level, and the operations that need it.
sed -nE 's/^FFS_FEATURE\(([0-9]+), ([A-Z_]+), ([0-9]+), .*/\1 \2 \3/p' \
    "$top/include/fflag/operations.def" >"$scratch/features"
ok "there are features" test -s "$scratch/features"
while read -r bit name level; do
    row=$(grep -E "^[|] $bit [|] ${name,,}: .* [|] $level [|]" "$document")
    for operation in $(awk -F', ' -v name="$name" '$8 == name { print $2 }' "$top/include/fflag/operations.def"); do
        ok "feature $name is bit $bit there, too, from level $level on, for $operation" grep -qw "$operation" <<<"$row"
    done
done <"$scratch/features"
finish
