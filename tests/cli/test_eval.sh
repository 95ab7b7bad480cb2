#!/bin/bash
# ffc eval: contexts in, results out.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

mkdir flags
cat >flags/all.yaml <<'YAML'
project: {name: shop, environments: [production], bucket_by: user_id}
attributes:
  {user_id: string, age: number, beta: boolean, app: version, since: time, groups: strings, ip: ip}
flags:
  a.boolean: {rules: [{if: {age: {gte: 18}}}]}
  b.string: {type: string, variants: {x: 'say "x"', y: Y}, default: x, rules: [{if: {beta: true}, serve: y}]}
  c.integer: {type: integer, value: 42}
  d.number: {type: number, value: 0.1}
  e.json: {type: json, value: {k: [1, null]}}
  f.clock: {percent: {from: 0%, to: 100%, start: 2026-01-01T00:00:00Z, end: 2026-01-02T00:00:00Z}}
  g.all: {rules: [{if: {app: {gte: 1.2}, since: {before: 2026-01-01T00:00:00Z}, groups: {has: staff}, ip: {in: [10.0.0.0/8]}}}]}
YAML
"$FFC" build -e production -o p.ffs >/dev/null

is "a result as text" "$("$FFC" eval a.boolean -c '{"age": 20}')" \
    "a.boolean = true  (variant on, TARGETING_MATCH, rules[0])"
is "a result as JSON" "$("$FFC" eval a.boolean --json -c '{"age": 20}')" \
    '{"format_version":1,"flag":"a.boolean","environment":"production","value":true,"variant":"on","reason":"TARGETING_MATCH","rule":"rules[0]","error":null}'
is "every type, by name" "$("$FFC" eval --all -c '{"beta": true}' --at 2026-01-02T00:00:00Z)" \
    'a.boolean = false  (variant off, DEFAULT)
b.string = "Y"  (variant y, TARGETING_MATCH, rules[0])
c.integer = 42  (STATIC)
d.number = 0.1  (STATIC)
e.json = {"k":[1,null]}  (STATIC)
f.clock = true  (variant on, SPLIT, rules[0])
g.all = false  (variant off, DEFAULT)'
is "a snapshot answers as its project does" \
    "$("$FFC" eval --all -s p.ffs -c '{"beta": true}' --json --at 2026-01-01T12:00:00Z)" \
    "$("$FFC" eval --all -e production -c '{"beta": true}' --json --at 2026-01-01T12:00:00Z)"
is "a snapshot from stdin" "$("$FFC" eval c.integer -s - -c '{}' <p.ffs)" "c.integer = 42  (STATIC)"
is "a context from stdin" "$(echo '{"age": 20}' | "$FFC" eval a.boolean -c -)" \
    "a.boolean = true  (variant on, TARGETING_MATCH, rules[0])"
is "every attribute type" \
    "$("$FFC" eval g.all -c '{"app": "v1.3", "since": "2025-01-01T00:00:00Z", "groups": ["x", "staff"], "ip": "10.1.2.3"}')" \
    "g.all = true  (variant on, TARGETING_MATCH, rules[0])"
is "a time in milliseconds" \
    "$("$FFC" eval g.all -c '{"app": "2", "since": 0, "groups": ["staff"], "ip": "10.1.2.3"}')" \
    "g.all = true  (variant on, TARGETING_MATCH, rules[0])"
is "null is absent" "$("$FFC" eval a.boolean -c '{"age": null}')" \
    "a.boolean = false  (variant off, DEFAULT)"

"$FFC" eval a.bolean --json -c '{}' >out 2>err
is "an unknown flag is a result" "$?" 1
is "with its error" "$(cat out)" \
    '{"format_version":1,"flag":"a.bolean","environment":"production","value":null,"variant":null,"reason":"ERROR","rule":null,"error":"FLAG_NOT_FOUND"}'
is "and a suggestion" "$(cat err)" \
    "ffc eval: no flag is called 'a.bolean'; did you mean 'a.boolean'?"
is "an unknown attribute is a warning" "$("$FFC" eval c.integer -c '{"agee": 3}' 2>&1 >/dev/null)" \
    "-c: warning: no attribute 'agee' is declared; did you mean 'age'?"
exits "and no more" 0 "$FFC" eval c.integer -c '{"agee": 3}'
is "a version that is none counts as absent" "$("$FFC" eval g.all -c '{"app": "x"}' 2>&1 >/dev/null)" \
    "-c: warning: attribute 'app': 'x' is not a valid version; it counts as absent"
