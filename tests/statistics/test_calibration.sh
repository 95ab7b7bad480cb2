#!/bin/bash
# False verdicts stay within 5 %, and canaries that do harm are found: docs/calibration.md in a short
# form, with LONG=1 twenty times as long. `make calibration` simulates what the document has.
# Runs: first, being long.
set -u
replays=250
[ -n "${LONG:-}" ] && replays=5000
page=$(mktemp) || exit 2
trap 'rm -f "$page"' EXIT

echo "# SEED=${SEED:=20261120}, $replays replays"
"${BUILD:?}/calibrate" "$replays" "$SEED" >"$page"
status=$?

# Every row that has a target says yes or no; one table shows what a row without a target would do.
number=0
while IFS= read -r row; do
    case $row in
    '## '*) part=${row#'## '} ;;
    *'each request as if on its own'*) ;;
    *'| **no** |'*) echo "not ok $((++number)) - $part: $row" ;;
    *'| yes |'*) echo "ok $((++number)) - $part: $(echo "${row#| }" | cut -d '|' -f 1,2)" ;;
    esac
done <"$page"
[ "$status" -le 1 ] || echo "not ok $((++number)) - calibrate ended with status $status"
echo "1..$number"
