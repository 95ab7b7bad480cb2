#!/bin/bash
# What shells complete is what `--help` shows.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

# completed SCRIPT PROGRAM WORD…: what bash proposes for the last word, sorted.
completed() {
    bash -c '
        source "$1"
        COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMPREPLY=()
        "_$2"
        printf "%s\n" "${COMPREPLY[@]}"' - "$@" | sort | paste -sd ' '
}
listed() { sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }
options() { grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'; }
words() { sort -u | paste -sd ' '; }

for program in "$FFC" "$FFREPLAY"; do
    name=$(basename "$program")
    "$program" completion bash >"$name.bash"
    is "$name: the first word is a command" "$(completed "$name.bash" "$name" '')" \
        "$({ "$program" --help | listed; printf '%s\n' help --help --version; } | words)"
    for command in $("$program" --help | listed); do
        is "$name $command: the options of its help" "$(completed "$name.bash" "$name" "$command" --)" \
            "$("$program" "$command" --help | options | words)"
    done
    is "$name: one shell or another" "$("$program" completion tcsh 2>&1 | head -1)" \
        "$name completion: there is no completion for 'tcsh': bash, zsh or fish"
    for shell in bash zsh fish; do
        ok "$name: $shell is told of options" grep -q directory <("$program" completion $shell)
        if command -v $shell >/dev/null; then
            "$program" completion $shell >"script.$shell"
            is "$name: $shell reads it" "$($shell -n "script.$shell" 2>&1)" ""
        else
            skip "$name: $shell reads it" "there is no $shell"
        fi
    done
done

is "a prefix of an option" "$(completed ffc.bash ffc check --st)" "--strict"
is "the choices of an option" "$(completed ffc.bash ffc check --format '')" "github json sarif text"
is "those that begin so" "$(completed ffc.bash ffc check --color a)" "always auto"
is "after a sign, too" "$(completed ffc.bash ffc check --format = j)" "json"
is "directly after it" "$(completed ffc.bash ffc check --color =)" "always auto never"
is "an operand is left to the shell, which knows files" "$(completed ffc.bash ffc fmt fla)" ""
is "and so is a value that may be any" "$(completed ffc.bash ffc check -C --)" ""
exits "no shell is a usage error" 2 "$FFC" completion
exits "two are" 2 "$FFC" completion bash zsh
if [ -e /dev/full ]; then
    exits "a full disk is an error" 2 bash -c '"$FFC" completion bash >/dev/full'
fi
finish