while IFS='|' read -r context message; do
    is "refuses $context" "$("$FFC" eval a.boolean -c "$context" 2>&1)" "ffc eval: -c: $message"
    exits "as an error" 1 "$FFC" eval a.boolean -c "$context"
done <<'CASES'
{"age": "20"}|attribute 'age' is of type number and takes a number, not a string
{"user_id": 7}|attribute 'user_id' is of type string and takes a string, not a number
{"beta": 1}|attribute 'beta' is of type boolean and takes true or false, not a number
{"groups": "staff"}|attribute 'groups' is of type strings and takes a list of strings, not a string
{"groups": ["a", 1]}|attribute 'groups' is of type strings and takes a list of strings, not a list of anything else
[]|a context is an object of attributes, not a list
CASES
for context in '{"age":' '{age: 1}' '{"age": 1, "age": 2}' '{} x' '"\ud83d"' '{"age": 1e999}' '' '{"age": tru}'; do
    is "says in its own words what is wrong with $context" \
        "$("$FFC" eval a.boolean -c "$context" 2>&1 | grep -c 'near\|token\|object key\|JSON_')" 0
done
ok "refuses what is not JSON, with the place" \
    sh -c '"$1" eval a.boolean -c "{age: 1}" 2>&1 | grep -q "^ffc eval: -c: not JSON: .*column"' - "$FFC"
exits "refuses a key given twice" 1 "$FFC" eval a.boolean -c '{"age": 1, "age": 2}'

printf '{"age": 20}\n\n{"age": 1}\n{bad\n{"age": "x"}\n{"age": 30}\n' >contexts.ndjson
"$FFC" eval a.boolean --contexts contexts.ndjson >out 2>err
is "bad lines are reported, and the rest goes on" "$?" 1
is "one result a line" "$(cat out)" \
    "1: a.boolean = true  (variant on, TARGETING_MATCH, rules[0])
3: a.boolean = false  (variant off, DEFAULT)
6: a.boolean = true  (variant on, TARGETING_MATCH, rules[0])"
is "with their numbers" "$(cut -d: -f1-4 err)" "ffc eval: contexts.ndjson:4: not JSON
ffc eval: contexts.ndjson:5: attribute 'age' is of type number and takes a number, not a string"
is "contexts from stdin" "$("$FFC" eval a.boolean c.integer --contexts - --json <<<'{"age": 20}' |
    /usr/bin/python3 -c 'import json,sys; print([(r["flag"], r["value"], r["line"]) for r in map(json.loads, sys.stdin)])')" \
    "[('a.boolean', True, 1), ('c.integer', 42, 1)]"

head -c 17825792 /dev/zero | tr '\0' ' ' >endless
is "a line without an end is refused, at its limit" "$(
    # A sanitizer reserves far more addresses than it uses.
    grep -q __asan_init "$FFC" || ulimit -v 1000000
    "$FFC" eval a.boolean --contexts endless 2>&1
)" "ffc eval: endless:1: a line of more than 16 MiB"
rm endless
is "a device is no file of contexts" "$("$FFC" eval a.boolean --contexts /dev/zero 2>&1 | head -1)" \
    "ffc eval: cannot read '/dev/zero': it is a device, not a file"
is "as is a directory" "$("$FFC" eval a.boolean --contexts flags 2>&1)" "ffc eval: cannot read 'flags': Is a directory"

json_problem() { "$FFC" eval a.boolean -c "$1" 2>&1 | sed 's/.*not JSON: //'; }
is "what JSON does not have is called by its name" "$(
    for text in '{"age": 1,}' "{'age': 1}" '{"age": 1 // x' '{"age": NaN}' '{age: 1}' '{"age": 1' '{"age": 1 "b": 2}' \
        '{"age" "b"}' '{"age": "\q"}' $'{"age": "a\nb"}' '{"age": ;}'; do
        json_problem "$text"
    done
)" "a comma before the closing bracket, at column 11
single quotes, where JSON has double ones, at column 2
a comment, which JSON does not have, at column 11
a word other than true, false and null, at column 11
a key or text without double quotes, at column 4
it ends too early, at column 9
no comma before a text, at column 13
no ':' after a key, at column 10
an unknown escape in a text, at column 11
a line ends within a text, at column 10
unexpected text, at column 9"

# Nested contexts; which value counts is tested in differential/test_nested.py.
mkdir nested && cat >nested/all.yaml <<'YAML'
project: {name: shop, environments: [production], bucket_by: user.id}
attributes: {user: string, user.id: string, user.plan: string, geo.lat: number, geo.at.city: string, groups: strings}
flags:
  pro: {rules: [{if: {user.plan: pro}}]}
  half: {percent: 50%}
