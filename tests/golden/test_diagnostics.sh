#!/bin/bash
# Every diagnostic has a case that triggers it, and its output is exactly as recorded beside it.
#
# A case is a file or a directory below diagnostics/, checked as the project `flags`. A file that does
# not bring its own project, attributes or metrics is given those of common/. A first line `# ffc …` is
# run in place of `ffc check`. UPDATE=1 records what is printed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cases=$top/tests/golden/diagnostics
common=$top/tests/golden/common
now=2026-11-20T12:00:00Z
export FFC now

list_file() {
    cp "$common"/*.yaml flags
    echo 'segments: {vip: {if: {country: {in_file: vip.txt}}}}' >flags/case.yaml
}

# What cannot be kept as a file: too large, too many, or not there.
generate() {
    case $1 in
    FF0017-file-too-large) head -c 16777217 /dev/zero | tr '\0' '#' >flags/case.yaml ;;
    FF0017-too-many-values)
        { echo 'flags: ['; yes ' a,a,a,a,a,a,a,a,' | head -n 300000; echo ' ]'; } >flags/case.yaml
        ;;
    FF0019-too-deep) head -c 100000 /dev/zero | tr '\0' '[' >flags/case.yaml ;;
    FF0019-too-deep-blocks) printf -- '- %.0s' {1..2000} >flags/case.yaml ;;
    FF0401-unreadable-file) ln -s nowhere flags/case.yaml ;;
    FF0401-not-a-file) mkfifo flags/case.yaml ;;
    FF0401-outside) ln -s /etc/passwd flags/case.yaml ;;
    FF0403-outside) ln -s /etc flags/more ;;
    FF0248-not-a-file)
        list_file && mkfifo flags/vip.txt
        ;;
    FF0249-outside)
        list_file && ln -s /etc/passwd flags/vip.txt
        ;;
    FF0403-unreadable-directory) rmdir flags ;;
    FF0404-no-definitions) touch flags/_draft.yaml flags/.hidden.yaml flags/notes.txt ;;
    FF0307-too-many-variants)
        {
            echo 'project: {name: shop, environments: [live]}'
            echo 'flags: {page-size: {type: integer, default: v1, variants: {'
            seq 4097 | sed 's/.*/ v&: &,/'
            echo ' }}}'
        } >flags/case.yaml
        ;;
    FF0388-too-many-shares)
        cp "$common"/*.yaml flags
        {
            echo 'flags: {a: {split: ['
            yes '  {variant: on, percent: 0.01%}, {variant: off, percent: 0.01%},' | head -n 2049
            echo ' ]}}'
        } >flags/case.yaml
        ;;
    FF0823-program-too-long)
        cp "$common"/*.yaml flags
        {
            echo '# ffc build -e production -o out.ffs'
            echo 'flags: {a: {rules: [{if: {age: {in: ['
            seq -s, 1 40000 | sed 's/^/ /'
            echo ' ]}}}]}}'
        } >flags/case.yaml
        ;;
    FF0846-evaluation-too-long)
        cp "$common"/*.yaml flags
        {
            echo '# ffc build -e production -o out.ffs'
            echo 'flags:'
            for flag in b c d e f g; do
                echo "  $flag: {rules: [{if: {age: {in: ["
                seq -s, 1 15000 | sed 's/^/    /'
                echo '    ]}}}]}'
            done
            echo '  a: {requires: {b: on, c: on, d: on, e: on, f: on, g: on}, serve: on}'
        } >flags/case.yaml
        ;;
    FF0846-many-list-tests)
        cp "$common"/*.yaml flags
        {
            echo '# ffc build -e production -o out.ffs'
            echo 'flags:'
            echo '  a:'
            echo '    rules:'
            for ((i = 0; i < 1100; i++)); do
                echo "      - {if: {groups: {any: {starts_with: g$i-}}}}"
            done
        } >flags/case.yaml
        ;;
    FF0871-segments-too-deep)
        cp "$common"/*.yaml flags
        {
            echo '# ffc build -e production -o out.ffs'
            echo 'segments:'
            echo '  s0: {if: {country: US}}'
            for ((i = 1; i < 1100; i++)); do
                echo "  s$i: {if: {any: [{age: $i}, {segment: s$((i - 1))}]}}"
            done
            echo 'flags: {a: {rules: [{if: {segment: s1099}}]}}'
        } >flags/case.yaml
        ;;
    *) return 1 ;;
    esac
}
generated=$(sed -n 's/^    \(FF[0-9]*-[a-z-]*\)) .*/\1/p; s/^    \(FF[0-9]*-[a-z-]*\))$/\1/p' "$0")

prepare() {
    local name=$1 section
    mkdir flags
    if generate "$name"; then
        return
    elif [ -d "$cases/$name" ]; then
        cp -r "$cases/$name/." flags
        rm -f flags/expected.txt
    else
        cp "$cases/$name.yaml" flags/case.yaml
        for section in project attributes metrics; do
            LC_ALL=C grep -aq "^$section:" flags/case.yaml || cp "$common/$section.yaml" flags
        done
    fi
}

run_case() {
    local command=
    if [ -f flags/case.yaml ]; then
        command=$(head -c 200 flags/case.yaml | LC_ALL=C sed -n '1s/^# ffc //p')
    fi
    if [ -n "$command" ]; then
        # shellcheck disable=SC2086 # words on purpose
        "$FFC" $command
    else
        "$FFC" check --now "$now"
    fi
}

compare() {
    local name=$1 expected=$cases/$1.txt
    rm -rf "$scratch/case"
    mkdir "$scratch/case"
    (cd "$scratch/case" && prepare "$name" && timeout 240 bash -c "$(declare -f run_case); run_case" 2>&1
        echo "exit $?") >"$scratch/got" </dev/null
    if [ -n "${UPDATE:-}" ]; then
        cp "$scratch/got" "$expected"
    fi
    is "$name" "$(cat "$scratch/got")" "$(cat "$expected" 2>/dev/null)"
    case $name in
    FF????-*) ok "$name triggers its code" grep -qw "${name%%-*}" "$scratch/got" ;;
    esac
}

names=$(
    for path in "$cases"/*.yaml "$cases"/*/; do
        path=${path%/}
        basename "${path%.yaml}"
    done
    echo "$generated"
)
while read -r name; do
    [ -z "${CASE:-}" ] || [[ $name == *"$CASE"* ]] || continue
    compare "$name"
done < <(sort -u <<<"$names")

without_case() {
    local code missing=0
    for code in $("$FFC" explain --all | cut -d ' ' -f 1); do
        grep -q "^$code-" <<<"$names" && continue
        echo "$code has no case"
        missing=1
    done
    return "$missing"
}
ok "every code has a case that triggers it" without_case
finish
