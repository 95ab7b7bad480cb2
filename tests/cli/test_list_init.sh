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
exits "a project with errors is one for the exit status" 1 "$FFC" list -C "$scratch/bad"

# What is required, and nobody meets, decides before the flag's own percentage does.
mkdir "$scratch/needs"
cat >"$scratch/needs/p.yaml" <<'END'
project: {name: p, environments: [dev, prod], bucket_by: user_id}
attributes: {user_id: string}
flags:
  base: {environments: {dev: {serve: on}, prod: {enabled: false}}}
  child: {percent: 50%, requires: {base: on}}
  grand: {serve: on, requires: {child: on}}
  never: {percent: 50%, requires: {base: off}}
  roll:
    requires: {base: on}
    canary: {stages: [{name: early, percent: 10%}], state: running, since: 2026-11-20T10:00:00Z}
END
is "list shows what nobody or not everybody meets of what is required" \
    "$("$FFC" list -C "$scratch/needs" | sed 's/  *-$//; s/  *EXPIRES$//')" \
    "FLAG   KIND     OWNER  dev                    prod
base   release  -      100%                   disabled
child  release  -      50%                    off by requires: base
grand  release  -      100%, requires: child  off by requires: child
never  release  -      off by requires: base  50%
roll   canary   -      running early 10%      off by requires: base"
is "and in JSON" \
    "$("$FFC" list -C "$scratch/needs" --json child | grep -o '"prod":{.*' | tr -d '}')" \
    '"prod":{"enabled":true,"standing":"off by requires: base","defined":"50%","override":null,"unmet":"base","served":"off","state":"enabled","percent":0'
is "so does canary status" "$("$FFC" canary status roll -C "$scratch/needs" -e prod | grep -A1 requires)" \
    "  held back by requires: base
            the default is served, not the stage"
ok "an override that serves the default" "$FFC" rollback base -e dev --reason INC -C "$scratch/needs"
is "holds back what requires the flag" \
    "$("$FFC" list -C "$scratch/needs" -e dev grand child | grep -o 'off by.*[a-z]')" \
    "off by requires: base
off by requires: child"

# An error in one file hides nothing that the others say, and makes nothing up.
cp -r "$scratch/needs" "$scratch/torn"
printf 'flags:\n  "torn\n' >"$scratch/torn/torn.yaml"
cat >"$scratch/torn/wrong.yaml" <<'END'
flags:
  wrong: {percent: 150%}
  lost: {serve: on, requires: {torn: on}}
  held: {serve: on, percent: 110%}
  eu: {rules: [{if: {segment: eu}, serve: on}]}
overrides:
  - {flags: [held], serve: default, reason: x}
  - {flags: [eu], serve: default, if: }
END
exits "list shows what can be read of a tree with errors, and exits with 1" 1 \
    "$FFC" list -C "$scratch/torn" -e prod
is "its flags, and a question mark for those that may say more" \
    "$("$FFC" list -C "$scratch/torn" -e prod 2>/dev/null | sed 's/  */ /g; s/ -$//; s/release - //')" \
    "FLAG KIND OWNER prod EXPIRES
base disabled
child off by requires: base
eu ?, default by override[1] for some
grand off by requires: child
held default by override[0]
lost ?
never 50%
roll canary - off by requires: base
wrong ?"
is "and names the files" "$("$FFC" list -C "$scratch/torn" 2>&1 >/dev/null | tail -1)" \
    "note: what could not be read of '$scratch/torn/torn.yaml', '$scratch/torn/wrong.yaml' is not shown"
is "JSON knows nothing of such a flag either" \
    "$("$FFC" list -C "$scratch/torn" --json lost 2>/dev/null | grep -o '"prod":{.*' | tr -d '}')" \
    '"prod":{"enabled":null,"standing":"?","defined":null,"override":null,"unmet":null,"served":null,"state":null,"percent":null'
exits "canary status shows what can be read, too" 1 "$FFC" canary status -C "$scratch/torn"
is "the canaries of it" \
    "$("$FFC" canary status -C "$scratch/torn" -e prod 2>/dev/null | head -1 | cut -d, -f1)" \
    "roll in prod: running in stage 'early' (10%)"
is "a canary that it does not have may be in what could not be read" \
    "$("$FFC" canary status torn -C "$scratch/torn" 2>/dev/null)" \
    "there is no canary in what could be read"
ok "what was run is in the ledger, whatever the definitions are" \
    "$FFC" rollback --status -C "$scratch/torn"
echo 'project: {name: p' >"$scratch/torn/p.yaml"
is "without its environments, a flag is still named" \
    "$("$FFC" list -C "$scratch/torn" -e prod 2>/dev/null | grep '^eu')" "eu     release  -      -"
is "and it is said that they are not known" \
    "$("$FFC" list -C "$scratch/torn" -e prod 2>&1 | tail -1 | grep -o 'is not.*')" \
    "is not shown, and no environment is known"
