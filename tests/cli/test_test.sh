#!/bin/bash
# ffc test: what passes, what fails and how it is explained, shares, states, coverage, filters.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh

mkdir "$scratch/flags" && cd "$scratch" || exit 2
cat >flags/shop.yaml <<'YAML'
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes:
  user_id: string
  account: number
  country: string
  age: number
  beta: boolean
  app: version
  since: time
  groups: strings
  client: ip
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}}}
layers: {checkout: {}}
flags:
  half: {percent: 50%}
  rules:
    users: {on: [u1]}
    rules:
      - {name: adults, if: {age: {gte: 18}, country: [NO]}}
      - {if: {groups: {has: staff}}}
    environments:
      staging: {serve: on}
  theme:
    type: string
    variants: {light: l, dark: d, blue: b}
    default: light
    split: {light: 60%, dark: 39.5%, blue: 0.5%}
  limit: {type: integer, value: 5, environments: {staging: {value: 7}}}
  ratio: {type: number, value: 0.5}
  payload: {type: json, value: {b: [1, 2.0], a: {x: null}}}
  by-account: {bucket_by: account, percent: 10%}
  layered: {layer: {name: checkout, from: 0%, to: 25%}, serve: on}
  ramp: {percent: {from: 0%, to: 100%, start: 2026-12-01T00:00:00Z, end: 2026-12-11T00:00:00Z}}
  canary:
    canary:
      stages:
        - {name: beta, percent: 10%, if: {beta: true}}
        - {name: all, percent: 100%}
      guards: [{metric: errors, max: 5%, action: rollback}]
  needs: {requires: {canary: on}, serve: on}
  frozen: {serve: on}
overrides:
  - {flags: [frozen], environments: [production], serve: default, reason: INC-1}
