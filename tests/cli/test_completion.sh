#!/bin/bash
# What shells complete is what `--help` shows, and the names of the project. That real shells insert them as one
# word is tried in test_completion_shells.py.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

# completed PROGRAM LINE: what bash proposes for the last word, sorted.
completed() {
    PATH=$scratch/bin:$PATH bash -c '
        source "$1.bash"
        COMP_WORDBREAKS=$'"' \\t\\n\"\\'@><=;|&(:'"' COMP_LINE=$2 COMP_POINT=${#2} COMPREPLY=()
        "_$1"
        printf "%s\n" "${COMPREPLY[@]}"' - "$@" | LC_ALL=C sort | paste -sd ' '
}
# answered SHELL PROGRAM WORD…: what that shell is told.
answered() { "$FFC" completion "$1" -- "${@:2}" | paste -sd ' '; }
mkdir bin
ln -s "$FFC" "$FFREPLAY" bin/
listed() { sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }
options() { grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'; }
words() { LC_ALL=C sort -u | paste -sd ' '; }

for program in "$FFC" "$FFREPLAY"; do
    name=$(basename "$program")
    "$program" completion bash >"$name.bash"
    is "$name: the first word is a command" "$(completed "$name" "$name ")" \
        "$({ "$program" --help | listed; printf '%s\n' help --help --version; } | words)"
    for command in $("$program" --help | listed); do
        is "$name $command: the options of its help" "$(completed "$name" "$name $command --")" \
            "$("$program" "$command" --help | options | words)"
    done
    is "$name: one shell or another" "$("$program" completion tcsh 2>&1 | head -1)" \
        "$name completion: there is no completion for 'tcsh': bash, zsh or fish"
    for shell in bash zsh fish; do
        is "$name: the script of $shell names no other program" \
            "$("$program" completion $shell | grep -oE "command [a-z]+" | sort -u)" "command $name"
        if command -v $shell >/dev/null; then
            "$program" completion $shell >"script.$shell"
            is "$name: $shell reads it" "$($shell -n "script.$shell" 2>&1)" ""
        else
            skip "$name: $shell reads it" "there is no $shell"
        fi
    done
done

is "a prefix of an option" "$(completed ffc "ffc check --st")" "--strict"
is "the choices of an option" "$(completed ffc "ffc check --format ")" "github json sarif text"
is "those that begin so" "$(completed ffc "ffc check --color a")" "always auto"
is "after a sign, too" "$(completed ffc "ffc check --format=j")" "json"
is "directly after it" "$(completed ffc "ffc check --color=")" "always auto never"
is "an operand is left to the shell, which knows files" "$(completed ffc "ffc fmt fla")" ""
is "and so is a value that may be any" "$(completed ffc "ffc check -C --")" ""
is "a text with a fixed list, too" "$(completed ffc "ffc test --format ")" "github json junit sarif text"
is "and one of ffreplay" "$(completed ffreplay "ffreplay analyze x --method ")" \
    "bayesian fixed group_sequential sequential"
is "an action" "$(completed ffc "ffc experiment s")" "start stop"
is "a shell" "$(completed ffc "ffc completion ")" "bash fish zsh"
is "a code" "$(completed ffc "ffc explain FF023")" "$("$FFC" explain --all | grep -oE '^FF023[0-9]' | paste -sd ' ')"
is "a command whose help is asked for" "$(completed ffc "ffc help che")" "check"
is "the second command of a line" "$(completed ffc "ffc check && ffc bui")" "build"
is "a file to write to is left to the shell" "$(completed ffc "ffc list > ")" ""
is "a command that is none has nothing" "$(completed ffc "ffc chekc --")" ""

# ---- names ----
is "without a project there are no names" "$(completed ffc "ffc show " 2>&1)" ""
is "and nothing is said" "$("$FFC" completion zsh -- ffc show '' 2>&1)" ""
mkdir flags other
cat >flags/shop.yaml <<'EOF'
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string}
segments:
  testers: {if: {user_id: [u1]}}
metrics:
  error_rate: {kind: rate, of: {status: {gte: 500}}}
flags:
  checkout:
    owner: web
    kind: canary
    tags: [payments]
    variants: {old: a, new: b}
    type: string
    default: old
    canary:
      serve: new
      stages: [{name: first, percent: 1%, hold: 1h}, {name: half, percent: 50%, hold: 1h}]
      guards: [error_rate < 2%]
  search: {owner: apps}
  "two words": {}
