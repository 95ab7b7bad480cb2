#!/bin/bash
# What a project makes of warnings, what a comment and the command line do, and which files are meant.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

mkdir flags
check() { "$FFC" check --now 2026-11-20T12:00:00Z "$@" 2>&1; }
codes() { check "$@" | grep -oE '(error|warning):.*' | sed -E 's/:.*\[/ /; s/]//'; }
definitions() {
    cat >flags/shop.yaml <<YAML
project: {name: shop, environments: [staging, production], bucket_by: user_id${1:-}}
attributes: {user_id: string}
segments:
  left-over: {if: {user_id: u1}}${2:-}
flags:
  a: {serve: on, expires: 2026-01-01T00:00:00Z}
YAML
}

definitions
is "warnings are warnings" "$(codes)" "warning FF0386
warning FF0331"
exits "and not the input's fault" 0 check
is "-D makes an error of one" "$(codes -D FF0331)" "warning FF0386
error FF0331"
exits "which fails" 1 check -D FF0331
is "-D warnings of all" "$(codes -D warnings)" "error FF0386
error FF0331"
is "--strict of the flags that have expired" "$(codes --strict)" "$(codes --deny FF0331)"
is "-A turns one off" "$(codes -A FF0386)" "warning FF0331"
is "the strictest counts" "$(codes -A FF0386 -W ff0386 -D FF0386 -A FF0331)" "error FF0386"
is "and what is turned off is no warning" "$(codes -A FF0386 -D warnings)" "error FF0331"
is "the last line counts what is left" "$(check -A FF0331 -A FF0386 | tail -1)" \
    "no problems in 1 file"
is "JSON too" "$(check -A FF0331 -A FF0386 --format json | grep -o '"warnings":0')" '"warnings":0'
exits "an error cannot be allowed" 2 check -A FF0103
exits "a code must be one" 2 check -D FF9999

definitions ', checks: {FF0386: off, FF0331: error}'
is "the project turns off and makes errors" "$(codes)" "error FF0331"
is "the command line has the last word" "$(codes -W FF0386 -W FF0331)" "warning FF0386
warning FF0331"
exits "what the project makes an error stops a build" 1 \
    "$FFC" build -e production -o out.ffs
definitions ', checks: {FF0331: off}' ' # ffc: allow FF0386 it is for later'
is "a comment allows a warning in its line" "$(codes)" ""
is "and nothing brings it back" "$(codes -W FF0386 -D warnings)" ""
definitions ', checks: {FF0399: error, FF0331: off, FF0386: off}' ' # ffc: allow FF0331 not here'
is "the warning of a needless comment has a level as well" "$(codes)" "error FF0399"

{
    definitions ', checks: {FF0331: off}' >/dev/null
    for i in {1..900}; do echo "  # ffc: allow FF0386 x"; echo "  s$i: {if: {user_id: u$i}}"; done
} >more.txt
sed -i '/^  left-over/r more.txt' flags/shop.yaml
is "hundreds of comments are read" "$(codes)" "warning FF0386"

for i in {901..2500}; do echo "  # ffc: allow FF0386 x"; echo "  s$i: {if: {user_id: u$i}}"; done >>flags/shop.yaml
sed -i '/^flags:/,/^  a:/d' flags/shop.yaml
is "beyond a thousand of a code, what is not kept is counted" "$(check | tail -1)" \
    "1502 warnings in 1 file"

# ---- files ----
definitions
mkdir flags/lists
cp flags/shop.yaml saved
cat >flags/other.yaml <<'YAML'
segments:
  also: {if: {user_id: u2}}
YAML
echo u1 >flags/lists/vip.txt
is "warnings of a file that is named" "$(check flags/other.yaml | grep -c 'other.yaml.*FF0386')" 1
is "and of no other" "$(codes ./flags/../flags/other.yaml)" "warning FF0386"
is "a list has none" "$(codes flags/lists/vip.txt)" ""
is "a directory has those of its files" "$(codes flags | wc -l)" 3
echo 'flags: {b: {sreve: on}}' >flags/broken.yaml
is "errors count wherever they are" "$(check flags/other.yaml | grep -c 'broken.yaml.*FF0102')" 1
exits "and fail" 1 check flags/other.yaml
exits "a file that is not there" 2 check flags/none.yaml
exits "a file of no project" 2 check saved
rm flags/broken.yaml

# ---- the environment that is meant ----
definitions ', default_environment: production'
is "a command without -e is about it" "$("$FFC" eval a -c '{}' --json | grep -c '"environment":"production"')" \
    "$("$FFC" eval a -e production -c '{}' --json | grep -c '"environment":"production"')"
exits "which is enough" 0 "$FFC" build -o out.ffs
is "the snapshot says so" "$("$FFC" verify out.ffs | grep -c production)" 1
definitions ', default_environment: prod'
is "it has to be one" "$(codes | head -1)" "error FF0218"
finish
