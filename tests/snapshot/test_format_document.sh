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
header=$top/include/fflag/snapshot.h
sed -nE '/^enum ffs_op /,/^}/s/^ +FFS_([A-Z_]+) = ([0-9]+).*/\1 \2/p' "$header" >"$scratch/operations"
while read -r name number; do
    # The document has the comparisons of a type in one row.
    case $name in NUMBER_[LG]? | VERSION_[LG]? | TIME_[LG]?) continue ;; esac
    ok "operation $name is $number there, too" \
        grep -qE "^[|] ${number}(–[0-9]+)? [|] ${name}[ |]" "$document"
done <"$scratch/operations"
finish
