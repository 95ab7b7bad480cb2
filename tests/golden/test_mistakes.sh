#!/bin/bash
# The mistakes that a peer's linter was measured with, and what `ffc check` says to each: exactly as
# recorded, and as docs/mistakes.md has it. UPDATE=1 records both.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cases=$top/tests/golden/mistakes
common=$top/tests/golden/common

check_case() {
    local name=$1 section
    rm -rf "$scratch/case"
    mkdir -p "$scratch/case/flags"
    cp "$cases/$name.yaml" "$scratch/case/flags/case.yaml"
    for section in project attributes metrics; do
        cp "$common/$section.yaml" "$scratch/case/flags"
    done
    (cd "$scratch/case" && "$FFC" check --now 2026-11-20T12:00:00Z 2>&1
        echo "exit $?")
}

for path in "$cases"/*.yaml; do
    name=$(basename "${path%.yaml}")
    check_case "$name" >"$scratch/got"
    if [ -n "${UPDATE:-}" ]; then
        cp "$scratch/got" "$cases/$name.txt"
    fi
    is "$name" "$(cat "$scratch/got")" "$(cat "$cases/$name.txt")"
    # Two of the rows are no mistakes in this language, and say why.
    case $name in
    09-* | 25-*) ok "$name passes" grep -q '^exit 0$' "$scratch/got" ;;
    *) is "$name is found, and said once" "$(grep -c '\[FF[0-9]*\]$' "$scratch/got")" 1 ;;
    esac
done

"$top/tools/mistakes.sh" >"$scratch/mistakes.md"
if [ -n "${UPDATE:-}" ]; then
    cp "$scratch/mistakes.md" "$top/docs/mistakes.md"
fi
is "docs/mistakes.md is what tools/mistakes.sh prints" "$(cat "$scratch/mistakes.md")" \
    "$(cat "$top/docs/mistakes.md")"
finish
