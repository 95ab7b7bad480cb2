#!/bin/bash
# docs/deploy.md: its commands run in a fresh project.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2
page=$top/docs/deploy.md
block() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$page" | grep -v '^```'
}
mkdir bin
printf '#!/bin/sh\necho 0123abc\n' >bin/git
chmod +x bin/git
block sh >commands
ok "the page has commands" test "$(wc -l <commands)" -ge 7
while read -r command; do
    ok "'$command' runs" env PATH="$scratch/bin:$(dirname "$FFC"):$PATH" sh -ec "$command"
done <commands
is "and the files are built" "$(ls build/flags)" "development.ffs
production.ffs"
is "with the commit" "$("$FFC" verify build/flags/production.ffs | grep -c 'commit.*0123abc')" 1

# Each option that the page gives a program is one of its.
while read -r program command options; do
    help=$("$(dirname "$FFC")/$program" "$command" --help)
    for option in $(grep -oE -- '--[a-z-]+' <<<"$options"); do
        ok "$program $command has $option" grep -qE -- "$option( |\$)" <<<"$help"
    done
done < <(grep -oE '\b(ffc|ffreplay) (watch|build|check|test|fmt|eval) [^`|]*' "$page")

finish