YAML
cat >flags/passing.yaml <<'YAML'
tests:
  - {name: half of them, flag: half, environment: production, expect_share: {on: 50%, off: 50%}}
  - {flag: rules, environment: production, context: {user_id: u1}, expect: {variant: on, value: true, reason: TARGETING_MATCH, rule: users}}
  - name: every type of attribute
    flag: rules
    environment: production
    context: {user_id: "7", account: 7, country: NO, age: 18, beta: true, app: v1.2, since: 2026-01-01T00:00:00Z, groups: [a, b], client: "::1"}
    expect: {rule: adults}
  - {name: staff, flag: rules, environment: production, contexts: [{groups: [staff]}, {groups: [staff], age: 3}], expect: {rule: "rules[1]"}}
  - {name: others, flag: rules, environment: production, context: {age: 18, country: ~}, expect: {variant: off, rule: null}}
  - {name: staging has it, flag: rules, environment: staging, expect: {reason: STATIC}}
  - {name: themes, flag: theme, environment: [staging, production], expect_share: {light: 60%, dark: 39.5%, blue: 0.5%}}
  - {flag: limit, environment: production, expect: {value: 5}}
  - {flag: limit, environment: staging, expect: {value: 7}}
  - {flag: ratio, environment: production, expect: {value: 5e-1}}
  - {name: order of keys does not count, flag: payload, environment: production, expect: {value: {a: {x: null}, b: [1.0, 2]}}}
  - {name: numbers are units, flag: by-account, environment: production, expect_share: {on: 10%, off: 90%}}
  - {name: layers are shares, flag: layered, environment: production, expect_share: {on: 25%, off: 75%}}
  - {name: before, flag: ramp, environment: production, at: 2026-12-01T00:00:00Z, expect_share: {off: 100%}}
  - {name: between, flag: ramp, environment: production, at: 2026-12-04T00:00:00Z, units: 20000, expect_share: {on: 30%, off: 70%}}
  - {name: after, flag: ramp, environment: production, at: 2026-12-11T00:00:00Z, expect: {variant: on, reason: SPLIT}}
  - {name: as it stands, flag: canary, environment: production, context: {beta: true}, expect: off}
  - {name: first stage, flag: canary, environment: production, stage: beta, context: {beta: true}, expect_share: {on: 10%, off: 90%}}
  - {name: for beta users, flag: canary, environment: production, stage: beta, expect_share: {off: 100%}}
  - {name: last stage, flag: canary, environment: production, state: running, stage: all, expect: {rule: "canary:all"}}
  - {name: another's stage is not seen, flag: needs, environment: production, expect: {variant: off, reason: PREREQUISITE_FAILED}}
  - {name: frozen, flag: frozen, environment: production, overrides: active, expect: {reason: OVERRIDE, rule: "override[0]"}}
  - {name: without it, flag: frozen, environment: production, expect: {variant: on, reason: STATIC, rule: "rules[0]"}}
  - {name: only there, flag: frozen, environment: staging, expect: on}
YAML

"$FFC" test >out 2>err
is "all pass" "$?" 0
is "as TAP" "$(head -n 4 out)" "TAP version 13
1..25
ok 1 - half of them
ok 2 - rules"
if command -v prove >/dev/null; then
    ok "as a harness reads it" prove --exec cat out
else
    skip "as a harness reads it" "prove is not installed"
fi
is "a line for each environment" "$(grep themes out)" "ok 7 - themes (staging)
ok 8 - themes (production)"
is "the verdict is on stderr" "$(tail -n 1 err)" \
    "25 passed, 0 failed (26 contexts); reached 94.3% of rules, variants and stages (33 of 35)"
is "with what is not reached" "$(head -n -1 err)" \
    "flags/shop.yaml:40: no test reaches variant 'on' of 'needs'
flags/shop.yaml:40: no test reaches rule 'rules[0]' of 'needs'"
exits "coverage may be asked for" 0 "$FFC" test --min-coverage 94.2%
exits "and is then demanded" 1 "$FFC" test --min-coverage 94.5%
exits "a percentage is one" 2 "$FFC" test --min-coverage most

"$FFC" build -e production -o with.ffs >/dev/null 2>&1
mv flags/passing.yaml passing.yaml
"$FFC" build -e production -o without.ffs >/dev/null 2>&1
ok "tests change no byte of a snapshot" cmp with.ffs without.ffs
"$FFC" test >out 2>err
is "no test is no failure" "$?" 0
is "and says so" "$(cat out)" "TAP version 13
1..0 # SKIP no tests"
is "ten places show what is missing" "$(wc -l <err)" 12
is "all of them when asked" "$("$FFC" test --coverage 2>&1 >/dev/null | wc -l)" 36

# failing NAME MESSAGE KEYS: a test of these keys fails, with this message.
failing() {
    printf 'tests:\n  - {name: it, environment: production, %s}\n' "$3" >flags/failing.yaml
    is "fails: $1" "$("$FFC" test --json 2>err | /usr/bin/python3 -c 'import json, sys
report = json.load(sys.stdin)
print(report["failed"], *[failure["message"] for test in report["tests"] for failure in test["failures"]])')" \
        "1 $2"
}
failing "variant" "variant is 'off', expected 'on'" "flag: rules, expect: on"
failing "value" "value is 5, expected 6" "flag: limit, expect: {value: 6}"
failing "number" "value is 0.5, expected 0.51" "flag: ratio, expect: {value: 0.51}"
failing "payload" 'value is {"b":[1,2.0],"a":{"x":null}}, expected {"b":[1]}' \
    "flag: payload, expect: {value: {b: [1]}}"
failing "text" 'value is "l", expected "d"' "flag: theme, expect: {value: d}"
failing "reason" "reason is DEFAULT, expected STATIC" "flag: rules, expect: {reason: STATIC}"
failing "rule" "rule is 'users', expected 'adults'" \
    "flag: rules, context: {user_id: u1}, expect: {rule: adults}"
failing "no rule" "rule is 'users', expected none" \
    "flag: rules, context: {user_id: u1}, expect: {rule: null}"
failing "a rule" "rule is none, expected 'adults'" "flag: rules, expect: {rule: adults}"
failing "several" "variant is 'off', expected 'on'; reason is DEFAULT, expected SPLIT" \
    "flag: half, expect: {variant: on, reason: SPLIT}"
failing "share" \
    "'on' gets 49.981%, expected 49%; 'off' gets 50.019%, expected 51% (probability of that: 5.4e-10)" \
    "flag: half, expect_share: {on: 49%, off: 51%}"
failing "share of nothing" "'on' gets 49.981%, expected 0%; 'off' gets 50.019%, expected 100%" \
    "flag: half, expect_share: {off: 100%}"
failing "supposed stage" "variant is 'off', expected 'on'" \
    "flag: canary, stage: beta, context: {user_id: u1}, expect: on"

cat >flags/failing.yaml <<'YAML'
tests:
  - name: "100 # of them\\"
    flag: rules
    environment: [staging, production]
    at: 2026-12-01T00:00:00Z
    contexts: [{user_id: u1}, {user_id: u2}, {user_id: u3}, {user_id: u4}, {user_id: u5}, {user_id: u6}, {user_id: u7}]
    expect: on
  - {flag: half, environment: production, expect_share: {on: 49%, off: 51%}}
YAML
"$FFC" test >out 2>err
is "a failure is an exit status" "$?" 1
is "and explained, with places and the way to look closer" "$(sed -n '3,19p; 40,$p' out)" \
    'ok 1 - 100 \# of them\\ (staging)
not ok 2 - 100 \# of them\\ (production)
  ---
  test: "flags/failing.yaml:2"
  flag: "rules"
  environment: production
  failures:
    - message: "variant is '"'off', expected 'on'"'"
      context: {"user_id":"u2"}
      got: {"value":false,"variant":"off","reason":"DEFAULT","rule":null,"error":null}
      decided: "flags/shop.yaml:16"
      try: |
        ffc trace rules -e production -c '"'"'{"user_id":"u2"}'"'"' --at 2026-12-01T00:00:00Z
    - message: "variant is '"'off', expected 'on'"'"
      context: {"user_id":"u3"}
      got: {"value":false,"variant":"off","reason":"DEFAULT","rule":null,"error":null}
      decided: "flags/shop.yaml:16"
    # and 1 more
  ...
not ok 3 - half
  ---
  test: "flags/failing.yaml:8"
  flag: "half"
  environment: production
  failures:
    - message: "'"'on' gets 49.981%, expected 49%; 'off' gets 50.019%, expected 51% (probability of that: 5.4e-10)"'"
      context: {}
      got: {"on":49981,"off":50019}
      defined: "flags/shop.yaml:15"
  ...'
ok "the explanations are YAML" /usr/bin/python3 - out <<'PY'
import re, sys, yaml
blocks = re.findall(r"^  ---\n(.*?)^  \.\.\.\n", open(sys.argv[1]).read(), re.M | re.S)
assert len(blocks) == 2, len(blocks)
assert len(yaml.safe_load(blocks[0])["failures"]) == 5
assert yaml.safe_load(blocks[1])["failures"][0]["got"] == {"on": 49981, "off": 50019}
PY

is "as diagnostics, a document" "$("$FFC" test --format json 2>&1 >/dev/null | /usr/bin/python3 -c 'import json, sys
for item in json.load(sys.stdin)["diagnostics"]: print(item["code"], item["range"]["start"]["line"], item["notes"][0]["message"])')" \
    "FF0547 2 decided here
FF0547 8 the flag is defined here"

mv passing.yaml flags/passing.yaml
plan() {
    "$FFC" test "$@" 2>/dev/null | sed -n 2p
}
is "a filter is a part of a name" "$(plan staging)" 1..1
is "of a flag, too" "$(plan rule)" 1..7
is "or a pattern" "$(plan 'ca*y')" 1..4
is "several add up" "$(plan ramp theme)" 1..5
is "an environment alone" "$(plan -e staging theme)" 1..1
is "coverage is then of these flags" "$("$FFC" test canary 2>&1 >/dev/null | tail -n 1)" \
    "4 passed, 0 failed; reached 100.0% of rules, variants and stages (4 of 4)"
exits "a filter that finds nothing" 2 "$FFC" test thme
is "with a suggestion" "$("$FFC" test thme 2>&1 | head -n 1)" \
    "ffc test: no test and no flag with tests matches 'thme'; did you mean 'theme'?"
exits "an environment that is not there" 2 "$FFC" test -e prod
exits "a project that is not there" 2 "$FFC" test -C nowhere
is "the clock of a test without its own" "$(
    printf 'tests:\n  - {flag: ramp, environment: production, expect: on}\n' >flags/failing.yaml
    "$FFC" test ramp --at 2026-12-11T00:00:00Z 2>/dev/null | grep -c '^ok')" 4
