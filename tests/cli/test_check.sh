#!/bin/bash
# `ffc check`: where it reads, what it prints in each format, and how it exits.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

mkdir flags
cat >flags/shop.yaml <<'YAML'
project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
flags:
  a: {serve: on}
YAML
check() { "$FFC" check --now 2026-11-20T12:00:00Z "$@"; }

# ---- many files ----
mkdir crowd
cp flags/shop.yaml crowd
for i in {100..999}; do
    case $((i % 3)) in
    0) echo "flags: {f$i: {sreve: on}}" ;;
    1) echo "flags: {f$i: {serve: on}" ;;
    2) printf 'flags:\n  f%s: {serve: on}\n  f%s: {serve: off}\n' "$i" "$i" ;;
    esac >"crowd/$i.yaml"
done
check -C crowd --format json >crowd.json
is "what many threads find is in path order" "$(grep -o '"file":"crowd/[0-9]*' crowd.json | uniq)" \
    "$(printf '"file":"crowd/%s\n' {100..999})"
is "and the same at every run, also on one processor" "$(
    for _ in 1 2 3 4 5; do
        check -C crowd --format json | cmp - crowd.json
    done
    taskset -c "$(taskset -cp $$ | grep -oE '[0-9]+$')" "$FFC" check -C crowd --format json \
        --now 2026-11-20T12:00:00Z | cmp - crowd.json
)" ""

# ---- very many ----
mkdir flood
{
    cat flags/shop.yaml
    for i in {1..5000}; do echo "  a$i: {serve: of}"; done
    echo "  b: {sreve: on}"
} >flood/a.yaml
check -C flood 2>flood.txt
is "shows the first 50 diagnostics" "$(grep -c '^flood/.*error:' flood.txt)" 50
is "and counts the rest" "$(tail -3 flood.txt)" "… and 4951 more (ffc check --max-errors N)

5001 errors in 1 file"
is "shows as many as were asked for" \
    "$(check -C flood --max-errors 7 2>&1 | grep -c '^flood/.*error:')" 7
is "GitHub is given 50, and how many more there are" \
    "$(check -C flood --format github | sed 's/ file=.*//' | sort | uniq -c | sed 's/^ *//')" \
    "50 ::error
1 ::notice title=ffc::… and 4951 more (ffc check --max-errors N)"
is "programs are given the first thousand of a code, and all others" \
    "$(check -C flood --format json | grep -oE '"code":"FF[0-9]*"|"omitted":.*' | uniq -c |
        sed 's/^ *//')" \
    '1000 "code":"FF0212"
1 "code":"FF0102"
1 "omitted":4000,"files":1}'
is "and so they are with --max-errors 0, which asks for no other number" \
    "$(check -C flood --max-errors 0 2>&1 | tail -3)" "… and 4000 more

5001 errors in 1 file"
is "SARIF tells of the others as a notification" \
    "$(check -C flood --format sarif | grep -oE '"ruleId"|"message":\{"text":"… [^}]*' | uniq -c |
        sed 's/^ *//')" '1001 "ruleId"
