#!/bin/bash
# What every command has in common: help, usage errors, versions, streams.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

exits "without a command, usage is an error" 2 "$FFC"
is "and goes to stderr" "$("$FFC" 2>/dev/null)" ""
exits "--help is fine" 0 "$FFC" --help
is "--help and help say the same" "$("$FFC" help)" "$("$FFC" --help)"
is "--version" "$("$FFC" --version)" \
    "ffc $(sed -n 's/^#define FFLAG_VERSION_M[AI][JN]OR //p;s/^#define FFLAG_VERSION_PATCH //p' \
        "$top/include/fflag.h" | paste -sd .)"

commands=$("$FFC" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
ok "there are commands" test "$(wc -w <<<"$commands")" -ge 7
for command in $commands; do
    help=$("$FFC" "$command" --help 2>"$scratch/err")
    is "$command --help exits 0 and leaves stderr empty" "$?$(cat "$scratch/err")" "0"
    is "$command --help shows examples before usage" \
        "$(grep -E '^(Examples|Usage|Options):' <<<"$help" | cut -d: -f1 | paste -sd ' ')" \
        "Examples Usage Options"
    is "$command: -h and help say the same" "$("$FFC" "$command" -h)$("$FFC" help "$command")" "$help$help"
    exits "$command refuses an unknown option" 2 "$FFC" "$command" --no-such-option
    ok "docs/man/ffc.1 has ffc $command" grep -qE "^(\\\\fB|\\.B )ffc $command\\>" "$top/docs/man/ffc.1"
    while read -r option; do
        ok "the manual has $command $option" grep -qF -- "${option//-/\\-}" "$top/docs/man/ffc.1"
    done < <(grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' <<<"$help" | grep -oE -- '--[a-z-]+')
done

for command in $("$FFREPLAY" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    ok "docs/man/ffreplay.1 has ffreplay $command" \
        grep -qE "^(\\\\fB|\\.B )ffreplay $command\\>" "$top/docs/man/ffreplay.1"
done

is "a misspelt command" "$("$FFC" chekc 2>&1)" "ffc: unknown command 'chekc'; did you mean 'check'?
Try 'ffc --help'."
is "a command that resembles none" "$("$FFC" xyzzy 2>&1 | head -1)" "ffc: unknown command 'xyzzy'"
exits "a misspelt command is a usage error" 2 "$FFC" chekc
is "a misspelt option" "$("$FFC" check --strct 2>&1)" "ffc check: unknown option '--strct'; did you mean '--strict'?
Try 'ffc check --help'."
is "an option without its value" "$("$FFC" check --now 2>&1 | head -1)" "ffc check: --now needs a value"
is "a short option without its value" "$("$FFC" check -C 2>&1 | head -1)" "ffc check: -C needs a value"
is "a value that an option does not take" "$("$FFC" check --strict=yes 2>&1 | head -1)" \
    "ffc check: --strict takes no value"
is "a value given twice" "$("$FFC" check -C a --directory=b 2>&1)" "ffc check: --directory is given twice, and takes one value
Try 'ffc check --help'."
exits "is a usage error" 2 "$FFC" check -C a -C a
ok "a flag may be repeated" "$FFC" explain FF0231 --markdown --markdown
is "and so may an option that takes several" \
    "$("$FFC" build --label a=1 --label b=2 2>&1 | head -1)" "ffc build: where to? Give -o with a file, or - for stdout"
is "an unknown letter" "$("$FFC" check -q 2>&1 | head -1)" "ffc check: unknown option '-q'"

# ---- explain ----
is "explain begins with the code and its title" "$("$FFC" explain FF0231 | head -1)" \
    "FF0231: a split does not sum to 100 % (split-sum, error)"
is "explain takes lower case, and several" "$("$FFC" explain ff0231 ff0102 | grep -c '^FF')" 2
exits "an unknown code is a usage error" 2 "$FFC" explain FF9999
exits "explain without a code is a usage error" 2 "$FFC" explain
exits "a code beside --all is a usage error" 2 "$FFC" explain --all FF0231
codes=$("$FFC" explain --all | sed -n 's/^\(FF[0-9]*\) .*/\1/p')
is "codes are listed once each, in order" "$codes" "$(LC_ALL=C sort -u <<<"$codes")"
is "docs/diagnostics.md is what explain prints" "$("$FFC" explain --all --markdown | cksum)" \
    "$(cksum <"$top/docs/diagnostics.md")"
is "docs/language.md has the operators that explain prints" \
    "$(sed -n '/^| operator |/,/^$/p' "$top/docs/language.md")" "$("$FFC" explain --operators --markdown)"
is "the schema knows the operators that explain prints" \
    "$("$FFC" explain --operators | grep -o '^[a-z_]\+' | while read -r operator; do
        "$FFC" schema | grep -c "^            \"$operator\": "
    done | sort -u)" 1
exits "operators beside a code are a usage error" 2 "$FFC" explain --operators FF0231
is "a reader that goes away ends the program quietly" \
    "$("$FFC" explain --all --markdown 2>"$scratch/err" | head -1; cat "$scratch/err")" "# Diagnostics"
if [ -e /dev/full ]; then
    is "a full disk is an error" "$("$FFC" explain --all 2>&1 >/dev/full; echo $?)" \
        "ffc: cannot write to stdout: No space left on device
2"
fi
finish
