#!/bin/bash
# `ffc fmt`: a form that does not change when it is formatted again, and says what the file said.
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh

# As far as a file is YAML at all, it has a canonical form, and that form is its own.
settles() {
    local file count=0
    while read -r file; do
        "$FFC" fmt - <"$file" >"$scratch/once" 2>"$scratch/errors"
        case $? in
        0) ;;
        1)
            # The diagnostics tests hold files that are no YAML; nothing else may be refused.
            grep -q 'left as it is' "$scratch/errors" && cat "$scratch/errors" && return 1
            continue
            ;;
        *) cat "$scratch/errors" && return 1 ;;
        esac
        "$FFC" fmt - <"$scratch/once" >"$scratch/twice" || return 1
        cmp "$scratch/once" "$scratch/twice" || return 1
        count=$((count + 1))
    done < <(find flags tests -name '*.yaml')
    echo "$count files"
    [ "$count" -gt 50 ]
}
ok "formatting a formatted file changes nothing" settles

if [ -n "${UPDATE:-}" ]; then
    "$FFC" fmt - <tests/golden/format/unusual.yaml >tests/golden/format/unusual.txt
fi
is "keeps comments, blank lines and block texts in unusual places" \
    "$("$FFC" fmt - <tests/golden/format/unusual.yaml)" "$(cat tests/golden/format/unusual.txt)"

ok "the project's own definitions are canonical" "$FFC" fmt --check -C flags

mkdir "$scratch/p"
printf 'project:   {name: p, environments: [dev]}\r\n' >"$scratch/p/a.yaml"
printf '{flags: {a: {serve: on}}}\n' >"$scratch/p/b.yaml"
chmod 640 "$scratch/p/a.yaml"
exits "--check exits 1 where something would change" 1 "$FFC" fmt --check -C "$scratch/p"
is "--check names the files" "$("$FFC" fmt --check -C "$scratch/p")" "$scratch/p/a.yaml
$scratch/p/b.yaml"
exits "--diff exits 1 where something would change" 1 "$FFC" fmt --diff -C "$scratch/p"
is "--check and --diff write nothing" "$(cat "$scratch/p/b.yaml")" '{flags: {a: {serve: on}}}'
exits "formats a project in place" 0 "$FFC" fmt -C "$scratch/p"
is "what was in brackets at the top is a block" "$(cat "$scratch/p/b.yaml")" 'flags: {a: {serve: on}}'
is "line ends become plain" "$(cat "$scratch/p/a.yaml")" 'project: {name: p, environments: [dev]}'
is "keeps the file's mode" "$(stat -c %a "$scratch/p/a.yaml")" 640
exits "then nothing is left to do" 0 "$FFC" fmt --check -C "$scratch/p"

printf 'flags: [\n' >"$scratch/p/c.yaml"
exits "what is not YAML exits 1" 1 "$FFC" fmt "$scratch/p/c.yaml"
is "what is not YAML is left as it is" "$(cat "$scratch/p/c.yaml")" 'flags: ['
exits "a file that is not there exits 2" 2 "$FFC" fmt "$scratch/p/none.yaml"
is "and is named" "$("$FFC" fmt "$scratch/p/none.yaml" 2>&1)" \
    "ffc fmt: cannot read '$scratch/p/none.yaml': No such file or directory"
exits "so does a project that is not there" 2 "$FFC" fmt -C "$scratch/none"
: >"$scratch/p/empty.yaml"
is "an empty file stays empty" "$("$FFC" fmt - <"$scratch/p/empty.yaml")" ''
finish