# Sixteen rows of four, each of which requires all of the row before: 4^16 ways up.
mkdir "$scratch/rows"
{
    printf 'project: {name: rows, environments: [prod], bucket_by: id}\nattributes: {id: {type: string}}\nflags:\n'
    for row in {1..16}; do
        for flag in a b c d; do
            echo "  $flag$row: {type: boolean, percent: 50%$([ "$row" = 1 ] ||
                echo ", requires: {a$((row - 1)): on, b$((row - 1)): on, c$((row - 1)): on, d$((row - 1)): on}")}"
        done
    done
} >"$scratch/rows/rows.yaml"
ok "requirements that many others share are looked at once" \
    timeout 60 "$FFC" list -C "$scratch/rows"
mkdir "$scratch/named"
printf '%s\n' 'project: {name: named, environments: [prod]}' \
    'flags: {search: {owner: web, tags: [slow], serve: on}, basket: {owner: shop, serve: on}}' >"$scratch/named/p.yaml"
for slip in "serach:no flag is called 'serach'; did you mean 'search'?" "x*:no flag is called 'x*'; there is 'basket', 'search'" \
    "--owner=wbe:no flag is owned by 'wbe'; did you mean 'web'?" \
    "--tag=slwo:no flag has the tag 'slwo'; did you mean 'slow'?"; do
    is "a slip is no empty table: ${slip%%:*}" "$("$FFC" list -C "$scratch/named" "${slip%%:*}" 2>&1; echo $?)" \
        "ffc list: ${slip#*:}
1"
done
is "words that flags have are none" \
    "$("$FFC" list -C "$scratch/named" 's*' --owner web --tag slow --json | grep -c '"flag":"search"')" 1
is "words of two flags are none either" "$("$FFC" list -C "$scratch/named" search --owner shop | wc -l)" 1

# Pipelines go to the root of the repository, each text as the project's own file has it.
mkdir -p "$scratch/fresh/.git/x" "$scratch/fresh/below" && cd "$scratch/fresh/below" || exit 2
"$FFC" init ../flags >/dev/null
ok "init writes a workflow for pull requests to the root of the repository" \
    cmp ../.github/workflows/flags.yaml "$top/tools/pipelines/github/flags.yaml"
is "and no other" "$(find .. -name '*.y*ml' | sort | paste -sd ' ')" "../.github/workflows/flags.yaml ../flags/flags.yaml ../flags/project.yaml"
cd .. || exit 2
echo mine >.github/workflows/flags.yaml
ok "a project that is there gets pipelines" "$FFC" init --ci github --deploy systemd
is "what is there stays" "$(cat .github/workflows/flags.yaml)" mine
ok "and elsewhere" "$FFC" init --ci gitlab --deploy kubernetes
ok "and for cron" "$FFC" init --ci none --deploy cron
for file in .github/workflows/flag-operations.yaml=github/flag-operations.yaml .github/workflows/flag-decisions.yaml=github/flag-decisions.yaml \
    .gitlab/flags.yaml=gitlab/flags.yaml deploy/cron/ffreplay=cron/ffreplay; do
    ok "${file%%=*} is the file that is shipped" cmp "${file%%=*}" "$top/tools/pipelines/${file#*=}"
done
for folder in systemd kubernetes; do
    ok "so are those of $folder, all of them" diff -r "deploy/$folder" "$top/tools/pipelines/$folder"
done
is "GitLab's own file includes them" "$(cat .gitlab-ci.yml)" "include: {local: .gitlab/flags.yaml}"
is "a slip" "$("$FFC" init --ci gitlb 2>&1 | head -1)" "ffc init: no CI is called 'gitlb'; did you mean 'gitlab'?"
exits "is an error" 2 "$FFC" init --deploy nomad
mkdir -p "$scratch/other/.git/x" && cd "$scratch/other" || exit 2
mkdir conf
ok "another folder" "$FFC" init conf/flags-1 --ci github --deploy systemd
is "is named wherever it has to be" "$(grep -rho 'FLAGS: .*\|-C [a-z][a-z0-9/-]*' .github deploy | sort | uniq -c | sed 's/^ *//' | paste -sd ,)" \
    "2 -C conf/flags-1,3 FLAGS: conf/flags-1"
mkdir "$scratch/alone" && cd "$scratch/alone" || exit 2
"$FFC" init . >/dev/null
is "without a repository, it lies beside the project, or in it" "$(ls -A; grep -o 'FLAGS: .*' .github/workflows/flags.yaml)" \
    ".ffc-schema.json
.github
flags.yaml
project.yaml
FLAGS: ."
"$FFC" init "odd name" >"$scratch/said"
ok "a folder that would need quotes gets none, which is said" grep -q "^no pipeline is written for the folder 'odd name'" "$scratch/said"
exits "and where one is asked for, that is an error" 2 "$FFC" init "odder name" --ci gitlab
cd "$scratch/fresh" || exit 2
exits "a directory that cannot be made is an error" 2 "$FFC" build --all -o flags/flags.yaml/below
exits "the directory of a single file is not made" 2 "$FFC" build -e production -o nowhere/production.ffs
cd "$scratch" || exit 2
is "init leaves a directory alone that has definitions" "$("$FFC" init "$scratch/bad" 2>&1)" \
    "ffc init: '$scratch/bad' holds definitions already, 'a.yaml'; name another directory"
is "and writes nothing there" "$(ls -A "$scratch/bad")" a.yaml
finish
