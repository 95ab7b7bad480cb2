#!/bin/bash
# Rollouts that canaries use: the same snapshot as if each were written out, and edits of the canary.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

begin() {
    mkdir -p "$1"
    cat >"$1/head.yaml" <<'YAML'
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}}
  failures: {kind: proportion, of: {status: {gte: 400}}}
YAML
}
begin used
begin written
cat >used/flags.yaml <<'YAML'
rollouts:
  standard:
    stages:
      - {name: early, percent: 5%, guards: [{metric: error_rate, max: 1%}]}
      - {name: full, percent: 100%}
    guards: [{metric: error_rate, max: 5%}]
    approval: full
    on_timeout: pause
flags:
  a: {canary: {use: standard}}
  b:
    canary:
      guards: [{metric: failures, max: 3%}]
      use: standard
      on_timeout: advance
  c:
    canary: {use: standard, stages: [{name: only, percent: 7%}]}
YAML
cat >written/flags.yaml <<'YAML'
flags:
  a:
    canary:
      stages:
        - {name: early, percent: 5%, guards: [{metric: error_rate, max: 1%}]}
        - {name: full, percent: 100%}
      guards: [{metric: error_rate, max: 5%}]
      approval: full
      on_timeout: pause
  b:
    canary:
      stages:
        - {name: early, percent: 5%, guards: [{metric: error_rate, max: 1%}]}
        - {name: full, percent: 100%}
      guards:
        - {metric: error_rate, max: 5%}
        - {metric: failures, max: 3%}
      approval: full
      on_timeout: advance
  c:
    canary:
      stages: [{name: only, percent: 7%}]
      guards: [{metric: error_rate, max: 5%}]
      on_timeout: pause
YAML
is "has no problems" "$("$FFC" check -C used 2>&1)" "no problems in 2 files"
"$FFC" build -C used -e production -o used.ffs && "$FFC" build -C written -e production -o written.ffs
# The places of definitions differ.
people() { "$FFC" dump "$1" | sed -E 's/(flags\.yaml:)[0-9]+/\1N/; /^snapshot/d'; }
is "is the same as written out" "$(people used.ffs)" "$(people written.ffs)"
is "list too" "$("$FFC" list -C used)" "$("$FFC" list -C written)"

# ---- edits ----
start() { "$FFC" canary start "$1" -C used -e production --reason test --actor me --at 2026-11-20T10:00:00Z; }
exits "a canary of a rollout starts" 0 start a
is "its state stands in its own block" "$(grep '^  a:' used/flags.yaml)" \
    "  a: {canary: {use: standard, state: running, stage: early, since: 2026-11-20T10:00:00Z}}"
status() { "$FFC" canary status a -C used -e production 2>&1; }
ok "and it runs" grep -q early <(status)
for i in {1..40}; do
    echo "{\"time\":\"2026-11-20T10:0$((i / 10)):0$((i % 10))Z\",\"user_id\":\"u$i\",\"status\":200}"
done >log.ndjson
decide() { "$FFREPLAY" decide a -C used -e production log.ndjson --now 2026-11-20T11:00:00Z 2>&1; }
sed -i 's/metric: failures, max: 3%/metric: failures, max: 4%/' used/flags.yaml
is "an edit of another canary is none of its stage's" "$(decide | head -1 | grep -c 'policy-changed')" 0
sed -i 's/max: 1%/max: 2%/' used/flags.yaml
ok "an edit of the rollout is one of the stage that runs" grep -q 'policy-changed' <(decide)
exits "it is rolled back" 0 "$FFC" canary rollback a -C used -e production --reason test --actor me
ok "in its own block" grep -q '^  a:.*rolled_back' used/flags.yaml
cp used/flags.yaml before.yaml
exits "fmt leaves it as it is" 0 "$FFC" fmt --check -C used

# ---- thresholds that are a flag's ----
begin limits
cat >limits/flags.yaml <<'YAML'
flags:
  a:
    canary:
      stages:
        - {name: early, percent: 5%, guards: [{metric: failures, max: {flag: limits.failures}}]}
        - {name: full, percent: 100%}
      guards: [{metric: error_rate, max: {flag: limits.errors}}]
  limits.errors:
    type: string
    variants: {low: 1%, high: 5%}
    default: low
    environments: {staging: {serve: high}}
  limits.failures: {type: number, value: 0.25}
YAML
is "a flag may be a threshold" "$("$FFC" check -C limits 2>&1)" "no problems in 2 files"
"$FFC" canary start a -C limits -e production --reason test --actor me --at 2026-11-20T10:00:00Z
bounds() { "$FFREPLAY" decide a -C limits -e "$1" log.ndjson --now 2026-11-20T11:00:00Z 2>&1 | grep -oE 'max [0-9.%]+' | sort; }
is "which has its own value in each environment: production" "$(bounds production)" "max 0.25
max 1%"
is "staging" "$(bounds staging)" "max 0.25
max 5%"
verdict() { "$FFREPLAY" decide a -C limits -e production log.ndjson --now 2026-11-20T11:00:00Z | sed -n '1s/.*(\(.*\))/\1/p'; }
is "nothing has been edited" "$(verdict)" nodata
sed -i 's/low: 1%/low: 2%/' limits/flags.yaml
is "another value is another policy" "$(verdict)" policy-changed

# ---- mistakes ----
mistakes() { "$FFC" check -C used 2>&1 | grep -cE 'error:|warning:'; }
sed -i 's/  standard:/  standrad:/' used/flags.yaml
is "an unknown rollout is one mistake, however many name it" "$(mistakes)" 1
cp before.yaml used/flags.yaml
sed -i 's/metric: error_rate, max: 5%/metric: eror_rate, max: 5%/' used/flags.yaml
is "a mistake in a rollout is one, however many use it" "$(mistakes)" 1
cp before.yaml used/flags.yaml
sed -i '/^  [abc]:/,$d' used/flags.yaml
is "a rollout that nothing uses is a warning" "$("$FFC" check -C used 2>&1 | grep -o 'FF....')" FF0386
finish