1 "message":{"text":"… and 4000 more"'
exits "only counts can be asked for" 2 check -C flood --max-errors few
mkdir warned
{
    cat flags/shop.yaml
    echo '  b: {rules: [{if: {user_id: [x, x]}, serve: on}]}'
    echo '  c: {sreve: on}'
} >warned/a.yaml
is "a warning is shown" "$(check -C warned 2>&1 | grep -c 'warning:')" 1
is "but an error has the room" \
    "$(check -C warned --max-errors 1 2>&1 | grep -oE '(error|warning):|^… .*')" \
    "error:
… and 1 more (ffc check --max-errors N)"

mkdir patterns
{
    printf 'project: {name: a, environments: [e]}\nattributes: {email: string}\nsegments:\n'
    for n in $(seq 40); do echo "  s$n: {if: {email: {matches: '[ab].{20}$n'}}}"; done
} >patterns/a.yaml
is "patterns are refused until sixteen of them took long" \
    "$(check -C patterns 2>&1 | grep -E '^note|errors')" \
    "note: 16 patterns are too large: any others are left for the next run
16 errors in 1 file"

# ---- where ----
is "reads flags/ by default" "$(check 2>&1)" "no problems in 1 file"
is "says nothing on stdout in text" "$(check 2>/dev/null)" ""
is "reads a directory given by -C" "$(check -C flags 2>&1)" "no problems in 1 file"
is "reads a directory given by --directory=" "$(check --directory=flags// 2>&1)" "no problems in 1 file"
is "reads the current directory where that holds definitions" \
    "$(cd flags && check 2>&1)" "no problems in 1 file"
mkdir -p both/flags && cp flags/shop.yaml both && cp flags/shop.yaml both/flags/x.yml
echo 'flags: {b: {sreve: on}}' >both/flags/b.yaml
is "prefers flags/ to the current directory" "$(cd both && check 2>&1 | head -1)" \
    "flags/b.yaml:1:13: error: unknown key 'sreve' in a flag [FF0102]"
is "shows paths of the current directory without ./" "$(cd both/flags && check 2>&1 | head -1)" \
    "b.yaml:1:13: error: unknown key 'sreve' in a flag [FF0102]"
exits "a missing directory is a job that cannot be done" 2 check -C nowhere
mkdir empty
exits "a project without files is a job that cannot be done" 2 check -C empty
is "files are read in path order, with folders in between" "$(
    mkdir -p order/b order/_draft order/.git
    for name in order/b/a order/a order/b-c order/_draft/x order/.git/x order/b/z; do
        echo 'x: 1' >$name.yaml
    done
    check -C order 2>&1 | grep -o '^order/[^:]*'
)" "order/a.yaml
order/b-c.yaml
order/b/a.yaml
order/b/z.yaml"
ln -s .. order/b/back
is "a link back to a folder above is not followed" "$(check -C order 2>&1 | tail -1)" "4 errors in 4 files"
ln -s ../empty order/link && echo 'x: 1' >empty/_x.yaml && cp order/a.yaml empty/linked.yaml
is "a link to another folder is" "$(check -C order 2>&1 | tail -1)" "5 errors in 5 files"
rm empty/*
if [ "$(id -u)" -ne 0 ]; then
    chmod 000 both/flags/b.yaml
    exits "a file that may not be read is a job that cannot be done" 2 check -C both/flags
    chmod 644 both/flags/b.yaml
fi

# ---- exit ----
exits "no problem exits 0" 0 check
mkdir bad && sed 's/serve: on/sreve: on/' flags/shop.yaml >bad/shop.yaml
exits "an error exits 1" 1 check -C bad
mkdir old && sed 's/serve: on/serve: on, expires: 2026-11-19T00:00:00Z/' flags/shop.yaml >old/shop.yaml
exits "a warning exits 0" 0 check -C old
exits "an expired flag is an error with --strict" 1 check -C old --strict
is "--strict says error" "$(check -C old --strict 2>&1 | sed -n '1p;$p')" \
    "old/shop.yaml:4:27: error: flag 'a' expired a day ago [FF0331]
1 error in 1 file"
is "two weeks before, a flag is reported" "$(
    "$FFC" check -C old --strict --now 2026-11-05T00:00:01Z 2>&1 | head -1)" \
    "old/shop.yaml:4:27: warning: flag 'a' expires in 13 days [FF0332]"
is "earlier, it is not" "$("$FFC" check -C old --now 2026-11-04T23:59:59Z 2>&1)" "no problems in 1 file"

# ---- formats ----
json=$(check -C bad --format json 2>"$scratch/err")
is "json leaves stderr empty" "$(cat "$scratch/err")" ""
is "json is one object with the place, exact" "$(/usr/bin/python3 -c '
import json, sys
page = json.load(sys.stdin)
one = page["diagnostics"][0]
print(page["format_version"], page["errors"], page["warnings"], page["files"])
print(one["code"], one["severity"], one["name"], one["file"])
print(one["message"], "|", one["help"], "|", one["notes"])
print(sorted(one["range"]["start"].items()), sorted(one["range"]["end"].items()))
' <<<"$json")" "1 1 0 1
FF0102 error unknown-key bad/shop.yaml
unknown key 'sreve' in a flag | did you mean 'serve'? | []
[('byte', 113), ('column', 7), ('line', 4)] [('byte', 118), ('column', 12), ('line', 4)]"
is "json bytes are offsets in the file" "$(dd if=bad/shop.yaml bs=1 skip=113 count=5 2>/dev/null)" "sreve"
is "json of a sound project" "$(check --format=json)" \
    '{"format_version":1,"diagnostics":[],"errors":0,"warnings":0,"omitted":0,"files":1}'
is "json shows notes with their own place, and no place as null" "$(
    cp -r flags twice && cp twice/shop.yaml twice/two.yaml
    check -C twice --format json | /usr/bin/python3 -c '
import json, sys
for one in json.load(sys.stdin)["diagnostics"]:
    print(one["file"], one["message"], [(n["file"], n["range"]["start"]["line"]) for n in one["notes"]])'
)" "twice/two.yaml section 'project' is given twice [('twice/shop.yaml', 1)]
twice/two.yaml attribute 'user_id' is defined twice [('twice/shop.yaml', 2)]
twice/two.yaml flag 'a' is defined twice [('twice/shop.yaml', 4)]"
is "json without a place" "$(check -C empty --format json | grep -o '"file":null,"range":null')" \
    '"file":null,"range":null'
is "json is exact for any character" "$(
    mkdir odd && printf 'flags:\n  "\\e\\u00e9\\"\\\\": {serve: on}\n' >odd/o.yaml
    check -C odd --format json | /usr/bin/python3 -c '
import json, sys
print(json.dumps(json.load(sys.stdin)["diagnostics"][0]["message"]))')" \
    "\"'\\u001b\\u00e9\\\"\\\\' cannot be the name of a flag: U+001B is not printable\""
is "github" "$(check -C bad --format github)" \
    "::error file=bad/shop.yaml,line=4,endLine=4,col=7,endColumn=12,title=FF0102 unknown-key::unknown key 'sreve' in a flag%0Ahelp: did you mean 'serve'?"
is "github escapes what its syntax uses" "$(
    mkdir 'per%cent,a:b' && echo 'flags: {a: {percent: 120%}}' >'per%cent,a:b/x.yaml'
    check -C 'per%cent,a:b' --format github | head -1)" \
    "::error file=per%25cent%2Ca%3Ab/x.yaml,line=1,endLine=1,col=22,endColumn=26,title=FF0116 not-a-percentage::a percentage of '120%25', expected 0%25 to 100%25%0Ahelp: write it as 25%25, 25 or 0.125%25"
is "github leaves columns out where the lines differ" "$(
    mkdir lines && printf 'flags:\n  a:\n    rules:\n      serve: on\n      if: {}\n' >lines/x.yaml
    check -C lines --format github | head -1 | grep -o 'line=.*title')" "line=4,endLine=5,title"
is "github says nothing of a sound project" "$(check --format github)" ""

# ---- colour ----
escapes() { grep -c $'\33'; }
unset NO_COLOR CLICOLOR_FORCE
is "no colour to a file" "$(check -C bad 2>&1 | escapes)" 0
is "colour on request" "$(check -C bad --color always 2>&1 | escapes)" 4
is "CLICOLOR_FORCE colours" "$(CLICOLOR_FORCE=1 check -C bad 2>&1 | escapes)" 4
is "NO_COLOR wins over it" "$(NO_COLOR=1 CLICOLOR_FORCE=1 check -C bad 2>&1 | escapes)" 0
is "an empty NO_COLOR does not" "$(NO_COLOR='' CLICOLOR_FORCE=1 check -C bad 2>&1 | escapes)" 4
is "--color never wins" "$(CLICOLOR_FORCE=1 check -C bad --color never 2>&1 | escapes)" 0
is "json is never coloured" "$(check -C bad --format json --color always | escapes)" 0

# ---- usage ----
exits "an unknown format is a usage error" 2 check --format xml
is "which names those there are" "$(check --format xml 2>&1 | head -1)" \
    "ffc check: --format is one of text, json, github, sarif, not 'xml'"
exits "a time that is none is a usage error" 2 "$FFC" check --now tomorrow
if [ -e /dev/full ]; then
    check_to_full_disk() { check --format json >/dev/full; }
    exits "a full disk is an error" 2 check_to_full_disk
fi
is "a reader that goes away is no error to speak of" \
    "$( (check -C bad --format json; echo "status $?" >&2) 2>&1 >/dev/full | grep -c 'cannot write')" 1

# ---- limits ----
# Each of these took minutes once, for want of care with one line, one write or one list. The timeout
# only ends a test that would not.
hasty() { (ulimit -t 60 && timeout 600 "$FFC" check -C "$1" 2>&1 | tail -1); }
mkdir deep && head -c 100000 /dev/zero | tr '\0' '[' >deep/x.yaml
is "100 KB of brackets are refused at once" "$(hasty deep)" "1 error in 1 file"
mkdir line && { printf 'flags: {'; printf 'a%d: {kk: 1}, ' {1..100000}; echo '}'; } >line/x.yaml
is "100 000 problems on one line" "$(hasty line)" "100001 errors in 1 file"
mkdir unknown && { cat flags/shop.yaml; seq 20000 | sed 's/.*/  f&: {requires: {g&: on}}/'; } >unknown/x.yaml
is "20 000 names that do not exist" "$(hasty unknown)" "20000 errors in 1 file"
mkdir ring && { cat flags/shop.yaml; for i in {1..20000}; do echo "  f$i: {requires: {f$((i % 20000 + 1)): on}}"; done; } >ring/x.yaml
is "a ring of 20 000 flags is refused" "$(hasty ring | grep -c 'errors\? in 1 file')" 1
mkdir many && { cat flags/shop.yaml; for i in {1..3000}; do echo "  f$i: {requires: {g$i: on}}"; done; } >many/x.yaml
is "every problem is reported, however many" "$(check -C many 2>&1 | tail -1)" "3000 errors in 1 file"
finish