echo '  - {flag: ramp, environment: production, expect: onn}' >>flags/failing.yaml
exits "definitions with errors" 1 "$FFC" test
rm flags/failing.yaml
mv flags/shop.yaml shop.yaml
mkdir other && mv shop.yaml flags/passing.yaml other
is "another project is named in what to try" "$(
    printf 'tests:\n  - {flag: half, environment: production, expect: on}\n' >other/more.yaml
    "$FFC" test half -C other 2>/dev/null | grep 'ffc trace')" \
    "        ffc trace half -e production -c '{}' -C other"

# What a test supposes of its own flag is not seen by another, neither in its stage nor without one.
mkdir chain
cat >chain/all.yaml <<'YAML'
project: {name: chain, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}}}
flags:
  first: {canary: {stages: [{name: all, percent: 100%}], guards: [{metric: errors, max: 5%}]}}
  second: {requires: {first: on}, canary: {stages: [{name: all, percent: 100%}], guards: [{metric: errors, max: 5%}]}}
  third: {rules: [{if: {flag: {second: on}}}], canary: {stages: [{name: all, percent: 100%}], guards: [{metric: errors, max: 5%}]}}
  alone: {canary: {stages: [{name: half, percent: 50%}, {name: all, percent: 100%}], guards: [{metric: errors, max: 5%}]}}