tests:
  - {flag: pro, contexts: [{user: {plan: pro}}, {user.plan: pro}, {user: {plan: pro, id: u}, geo: {lat: 1}}], expect: on}
  - {flag: pro, contexts: [{user: anna}, {user: {plan: null}}, {}], expect: off}
  - {flag: half, context: {user: {plan: pro}, geo: {at: {city: Oslo}}}, expect_share: {on: 50%, off: 50%}}
YAML
nested() { "$FFC" eval pro -C nested -c "$1" 2>&1; }
PRO="pro = true  (variant on, TARGETING_MATCH, rules[0])" FREE="pro = false  (variant off, DEFAULT)"
is "a dotted attribute is found in a nested object" "$(nested '{"user": {"plan": "pro", "id": "u1"}}')" "$PRO"
is "a literal key beats it" "$(nested '{"user": {"plan": "free"}, "user.plan": "pro"}')" \
    "-c: warning: attribute 'user.plan' is given twice: the value of the longer key counts
$PRO"
is "even with null" "$(nested '{"user.plan": null, "user": {"plan": "pro"}}' | tail -1)" "$FREE"
is "an unknown key has its whole path" "$(nested '{"user": {"plna": "pro", "age": 3}}')" \
    "-c: warning: no attribute 'user.plna' is declared; did you mean 'user.plan'?
-c: warning: no attribute 'user.age' is declared
$FREE"
is "so has one in an object that is unknown" "$(nested '{"usr": {"plan": "pro", "n": {"o": 1}}, "x": {"y": {}}}')" \
    "-c: warning: no attribute 'usr.plan' is declared; did you mean 'user.plan'?
-c: warning: no attribute 'x' is declared
$FREE"
is "a value where others are nested" "$(nested '{"geo": {"at": "Oslo"}}')" \
    "-c: warning: no attribute 'geo.at' is declared; 'geo.at.city' is read from an object, and this is a string
$FREE"
is "a list is not descended into" "$(nested '{"geo": [{"lat": 1}]}')" \
    "-c: warning: no attribute 'geo' is declared; 'geo.at.city' is read from an object, and this is a list
$FREE"
is "unless it is an attribute, too" "$(nested '{"user": "anna"}')" "$FREE"
is "nothing is said of null" "$(nested '{"geo": {"at": null}, "user": null}')" "$FREE"
is "types are checked as elsewhere" "$(nested '{"geo": {"lat": "x"}}')" \
    "ffc eval: -c: attribute 'geo.lat' is of type number and takes a number, not a string"
is "an object is no value" "$(nested '{"geo": {"lat": {"x": 1}}}')" \
    "ffc eval: -c: attribute 'geo.lat' is of type number and takes a number, not an object"
is "a key twice" "$(nested '{"user": {"plan": "a", "plan": "b"}}')" \
    "ffc eval: -c: not JSON: a key is given twice, at column 29"
is "depth is bounded" "$(nested "$(printf '{"user":%.0s' {1..3000})")" \
    "ffc eval: -c: not JSON: it is nested too deep, at column 16385"
"$FFC" build -C nested -e production -o n.ffs >/dev/null
is "a snapshot finds what its flags read" "$("$FFC" eval pro -s n.ffs -c '{"user": {"plan": "pro", "x": 1}, "geo": 3}' 2>&1)" "$PRO"
printf '%s\n' '{"user":{"plan":"pro"}}' '{"user.plan":"free"}' '{"user":{"plan":"pro"}}' >nested.ndjson
is "lines of contexts are" "$("$FFC" eval pro -C nested --contexts nested.ndjson | cut -d' ' -f1-4 | tr '\n' ' ')" \
    "1: pro = true 2: pro = false 3: pro = true "
ok "contexts of tests are, too" "$FFC" test -C nested

exits "no flag" 2 "$FFC" eval -c '{}'
exits "no context" 2 "$FFC" eval a.boolean
exits "a snapshot and an environment" 2 "$FFC" eval a.boolean -s p.ffs -e production -c '{}'
exits "stdin twice" 2 "$FFC" eval a.boolean -s - -c -
exits "a snapshot that is not there" 2 "$FFC" eval a.boolean -s nowhere.ffs -c '{}'
head -c 200 p.ffs >short.ffs
exits "a snapshot that is damaged" 1 "$FFC" eval a.boolean -s short.ffs -c '{}'
echo '  broken: {perzent: 1%}' >>flags/all.yaml
exits "definitions with errors" 1 "$FFC" eval a.boolean -c '{}'
finish
