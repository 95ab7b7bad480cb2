#!/bin/bash
# `ffc init` writes a project that passes everything; `ffc list` shows how flags stand.
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh

project=$scratch/config
ok "init writes a project" "$FFC" init "$project"
is "it passes check without a warning" "$("$FFC" check --strict -C "$project" 2>&1)" "no problems in 2 files"
ok "it is in canonical form" "$FFC" fmt --check -C "$project"
ok "its tests pass" "$FFC" test -C "$project"
ok "it builds" "$FFC" build --all -o "$scratch" -C "$project"
is "it carries the schema" "$(cmp "$project/.ffc-schema.json" <("$FFC" schema) && echo same)" same
exits "init writes over nothing" 2 "$FFC" init "$project"
rm "$project/project.yaml"
exits "nor beside a file that is there" 2 "$FFC" init "$project"
ok "and then leaves nothing" test ! -e "$project/project.yaml"
exits "a directory that cannot be made is an error" 2 "$FFC" init "$scratch/none/deeper"

mkdir "$scratch/p"
cat >"$scratch/p/p.yaml" <<'END'
project: {name: p, environments: [dev, prod], bucket_by: user_id}
attributes: {user_id: string}
metrics: {errors: {kind: proportion, of: {status: 500}}}
logs: {requests: {format: ndjson, time: ts, unit: user_id, fields: {status: status}}}
flags:
  canary.pay:
    owner: payments
    tags: [money]
    environments:
      dev: {serve: on}
    canary:
      stages: [{name: early, percent: 5%}, {name: full, percent: 100%}]
      guards: [{metric: errors, max: 1%}]
      state: running
      since: 2026-11-20T10:00:00Z
  size: {kind: config, type: integer, value: 20, environments: {prod: {value: 50}}}
  page: {owner: web, expires: 2090-01-31T00:00:00Z, percent: 12.5%, environments: [dev]}
END
is "list shows kind, owner, each environment and expiry" "$("$FFC" list -C "$scratch/p")" \
    "FLAG        KIND     OWNER     dev               prod              EXPIRES
canary.pay  canary   payments  running early 5%  running early 5%  -
page        release  web       12.5%             disabled          2090-01-31
size        config   -         20                50                -"
is "one environment" "$("$FFC" list -C "$scratch/p" -e prod size)" \
    "FLAG  KIND    OWNER  prod  EXPIRES
size  config  -      50    -"
names() {
    "$FFC" list -C "$scratch/p" --json "$@" | sed 's/.*"flag":"\([^"]*\)".*/\1/' | paste -sd ' '
}
is "by kind" "$(names --kind canary --kind config)" "canary.pay size"
is "by owner" "$(names --owner web)" page
is "by tag" "$(names --tag money)" canary.pay
is "by glob" "$(names 'p*' size)" "page size"
ok "its lines are JSON" sh -c "'$FFC' list -C '$scratch/p' --json | /usr/bin/python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert [row[\"environments\"][\"prod\"][\"standing\"] for row in rows] == [\"running early 5%\", \"disabled\", \"50\"], rows
assert rows[1][\"line\"] == 17 and rows[1][\"expires\"] == \"2090-01-31T00:00:00Z\", rows'"
exits "an unknown environment is an error" 2 "$FFC" list -C "$scratch/p" -e production
is "a kind that there is not" "$("$FFC" list -C "$scratch/p" --kind opps 2>&1 | head -1)" \
    "ffc list: there is no kind 'opps'; did you mean 'ops'?"
exits "is an error" 2 "$FFC" list -C "$scratch/p" --kind opps
mkdir "$scratch/bad"
echo "flags: {a: {servee: on}}" >"$scratch/bad/a.yaml"
exits "a project with errors is not listed" 1 "$FFC" list -C "$scratch/bad"
is "init leaves a directory alone that has definitions" "$("$FFC" init "$scratch/bad" 2>&1)" \
    "ffc init: '$scratch/bad' holds definitions already, 'a.yaml'; name another directory"
is "and writes nothing there" "$(ls -A "$scratch/bad")" a.yaml
finish
