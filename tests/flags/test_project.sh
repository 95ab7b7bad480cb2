#!/bin/bash
# flags/ as a project: clean, built for each environment, and open to every kind of rollback.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh

now=2026-11-20T00:00:00Z
is 'check finds nothing at all' \
    "$("$FFC" check -C flags --now $now 2>&1 | grep -cE '(error|warning): ')" 0
exits 'check --strict passes' 0 "$FFC" check -C flags --strict --now $now
for environment in development staging production; do
    ok "builds for $environment" "$FFC" build -C flags -e $environment -o "$scratch/$environment.ffs"
    ok "the snapshot for $environment is sound" "$FFC" verify "$scratch/$environment.ffs"
done

is 'every flag has an owner and a description' \
    "$(/usr/bin/python3 - <<'PY'
import glob, yaml
for path in sorted(glob.glob("flags/**/*.yaml", recursive=True)):
    for name, flag in (yaml.load(open(path), yaml.BaseLoader).get("flags") or {}).items():
        if not flag.get("owner") or not flag.get("description") or not flag.get("tags"):
            print(name)
PY
)" ''

ok 'its tests pass, and reach every rule, variant and stage' \
    "$FFC" test -C flags --min-coverage 100%
is 'every flag has a test' "$("$FFC" test -C flags --json 2>/dev/null | /usr/bin/python3 -c '
import glob, json, sys, yaml
flags = {name for path in glob.glob("flags/**/*.yaml", recursive=True)
         for name in yaml.load(open(path), yaml.BaseLoader).get("flags") or {}}
print(sorted(flags - {test["flag"] for test in json.load(sys.stdin)["tests"]}))')" '[]'

# answer FLAG CONTEXT [--at TIME]: "variant reason" in production, of the copy below.
answer() {
    local flag=$1 context=$2
    shift 2
    "$FFC" eval "$flag" -C "$scratch/flags" -e production -c "$context" --at 2026-11-20T12:00:00Z \
        --json "$@" | /usr/bin/python3 -c 'import json, sys
result = json.load(sys.stdin)
print(result["variant"], result["reason"])'
}

# with OVERRIDE: a copy of flags/ in which a person has rolled something back.
with() {
    rm -rf "$scratch/flags"
    cp -R flags "$scratch/flags"
    printf 'overrides:\n  - %s\n' "$1" >"$scratch/flags/zz-emergency.yaml"
}

member='{"user_id": "user-123", "groups": ["beta-testers"]}'
other='{"user_id": "user-456", "groups": []}'
with '{flags: [beta-testing], serve: default, reason: INC-1, by: amira}'
is 'one flag can be rolled back' "$(answer beta-testing "$member")" 'off OVERRIDE'
is 'and no other is touched' "$(answer premium-feature '{"plan": "premium"}')" 'on TARGETING_MATCH'
with '{tags: [together-os], serve: default, reason: INC-2}'
is 'all flags of a system can be rolled back' "$(answer beta-testing "$member")" 'off OVERRIDE'
with '{kinds: [permission], serve: default, reason: INC-3}'
is 'all flags of a kind can be rolled back' "$(answer premium-feature '{"plan": "premium"}')" 'off OVERRIDE'
with '{all: true, serve: default, reason: INC-4}'
is 'everything can be rolled back' "$(answer new-dashboard "$member")" 'off OVERRIDE'
with '{all: true, environments: [staging], serve: default, reason: INC-5}'
is 'an environment can be rolled back alone' "$(answer beta-testing "$member")" 'on TARGETING_MATCH'
with '{flags: [beta-*], if: {segment: beta-testers}, serve: default, reason: INC-6}'
is 'a group of users can be rolled back' "$(answer beta-testing "$member")" 'off OVERRIDE'
is 'and the others stay' "$(answer beta-testing "$other")" 'on TARGETING_MATCH'

# Canaries through their states, by the edits that a person or ffreplay makes.

# state FLAG FILE STATE STAGE: a copy of flags/ in which that pending canary is there.
state() {
    rm -rf "$scratch/flags"
    cp -R flags "$scratch/flags"
    sed -i "/^  $1:/,/state: pending/ s/^\( *\)state: pending/\1state: $3\n\1stage: $4\n\1since: 2026-11-20T10:00:00Z/" \
        "$scratch/flags/$2"
    "$FFC" build -C "$scratch/flags" -e production -o "$scratch/canary.ffs" >/dev/null 2>&1
}
# served FLAG [ATTRIBUTES]: of 2000 units, how many get it; the attributes are JSON, for each.
served() {
    /usr/bin/python3 - "${2:-}" >"$scratch/contexts" <<'PY'
import sys
for i in range(2000):
    print('{"user_id": "u%d", "anonymous_id": "a%d"%s}' % (i, i, ", " + sys.argv[1] if sys.argv[1] else ""))
PY
    "$FFC" eval "$1" -s "$scratch/canary.ffs" --contexts "$scratch/contexts" --json |
        grep -c '"variant":"on"'
}
within() {
    echo "expected $1 to $2, got $3"
    [ "$1" -le "$3" ] && [ "$3" -le "$2" ]
}

payment=canary.new-payment-processor
file=rupaya/canary-payment-processor.yaml
state $payment $file running first
ok 'its first stage serves 1 %' within 5 45 "$(served $payment)"
state $payment $file running quarter
ok 'its third stage serves 25 %' within 400 600 "$(served $payment)"
state $payment $file paused quarter
ok 'paused, it stays there' within 400 600 "$(served $payment)"
state $payment $file rolled_back quarter
is 'rolled back, it serves nobody' "$(served $payment)" 0
state $payment $file complete everyone
is 'complete, it serves everybody' "$(served $payment)" 2000

video=video_caching_system
file=nostrvine/video-caching.yaml
east='"region": "us-east-1"' west='"region": "us-west-2"' beta='"groups": ["beta-testers"]'
state $video $file running canary
ok 'the video canary begins with testers in one region' within 50 150 "$(served $video "$east, $beta")"
is 'and nobody else there' "$(served $video "$east")" 0
is 'nor testers elsewhere' "$(served $video "$west, $beta")" 0
state $video $file running early-adopters
ok 'then comes everybody in more regions' within 300 500 "$(served $video "$west")"
is 'but not in all' "$(served $video '"region": "ap-south-1"')" 0
state $video $file running broader
ok 'then half of everybody' within 850 1150 "$(served $video)"

state v2.1.0-hotfix together-os/releases.yaml running everyone
is 'a hotfix is everywhere at once' "$(served v2.1.0-hotfix)" 2000
is 'and moves no other release' "$(served v2.1.0)" 0
state v2.1.0 together-os/releases.yaml running half
ok 'the release goes by its stages' within 850 1150 "$(served v2.1.0)"

finish
