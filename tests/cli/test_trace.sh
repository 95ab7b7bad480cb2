#!/bin/bash
# ffc trace: each kind of step, with what was found and where it is written.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh

mkdir -p "$scratch/flags/lists" && cd "$scratch" || exit 2
printf 'u1\nu9\n' >flags/lists/vip.txt
cat >flags/shop.yaml <<'YAML'
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes:
  user_id: string
  account: number
  country: string
  age: number
  app: version
  groups: strings
layers: {checkout: {}}
holdouts: {q4: {percent: 2%}}
segments:
  adults: {if: {age: {gte: 18}}}
  beta: {if: {any: [{groups: {has: beta}}, {user_id: {in_file: lists/vip.txt}}]}}
flags:
  base:
    rules: [{name: nordics, if: {country: [NO, SE, DK, FI, IS, FO, GL, AX]}}]
  checkout:
    requires: {base: on}
    users: {on: [u7, u8], off: {file: lists/vip.txt}}
    holdout: q4
    layer: {name: checkout, from: 25%, to: 75%}
    rules:
      - name: new-app
        if: {segment: [adults, beta], app: {gte: 2.0.0, lt: 3.0.0}, not: {groups: {has: staff}}}
      - if: {flag: {base: on}, country: NO}
        percent: {from: 0%, to: 100%, start: 2026-12-01T00:00:00Z, end: 2026-12-11T00:00:00Z}
      - {name: rest, percent: 40%, by: account}
  theme:
    type: string
    variants: {light: l, dark: d, blue: b}
    default: light
    split: {light: 30%, dark: 69.5%, blue: 0.5%}
  rollout:
    canary:
      stages: [{name: beta, percent: 10%, if: {segment: beta}}, {name: all, percent: 100%}]
      guards: [{metric: errors, max: 5%, action: rollback}]
      state: running
      since: 2026-11-20T10:00:00Z
  off-here: {environments: [staging], serve: on}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}}}
overrides:
  - {flags: [check*], environments: [production], if: {country: FR}, serve: default, reason: INC-1423, from: 2026-12-24T00:00:00Z, until: 2026-12-27T00:00:00Z}
YAML
at=(--at 2026-12-05T00:00:00Z)
trace() {
    "$FFC" trace "$@" "${at[@]}"
}

is "every kind of step" "$(trace checkout -e production -c '{"user_id": "u42", "country": "NO", "age": 17, "app": "2.1", "groups": ["x", "staff"]}')" \
    'checkout in production at 2026-12-05T00:00:00Z
  for user_id "u42", country "NO", age 17, app "2.1", groups ["x","staff"]

  flags/shop.yaml:42  no   override[0]: INC-1423
  flags/shop.yaml:42  no     from 2026-12-24T00:00:00Z                          it is 2026-12-05T00:00:00Z
  flags/shop.yaml:42  yes    until 2026-12-27T00:00:00Z                         it is 2026-12-05T00:00:00Z
  flags/shop.yaml:42  no     country is FR                                      "NO"
  flags/shop.yaml:17  yes  enabled in production
  flags/shop.yaml:18  yes  requires base: on                                    it serves on
  flags/shop.yaml:15  yes    enabled in production
  flags/shop.yaml:16  yes    rule nordics
  flags/shop.yaml:16  yes      country in [NO, SE, DK, FI, IS, FO, and 2 more]  "NO"
  flags/shop.yaml:16  =>     serve on                                           TARGETING_MATCH, nordics
  flags/shop.yaml:19  no   one of the 2 users listed for on                     "u42"
  flags/shop.yaml:19  no   one of the 2 users listed for off                    "u42"
  flags/shop.yaml:10  no   holdout q4, from 0% to 2%                            "u42" is at 62.736%
  flags/shop.yaml:21  yes  layer checkout, from 25% to 75%                      "u42" is at 41.667%
  flags/shop.yaml:23  no   rule new-app
  flags/shop.yaml:24  no     any of
  flags/shop.yaml:12  no       segment adults
  flags/shop.yaml:12  no         age gte 18                                     17
  flags/shop.yaml:13  no       segment beta
  flags/shop.yaml:13  no         any of
  flags/shop.yaml:13  no           groups has beta                              ["x","staff"]
  flags/shop.yaml:13  no           user_id in_file lists/vip.txt                "u42"
  flags/shop.yaml:24  yes    app gte 2.0.0                                      "2.1"
  flags/shop.yaml:24  yes    app lt 3.0.0                                       "2.1"
  flags/shop.yaml:24  no     not
  flags/shop.yaml:24  yes      groups has staff                                 ["x","staff"]
  flags/shop.yaml:25  yes  rule rules[1]
  flags/shop.yaml:25  yes    flag base serves on                                it serves on, as shown above
  flags/shop.yaml:25  yes    country is NO                                      "NO"
  flags/shop.yaml:26  yes    below 40% by now, by user_id                       "u42" is at 4.930969%
  flags/shop.yaml:25  =>   serve on                                             SPLIT, rules[1]