tests:
  - {flag: alone, stage: all, expect: on}
  - {flag: first, stage: all, expect: on}
  - {flag: second, stage: all, expect: {reason: PREREQUISITE_FAILED}}
  - {flag: third, stage: all, expect: {rule: "canary:all"}}
  - {flag: third, state: pending, expect: {reason: DEFAULT}}
  - {flag: alone, stage: half, expect_share: {on: 50%, off: 50%}}
  - {flag: second, expect: off}
YAML
is "suppositions do not meet" "$("$FFC" test -C chain 2>&1 | grep -v '^ok')" "TAP version 13
1..7
chain/all.yaml:5: no test reaches variant 'off' of 'first'
chain/all.yaml:6: no test reaches variant 'on' of 'second'
chain/all.yaml:6: no test reaches stage 'all' of 'second'
chain/all.yaml:7: no test reaches rule 'rules[0]' of 'third'
7 passed, 0 failed; reached 71.4% of rules, variants and stages (10 of 14)"
sed -i '/stage: half/s/expect_share.*/expect: {rule: null}, context: {user_id: u3}}/' chain/all.yaml
is "what is supposed is in the way to look closer" \
    "$(FFC=$FFC bash -c "$("$FFC" test alone -C chain 2>/dev/null | sed -n 's/^ *ffc trace/"$FFC" trace/p')" | tail -n 1)" \
    "alone = true  (variant on, SPLIT, canary:half)"

mkdir invalid
cat >invalid/a.yaml <<'YAML'
project: {name: n, environments: [e], bucket_by: id}
attributes: {id: string, app: version, since: time, client: ip}
flags:
  a: {rules: [{if: {app: {gte: 2.0.0}}}, {if: {client: 10.0.0.0/8}}, {if: {since: {present: true}}}]}
  absent: {rules: [{if: {app: {present: false}}}]}
tests:
  - {flag: a, context: {app: {invalid: latest}, client: {invalid: unknown}, since: {invalid: today}}, expect: off}
  - {flag: absent, context: {app: {invalid: latest}}, expect: on}
  - {flag: a, name: wrong, context: {app: {invalid: latest}}, expect: on}
YAML
"$FFC" test -C invalid >out 2>/dev/null
is "an invalid value counts as absent" "$(grep -c '^ok' out)" 2
is "and a test that fails says so" "$(sed -n 's/.*message: //p' out)" \
    "\"variant is 'off', expected 'on'; attribute 'app': 'latest' is not a valid version; it counts as absent\""

mkdir kill
cat >kill/a.yaml <<'YAML'
project: {name: n, environments: [e], bucket_by: id}
attributes: {id: string}
flags:
  kill: {kind: ops, serve: on}
  listed: {users: {off: [u1]}, serve: on}
  held: {holdout: some, serve: on}
  half: {percent: 50%}
holdouts: {some: {percent: 10%}}
tests:
  - {flag: kill, context: {}, expect: on}
YAML
"$FFC" test kill -C kill --min-coverage 100% >/dev/null 2>err
is "all of a kill switch can be reached" "$?" 0
"$FFC" test -C kill --coverage >/dev/null 2>err
is "what a list, a holdout or a percentage leaves still counts" "$(grep -c "variant 'off'" err)" 3

mkdir parts
cat >parts/all.yaml <<'YAML'
project: {name: parts, environments: [production]}
attributes: {country: {type: string}}
flags:
  big:
    type: json
    variants: {small: {a: 0, b: 0}, large: {a: 1, b: 2}}
    default: large
    value_overrides:
      small:
        - {if: {country: NO}, replace: {a: 4}}
      large:
        - {if: {country: NO}, replace: {a: 5}}
        - {if: {country: SE}, replace: {a: 6}}
        - {if: {country: DK}, replace: {a: 1}}
tests:
  - {flag: big, context: {country: NO}, expect: {value: {a: 5, b: 2}}}
YAML
"$FFC" test -C parts --coverage >/dev/null 2>err
is "parts of a value that are replaced count where they change what somebody gets" \
    "$(head -n -1 err)" "parts/all.yaml:13: no test reaches value_overrides[1] of large of 'big'"

finish