EOF
echo 'flags: {elsewhere: {}}' >other/a.yaml
is "a flag" "$(completed ffc "ffc show ")" 'checkout search two\ words'
is "one of several" "$(completed ffc "ffc remove search ch")" "checkout"
is "the only one, and then nothing" "$(completed ffc "ffc show search ")" ""
is "a glob" "$(completed ffc "ffc list se")" "search"
is "after an action" "$(completed ffc "ffc canary start c")" "checkout"
is "after options" "$(completed ffc "ffc show --json -e staging se")" "search"
is "after the end of options" "$(completed ffc "ffc show -- se")" "search"
is "to rename, but not to what" "$(completed ffc "ffc rename s")$(completed ffc "ffc rename search s")" "search"
is "a new flag has no name yet" "$(completed ffc "ffc new s")" ""
is "ffreplay: a flag, and then files" "$(completed ffreplay "ffreplay decide s")$(completed ffreplay "ffreplay decide search s")" search
is "ffreplay: a flag of an option" "$(completed ffreplay "ffreplay metrics --flag s")" "search"
is "ffreplay: a metric" "$(completed ffreplay "ffreplay metrics --metric ")" "error_rate"
is "an environment" "$(completed ffc "ffc build -e ")" "production staging"
is "after a sign" "$(completed ffc "ffc build --environment=p")" "production"
is "an environment of an option that has another name" "$(completed ffc "ffc promote search --from s")" "staging"
is "a stage of the flag" "$(completed ffc "ffc canary advance checkout --to ")" "first half"
is "a variant of the flag" "$(completed ffc "ffc rollback checkout --serve ")" "new old"
is "of another" "$(completed ffc "ffc experiment conclude search --winner ")" "off on"
is "of any, before a flag is named" "$(completed ffc "ffc rollback --serve ")" "new off old on"
is "a flag and a variant" "$(completed ffc "ffc eval search --previous checkout=n")" "new"
is "a segment" "$(completed ffc "ffc rollback --segment ")" "testers"
is "an owner" "$(completed ffc "ffc list --owner ")" "apps web"
is "a tag" "$(completed ffc "ffc list --tag ")" "payments"
is "a kind" "$(completed ffc "ffc list --kind c")" "canary config"
is "of the project that -C names" "$(completed ffc "ffc show -C other ")" "elsewhere"
is "with its sign" "$(completed ffc "ffc show --directory=other ")" "elsewhere"
is "at home" "$(HOME=$scratch completed ffc "ffc show -C ~/other ")" "elsewhere"
is "in a cluster" "$(completed ffc "ffc show -Cother ")" "elsewhere"
echo 'project: {name: old, environments: [e]}
flags: {gone: {}, search: {}, was here: {}}' >other/a.yaml
"$FFC" build -C other -e e -o old.ffs >/dev/null
is "of the snapshot that -s names" "$(completed ffc "ffc eval -s old.ffs ")" 'gone search was\ here'
is "however it is named" "$(completed ffc "ffc eval -C other --snapshot=./old.ffs g")$(completed ffc "ffc eval -sold.ffs s")" "gonesearch"
is "of what is none, no flag" "$(completed ffc "ffc eval -s other/a.yaml ")$(completed ffc "ffc eval -s - ")$(completed ffc "ffc eval -s nowhere ")" ""
echo 'flags: {elsewhere: {}}' >other/a.yaml
is "zsh is told what options do" "$("$FFC" completion zsh -- ffc check --str | grep strict)" \
    "--strict	flags past 'expires' are errors"
is "zsh chooses itself what fits" "$(answered zsh ffc build --environment=p)" "production staging"
is "fish gets whole words" "$(answered fish ffc build --environment=)" \
    "--environment=production --environment=staging"
printf '  three: {percnt: 5}\n  last: {}\n  bro ken: [\n' >>flags/shop.yaml
exits "a project that does not compile" 1 "$FFC" check
is "has the names that can be read" "$(completed ffc "ffc show " 2>&1)" 'checkout search three two\ words'
is "of environments, too" "$(completed ffc "ffc build -e ")" "production staging"
printf 'flags: {"a\\nb": {}, "c\\x1bd": {}, "e\\u202ef": {}, "\\u2028": {}, "-rf": {}, sound: {}}\n' >flags/z.yaml
is "names that cannot be shown are left out, and what would be an option" \
    "$("$FFC" completion zsh -- ffc show '' | grep -vE 'checkout|search|three|two')" "sound"

# ---- quotes ----
# read_again TEXT: bash reads what it is given for a name of that owner as the same.
cat >flags/shop.yaml <<'EOF'
project: {name: shop, environments: [live], bucket_by: user_id}
attributes: {user_id: string}
flags: {}
EOF
rm flags/z.yaml
for text in "it's" 'a"b' '$(touch HACKED)' '`touch HACKED`' '${HOME}' 'a\b' '~root' '#x' '!x' 'a;b' 'a|b' 'a&b' \
    '<(x)' 'a b' '*' '[a]' '{a,b}' '🎉 ü' 'a=b' '^a' '?'; do
    printf "flags:\n  x: {owner: '%s'}\n" "${text//\'/\'\'}" >flags/x.yaml
    sed -i '/^flags/d' flags/shop.yaml
    reply=$(completed ffc "ffc list --owner ")
    is "bash reads $(printf %q "${text//#/no.}") again" "$(eval "printf '%s|' $reply")" "$text|"
    reply=$(completed ffc "ffc list --owner \"")
    [[ $text == *!* ]] || is "in double quotes" "$(eval "printf '%s|' \"$reply\"")" "$text|"
    reply=$(completed ffc "ffc list --owner '")
    [[ $text == *\'* ]] || is "in single quotes" "$(eval "printf '%s|' '$reply'")" "$text|"
done
is "what the quotes cannot hold is left out" "$(completed ffc "ffc list --owner \$'")" ""
ok "and nothing was run" test ! -e HACKED
is "outside a repository no revision" "$(completed ffc "ffc diff he")" ""
git init -q -b release-4 . && git add -A &&
    git -c user.name=a -c user.email=a@example.com commit -qm first && git tag v4.1
is "a revision" "$(completed ffc "ffc diff rel")|$(completed ffc "ffc revert x v")" "release-4|v4.1"
is "which a new name is not" "$(completed ffc "ffc rename x v")" ""
is "an option's value in its word" "$(completed ffc "ffc list -eli")" "-elive"
exits "no shell is a usage error" 2 "$FFC" completion
exits "two are" 2 "$FFC" completion bash zsh
exits "a script of another version gets no answer" 2 "$FFC" completion bash -- ffc
if [ -e /dev/full ]; then
    exits "a full disk is an error" 2 bash -c '"$FFC" completion bash >/dev/full'
fi
finish