checkout = true  (variant on, SPLIT, rules[1])'
is "a bucket is that of ffc bucket" "$("$FFC" bucket --salt checkout u42 | grep -o '4\.93[0-9]*' | head -n 1)" 4.930969
is "a requirement that is not met" "$(trace checkout -e staging -c '{}' | grep -v base)" \
    'checkout in staging at 2026-12-05T00:00:00Z

  flags/shop.yaml:17  yes  enabled in staging
  flags/shop.yaml:15  yes    enabled in staging
  flags/shop.yaml:16  no     rule nordics
  flags/shop.yaml:16  no       country in [NO, SE, DK, FI, IS, FO, and 2 more]  absent
  flags/shop.yaml:15  =>     serve off, the default                             DEFAULT
  flags/shop.yaml:18  =>   serve off, the default                               PREREQUISITE_FAILED

checkout = false  (variant off, PREREQUISITE_FAILED)'
is "a split" "$(trace theme -e production -c '{"user_id": "u42"}' | tail -n 5)" \
    '  flags/shop.yaml:32  yes  rule rules[0]
  flags/shop.yaml:32  yes    dark from 30% to 99.5% of a split by user_id  "u42" is at 30.114%
  flags/shop.yaml:32  =>   serve dark                                      SPLIT, rules[0]

theme = "d"  (variant dark, SPLIT, rules[0])'
is "a unit without a key" "$(trace theme -e production -c '{}' | sed -n 4,6p)" \
    '  flags/shop.yaml:32  no   rule rules[0]
  flags/shop.yaml:32  no     a split by user_id      user_id is absent: no key
  flags/shop.yaml:28  =>   serve light, the default  DEFAULT'
is "a canary" "$(trace rollout -e production -c '{"user_id": "u9"}' | sed -n '5,$p')" \
    '  flags/shop.yaml:35  no   canary stage beta, 1 of 2, running
  flags/shop.yaml:13  yes    segment beta
  flags/shop.yaml:13  yes      any of
  flags/shop.yaml:13  no         groups has beta                absent
  flags/shop.yaml:13  yes        user_id in_file lists/vip.txt  "u9"
  flags/shop.yaml:35  no     below 10%, by user_id              "u9" is at 58.115%
  flags/shop.yaml:33  =>   serve off, the default               DEFAULT

rollout = false  (variant off, DEFAULT)'
is "a flag that is off" "$(trace off-here -e production -c '{}' | sed -n '3,$p')" \
    '  flags/shop.yaml:39  no   enabled in production
  flags/shop.yaml:39  =>   serve off, the default  DISABLED

off-here = false  (variant off, DISABLED)'
is "an override" "$(at=(--at 2026-12-25T00:00:00Z) && trace checkout -e production -c '{"country": "FR"}' | sed -n '8,$p')" \
    '  flags/shop.yaml:42  =>   serve off                     OVERRIDE, override[0]

checkout = false  (variant off, OVERRIDE, override[0])'
mkdir states
cat >states/all.yaml <<'YAML'
project: {name: states, environments: [production], bucket_by: user_id}
attributes: {user_id: string, account: number}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}}}
holdouts: {all: {percent: 100%}}
flags:
  pending: {canary: {stages: [{name: all, percent: 100%}], guards: [{metric: errors, max: 5%}]}}
  back: {canary: {stages: [{name: all, percent: 100%}], guards: [{metric: errors, max: 5%}], state: rolled_back}}
  done: {canary: {stages: [{name: a, percent: 1%}, {name: b, percent: 50%}], guards: [{metric: errors, max: 5%}], state: complete}}
  hotfix: {canary: {instant: true, stages: [{name: a, percent: 1%}], guards: [{metric: errors, max: 5%}], state: running, since: 2026-11-20T10:00:00Z}}
  draft: {experiment: {split: {on: 50%, off: 50%}, control: off, primary: errors}}
  won: {experiment: {split: {on: 50%, off: 50%}, control: off, primary: errors, state: concluded, winner: on}}
  lost: {experiment: {split: {on: 50%, off: 50%}, control: off, primary: errors, state: concluded}}
  runs: {experiment: {split: {on: 50%, off: 50%}, control: off, primary: errors, traffic: 50%, state: running}}
  limit: {type: integer, value: 5}
  held: {holdout: all, serve: on}
  zero: {percent: 0%}
  by-account: {percent: 50%, bucket_by: account}
YAML
steps() {
    trace "$1" -C states -e production -c "$2" | sed -n 's/^  states[^ ]*  //p' | tail -n +2 | tr -s ' ' |
        sed 's/^ *//' | paste -sd '|'
}
is "a canary that waits" "$(steps pending '{}')" \
    "no the canary runs it is pending|=> serve off, the default STATIC"
is "that was rolled back" "$(steps back '{}')" \
    "no the canary runs it is rolled back|=> serve off, the default STATIC"
is "that is complete" "$(steps "done" '{}')" \
    "yes canary stage b, 2 of 2, complete|=> serve on STATIC, canary:b"
is "that skips its stages" "$(steps hotfix '{}')" \
    "yes canary stage a, 1 of 1, running, instant|=> serve on STATIC, canary:a"
is "an experiment that is a draft" "$(steps draft '{}')" \
    "no the experiment runs it is a draft|=> serve off, the default STATIC"
is "that somebody won" "$(steps won '{}')" \
    "yes the experiment has a winner|=> serve on STATIC, experiment"
is "that nobody won" "$(steps lost '{}')" \
    "no the experiment runs it is concluded, without a winner|=> serve off, the default STATIC"
is "that runs" "$(steps runs '{"user_id": "u1"}')" \
    "yes the experiment runs|yes below 50%, by user_id \"u1\" is at 44.852%|yes off from 50% to 100% of a split by user_id \"u1\" is at 60.555%|=> serve off SPLIT, experiment"
is "a stage that is supposed" "$(trace "done" -C states -e production --stage a -c '{"user_id": "u1"}' | sed -n '2,6p')" \
    '  for user_id "u1"
  assuming stage a

  states/all.yaml:8  yes  enabled in production
  states/all.yaml:8  no   canary stage a, 1 of 2, running'
is "a state and a stage" "$(trace pending -C states -e production --state paused --stage all -c '{}' | sed -n '2,3p;$p')" \
    '  assuming state paused
  assuming stage all
pending = true  (variant on, STATIC, canary:all)'
is "an experiment that is supposed to run" "$(trace draft -C states -e production --state running -c '{}' --json |
    /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["steps"][1]["text"])')" "the experiment runs"
while read -r flag option message; do
    is "refuses $flag $option" "$("$FFC" trace "$flag" -C states -e production -c '{}' "$option" 2>&1 | head -n 1)" \
        "ffc trace: $message"
done <<'CASES'
done --stage=c no stage is called 'c'; there is 'a', 'b'
done --state=complet no state is called 'complet'; did you mean 'complete'?
draft --stage=a 'draft' has no canary, and so no stage
draft --state=paused no state is called 'paused'; there is 'draft', 'running', 'concluded'
zero --state=running 'zero' has no canary and no experiment
CASES
is "a plain value" "$(steps limit '{}')" "=> serve its value STATIC"
is "a holdout of all" "$(steps held '{}')" \
    "yes holdout all, from 0% to 100% user_id is absent: no key|=> serve off, the default HOLDOUT"
is "a share of nobody" "$(steps zero '{"user_id": "u1"}')" \
    "no rule rules[0]|no 0% of all|=> serve off, the default STATIC"
is "a number as a key" "$(steps by-account '{"account": -7}')" \
    "yes rule rules[0]|yes below 50%, by account -7 is at 46.595%|=> serve on SPLIT, rules[0]"
is "and one that is none" "$(steps by-account '{"account": 1.5}')" \
    "no rule rules[0]|no below 50%, by account account is 1.5: no key|=> serve off, the default DEFAULT"

is "control characters stay out of the terminal" \
    "$(trace base -e production -c '{"country": "\u001b[2J\u007f\u009b"}' | LC_ALL=C grep -c "$(printf '\033\\|\177\\|\302')")" 0
is "what counts as absent is a warning" "$(trace base -e production -c '{"app": "x", "agee": 1}' 2>&1 >/dev/null)" \
    "-c: warning: no attribute 'agee' is declared; did you mean 'age'?
-c: warning: attribute 'app': 'x' is not a valid version; it counts as absent"

is "as JSON" "$(trace rollout -e production -c - --json <<<'{"user_id": "u9"}' | /usr/bin/python3 -c 'import json, sys
trace = json.load(sys.stdin)
print(trace["format_version"], trace["at"], trace["value"], trace["reason"], trace["rule"])
for step in trace["steps"]: print(step["kind"], step["holds"], step["line"], len(step["steps"]))
print(trace["steps"][1]["steps"][1])')" \
    "1 2026-12-05T00:00:00Z False DEFAULT None
enabled True 33 0
canary False 35 2
answer True 33 0
{'kind': 'bucket', 'text': 'below 10%, by user_id', 'holds': False, 'found': '\"u9\" is at 58.115%', 'file': 'flags/shop.yaml', 'line': 35, 'steps': []}"
ok "colour where it is asked for" sh -c '"$1" trace base -e production -c "{}" --color always | grep -q "$(printf "\033\\[31m")"' - "$FFC"

"$FFC" build -e production -o p.ffs --label commit=1 >/dev/null 2>&1
is "a snapshot of these definitions" "$(trace base -s p.ffs -c '{}' | head -n 1)" \
    "base in production at 2026-12-05T00:00:00Z"
sed -i 's/percent: 40%/percent: 41%/' flags/shop.yaml
exits "of others" 2 "$FFC" trace base -s p.ffs -c '{}'
is "is refused in a sentence" "$("$FFC" trace base -s p.ffs -c '{}' 2>&1)" \
    "ffc trace: 'p.ffs' was not built from 'flags' as it is now, so its steps cannot be shown; check out the version it was built from, name it with -C, or leave out -s"
exits "a snapshot that is not there" 2 "$FFC" trace base -s nowhere.ffs -c '{}'
head -c 200 p.ffs >short.ffs
exits "a snapshot that is damaged" 1 "$FFC" trace base -s short.ffs -c '{}'

is "a snapshot without its definitions" "$(cd / && "$FFC" trace base -s "$scratch/p.ffs" -c '{}' 2>&1)" \
    "ffc trace: a snapshot has no definitions, and there are none in 'flags': name the project that it was built from with -C"

exits "no flag" 2 "$FFC" trace -e production -c '{}'
exits "two flags" 2 "$FFC" trace base checkout -e production -c '{}'
exits "no context" 2 "$FFC" trace base -e production
exits "no environment" 2 "$FFC" trace base -c '{}'
exits "a snapshot and an environment" 2 "$FFC" trace base -s p.ffs -e production -c '{}'
exits "a snapshot and a stage" 2 "$FFC" trace base -s p.ffs --stage beta -c '{}'
exits "a context that is no object" 1 "$FFC" trace base -e production -c '[]'
exits "a context that is no JSON" 1 "$FFC" trace base -e production -c '{'
exits "an unknown flag" 1 "$FFC" trace bas -e production -c '{}'
is "with a suggestion" "$("$FFC" trace bas -e production -c '{}' 2>&1)" \
    "ffc trace: no flag is called 'bas'; did you mean 'base'?"

mkdir numbers
cat >numbers/a.yaml <<'YAML'
project: {name: n, environments: [e], bucket_by: id}
attributes: {id: number, part: number, user: string}
flags:
  a: {rules: [{percent: 50%}, {if: {part: {gt: 1}}}]}
  b: {bucket_by: user, users: {on: [u1, ""]}, rules: [{percent: 99.999%}]}
YAML
for id in 1234567890123456 1234567890123457 9007199254740992 -9007199254740991 1000000000000000; do
    is "the key $id is shown by its digits" \
        "$(trace a -C numbers -e e -c "{\"id\": $id}" | grep -c "below 50%, by id  *$id is at")" 1
done
for part in 0.1 0.30000000000000004 1e+300 1e-300; do
    is "$part is shown as the number that it is" \
        "$(trace a -C numbers -e e -c "{\"part\": $part}" | grep -c "part gt 1  *$part\$")" 1
done
trace b -C numbers -e e -c '{"user": ""}' >out
is "an empty string is no key" "$(grep -c 'user is "": no key' out) $(grep -c '^b = false' out) $(grep -c 'at [0-9.]*%$' out)" "1 1 0"
echo '  - {flags: [none]}' >>flags/shop.yaml
exits "definitions with errors" 1 "$FFC" trace base -e production -c '{}'

finish
